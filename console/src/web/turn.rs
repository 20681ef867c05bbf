//! Whose turn it is: what an officer may do with an alert now, why the next step is somebody else's, and what to know
//! before it is taken.

use super::{
    back::{may_retract, may_return, returned},
    desk::Desk,
    error::WebError,
    panel::{may_recall, may_take_back, may_update},
    voice::Voice,
};
use crate::office::Stranded;
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::{Alert, AlertState},
    mode::Mode,
    owner::Officer,
};
use std::collections::BTreeSet;

/// What this officer may do besides the next signature, by the words of the verbs.
pub(super) async fn verbs<M: Mode>(
    desk: &Desk<M>,
    alert: &StoredAlert,
    officer: &Officer,
) -> BTreeSet<&'static str> {
    let may = [
        ("recall", may_recall(alert, officer)),
        ("update", may_update(alert, officer)),
        ("withdraw", may_take_back(alert, officer)),
        ("return", may_return(alert, officer)),
        ("retract", may_retract(alert, officer)),
        ("edit", desk.office.editable(officer, alert.id).await.is_ok()),
    ];
    may.into_iter().filter_map(|(verb, may)| may.then_some(verb)).collect()
}

/// Why the next step is not this officer's, and whose it is, in words.
pub(super) async fn why_not<M: Mode>(
    desk: &Desk<M>,
    voice: &Voice,
    stored: &StoredAlert,
    alert: &Alert<M>,
    officer: &Officer,
) -> Result<Option<String>, WebError> {
    let key = match &stored.state {
        AlertState::Draft | AlertState::Submitted { .. } | AlertState::Approved { .. }
            if !officer.owner.covers(&stored.owner) =>
        {
            "web-wait-beyond"
        }
        AlertState::Draft => "web-wait-submit",
        AlertState::Submitted { .. } if stored.author == officer.id => "web-wait-other",
        AlertState::Submitted { .. } => "web-wait-approve",
        AlertState::Approved { .. } => return Ok(Some(wait_for_release(desk, voice, alert).await?)),
        _ => return Ok(None),
    };
    Ok(Some(voice.say(key)))
}

/// Who could release it; where nobody could, the way out.
async fn wait_for_release<M: Mode>(
    desk: &Desk<M>,
    voice: &Voice,
    alert: &Alert<M>,
) -> Result<String, WebError> {
    let able = desk.office.able_to_release(alert).await?;
    let names: Vec<String> = able.into_iter().map(|(_, name)| name).collect();
    if names.is_empty() {
        return Ok(voice.say("web-wait-nobody"));
    }
    Ok(voice.with("web-wait-release", "a", voice.list(&names)))
}

/// That nobody could release it once this officer has signed.
pub(super) async fn warning<M: Mode>(
    desk: &Desk<M>,
    voice: &Voice,
    alert: &Alert<M>,
    officer: &Officer,
) -> Result<Option<String>, WebError> {
    let stranded = desk.office.stranded_by(officer, alert).await?;
    Ok(stranded.map(|Stranded { needed, releasers }| match releasers.len() {
        0 => voice.with("web-strands-without", "a", needed),
        _ => voice.pair("web-strands", needed, voice.list(&releasers)),
    }))
}

/// Why it came back to its author, if it did.
pub(super) async fn returned_words<M: Mode>(
    desk: &Desk<M>,
    voice: &Voice,
    alert: &StoredAlert,
) -> Result<Option<String>, WebError> {
    let steps = desk.office.steps(alert.id).await?;
    let Some(step) = returned(&alert.state, &steps) else { return Ok(None) };
    let situation = desk.situation().await?;
    let name = step.officer.map_or_else(String::new, |id| situation.name(id));
    Ok(Some(voice.pair("web-returned", name, step.reason.as_deref().unwrap_or_default())))
}
