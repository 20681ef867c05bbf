//! One alert's own page: what it says, who signed, how it arrives, and what this officer may do with it now.

use super::{
    desk::Desk,
    dress::shown,
    error::WebError,
    marks::GradeMark,
    page::Page,
    panel::{Panel, may_follow},
    preview::{ChannelView, Impact, channels},
    situation::{Situation, turn_of},
    visit::{Id, Visit},
    voice::{Voice, chinese, thousands},
};
use crate::office::OfficeError;
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::{Alert, AlertError, AlertState, Signature, Text},
    clock::Timestamp,
    id::AlertId,
    mode::Mode,
    owner::{Officer, Role},
};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage {
    page: Page,
    view: AlertView,
    turn: Option<&'static str>,
    why_not: Option<String>,
    hold_seconds: u64,
    may_recall: bool,
    may_follow: bool,
    channels: Vec<ChannelView>,
    impact: Option<Impact>,
    panel: Option<Panel>,
}

/// What pages about one alert show of it.
pub(super) struct AlertView {
    pub(super) id: String,
    pub(super) grade: GradeMark,
    pub(super) hazard: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) area: String,
    pub(super) people: String,
    pub(super) channels: String,
    pub(super) expires: String,
    pub(super) text: Text,
    pub(super) follows: Option<String>,
    /// Who did what and when.
    pub(super) signed: Vec<(String, String, String)>,
}

impl AlertView {
    /// The view of an alert.
    pub(super) fn of(voice: &Voice, situation: &Situation, alert: &StoredAlert) -> Self {
        let content = &alert.content;
        let channels: Vec<String> = content.audience.counts.keys().map(|kind| voice.channel(*kind)).collect();
        Self {
            id: alert.id.to_string(),
            grade: GradeMark::new(voice, content.grade),
            hazard: voice.hazard(&content.hazard),
            kind: voice.kind(content.kind),
            state: voice.state(alert),
            area: content.area.described.clone(),
            people: thousands(content.audience.deliveries()),
            channels: channels.join(" "),
            expires: voice.moment(content.expires),
            text: chinese(content),
            follows: content.kind.follows().map(|id| id.to_string()),
            signed: signed(voice, situation, alert),
        }
    }
}

/// The signatures that the state holds, in order.
fn signed(voice: &Voice, situation: &Situation, alert: &StoredAlert) -> Vec<(String, String, String)> {
    let line =
        |word: &str, officer, at| (voice.word("signed", word), situation.name(officer), voice.moment(at));
    let by = |word: &str, signature: &Signature| line(word, signature.officer, signature.at);
    let mut lines = vec![line("draft", alert.author, alert.created)];
    match &alert.state {
        AlertState::Submitted { submitted, approvals } | AlertState::Approved { submitted, approvals } => {
            lines.push(by("submit", submitted));
            lines.extend(approvals.iter().map(|approval| by("approve", approval)));
        }
        AlertState::Released { release, .. } => lines.push(by("release", release)),
        AlertState::Recalled { by: officer, at } => lines.push(line("recall", *officer, *at)),
        _ => {}
    }
    lines
}

/// The page.
pub(super) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let (stored, typed) = read(&desk, id).await?;
    let voice = desk.voice(&visit);
    let situation = desk.situation().await?;
    let officer = visit.officer();
    let was_released = was_released(&stored.state);
    let view = AlertPage {
        page: desk.page(&visit, "alerts").await?,
        view: AlertView::of(&voice, &situation, &stored),
        turn: turn_of(&stored, officer),
        why_not: why_not(&voice, &stored, officer),
        hold_seconds: hold_left(&stored, desk.front.clock.now()).div_ceil(1000),
        may_recall: officer.may(Role::Releaser),
        may_follow: may_follow(&stored, officer),
        channels: channels(&desk, &voice, &typed),
        impact: (!was_released).then(|| Impact::of(&desk, &voice, &typed, &situation)),
        panel: was_released
            .then(|| Panel::of(&voice, desk.base, &situation, &stored, officer, desk.office.gazetteer())),
    };
    Ok(shown(StatusCode::OK, &view))
}

