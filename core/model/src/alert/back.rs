//! The way back to the author: returned by who should have signed it, or taken back by the author, and then written
//! anew. A draft carries no signature, so whatever was signed before is void; the audit log keeps who had signed.

use super::{Alert, AlertError, AlertState, Content, demand};
use crate::{
    clock::Timestamp,
    mode::Mode,
    owner::{Officer, Role},
};

/// Characters of a reason at most: a few sentences, which the audit log keeps for ever.
pub const LONGEST_REASON: usize = 200;

impl<M: Mode> Alert<M> {
    /// An officer who may approve or release returns it to its author (退回) and says why. It is a draft again.
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless it was handed in and not released, [`AlertError::NoRight`],
    /// [`AlertError::BeyondAuthority`], [`AlertError::BadReason`].
    pub fn send_back(mut self, officer: &Officer, reason: &str) -> Result<Self, AlertError> {
        self.demand_handed_in("returned")?;
        if !officer.may(Role::Approver) {
            demand(officer, Role::Releaser, "return")?;
        }
        self.within_authority(officer, "return")?;
        let length = reason.trim().chars().count();
        if !(1..=LONGEST_REASON).contains(&length) {
            return Err(AlertError::BadReason { length, longest: LONGEST_REASON });
        }
        self.state = AlertState::Draft;
        Ok(self)
    }

    /// The author takes back what they handed in (撤回提交), before anybody released it. It is a draft again.
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless it was handed in and not released, [`AlertError::AuthorOnly`].
    pub fn retract(mut self, officer: &Officer) -> Result<Self, AlertError> {
        self.demand_handed_in("retracted")?;
        self.demand_author(officer, "retract")?;
        self.state = AlertState::Draft;
        Ok(self)
    }

    /// The author writes a draft anew. It stays of its kind: what it follows cannot be changed.
    ///
    /// # Errors
    /// The errors of [`Alert::may_edit`] and [`Alert::check`].
    pub fn edit(mut self, officer: &Officer, content: Content, at: Timestamp) -> Result<Self, AlertError> {
        self.may_edit(officer)?;
        self.content = Content { kind: self.content.kind, ..content };
        self.check(at)?;
        Ok(self)
    }

    /// Whether this officer may write this draft anew.
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless it is a draft, [`AlertError::NoRight`], [`AlertError::AuthorOnly`] or
    /// [`AlertError::BeyondAuthority`].
    pub fn may_edit(&self, officer: &Officer) -> Result<(), AlertError> {
        if self.state != AlertState::Draft {
            return Err(self.wrong("edited"));
        }
        demand(officer, Role::Author, "edit")?;
        self.demand_author(officer, "edit")?;
        self.within_authority(officer, "edit")
    }

    fn demand_handed_in(&self, step: &'static str) -> Result<(), AlertError> {
        match self.state {
            AlertState::Submitted { .. } | AlertState::Approved { .. } => Ok(()),
            _ => Err(self.wrong(step)),
        }
    }

    fn demand_author(&self, officer: &Officer, step: &'static str) -> Result<(), AlertError> {
        if officer.id == self.author { Ok(()) } else { Err(AlertError::AuthorOnly { step }) }
    }
}
