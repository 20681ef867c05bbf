//! All alerts of a mode, newest first, or those that wait for a signature.

use super::{
    desk::Desk,
    dress::shown,
    error::WebError,
    marks::GradeMark,
    page::Page,
    situation::is_end,
    visit::Visit,
    voice::{chinese, thousands},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::mode::Mode;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    page: Page,
    is_waiting: bool,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    grade: GradeMark,
    headline: String,
    kind: String,
    state: String,
    area: String,
    deliveries: String,
    author: String,
    created: String,
    expires: String,
}

/// Which ones.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    show: String,
}

/// The list.
pub(super) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(which): Query<Which>,
) -> Result<Response, WebError> {
    let only_waiting = which.show == "waiting";
    let situation = desk.situation().await?;
    let voice = desk.voice(&visit);
    let rows = situation
        .alerts
        .iter()
        .filter(|alert| !only_waiting || situation.is_waiting(alert))
        .map(|alert| Row {
            id: alert.id.to_string(),
            grade: GradeMark::of(&voice, alert),
            headline: chinese(&alert.content).headline,
            kind: voice.kind(alert.content.kind),
            state: situation.state(&voice, alert),
            area: alert.content.area.described.clone(),
            deliveries: voice.with(deliveries(alert), "a", thousands(alert.content.audience.deliveries())),
            author: situation.name(alert.author),
            created: voice.moment(alert.created),
            expires: voice.moment(alert.content.expires),
        })
        .collect();
    let here = if only_waiting { "waiting" } else { "alerts" };
    let page = desk.page(&visit, here).await?;
    Ok(shown(StatusCode::OK, &ListPage { page, is_waiting: only_waiting, rows }))
}

/// How the deliveries are told: a lift or correction makes at most those that were signed for.
const fn deliveries(alert: &StoredAlert) -> &'static str {
    if is_end(alert) { "web-at-most-deliveries" } else { "web-count-deliveries" }
}
