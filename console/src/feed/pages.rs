//! The addresses of the feed, as other systems fetch them: again and again, most of the time for nothing new.

use super::{FeedError, Sent, document, feed};
use crate::app::City;
use axum::{
    Router,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use mingluo_exchange::atom;
use mingluo_model::{clock::within, id::AlertId, region::RegionCode};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

const ATOM: &str = "application/atom+xml; charset=utf-8";
/// CAP 1.2 section 4.2 names no parameters; the document names its own encoding.
const CAP: &str = "application/cap+xml";

/// How long somebody waits for their turn. Ours to choose: readers of feeds come again by themselves.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whose warnings are shown, and what is remembered of them.
struct Shelf {
    city: Arc<City>,
    sent: Sent,
    /// One feed is made at a time: to make one much is read, anybody may ask, and those at the console read from the same store.
    making: Semaphore,
}

pub(crate) fn routes(city: &Arc<City>) -> Router {
    let shelf = Arc::new(Shelf { city: Arc::clone(city), sent: Sent::default(), making: Semaphore::new(1) });
    Router::new()
        .route("/feed.atom", get(all))
        .route("/feed/{file}", get(of_region))
        .route("/cap/{file}", get(one))
        .with_state(shelf)
}

/// The name under which a division's feed stands.
pub(super) fn file_of(region: RegionCode) -> String {
    format!("{region}.atom")
}

async fn all(State(shelf): State<Arc<Shelf>>, headers: HeaderMap) -> Response {
    shown(&shelf, None, &headers).await
}

async fn of_region(
    State(shelf): State<Arc<Shelf>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let gazetteer = shelf.city.live.gazetteer();
    let region = file.strip_suffix(".atom").and_then(|code| code.parse().ok());
    match region.filter(|region| gazetteer.get(*region).is_some()) {
        Some(region) => shown(&shelf, Some(region), &headers).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn shown(shelf: &Shelf, region: Option<RegionCode>, headers: &HeaderMap) -> Response {
    let Some(base) = &shelf.city.feed else { return StatusCode::NOT_FOUND.into_response() };
    let turn = within(shelf.city.clock.as_ref(), PATIENCE, shelf.making.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    match feed(&shelf.city.live, &shelf.sent, base, region).await {
        Ok(feed) => fresh(atom::write(&feed), ATOM, headers),
        Err(error) => unreadable(&error),
    }
}

async fn one(State(shelf): State<Arc<Shelf>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let id: Option<AlertId> = file.strip_suffix(".xml").and_then(|id| id.parse().ok());
    let (Some(_), Some(id)) = (&shelf.city.feed, id) else { return StatusCode::NOT_FOUND.into_response() };
    match document(&shelf.city.live, &shelf.sent, id).await {
        Ok(Some(document)) => fresh(document, CAP, &headers),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => unreadable(&error),
    }
}

/// The document, or word that it is the one that the caller has. Pages of others may read it.
fn fresh(document: String, kind: &'static str, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&document)[..16]));
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known =
        known.flat_map(|list| list.split(',')).any(|one| one.trim().trim_start_matches("W/") == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, HeaderValue::from_static(kind))], document).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn unreadable(error: &FeedError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "the public feed cannot be shown");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
