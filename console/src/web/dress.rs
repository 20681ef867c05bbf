//! What every answer of the pages gets: the language, the headers that keep foreign code out, and a readable page where
//! a handler only said no.

use super::{
    desk::{Desk, Front},
    error::WebError,
    login::OVER,
    page::Page,
    visit::{LANGUAGE, SESSION, cookie, tongue},
    voice::Voice,
};
use crate::tongue::Tongue;
use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use mingluo_model::mode::{Drill, Live, ModeKind};
use std::sync::Arc;

/// Nothing but our own files runs, is loaded or is spoken to; no page of ours in a foreign frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; \
    connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// What the router's own readers of forms, queries and sizes answer in plain English.
const UNREADABLE: [StatusCode; 4] = [
    StatusCode::BAD_REQUEST,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::UNPROCESSABLE_ENTITY,
];

/// What refusals are made of: the frame of the mode that a path belongs to.
pub(super) struct Wardrobe {
    pub(super) front: Arc<Front>,
    pub(super) live: Arc<Desk<Live>>,
    pub(super) drill: Arc<Desk<Drill>>,
}

impl Wardrobe {
    /// The frame for whoever asked: an officer keeps name and navigation, whatever went wrong.
    async fn page(&self, asked: &Asked, voice: Voice) -> Page {
        let page = self.front.guest_page(voice, &asked.path);
        let cookie = asked.session.as_deref();
        let Some(cookie) = cookie else { return page };
        let Ok(Some(row)) = self.front.people.look(cookie).await else { return page };
        let (mode, situation) = if page.is_drill() {
            (ModeKind::Drill, self.drill.situation().await)
        } else {
            (ModeKind::Live, self.live.situation().await)
        };
        let waiting = situation.map_or(0, |situation| situation.waiting());
        Page { mode: Some(mode), officer: Some(row.name), waiting, ..page }
    }
}

/// What the request said about itself, kept for the answer.
struct Asked {
    path: String,
    /// The cookie of a session.
    session: Option<String>,
    is_get: bool,
    is_fragment: bool,
    tongue: Tongue,
    chosen: Option<&'static str>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let chosen = query.split('&').find_map(|pair| match pair {
            "lang=zh" => Some("zh"),
            "lang=en" => Some("en"),
            _ => None,
        });
        let word = chosen.or_else(|| cookie(request.headers(), LANGUAGE)).unwrap_or("zh");
        Self {
            path: request.uri().path().to_owned(),
            session: cookie(request.headers(), SESSION).map(str::to_owned),
            is_get: request.method() == Method::GET,
            is_fragment: request.headers().contains_key("hx-request"),
            tongue: tongue(word).unwrap_or(Tongue::Chinese),
            chosen,
        }
    }
}

/// The outermost layer of all pages.
pub(super) async fn dress(
    State(wardrobe): State<Arc<Wardrobe>>,
    mut request: Request,
    next: Next,
) -> Response {
    let asked = Asked::of(&request);
    request.extensions_mut().insert(asked.tongue);
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<Arc<WebError>>() {
        response = refusal(&wardrobe, &asked, &error).await;
    } else if UNREADABLE.contains(&response.status()) && !is_page(&response) {
        response = refusal(&wardrobe, &asked, &WebError::Unreadable).await;
    }
    let headers = response.headers_mut();
    headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    remember(headers, asked.chosen);
    response
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn remember(headers: &mut HeaderMap, chosen: Option<&'static str>) {
    let Some(word) = chosen else { return };
    let cookie = format!("{LANGUAGE}={word}; Path=/; Max-Age=31536000; SameSite=Lax");
    headers.extend(HeaderValue::from_str(&cookie).ok().map(|cookie| (header::SET_COOKIE, cookie)));
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    title: String,
    words: String,
    back: String,
    back_to: String,
}

#[derive(Template)]
#[template(path = "error_fragment.html")]
struct ErrorFragment {
    words: String,
}

async fn refusal(wardrobe: &Wardrobe, asked: &Asked, error: &WebError) -> Response {
    if matches!(error, WebError::NotSignedIn | WebError::SessionOver) {
        return to_the_door(asked, matches!(error, WebError::SessionOver));
    }
    let voice = Voice { tongue: asked.tongue, zone: wardrobe.front.zone.clone() };
    let words = error.words(&voice);
    if asked.is_fragment {
        return shown(error.status(), &ErrorFragment { words });
    }
    let title = voice.say(&format!("web-status-{}", error.status().as_u16()));
    let page = wardrobe.page(asked, voice).await;
    let of_alert = of_alert(&asked.path).filter(|path| *path != asked.path);
    let (back, back_to) = match of_alert {
        Some(path) => (path.to_owned(), page.v.say("web-back-to-alert")),
        None => (home(&asked.path).to_owned(), page.v.say("web-back-to-board")),
    };
    shown(error.status(), &ErrorPage { page, title, words, back, back_to })
}

/// The board of the mode that a path belongs to.
pub(super) fn home(path: &str) -> &'static str {
    if path.starts_with("/drill") { "/drill/" } else { "/live/" }
}

/// The page of the alert that a path is about, if it is about one.
fn of_alert(path: &str) -> Option<&str> {
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    let is_alert = ["/live/alerts/", "/drill/alerts/"].iter().any(|base| path.starts_with(base));
    is_alert.then(|| slashes.nth(3).map_or(path, |end| &path[..end]))
}

fn to_the_door(asked: &Asked, was_in: bool) -> Response {
    if asked.is_fragment {
        let door = if was_in { format!("/login?why={OVER}") } else { "/login".to_owned() };
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", door)]).into_response();
    }
    // A verb cannot be done by looking at it: after signing in, the alert's page shows the button again.
    let next = of_alert(&asked.path).filter(|_| !asked.is_get).unwrap_or(&asked.path);
    let why = if was_in { format!("&why={OVER}") } else { String::new() };
    Redirect::to(&format!("/login?next={next}{why}")).into_response()
}

/// A page with a status.
pub(super) fn shown(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template could not be filled");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
