//! A warning and its life: drafted, submitted, approved, released, and then updated, lifted, corrected or
//! expired; until its release it can go back to its author. Every step consumes the warning and answers with the next
//! state or with the rule it broke.

mod back;
mod content;
mod error;
mod prospects;
mod state;

pub use back::LONGEST_REASON;
pub use content::{AlertKind, BadContentHash, Content, ContentHash, Language, Text};
pub use error::AlertError;
pub use state::{AlertState, Signature};

use crate::{
    clock::Timestamp,
    id::{AlertId, OfficerId},
    mode::Mode,
    owner::{Officer, Owner, Role},
    policy::{GradeRule, ReleasePolicy},
};
use std::{collections::BTreeSet, marker::PhantomData};

/// A warning (预警) as one officer wrote it and others signed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert<M: Mode> {
    /// Its id.
    pub id: AlertId,
    /// Whose it is.
    pub owner: Owner,
    /// Who wrote it.
    pub author: OfficerId,
    /// When the draft was begun.
    pub created: Timestamp,
    /// What is said to whom.
    pub content: Content,
    /// Where it stands.
    pub state: AlertState,
    mode: PhantomData<M>,
}

impl<M: Mode> Alert<M> {
    /// Begins a draft.
    ///
    /// # Errors
    /// [`AlertError::NoRight`] if the officer may not write; the errors of [`Alert::check`].
    pub fn draft(
        id: AlertId,
        officer: &Officer,
        content: Content,
        at: Timestamp,
    ) -> Result<Self, AlertError> {
        demand(officer, Role::Author, "draft")?;
        let alert = Self {
            id,
            owner: officer.owner,
            author: officer.id,
            created: at,
            content,
            state: AlertState::Draft,
            mode: PhantomData,
        };
        alert.check(at)?;
        Ok(alert)
    }

    /// Puts an alert together again from what the ledger kept; makes no check, since a kept alert passed them.
    pub fn restore(
        id: AlertId,
        owner: Owner,
        author: OfficerId,
        created: Timestamp,
        content: Content,
        state: AlertState,
    ) -> Self {
        Self { id, owner, author, created, content, state, mode: PhantomData }
    }

    /// The hash of the content in this mode.
    pub fn content_hash(&self) -> ContentHash {
        self.content.hash(M::KIND)
    }

    /// The rules that hold for the content at any time before release.
    ///
    /// # Errors
    /// [`AlertError::NoText`], [`AlertError::OutOfScope`], [`AlertError::EmptyAudience`] or
    /// [`AlertError::AlreadyExpired`].
    pub fn check(&self, now: Timestamp) -> Result<(), AlertError> {
        let text = self.content.texts.get(&Language::chinese()).ok_or(AlertError::NoText { part: "text" })?;
        if text.headline.trim().is_empty() {
            return Err(AlertError::NoText { part: "headline" });
        }
        if text.body.trim().is_empty() {
            return Err(AlertError::NoText { part: "body" });
        }
        let scope = self.owner.scope;
        if let Some(region) =
            self.content.audience.regions.iter().copied().find(|code| !scope.contains(*code))
        {
            return Err(AlertError::OutOfScope { region, scope });
        }
        if self.content.audience.deliveries() == 0 {
            return Err(AlertError::EmptyAudience);
        }
        if self.content.expires <= now {
            return Err(AlertError::AlreadyExpired { expires: self.content.expires });
        }
        Ok(())
    }

    /// The author hands the draft in (提交). Where the policy wants one person only, it waits for release at once.
    /// This is the author's signature, the first of those that the policy counts: nobody gives it for another.
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless it is a draft, [`AlertError::NotTheAuthor`], and the errors of
    /// [`Alert::check`].
    pub fn submit(
        mut self,
        officer: &Officer,
        policy: &ReleasePolicy,
        at: Timestamp,
    ) -> Result<Self, AlertError> {
        demand(officer, Role::Author, "submit")?;
        if self.state != AlertState::Draft {
            return Err(self.wrong("submitted"));
        }
        if officer.id != self.author {
            return Err(AlertError::NotTheAuthor);
        }
        self.within_authority(officer, "submit")?;
        self.check(at)?;
        let submitted = self.signature(officer, at);
        let approvals = Vec::new();
        self.state = if self.rule(policy).people.get() == 1 {
            AlertState::Approved { submitted, approvals }
        } else {
            AlertState::Submitted { submitted, approvals }
        };
        Ok(self)
    }

