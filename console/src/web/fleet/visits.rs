//! Where somebody has to go (维护清单): on a page that can be printed, and as files.

use super::{
    super::{
        desk::Desk,
        dress::shown,
        error::WebError,
        page::Page,
        visit::Visit,
        voice::{Voice, thousands},
    },
    alarms, division, moment,
};
use crate::fleet::{
    export::{self, Words},
    pick::Pick,
    view::BoxView,
    visits::Visit as Trip,
};
use askama::Template;
use axum::{
    Json,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use mingluo_model::{clock::Timestamp, mode::Mode, region::RegionCode};
use serde_json::Value;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "visits.html")]
struct VisitsPage {
    page: Page,
    at: String,
    pick: Pick,
    rows: Vec<Row>,
}

struct Row {
    code: String,
    urgency: u8,
    word: String,
    people: String,
    division: String,
    place: String,
    alarms: Vec<(String, String)>,
    heard: String,
}

/// The page.
pub(in crate::web) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(pick): Query<Pick>,
) -> Result<Response, WebError> {
    let voice = desk.voice(&visit);
    let rows = wanted(&desk, &visit, &pick).await?.iter().map(|trip| row(&desk, &voice, trip)).collect();
    let at = voice.moment(desk.front.clock.now());
    let page = VisitsPage { page: desk.page(&visit, "fleet").await?, at, pick, rows };
    Ok(shown(StatusCode::OK, &page))
}

async fn wanted<M: Mode>(desk: &Desk<M>, visit: &Visit, pick: &Pick) -> Result<Vec<Trip>, WebError> {
    let mut trips = desk.office.visits(visit.officer()).await?;
    let name = |code: RegionCode| desk.office.gazetteer().get(code).map(|it| it.name.to_string());
    trips.retain(|trip| pick.wants(&trip.view, name));
    Ok(trips)
}

fn row<M: Mode>(desk: &Desk<M>, voice: &Voice, trip: &Trip) -> Row {
    let view: &BoxView = &trip.view;
    let mut wrong = alarms(voice, view);
    if wrong.is_empty() {
        wrong.push((voice.word("box-condition", "never-heard"), String::new()));
    }
    Row {
        code: view.code.to_string(),
        urgency: trip.urgency,
        word: voice.say(&format!("web-box-urgency-{}", trip.urgency)),
        people: thousands(u64::from(trip.people)),
        division: division(desk, view.region()),
        place: view.record.as_ref().map_or_else(String::new, |record| record.place.clone()),
        alarms: wrong,
        heard: moment(voice, view.seen.last_heard),
    }
}

/// The list for a spreadsheet.
pub(in crate::web) async fn csv<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(pick): Query<Pick>,
) -> Result<Response, WebError> {
    let voice = desk.voice(&visit);
    let trips = wanted(&desk, &visit, &pick).await?;
    let words = Words {
        division: &|trip| division(&desk, trip.view.region()),
        alarm: &|word| match word {
            "never-heard" => voice.word("box-condition", word),
            _ => voice.word("box-alarm", word),
        },
        at: &|at: Timestamp| desk.office.local_time(at),
    };
    let bytes = export::csv(&trips, &words).map_err(|error| {
        tracing::error!(%error, "a list of visits cannot be written");
        WebError::NoPage
    })?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"box-visits.csv\""),
    ];
    Ok((headers, bytes).into_response())
}

/// The list for a program.
pub(in crate::web) async fn json<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(pick): Query<Pick>,
) -> Result<Json<Value>, WebError> {
    Ok(Json(export::json(&wanted(&desk, &visit, &pick).await?)))
}
