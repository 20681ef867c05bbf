//! Back to the author: returned by an approver or releaser with a reason, or taken back by the author. What was handed
//! in is a draft again, and its author may edit it.

use super::{
    alert::settle,
    desk::Desk,
    error::WebError,
    form::{Pairs, shown_hash},
    visit::{Id, Visit},
};
use crate::office::Step;
use axum::{Form, extract::State, response::Response};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::AlertState,
    mode::Mode,
    owner::{Officer, Role},
};
use std::sync::Arc;

/// Whether an officer may return what was handed in; its author takes it back instead.
pub(super) fn may_return(alert: &StoredAlert, officer: &Officer) -> bool {
    let has_right = officer.may(Role::Approver) || officer.may(Role::Releaser);
    is_handed_in(&alert.state)
        && has_right
        && officer.owner.covers(&alert.owner)
        && alert.author != officer.id
}

/// Whether an officer may take back what they handed in.
pub(super) fn may_retract(alert: &StoredAlert, officer: &Officer) -> bool {
    is_handed_in(&alert.state) && alert.author == officer.id
}

const fn is_handed_in(state: &AlertState) -> bool {
    matches!(state, AlertState::Submitted { .. } | AlertState::Approved { .. })
}

/// Why a draft lies with its author again: the return, if that was the last that happened besides edits.
pub(super) fn returned<'a>(state: &AlertState, steps: &'a [Step]) -> Option<&'a Step> {
    let last = steps.iter().rev().find(|step| step.step != "edit")?;
    (*state == AlertState::Draft && last.step == "return").then_some(last)
}

/// Returns a warning to its author.
pub(super) async fn send_back<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    let shown = shown_hash(&pairs)?;
    let reason = pairs.into_iter().find(|(name, _)| name == "reason").map(|(_, value)| value);
    let reason = reason.unwrap_or_default();
    let done = desk.office.send_back(visit.officer(), id, shown, &reason).await.map(drop);
    settle(&desk, &visit, id, done, |state, _| *state == AlertState::Draft).await
}

/// Takes back what was handed in.
pub(super) async fn retract<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let done = desk.office.retract(visit.officer(), id).await.map(drop);
    settle(&desk, &visit, id, done, |state, _| *state == AlertState::Draft).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::Timestamp;

    #[test]
    fn a_return_is_told_until_it_is_handed_in_again() {
        let step = |word: &str| Step {
            step: word.to_owned(),
            officer: None,
            at: Timestamp(0),
            unsent: Vec::new(),
            reason: None,
        };
        let steps = |words: &[&str]| words.iter().map(|word| step(word)).collect::<Vec<_>>();
        let told = |words: &[&str]| returned(&AlertState::Draft, &steps(words)).is_some();
        assert!(told(&["draft", "submit", "return"]) && told(&["draft", "submit", "return", "edit"]));
        assert!(!told(&["draft", "submit", "return", "submit", "retract"]) && !told(&["draft"]));
    }
}
