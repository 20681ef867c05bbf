//! Where a responsible person answers (叫应页面): behind the link that was sent to them, on any telephone, without signing
//! in. Looking at the page answers nothing, since scanners of mails and telephones open every link; only its button does.
//! Who has the message may answer, as with any paper; the page shows nothing but the warning that they got.

use super::reader::HEADERS;
use crate::{
    app::City,
    call::Link,
    office::{OfficeError, Summons},
    tongue::{Tongue, say},
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use mingluo_model::{clock::Timestamp, mode::ModeKind};
use std::sync::Arc;

/// The page: Chinese first, one button at most.
#[derive(Template)]
#[template(path = "answer.html")]
struct Page {
    is_drill: bool,
    title: String,
    /// Headline, body, instruction.
    said: Vec<String>,
    /// The divisions that are asked about, in one line.
    divisions: String,
    words: [String; 2],
    /// The words of the button.
    button: Option<String>,
}

pub(super) fn routes(city: &Arc<City>) -> Router {
    Router::new().route("/a/{token}", get(show).post(answer)).with_state(Arc::clone(city))
}

async fn show(State(city): State<Arc<City>>, Path(token): Path<String>) -> Response {
    match read(&city, &token).await {
        Ok(Some((link, summons))) => found(&city, link, &summons, false),
        Ok(None) => bare(StatusCode::NOT_FOUND, "unknown"),
        Err(error) => later(&error),
    }
}

async fn answer(State(city): State<Arc<City>>, Path(token): Path<String>) -> Response {
    let (link, summons) = match read(&city, &token).await {
        Ok(Some(found)) => found,
        Ok(None) => return bare(StatusCode::NOT_FOUND, "unknown"),
        Err(error) => return later(&error),
    };
    if summons.ask.until <= city.clock.now() || summons.answered.is_some() {
        return found(&city, link, &summons, false);
    }
    let kept = match link.mode {
        ModeKind::Live => city.live.answer_link(link).await,
        ModeKind::Drill => city.drill.answer_link(link).await,
    };
    let is_new = match kept {
        Ok(is_new) => is_new,
        Err(error) => return later(&error),
    };
    match read(&city, &token).await {
        Ok(Some((link, summons))) => found(&city, link, &summons, is_new),
        Ok(None) => bare(StatusCode::NOT_FOUND, "unknown"),
        Err(error) => later(&error),
    }
}

/// What is behind a link that we wrote.
async fn read(city: &City, token: &str) -> Result<Option<(Link, Summons)>, OfficeError> {
    let Some(link) = city.calling.as_ref().and_then(|calling| calling.links.read(token)) else {
        return Ok(None);
    };
    let summons = match link.mode {
        ModeKind::Live => city.live.summons(link).await?,
        ModeKind::Drill => city.drill.summons(link).await?,
    };
    Ok(summons.map(|summons| (link, summons)))
}

/// The page of a link that we wrote: it asks, or says when and how it was answered, or that its time is over.
fn found(city: &City, link: Link, summons: &Summons, is_new: bool) -> Response {
    let now = city.clock.now();
    let time =
        |at: Timestamp| city.live.local_time(at).replace('T', " ").chars().take(19).collect::<String>();
    let asks = summons.answered.is_none() && now < summons.ask.until;
    let words = match summons.answered {
        Some((at, by)) => {
            let key = if is_new { "answer-done" } else { "answer-answered" };
            both(|tongue| {
                let by = say(tongue, &format!("web-call-by-{by}"), &[]);
                say(tongue, key, &[("at", time(at)), ("by", by)])
            })
        }
        None if asks => both(|tongue| say(tongue, "answer-ask", &[])),
        None => both(|tongue| say(tongue, "answer-over", &[("at", time(summons.ask.until))])),
    };
    let status = if asks || summons.answered.is_some() { StatusCode::OK } else { StatusCode::GONE };
    let page = Page {
        is_drill: link.mode == ModeKind::Drill,
        title: both(|tongue| say(tongue, "answer-title", &[])).join(" "),
        said: summons.said.iter().filter(|part| !part.trim().is_empty()).cloned().collect(),
        divisions: summons.divisions.join("、"),
        words,
        button: asks.then(|| both(|tongue| say(tongue, "answer-button", &[])).join(" ")),
    };
    told(status, &page)
}

/// A page that knows of no warning.
fn bare(status: StatusCode, what: &str) -> Response {
    let page = Page {
        is_drill: false,
        title: both(|tongue| say(tongue, "answer-title", &[])).join(" "),
        said: Vec::new(),
        divisions: String::new(),
        words: both(|tongue| say(tongue, &format!("answer-{what}"), &[])),
        button: None,
    };
    told(status, &page)
}

fn later(error: &OfficeError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "an answer could not be kept or read");
    bare(StatusCode::SERVICE_UNAVAILABLE, "later")
}

fn both(words: impl Fn(Tongue) -> String) -> [String; 2] {
    [Tongue::Chinese, Tongue::English].map(words)
}

fn told(status: StatusCode, page: &Page) -> Response {
    match page.render() {
        Ok(html) => (status, HEADERS, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
