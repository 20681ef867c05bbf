//! Composing (拟稿): one page with what is said to whom, and beside it what each channel would say.

use super::{
    alert::read,
    desk::Desk,
    dress::shown,
    error::WebError,
    form::{DraftForm, Pairs, read_follow, write_follow},
    login::form_key,
    marks::GradeMark,
    page::Page,
    preview::Both,
    visit::Visit,
    voice::Voice,
};
use crate::office::Follow;
use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mingluo_model::{
    audience::ChannelKind,
    grade::Grade,
    id::AlertId,
    mode::Mode,
    region::{Level, RegionCode},
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "compose.html")]
struct ComposePage {
    page: Page,
    form: DraftForm,
    follows: String,
    /// The draft that is written anew; empty for a new one.
    edits: String,
    title: String,
    problem: Option<String>,
    hazards: Vec<Kinds>,
    grades: Vec<GradeChoice>,
    counties: Vec<County>,
    groups: Vec<Choice>,
    channels: Vec<Choice>,
    reserve: Vec<Choice>,
    both: Both,
}

/// Something that can be picked.
struct Choice {
    value: String,
    words: String,
    is_picked: bool,
}

/// Event types under one title.
struct Kinds {
    title: String,
    choices: Vec<Choice>,
}

struct GradeChoice {
    value: &'static str,
    mark: GradeMark,
    is_picked: bool,
}

struct County {
    choice: Choice,
    is_open: bool,
    townships: Vec<Choice>,
}

/// What a new form begins with.
#[derive(Deserialize)]
pub(super) struct Begin {
    /// `update:ID`: a warning that follows another.
    follows: Option<String>,
    /// The id of an alert whose words are taken.
    from: Option<AlertId>,
    /// The id of a draft that its author writes anew.
    edit: Option<AlertId>,
}

/// The empty form, or one that begins with an earlier alert.
pub(super) async fn ask<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(begin): Query<Begin>,
) -> Result<Response, WebError> {
    let key = form_key(&mut desk.chance());
    let (voice, now) = (desk.voice(&visit), desk.front.clock.now());
    let mut form = DraftForm::new(&voice, now, configured(&desk), key);
    if let Some(id) = begin.edit {
        desk.office.editable(visit.officer(), id).await?;
        let (stored, _) = read(&desk, id).await?;
        let mut form = form.again(&voice, now, &stored, &desk.office.groups);
        let content = &stored.content;
        let made = desk.office.renderer.headline(content.kind, &content.hazard, content.grade);
        if form.headline == made {
            // It was made by itself and shall follow event and grade again.
            form.headline.clear();
        }
        return page(&desk, &visit, form, None).await;
    }
    let follows = begin.follows.as_deref().and_then(read_follow);
    let earlier = begin.from.or(follows.map(followed));
    if let Some(id) = earlier {
        let stored = desk.office.store.alert(id).await?.filter(|stored| stored.mode == M::KIND);
        form = form.after(&voice, now, &stored.ok_or(WebError::NoPage)?, &desk.office.groups, follows);
    }
    page(&desk, &visit, form, None).await
}

/// The preview of what stands in the form.
pub(super) async fn preview<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    let form = DraftForm::read(pairs);
    Ok(shown(StatusCode::OK, &Both::of(&desk, &visit, &form).await?))
}

/// Keeps the draft; a second click on the same form answers with the same draft.
pub(super) async fn keep<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    let form = DraftForm::read(pairs);
    match draft(&desk, &visit, &form).await {
        Ok(id) => {
            desk.watch.forget().await;
            Ok(Redirect::to(&format!("{}/alerts/{id}", desk.base)).into_response())
        }
        Err(error) if error.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            page(&desk, &visit, form, Some(error)).await
        }
        Err(error) => Err(error),
    }
}

async fn draft<M: Mode>(desk: &Desk<M>, visit: &Visit, form: &DraftForm) -> Result<AlertId, WebError> {
    desk.office.configured()?;
    let order = form.order(&desk.front.zone)?;
    if let Some(id) = form.edits {
        return Ok(desk.office.edit(visit.officer(), id, &order).await?.id);
    }
    let key = format!("{}/{}", visit.officer().id, form.key);
    let make = async { Ok(desk.office.draft(visit.officer(), &order).await?.id) };
    desk.once.get_or_make(key, make).await
}

