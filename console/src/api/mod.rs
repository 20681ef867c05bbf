//! The JSON door. The same verbs as the pages, with a key (`Authorization: Bearer`) instead of a cookie, and never
//! around the policy. `{mode}` is `live` or `drill`; times are milliseconds since 1970; the end of a draft may also be RFC 3339
//! with an offset. For people: `docs/api.md`.
//!
//! | request | what it does |
//! |---|---|
//! | `GET /api/{mode}/alerts` | the latest 100 alerts |
//! | `POST /api/{mode}/alerts` | drafts ([`crate::office::DraftOrder`]); answers `people` (each counted once), `speakers`, `deliveries` (over all channels), the counts by channel, `checks` (what in the words is worth a second look), `parts` by channel and `sms`, the text of each part as phones show it |
//! | `GET /api/{mode}/alerts/{id}` | state, content, `deliveries`, before the release `people`, `speakers` and `checks`, `steps` (who did what when), `plans` and the names of their `districts`, `calls` (how the responsible persons of each township were called and who answered) |
//! | `POST …/{id}/edit` | the author writes a draft anew; takes and answers what drafting does |
//! | `POST …/{id}/submit`, `/recall` | the officers' verbs |
//! | `POST …/{id}/approve` with `{"content_hash": "…"}` | approves; the hash is that of the content which the officer was shown, as drafting and `GET …/{id}` tell it. It is the same for all who sign: if the content was changed meanwhile, nothing is signed (409, `content-changed`) |
//! | `POST …/{id}/return` with `{"content_hash": "…", "reason": "…"}` | whoever may approve or release returns it to its author: it is a draft again, and all signatures are void |
//! | `POST …/{id}/retract` | the author takes it back before its release, to the same end |
//! | `POST …/{id}/release` with `{"content_hash": "…", "deliveries": N}` | releases; N are the deliveries that the draft told. `speech` names the clip of the bulletin (`sha256`, `voice`), or the `problem` for which the boxes read the script by themselves |
//! | `POST …/{id}/lift`, `/correct` with `{"body": "…"}` or nothing | takes a released alert back, at once where the policy's `withdrawal` wants one person and the caller may release. That rule is for the prewritten words (no `body`); with other words the lift takes the rule of the earlier alert's grade: `people_needed` tells how many must sign, and until they have, sending goes on. `unsent` tells the channels that could not carry it, and why |
//! | `GET /api/{mode}/plans/{id}/unconfirmed` | deliveries that nobody confirmed, part by part |
//! | `POST …/alerts/{id}/calls/{call}/phone` | notes an answer that was heard on the telephone |
//! | `GET /api/{mode}/plans/{id}/unreached` | whom it did not reach and why; officials by their WeCom ids |
//! | `GET …/alerts/{id}/broadcasts` | the bulletins of an alert box by box, in the states of the standard |
//! | `GET /api/{mode}/boxes`, `/boxes/{code}`, `/boxes/visits` | village boxes: how they are, one with its story, where somebody has to go |
//! | `POST /api/{mode}/boxes/test`, `/boxes/stop`; `GET …/boxes/orders/{ebm}` | a test of boxes, the stop of everything, and what became of either |
//! | `GET /api/health` | whether dispatch runs |
//!
//! Each of `plans` is a [`mingluo_dispatch::view::PlanView`]: `status` is `open`, `stopped` or `closed`; `settled` is
//! true once nothing is left to send, to wait for or to decide; `counts` adds up to its `target`, by `states`.
//!
//! A key sees and acts within its officer's organisation and those below it: the alerts of others are not there.
//!
//! A refusal is `{"error": {"code", "zh", "en", "fields"}}` with a fitting status (403: not this officer's business, 409: it stands
//! otherwise by now, 422: it cannot be as asked), for paths and methods that do not
//! exist as well; a body that cannot be read is refused by field.

mod alerts;
mod answer;
mod body;
mod boxes;
mod callback;
mod calls;
mod error;
mod path;
mod reader;
mod turnstile;

pub(crate) use body::HASH;
pub(crate) use boxes::STOP;
pub use error::ApiError;

use crate::{app::City, feed, office::Office, people::People};
use axum::{
    Json, Router,
    extract::{FromRequestParts, State},
    http::{Method, StatusCode, Uri, header::AUTHORIZATION, request::Parts},
    middleware,
    routing::{any, get, post},
};
use mingluo_model::{mode::Mode, owner::Officer};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a handler of one mode works on.
pub(crate) struct Door<M: Mode> {
    pub(crate) office: Arc<Office<M>>,
    pub(crate) people: Arc<People>,
}

/// The caller, proven by an API key.
pub(crate) struct Caller(pub(crate) Officer);

