//! One alert's own page: what it says, who signed, how it arrives, and what this officer may do with it now.

use super::{
    desk::Desk,
    dress::shown,
    error::WebError,
    form::{Pairs, shown_hash},
    marks::GradeMark,
    missed::{Missed, missed},
    page::Page,
    panel::Panel,
    preview::{ChannelView, Impact, Sent, channels, sent},
    situation::{held, turn_of},
    speech::SpeechView,
    turn::{returned_words, verbs, warning, why_not},
    visit::{Id, Visit},
    voice::{Voice, chinese, thousands},
    whom::Whom,
};
use crate::office::{OfficeError, Step, ended_at, ended_by};
use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::{Alert, AlertError, AlertState, Text},
    audience::ChannelKind,
    clock::Timestamp,
    id::{AlertId, OfficerId},
    mode::Mode,
    owner::Officer,
};
use std::{collections::BTreeSet, sync::Arc};

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage {
    page: Page,
    view: AlertView,
    turn: Option<&'static str>,
    why_not: Option<String>,
    hold_seconds: u64,
    verbs: BTreeSet<&'static str>,
    /// Why it came back to its author.
    returned: Option<String>,
    /// What to know before the next click.
    warning: Option<String>,
    channels: Vec<ChannelView>,
    /// What loudspeakers say, to be heard.
    speech: Option<SpeechView>,
    impact: Option<Impact>,
    panel: Option<Panel>,
    /// Officials and groups whom it did not reach.
    missed: Vec<Missed>,
}

impl AlertPage {
    /// Whether this officer may do this with the alert now.
    fn may(&self, verb: &str) -> bool {
        self.verbs.contains(verb)
    }
}

/// What pages about one alert show of it.
pub(super) struct AlertView {
    pub(super) id: String,
    pub(super) grade: GradeMark,
    pub(super) hazard: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) area: String,
    /// The number that the releaser types (条数).
    pub(super) deliveries: String,
    /// Different people, each once (人数), where they are known.
    pub(super) people: Option<String>,
    /// Loudspeakers, where they are known and there are any.
    pub(super) speakers: Option<String>,
    /// What was signed, where it is only the most that the number of deliveries can be.
    pub(super) at_most: Option<String>,
    pub(super) channels: String,
    /// Channels for those whom these fail to reach, where there are any.
    pub(super) reserve: Option<String>,
    /// The only groups that hear it, where it is not everybody.
    pub(super) groups: Option<String>,
    pub(super) expires: String,
    pub(super) text: Text,
    /// The hash of what is shown, which a signature sends back.
    pub(super) content_hash: String,
    pub(super) follows: Option<String>,
    /// Who did what and when, oldest first.
    pub(super) steps: Vec<StepLine>,
    /// The warning that followed this one.
    pub(super) later: Option<Later>,
}

/// One step in a warning's life.
pub(super) struct StepLine {
    pub(super) step: String,
    pub(super) word: String,
    /// Empty for what time brought about.
    pub(super) name: String,
    pub(super) at: String,
}

/// What a warning was followed by.
pub(super) struct Later {
    pub(super) id: String,
    pub(super) word: String,
}

impl AlertView {
    /// The view of an alert.
    ///
    /// # Errors
    /// [`WebError::Office`] when its steps cannot be read.
    pub(super) async fn of<M: Mode>(
        desk: &Desk<M>,
        voice: &Voice,
        alert: &StoredAlert,
        whom: &Whom,
    ) -> Result<Self, WebError> {
        let content = &alert.content;
        let (people, speakers) = whom.behind(voice);
        let now = desk.front.clock.now();
        let channels: Vec<String> = content.audience.counts.keys().map(|kind| voice.channel(*kind)).collect();
        let named = |kinds: &[ChannelKind]| kinds.iter().map(|kind| voice.channel(*kind)).collect::<Vec<_>>();
        let some = |words: Vec<String>| (!words.is_empty()).then(|| voice.list(&words));
        let groups = desk.office.groups_of(&content.audience).map(|entry| voice.group(entry)).collect();
        let by = ended_by(&alert.state).flatten();
        Ok(Self {
            id: alert.id.to_string(),
            grade: GradeMark::of(voice, alert),
            hazard: voice.hazard(&content.hazard),
            kind: voice.kind(content.kind),
            state: voice.state(alert, now),
            area: content.area.described.clone(),
            deliveries: whom.words(voice),
            people,
            speakers,
            at_most: whom.at_most.map(|most| voice.with("web-count-deliveries", "a", thousands(most))),
            channels: channels.join(" "),
            reserve: some(named(&content.reserve)),
            groups: some(groups),
            expires: voice.moment(content.expires),
            text: chinese(content),
            content_hash: content.hash(M::KIND).to_string(),
            follows: content.kind.follows().map(|id| id.to_string()),
            steps: steps(desk, voice, alert, by.zip(ended_at(&alert.state))).await?,
            later: by.map(|id| Later { id: id.to_string(), word: voice.state(alert, now) }),
        })
    }
}