    /// Another officer approves (审核). With enough people the alert becomes approved.
    ///
    /// # Errors
    /// [`AlertError::AuthorCannotApprove`], [`AlertError::ApprovedBefore`], [`AlertError::ContentChanged`],
    /// [`AlertError::NoRight`], [`AlertError::BeyondAuthority`] or [`AlertError::WrongState`].
    pub fn approve(
        mut self,
        officer: &Officer,
        policy: &ReleasePolicy,
        at: Timestamp,
    ) -> Result<Self, AlertError> {
        let AlertState::Submitted { submitted, mut approvals } = self.state.clone() else {
            return Err(self.wrong("approved"));
        };
        if officer.id == self.author {
            return Err(AlertError::AuthorCannotApprove);
        }
        demand(officer, Role::Approver, "approve")?;
        self.within_authority(officer, "approve")?;
        if approvals.iter().any(|earlier| earlier.officer == officer.id) {
            return Err(AlertError::ApprovedBefore { officer: officer.id });
        }
        if submitted.content != self.content_hash() {
            return Err(AlertError::ContentChanged);
        }
        self.check(at)?;
        approvals.push(self.signature(officer, at));
        // The releaser is one more person, so an alert may wait for release when one is still missing.
        let enough = approvals.len() + 2 >= usize::from(self.rule(policy).people.get());
        self.state = if enough {
            AlertState::Approved { submitted, approvals }
        } else {
            AlertState::Submitted { submitted, approvals }
        };
        Ok(self)
    }

    /// An officer with the right to release lets it go (签发). The hold begins.
    ///
    /// # Errors
    /// [`AlertError::TooFewPeople`] when the policy wants more signatures; [`AlertError::TooLong`] when it
    /// would hold longer than its grade may; [`AlertError::ContentChanged`], [`AlertError::NoRight`],
    /// [`AlertError::BeyondAuthority`], [`AlertError::WrongState`] and the errors of [`Alert::check`].
    pub fn release(
        mut self,
        officer: &Officer,
        policy: &ReleasePolicy,
        at: Timestamp,
    ) -> Result<Self, AlertError> {
        let AlertState::Approved { submitted, approvals } = &self.state else {
            return Err(self.wrong("released"));
        };
        demand(officer, Role::Releaser, "release")?;
        self.within_authority(officer, "release")?;
        let hash = self.content_hash();
        if submitted.content != hash || approvals.iter().any(|approval| approval.content != hash) {
            return Err(AlertError::ContentChanged);
        }
        let mut people: BTreeSet<_> = approvals.iter().map(|approval| approval.officer).collect();
        people.extend([submitted.officer, officer.id]);
        self.check(at)?;
        let rule = self.rule(policy);
        let (needed, signed) = (rule.people.get(), u8::try_from(people.len()).unwrap_or(u8::MAX));
        if signed < needed {
            return Err(AlertError::TooFewPeople { grade: self.content.grade, needed, signed });
        }
        let hours = self.content.expires.since(at).as_secs().div_ceil(3600);
        if hours > u64::from(rule.longest_hours.get()) {
            let (grade, longest) = (self.content.grade, rule.longest_hours.get());
            return Err(AlertError::TooLong { hours, longest, grade });
        }
        let hold_until =
            at.plus(policy.hold(self.content.kind, self.content.grade, &self.content.hazard.code));
        self.state = AlertState::Released { release: self.signature(officer, at), hold_until };
        Ok(self)
    }

    /// Takes a release back inside the hold (撤回); nothing has left.
    ///
    /// # Errors
    /// [`AlertError::HoldOver`] when the hold has ended, [`AlertError::NoRight`], [`AlertError::BeyondAuthority`] or
    /// [`AlertError::WrongState`].
    pub fn recall(mut self, officer: &Officer, at: Timestamp) -> Result<Self, AlertError> {
        let AlertState::Released { hold_until, .. } = self.state else {
            return Err(self.wrong("recalled"));
        };
        demand(officer, Role::Releaser, "recall")?;
        self.within_authority(officer, "recall")?;
        if at >= hold_until {
            return Err(AlertError::HoldOver { hold_until });
        }
        self.state = AlertState::Recalled { by: officer.id, at };
        Ok(self)
    }

