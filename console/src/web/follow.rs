//! Lifting (解除) and correcting (更正): one screen, words written beforehand, one click. What was not sent yet stops, and
//! those who may have got the earlier warning hear of it by the same channels.

use super::{
    alert::{AlertView, read},
    desk::Desk,
    dress::shown,
    error::WebError,
    form::Pairs,
    login::form_key,
    page::Page,
    visit::{Id, Visit},
    voice::thousands,
    whom::{Whom, planned, reached},
};
use crate::office::Withdrawal;
use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mingluo_model::{audience::ChannelKind, id::AlertId, mode::Mode, owner::Role};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "follow.html")]
struct FollowPage {
    page: Page,
    view: AlertView,
    word: &'static str,
    body: String,
    told: Vec<Told>,
    sum: Told,
    /// Who is behind the deliveries that will be made.
    reach: String,
    note: String,
    is_at_once: bool,
    key: String,
    problem: Option<String>,
}

/// One channel of the earlier warning: warned = may have got it + never left.
struct Told {
    name: String,
    warned: String,
    /// May have got it, and will be told.
    got: String,
    /// Never left: stops, and its people hear of neither.
    never: String,
}

impl Told {
    fn new(name: String, warned: u64, got: u64) -> Self {
        let never = thousands(warned.saturating_sub(got));
        Self { name, warned: thousands(warned), got: thousands(got), never }
    }
}

/// The word of a way to take a warning back, in addresses and language files.
const fn word(how: Withdrawal) -> &'static str {
    match how {
        Withdrawal::Lift => "lift",
        Withdrawal::Correct => "correct",
    }
}

pub(super) async fn ask_lift<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    ask(&desk, &visit, id, Withdrawal::Lift, None, None).await
}

pub(super) async fn ask_correct<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    ask(&desk, &visit, id, Withdrawal::Correct, None, None).await
}

pub(super) async fn lift<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    Box::pin(follow(&desk, &visit, id, Withdrawal::Lift, pairs)).await
}

pub(super) async fn correct<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    Box::pin(follow(&desk, &visit, id, Withdrawal::Correct, pairs)).await
}

async fn ask<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    id: AlertId,
    how: Withdrawal,
    body: Option<String>,
    problem: Option<WebError>,
) -> Result<Response, WebError> {
    let earlier = desk.office.standing(visit.officer(), id).await?;
    let (stored, _) = read(desk, id).await?;
    let voice = desk.voice(visit);
    let situation = desk.situation_of(id).await?;
    let (warned, (got, reach)) = (planned(&situation, id), reached(desk, id, |_| true).await?);
    let told = ChannelKind::ALL.into_iter().filter_map(|channel| {
        let (warned, got) = (*warned.get(&channel)?, got.get(&channel).copied().unwrap_or(0));
        Some(Told::new(voice.channel(channel), warned, got))
    });
    let told: Vec<Told> = told.collect();
    let status = problem.as_ref().map_or(StatusCode::OK, WebError::status);
    let needed = desk.office.withdrawal_people();
    let changed = desk.office.own_words_people(&earlier);
    let may_release = visit.officer().may(Role::Releaser);
    let page = FollowPage {
        page: desk.page(visit, "alerts").await?,
        view: AlertView::of(desk, &voice, &stored, &Whom::of(desk, &earlier).await?).await?,
        word: word(how),
        body: body.unwrap_or_else(|| desk.office.prewritten(&earlier, how)),
        sum: Told::new(voice.say("web-all-channels"), warned.values().sum(), got.values().sum()),
        told,
        reach: voice.pair("web-follow-reach", thousands(reach.people), thousands(reach.speakers)),
        note: match (needed, may_release) {
            (1, true) => voice.with("web-follow-one", "a", changed),
            (1, false) => voice.with("web-follow-other", "a", changed),
            _ => voice.pair("web-follow-more", needed, changed),
        },
        is_at_once: needed == 1 && may_release,
        key: form_key(&mut desk.chance()),
        problem: problem.map(|error| error.words(&voice)),
    };
    Ok(shown(status, &page))
}

/// Stops and sends in one click, or hands in what others must sign.
async fn follow<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    id: AlertId,
    how: Withdrawal,
    pairs: Pairs,
) -> Result<Response, WebError> {
    let field = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let body = field("body").unwrap_or_default().replace("\r\n", "\n");
    let key = format!("{}/{id}/{}", visit.officer().id, field("key").unwrap_or_default());
    let make = async { Ok(desk.office.withdraw(visit.officer(), id, how, &body).await?.alert.id) };
    match desk.once.get_or_make(key, Box::pin(make)).await {
        Ok(new) => {
            desk.watch.forget().await;
            Ok(Redirect::to(&format!("{}/alerts/{new}", desk.base)).into_response())
        }
        Err(error @ WebError::Office(_)) if error.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            ask(desk, visit, id, how, Some(body), Some(error)).await
        }
        Err(error) => Err(error),
    }
}