async fn page<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    form: DraftForm,
    problem: Option<WebError>,
) -> Result<Response, WebError> {
    let v = desk.voice(visit);
    let status = problem.as_ref().map_or(StatusCode::OK, WebError::status);
    let both = Both::of(desk, visit, &form).await?;
    // Whoever cannot send at all is told before anything is written.
    let problem = problem.or_else(|| desk.office.configured().err().map(WebError::from));
    let compose = ComposePage {
        page: desk.page(visit, "compose").await?,
        follows: form.follows.map_or_else(String::new, write_follow),
        edits: form.edits.map_or_else(String::new, |id| id.to_string()),
        title: v.say(match (form.edits, form.follows) {
            (Some(_), _) => "web-compose-edit",
            (None, Some(_)) => "web-compose-update",
            (None, None) => "web-compose",
        }),
        problem: problem.map(|error| error.words(&v)),
        hazards: hazards(desk, &v, &form),
        grades: grades(&v, &form),
        counties: counties(desk, visit.officer().owner.scope, &form),
        groups: groups(desk, &v, &form),
        channels: channels(desk, &v, &form.channels),
        reserve: channels(desk, &v, &form.reserve),
        both,
        form,
    };
    Ok(shown(status, &compose))
}

const fn followed(follow: Follow) -> AlertId {
    match follow {
        Follow::Update(id) | Follow::Lift(id) | Follow::Correction(id) => id,
    }
}

fn configured<M: Mode>(desk: &Desk<M>) -> Vec<ChannelKind> {
    desk.office.configured().unwrap_or_default()
}

/// The event types with a national warning signal, and the rest.
fn hazards<M: Mode>(desk: &Desk<M>, v: &Voice, form: &DraftForm) -> Vec<Kinds> {
    let choice = |hazard: &mingluo_model::hazard::Hazard| Choice {
        value: hazard.code.clone(),
        words: format!("{} {}", v.hazard(hazard), hazard.code),
        is_picked: hazard.code == form.hazard,
    };
    let titles = [v.say("web-hazards-usual"), v.say("web-hazards-rest")];
    let parts = titles.into_iter().zip(desk.office.renderer.hazards.sorted());
    let kinds = parts.map(|(title, part)| Kinds { title, choices: part.into_iter().map(choice).collect() });
    kinds.filter(|kinds| !kinds.choices.is_empty()).collect()
}

fn grades(v: &Voice, form: &DraftForm) -> Vec<GradeChoice> {
    let choice = |grade: Grade| GradeChoice {
        value: grade.word(),
        mark: GradeMark::new(v, grade),
        is_picked: grade.word() == form.grade,
    };
    Grade::ALL.into_iter().rev().map(choice).collect()
}

/// The counties and townships that the officer's organisation may warn.
fn counties<M: Mode>(desk: &Desk<M>, scope: RegionCode, form: &DraftForm) -> Vec<County> {
    let gazetteer = desk.office.gazetteer();
    let choice = |code: RegionCode, name: &str| {
        let value = code.to_string();
        Choice { is_picked: form.area.contains(&value), value, words: name.to_owned() }
    };
    let around = scope.at(Level::County).unwrap_or(scope);
    gazetteer
        .inside(around, Level::County)
        .map(|county| {
            let townships: Vec<Choice> = gazetteer
                .children(county.code)
                .filter(|township| scope.touches(township.code))
                .map(|township| choice(township.code, &township.name))
                .collect();
            let is_open = townships.iter().any(|township| township.is_picked);
            County { choice: choice(county.code, &county.name), is_open, townships }
        })
        .collect()
}

fn groups<M: Mode>(desk: &Desk<M>, v: &Voice, form: &DraftForm) -> Vec<Choice> {
    let choice = |entry: &mingluo_targeting::groups::GroupEntry| {
        let value = entry.name.to_string();
        Choice { is_picked: form.groups.contains(&value), value, words: v.group(entry) }
    };
    desk.office.groups.entries().iter().map(choice).collect()
}

fn channels<M: Mode>(desk: &Desk<M>, v: &Voice, picked: &[ChannelKind]) -> Vec<Choice> {
    let choice = |channel: ChannelKind| Choice {
        value: channel.word().to_owned(),
        words: v.channel(channel),
        is_picked: picked.contains(&channel),
    };
    configured(desk).into_iter().map(choice).collect()
}