/// Whether it has left, or is about to.
const fn was_released(state: &AlertState) -> bool {
    matches!(
        state,
        AlertState::Released { .. }
            | AlertState::Updated { .. }
            | AlertState::Lifted { .. }
            | AlertState::Corrected { .. }
            | AlertState::Expired { .. }
    )
}

/// An alert as it is kept, with and without its mode's type.
pub(super) async fn read<M: Mode>(desk: &Desk<M>, id: AlertId) -> Result<(StoredAlert, Alert<M>), WebError> {
    let missing = || WebError::Office(OfficeError::NoSuchAlert { id });
    let stored = desk.office.store.alert(id).await?.ok_or_else(missing)?;
    let typed = stored.clone().typed::<M>().ok_or_else(missing)?;
    Ok((stored, typed))
}

/// Milliseconds of the hold that are left; 0 when it is over or there is none.
pub(super) fn hold_left(alert: &StoredAlert, now: Timestamp) -> u64 {
    match alert.state {
        AlertState::Released { hold_until, .. } => hold_until.since(now).as_millis() as u64,
        _ => 0,
    }
}

/// Why the next step is not this officer's, in words.
fn why_not(voice: &Voice, alert: &StoredAlert, officer: &Officer) -> Option<String> {
    if turn_of(alert, officer).is_some() {
        return None;
    }
    match &alert.state {
        AlertState::Draft => Some(voice.say("web-wait-submit")),
        AlertState::Submitted { .. } if alert.author == officer.id => Some(voice.say("web-wait-other")),
        AlertState::Submitted { .. } => Some(voice.say("web-wait-approve")),
        AlertState::Approved { .. } => Some(voice.say("web-wait-release")),
        _ => None,
    }
}

/// Hands the draft in.
pub(super) async fn submit<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let done = desk.office.submit(visit.officer(), id).await.map(drop);
    settle(&desk, &visit, id, done, |state, officer| match state {
        AlertState::Submitted { submitted, .. } | AlertState::Approved { submitted, .. } => {
            submitted.officer == officer.id
        }
        _ => false,
    })
    .await
}

/// Approves.
pub(super) async fn approve<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let done = desk.office.approve(visit.officer(), id).await.map(drop);
    settle(&desk, &visit, id, done, |state, officer| match state {
        AlertState::Submitted { approvals, .. } | AlertState::Approved { approvals, .. } => {
            approvals.iter().any(|approval| approval.officer == officer.id)
        }
        _ => false,
    })
    .await
}

/// Takes a release back.
pub(super) async fn recall<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let done = desk.office.recall(visit.officer(), id).await.map(drop);
    settle(&desk, &visit, id, done, |state, _| matches!(state, AlertState::Recalled { .. })).await
}

/// Back to the alert. A step that this officer took already (a second click) counts as done.
async fn settle<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    id: AlertId,
    done: Result<(), OfficeError>,
    was_done: impl Fn(&AlertState, &Officer) -> bool,
) -> Result<Response, WebError> {
    if let Err(error) = done {
        let again = is_repeat(&error) && was_done(&desk.office.alert(id).await?.0.state, visit.officer());
        if !again {
            return Err(error.into());
        }
    }
    desk.watch.forget().await;
    Ok(Redirect::to(&format!("{}/alerts/{id}", desk.base)).into_response())
}

/// Whether an error is what a second click would meet.
pub(super) const fn is_repeat(error: &OfficeError) -> bool {
    matches!(
        error,
        OfficeError::Alert(AlertError::WrongState { .. } | AlertError::ApprovedBefore { .. })
            | OfficeError::Store(mingluo_ledger::StoreError::Conflict { .. })
    )
}
