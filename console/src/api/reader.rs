//! Where the reader of a mail unsubscribes: with the one click of their mail program (RFC 8058), or on a page. Looking
//! at the page changes nothing, since scanners follow every link; only a form that is sent does. The address names a
//! delivery, which is proven, and no person; who has the mail may say this for its reader, as with any paper letter.

use crate::{
    app::City,
    mail_back,
    tongue::{Tongue, say},
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use mingluo_channels::email::Tag;
use mingluo_model::{mode::ModeKind, plan::AccountName, reply::Wish};
use std::sync::Arc;

/// What a mail program posts (RFC 8058 section 3.1).
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
/// What the page's buttons post.
const OUT: &str = "wish=out";
const BACK: &str = "wish=back";

/// Nothing foreign runs on the page or is told of it.
pub(super) const HEADERS: [(HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The page: both languages, one button at most.
#[derive(Template)]
#[template(path = "reader.html")]
struct Page {
    title: String,
    words: [String; 2],
    button: Option<Button>,
}

struct Button {
    wish: &'static str,
    words: String,
}

pub(super) fn routes(city: &Arc<City>) -> Router {
    Router::new().route("/u/{tag}", get(show).post(obey)).with_state(Arc::clone(city))
}

async fn show(State(city): State<Arc<City>>, Path(tag): Path<String>) -> Response {
    match known(&city, &tag) {
        Some(_) => page(StatusCode::OK, "ask", Some(("out", "out"))),
        None => page(StatusCode::NOT_FOUND, "unknown", None),
    }
}

async fn obey(State(city): State<Arc<City>>, Path(tag): Path<String>, body: String) -> Response {
    let Some((mode, account, tag)) = known(&city, &tag) else {
        return page(StatusCode::NOT_FOUND, "unknown", None);
    };
    let wish = match body.trim() {
        ONE_CLICK | OUT => Wish::OptOut,
        BACK => Wish::OptIn,
        _ => return page(StatusCode::BAD_REQUEST, "ask", Some(("out", "out"))),
    };
    let kept = match mode {
        ModeKind::Live => mail_back::wish(&city.live, account, tag, wish).await,
        ModeKind::Drill => mail_back::wish(&city.drill, account, tag, wish).await,
    };
    match (kept, wish) {
        (Ok(true), Wish::OptOut) => page(StatusCode::OK, "done", Some(("back", "again"))),
        (Ok(true), _) => page(StatusCode::OK, "back", Some(("out", "out"))),
        (Ok(false), _) => page(StatusCode::NOT_FOUND, "unknown", None),
        (Err(error), _) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a reader's wish could not be kept");
            page(StatusCode::SERVICE_UNAVAILABLE, "later", None)
        }
    }
}

/// The account that wrote the tag.
fn known<'a>(city: &'a City, tag: &str) -> Option<(ModeKind, &'a AccountName, Tag)> {
    city.mail_doors.iter().find_map(|(account, (mode, door))| Some((*mode, account, door.unsubscribed(tag)?)))
}

fn page(status: StatusCode, what: &str, button: Option<(&'static str, &str)>) -> Response {
    let both = |key: &str| [Tongue::Chinese, Tongue::English].map(|tongue| say(tongue, key, &[]));
    let button = button.map(|(wish, key)| Button { wish, words: both(&format!("reader-{key}")).join(" ") });
    let title = both("reader-title").join(" ");
    let page = Page { title, words: both(&format!("reader-{what}")), button };
    match page.render() {
        Ok(html) => (status, HEADERS, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