    /// A later alert was released that follows this one: it becomes updated, lifted or corrected.
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless this alert is released, and the errors of [`Alert::may_be_followed`].
    pub fn followed(mut self, later: &Self, at: Timestamp) -> Result<Self, AlertError> {
        if !matches!(self.state, AlertState::Released { .. }) {
            return Err(self.wrong("followed"));
        }
        self.may_be_followed(later)?;
        let by = later.id;
        self.state = match later.content.kind {
            AlertKind::Update(_) => AlertState::Updated { by, at },
            AlertKind::Lift(_) => AlertState::Lifted { by, at },
            AlertKind::Correction(_) => AlertState::Corrected { by, at },
            AlertKind::Alert => return Err(self.wrong("followed")),
        };
        Ok(self)
    }

    /// Whether a later alert may follow this one: it names this one, its owner is set over this one's, and a lift or
    /// correction speaks to all whom this one warned.
    ///
    /// # Errors
    /// [`AlertError::WrongState`], [`AlertError::BeyondAuthority`] or [`AlertError::LeavesOut`].
    pub fn may_be_followed(&self, later: &Self) -> Result<(), AlertError> {
        if later.content.kind.follows() != Some(self.id) {
            return Err(self.wrong("followed"));
        }
        self.within_reach(&later.owner, "followed")?;
        if matches!(later.content.kind, AlertKind::Update(_)) {
            return Ok(());
        }
        let (own, theirs) = (&self.content.audience, &later.content.audience);
        let is_told = |region| theirs.regions.iter().any(|wider| wider.contains(region));
        if let Some(region) = own.regions.iter().copied().find(|region| !is_told(*region)) {
            return Err(AlertError::LeavesOut { part: "area", left_out: region.to_string() });
        }
        let is_open = theirs.groups.is_empty();
        let are_all = !own.groups.is_empty() && own.groups.iter().all(|group| theirs.groups.contains(group));
        if is_open || are_all {
            return Ok(());
        }
        let left_out = own.groups.iter().find(|group| !theirs.groups.contains(group));
        let left_out = left_out.map_or_else(|| "everybody else".to_owned(), |group| group.0.to_string());
        Err(AlertError::LeavesOut { part: "groups", left_out })
    }

    /// Whether the officer's organisation is this alert's owner or set over it.
    ///
    /// # Errors
    /// [`AlertError::BeyondAuthority`].
    pub fn within_authority(&self, officer: &Officer, step: &'static str) -> Result<(), AlertError> {
        self.within_reach(&officer.owner, step)
    }

    fn within_reach(&self, owner: &Owner, step: &'static str) -> Result<(), AlertError> {
        if owner.covers(&self.owner) {
            return Ok(());
        }
        Err(AlertError::BeyondAuthority { step, scope: self.owner.scope, own: owner.scope })
    }

    /// The alert's time ran out (失效).
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless it is released and its end has come.
    pub fn expire(mut self, at: Timestamp) -> Result<Self, AlertError> {
        if !matches!(self.state, AlertState::Released { .. }) || at < self.content.expires {
            return Err(self.wrong("expired"));
        }
        self.state = AlertState::Expired { at };
        Ok(self)
    }

    const fn rule<'a>(&self, policy: &'a ReleasePolicy) -> &'a GradeRule {
        policy.rule(self.content.kind, self.content.grade)
    }

    fn signature(&self, officer: &Officer, at: Timestamp) -> Signature {
        Signature { officer: officer.id, at, content: self.content_hash() }
    }

    fn wrong(&self, step: &'static str) -> AlertError {
        AlertError::WrongState { state: self.state.word(), step }
    }
}

fn demand(officer: &Officer, role: Role, step: &'static str) -> Result<(), AlertError> {
    if officer.may(role) { Ok(()) } else { Err(AlertError::NoRight { officer: officer.id, step }) }
}

#[cfg(test)]
#[path = "alert_tests.rs"]
mod tests;
