//! Lifting (解除) and correcting (更正): one screen, words written beforehand, one click. What was not sent yet stops, and
//! those who may have got the earlier warning hear of it by the same channels.

use super::{
    alert::{AlertView, read},
    desk::Desk,
    dress::shown,
    error::WebError,
    form::{Pairs, group_names},
    login::form_key,
    page::Page,
    situation::released_at,
    visit::{Id, Visit},
    voice::{Voice, thousands},
};
use crate::{
    office::{DraftOrder, Follow, OfficeError},
    tongue::Tongue,
};
use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::{AlertError, AlertState},
    id::AlertId,
    mode::Mode,
    owner::Role,
};
use std::{sync::Arc, time::Duration};

/// How long a lift or a correction may still be delivered; within the policy's longest.
const LIFE: Duration = Duration::from_hours(6);

#[derive(Template)]
#[template(path = "follow.html")]
struct FollowPage {
    page: Page,
    view: AlertView,
    word: &'static str,
    body: String,
    reached: String,
    unsent: String,
    may_release: bool,
    key: String,
    problem: Option<String>,
}

/// Lift or correction.
#[derive(Clone, Copy)]
enum Step {
    Lift,
    Correct,
}

impl Step {
    const fn word(self) -> &'static str {
        match self {
            Self::Lift => "lift",
            Self::Correct => "correct",
        }
    }

    const fn follow(self, id: AlertId) -> Follow {
        match self {
            Self::Lift => Follow::Lift(id),
            Self::Correct => Follow::Correction(id),
        }
    }
}

pub(super) async fn ask_lift<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    ask(&desk, &visit, id, Step::Lift, None, None).await
}

pub(super) async fn ask_correct<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    ask(&desk, &visit, id, Step::Correct, None, None).await
}

pub(super) async fn lift<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    Box::pin(follow(&desk, &visit, id, Step::Lift, pairs)).await
}

pub(super) async fn correct<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    Box::pin(follow(&desk, &visit, id, Step::Correct, pairs)).await
}

async fn ask<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    id: AlertId,
    step: Step,
    body: Option<String>,
    problem: Option<WebError>,
) -> Result<Response, WebError> {
    let stored = standing(desk, id).await?;
    if !visit.officer().may(Role::Author) {
        return Err(AlertError::NoRight { officer: visit.officer().id, step: "draft" }.into());
    }
    let voice = desk.voice(visit);
    let situation = desk.situation().await?;
    let unsent: u64 = super::funnel::funnels(&situation.plans_of(id)).iter().map(|row| row.queued).sum();
    let reached = desk.office.engine().reached(id).await.map_err(OfficeError::from)?;
    let reached: u64 = reached.values().map(roaring::RoaringBitmap::len).sum();
    let status = problem.as_ref().map_or(StatusCode::OK, WebError::status);
    let page = FollowPage {
        page: desk.page(visit, "alerts").await?,
        view: AlertView::of(&voice, &situation, &stored),
        word: step.word(),
        body: body.unwrap_or_else(|| prewritten(desk, &stored, step)),
        reached: thousands(reached),
        unsent: thousands(unsent),
        may_release: visit.officer().may(Role::Releaser),
        key: form_key(&mut desk.chance()),
        problem: problem.map(|error| error.words(&voice)),
    };
    Ok(shown(status, &page))
}

/// The earlier alert, if it can still be followed.
async fn standing<M: Mode>(desk: &Desk<M>, id: AlertId) -> Result<StoredAlert, WebError> {
    let (stored, _) = read(desk, id).await?;
    match stored.state {
        AlertState::Released { .. } => Ok(stored),
        _ => Err(AlertError::WrongState { state: stored.state.word(), step: "followed" }.into()),
    }
}

/// Words to the public, in Chinese whatever the officer's language.
fn prewritten<M: Mode>(desk: &Desk<M>, earlier: &StoredAlert, step: Step) -> String {
    let content = &earlier.content;
    let chinese = Voice { tongue: Tongue::Chinese, zone: desk.front.zone.clone() };
    let at = released_at(earlier).unwrap_or(earlier.created);
    let what = format!("{}发布的{}{}预警", chinese.public(at), content.hazard.name_zh, content.grade.zh());
    match step {
        Step::Lift => format!("{what}现已解除。请继续留意后续信息。"),
        Step::Correct => format!("{what}系误发，请忽略，不需要采取行动。给您带来不便，深表歉意。"),
    }
}

/// Draft, submission and release in one click; without the right to release it stops after the submission.
async fn follow<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    id: AlertId,
    step: Step,
    pairs: Pairs,
) -> Result<Response, WebError> {
    let field = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let body = field("body").unwrap_or_default().replace("\r\n", "\n");
    let key = format!("{}/{id}/{}", visit.officer().id, field("key").unwrap_or_default());
    let make = Box::pin(make(desk, visit, id, step, &body));
    match desk.once.get_or_make(key, make).await {
        Ok(new) => {
            desk.watch.forget().await;
            Ok(Redirect::to(&format!("{}/alerts/{new}", desk.base)).into_response())
        }
        Err(error) if error.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            ask(desk, visit, id, step, Some(body), Some(error)).await
        }
        Err(error) => Err(error),
    }
}

async fn make<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    id: AlertId,
    step: Step,
    body: &str,
) -> Result<AlertId, WebError> {
    let earlier = standing(desk, id).await?;
    let officer = visit.officer();
    let draft = desk.office.draft(officer, &order(desk, &earlier, step, body)).await?;
    let submitted = desk.office.submit(officer, draft.id).await?;
    let is_ready = matches!(submitted.state, AlertState::Approved { .. }) && officer.may(Role::Releaser);
    if is_ready {
        let people = submitted.content.audience.deliveries();
        match desk.office.release(officer, draft.id, people).await {
            // The draft stays, approved, and its page tells who may release it.
            Ok(_) | Err(OfficeError::Alert(AlertError::TooFewPeople { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(draft.id)
}

fn order<M: Mode>(desk: &Desk<M>, earlier: &StoredAlert, step: Step, body: &str) -> DraftOrder {
    let content = &earlier.content;
    DraftOrder {
        hazard: content.hazard.code.clone(),
        grade: content.grade.word().to_owned(),
        headline: String::new(),
        body: body.to_owned(),
        instruction: String::new(),
        area: content.audience.regions.iter().map(ToString::to_string).collect(),
        groups: group_names(&desk.office.groups, earlier),
        channels: content.audience.counts.keys().copied().collect(),
        reserve: Vec::new(),
        expires: desk.front.clock.now().plus(LIFE),
        follows: Some(step.follow(earlier.id)),
    }
}
