//! The path of signatures (签发路径) of one alert: which steps are done, by whom and when, and which one it waits for.

use super::{situation::Situation, voice::Voice};
use askama::Template;
use mingluo_model::{
    alert::{Alert, AlertState, Signature},
    mode::Mode,
};

/// The path.
#[derive(Template)]
#[template(path = "route.html")]
pub(super) struct Route {
    v: Voice,
    /// How many different people the policy wants.
    needed: u8,
    hops: Vec<Hop>,
}

/// One step of the path.
struct Hop {
    word: String,
    /// Who took it; the author's name also before it is handed in.
    who: String,
    /// When, once it is done.
    at: String,
    is_done: bool,
    /// Whether the alert waits for this step.
    is_now: bool,
}

impl Route {
    /// The path of an alert that was not released yet, of which the policy wants so many different people.
    pub(super) fn of<M: Mode>(v: &Voice, alert: &Alert<M>, situation: &Situation, needed: u8) -> Self {
        let (submitted, approvals) = match &alert.state {
            AlertState::Submitted { submitted, approvals }
            | AlertState::Approved { submitted, approvals } => (Some(submitted), approvals.as_slice()),
            _ => (None, &[][..]),
        };
        let is_approved = matches!(alert.state, AlertState::Approved { .. });
        let hop = |word: &str, signed: &[Signature], is_done, is_now| {
            let who: Vec<String> = signed.iter().map(|one| situation.name(one.officer)).collect();
            let at = signed.last().map_or_else(String::new, |last| v.moment(last.at));
            Hop { word: v.word("signed", word), who: v.list(&who), at, is_done, is_now }
        };
        let draft = Hop {
            who: situation.name(alert.author),
            ..hop(
                "draft",
                submitted.map(std::slice::from_ref).unwrap_or_default(),
                submitted.is_some(),
                submitted.is_none(),
            )
        };
        let approve = hop("approve", approvals, is_approved, submitted.is_some() && !is_approved);
        let release = hop("release", &[], false, is_approved);
        // One person alone needs no approval; it is approved as soon as it is handed in.
        let approve = (needed > 1).then_some(approve);
        Self {
            v: v.clone(),
            needed,
            hops: [Some(draft), approve, Some(release)].into_iter().flatten().collect(),
        }
    }
}