/// Every step of an alert, and who released what ended it.
async fn steps<M: Mode>(
    desk: &Desk<M>,
    voice: &Voice,
    alert: &StoredAlert,
    ended: Option<(AlertId, Timestamp)>,
) -> Result<Vec<StepLine>, WebError> {
    let situation = desk.situation().await?;
    let name = |officer: Option<OfficerId>| officer.map_or_else(String::new, |id| situation.name(id));
    let steps = desk.office.steps(alert.id).await?;
    let mut lines: Vec<StepLine> = steps
        .into_iter()
        .map(|one| StepLine {
            word: step_word(voice, &one),
            name: name(one.officer),
            at: voice.moment(one.at),
            step: one.step,
        })
        .collect();
    if let Some((later, at)) = ended {
        let of_later = desk.office.steps(later).await?;
        let releaser = of_later.iter().find(|one| one.step == "release").and_then(|one| one.officer);
        let (step, word) = (alert.state.word().to_owned(), voice.word("state", alert.state.word()));
        lines.push(StepLine { step, word, name: name(releaser), at: voice.moment(at) });
    }
    Ok(lines)
}

/// The step, why it was taken, and what it could not do.
fn step_word(voice: &Voice, step: &Step) -> String {
    let word = voice.word("signed", &step.step);
    if let Some(reason) = &step.reason {
        return voice.pair("web-step-reason", word, reason);
    }
    if step.unsent.is_empty() {
        return word;
    }
    let channels: Vec<String> = step.unsent.iter().map(|kind| voice.channel(*kind)).collect();
    voice.pair("web-step-unsent", word, voice.list(&channels))
}

/// The page.
pub(super) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let (stored, typed) = read(&desk, id).await?;
    let voice = desk.voice(&visit);
    let situation = desk.situation_of(id).await?;
    let officer = visit.officer();
    let was_released = was_released(&stored.state);
    let sent = if was_released { sent(&desk, id).await? } else { Sent::new() };
    let whom = Whom::of(&desk, &typed).await?;
    let policy = desk.office.policy_for(&typed).await?;
    let void = if still_to_leave(&stored.state) { desk.office.refuse_void(&typed).await.err() } else { None };
    let turn = turn_of(&stored, officer, &policy).filter(|_| void.is_none());
    let impact = if still_to_leave(&stored.state) {
        Some(Impact::of(&desk, &voice, &typed, &situation, &whom).await?)
    } else {
        None
    };
    let view = AlertPage {
        page: desk.page(&visit, "alerts").await?,
        view: AlertView::of(&desk, &voice, &stored, &whom).await?,
        why_not: match (turn, void) {
            (Some(_), _) => None,
            (None, Some(void)) => Some(WebError::from(void).words(&voice)),
            (None, None) => why_not(&desk, &voice, &stored, &typed, officer).await?,
        },
        warning: match turn {
            Some("submit" | "approve") => warning(&desk, &voice, &typed, officer).await?,
            _ => None,
        },
        turn,
        verbs: verbs(&desk, &stored, officer).await,
        returned: returned_words(&desk, &voice, &stored).await?,
        hold_seconds: hold_left(&stored, desk.front.clock.now()).div_ceil(1000),
        channels: channels(&desk, &voice, &typed, &sent, &whom),
        speech: SpeechView::of(&desk, &voice, &typed, was_released).await?,
        impact,
        missed: missed(&desk, &voice, &situation, &stored, officer).await?,
        panel: was_released
            .then(|| Panel::of(&voice, desk.base, &situation, &stored, officer, desk.office.gazetteer())),
    };
    Ok(shown(StatusCode::OK, &view))
}

/// Whether it may still leave: then it is worth a second look.
const fn still_to_leave(state: &AlertState) -> bool {
    matches!(state, AlertState::Draft | AlertState::Submitted { .. } | AlertState::Approved { .. })
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
    held(alert, now).map_or(0, |left| left.as_millis() as u64)
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

/// Approves what the page showed.
pub(super) async fn approve<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    let done = desk.office.approve(visit.officer(), id, shown_hash(&pairs)?).await.map(drop);
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
pub(super) async fn settle<M: Mode>(
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
