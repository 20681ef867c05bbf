//! Silence at once (全部停播): one page, one word, one click.

use super::super::{
    desk::Desk, dress::shown, error::WebError, form::Pairs, login::form_key, page::Page, visit::Visit,
};
use crate::{api::STOP, office::OfficeError};
use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mingluo_model::{alert::AlertError, mode::Mode, owner::Role};
use std::sync::Arc;

/// What is taken for the word as well, by whoever has an input method on.
const STOP_ZH: [&str; 2] = ["停播", "全部停播"];

#[derive(Template)]
#[template(path = "box_stop.html")]
struct StopPage {
    page: Page,
    whom: String,
    word: &'static str,
    key: String,
    problem: Option<String>,
}

/// The page.
pub(in crate::web) async fn ask<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
) -> Result<Response, WebError> {
    page(&desk, &visit, None).await
}

async fn page<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    problem: Option<WebError>,
) -> Result<Response, WebError> {
    if !visit.officer().may(Role::Releaser) {
        let refused = AlertError::NoRight { officer: visit.officer().id, step: "stopped" };
        return Err(OfficeError::from(refused).into());
    }
    let voice = desk.voice(visit);
    let scope = desk.office.describe(&[visit.officer().owner.scope]);
    let n = desk.office.boxes(visit.officer())?.len();
    let status = problem.as_ref().map_or(StatusCode::OK, WebError::status);
    let page = StopPage {
        page: desk.page(visit, "fleet").await?,
        whom: voice.pair("web-box-stop-whom", scope, n),
        word: STOP,
        key: form_key(&mut desk.chance()),
        problem: problem.map(|error| error.words(&voice)),
    };
    Ok(shown(status, &page))
}

/// Stops everything. A second click on the same page stops nothing twice.
pub(in crate::web) async fn stop<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim());
    let typed = value("confirm").unwrap_or_default();
    if !typed.eq_ignore_ascii_case(STOP) && !STOP_ZH.contains(&typed) {
        let refused = OfficeError::NotConfirmed { typed: WebError::shown(typed) };
        return page(&desk, &visit, Some(refused.into())).await;
    }
    let key = value("key").unwrap_or_default().to_owned();
    let office = &desk.office;
    let stop = async { office.stop_all(visit.officer()).await.map(|stopped| stopped.order.ebm) };
    let ebm = desk.ordered.get_or_make(key, stop).await?;
    Ok(Redirect::to(&format!("{}/fleet/orders/{ebm}", desk.base)).into_response())
}