impl<M: Mode> FromRequestParts<Arc<Door<M>>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door<M>>) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(ApiError::NotSignedIn)?;
        let row = door.people.by_key(key.trim()).await?.ok_or(ApiError::NotSignedIn)?;
        Ok(Self(row.officer))
    }
}

/// Requests a second to the public feed and to the pages of readers who unsubscribe, from everybody together: more than ever
/// came of a city's readers, and a small part of what the program can do.
const FEED: u32 = 200;
const READERS: u32 = 200;

/// Requests a second to the pages on which responsible persons answer, from everybody together: all persons of a province in
/// one minute, and few enough that nobody guesses a link.
const ANSWERS: u32 = 200;

/// Characters of a path that a refusal repeats.
const LONGEST_PATH: usize = 200;

const LIVE: &str = "/api/live";
const DRILL: &str = "/api/drill";

/// All routes of the JSON door and of the far sides' callbacks.
pub fn routes(city: &Arc<City>, people: &Arc<People>) -> Router {
    let nothing = |uri: Uri| async move { no_path("", &uri) };
    Router::new()
        .nest(LIVE, of_mode(LIVE, &city.live, people))
        .nest(DRILL, of_mode(DRILL, &city.drill, people))
        .route("/api/health", get(health).with_state(Arc::clone(city)))
        .method_not_allowed_fallback(|method, uri| async move { wrong_method("", &method, &uri) })
        .route("/api", any(nothing))
        .route("/api/", any(nothing))
        .route("/api/{*rest}", any(nothing))
        .merge(callback::routes(city))
        .merge(turnstile::behind(reader::routes(city), READERS, &city.clock))
        .merge(turnstile::behind(answer::routes(city), ANSWERS, &city.clock))
        .merge(turnstile::behind(feed::routes(city), FEED, &city.clock))
        .layer(middleware::from_fn_with_state(city.live.renderer.zone.clone(), error::tell_refusals))
}

/// `base` is what nesting took off the path.
fn no_path(base: &str, uri: &Uri) -> ApiError {
    ApiError::NoPath { path: path(base, uri) }
}

fn wrong_method(base: &str, method: &Method, uri: &Uri) -> ApiError {
    ApiError::WrongMethod {
        method: method.as_str().chars().take(LONGEST_PATH).collect(),
        path: path(base, uri),
    }
}

fn path(base: &str, uri: &Uri) -> String {
    base.chars().chain(uri.path().chars()).take(LONGEST_PATH).collect()
}

fn of_mode<M: Mode>(base: &'static str, office: &Arc<Office<M>>, people: &Arc<People>) -> Router {
    let door = Arc::new(Door { office: Arc::clone(office), people: Arc::clone(people) });
    Router::new()
        .route("/alerts", get(alerts::list::<M>).post(alerts::draft::<M>))
        .route("/alerts/{id}", get(alerts::show::<M>))
        .route("/alerts/{id}/submit", post(alerts::submit::<M>))
        .route("/alerts/{id}/edit", post(alerts::edit::<M>))
        .route("/alerts/{id}/retract", post(alerts::retract::<M>))
        .route("/alerts/{id}/return", post(alerts::send_back::<M>))
        .route("/alerts/{id}/approve", post(alerts::approve::<M>))
        .route("/alerts/{id}/release", post(alerts::release::<M>))
        .route("/alerts/{id}/recall", post(alerts::recall::<M>))
        .route("/alerts/{id}/lift", post(alerts::lift::<M>))
        .route("/alerts/{id}/correct", post(alerts::correct::<M>))
        .route("/alerts/{id}/calls/{call}/phone", post(calls::phone::<M>))
        .route("/alerts/{id}/broadcasts", get(boxes::broadcasts::<M>))
        .route("/boxes", get(boxes::list::<M>))
        .route("/boxes/visits", get(boxes::visits::<M>))
        .route("/boxes/test", post(boxes::test::<M>))
        .route("/boxes/stop", post(boxes::stop::<M>))
        .route("/boxes/orders/{ebm}", get(boxes::order::<M>))
        .route("/boxes/{code}", get(boxes::show::<M>))
        .route("/plans/{id}/unconfirmed", get(alerts::unconfirmed::<M>))
        .route("/plans/{id}/unreached", get(alerts::unreached::<M>))
        .method_not_allowed_fallback(move |method, uri| async move { wrong_method(base, &method, &uri) })
        .fallback(move |uri| async move { no_path(base, &uri) })
        .with_state(door)
}

async fn health(State(city): State<Arc<City>>) -> (StatusCode, Json<Value>) {
    let halted = city.live.engine().halted().or_else(|| city.drill.engine().halted());
    let status = if halted.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let stands = city.forwards.now();
    let forward = stands.map(|it| json!({ "stands_since": it.since, "status": it.status() }));
    let told = json!({ "ok": halted.is_none(), "halted": halted, "engine": city.store.engine(), "forward": forward });
    (status, Json(told))
}
