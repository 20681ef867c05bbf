//! Testing boxes (试播): which ones and whether it sounds; the page says how many boxes that are, and that number is typed.

use super::super::{
    desk::Desk, dress::shown, error::WebError, form::Pairs, login::form_key, page::Page, visit::Visit,
};
use crate::office::TestOrder;
use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mingluo_model::{bulletin::ResourceCode, mode::Mode};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "box_test.html")]
struct TestPage {
    page: Page,
    whom: String,
    codes: Vec<String>,
    regions: String,
    /// How many boxes these are; `None` until somebody says which.
    n: Option<usize>,
    audible: bool,
    key: String,
    problem: Option<String>,
}

/// What was asked for so far.
#[derive(Default)]
struct Asked {
    codes: Vec<ResourceCode>,
    regions: Vec<String>,
    audible: bool,
    boxes: String,
    key: String,
}

impl Asked {
    fn read(pairs: &Pairs) -> Result<Self, WebError> {
        let mut asked = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "code" if !value.is_empty() => asked.codes.push(value.parse().map_err(|_| WebError::NoPage)?),
                "region" => {
                    let words =
                        value.split(['、', ',', '，', ' ']).map(str::trim).filter(|it| !it.is_empty());
                    asked.regions.extend(words.map(str::to_owned));
                }
                "audible" => asked.audible = value == "true",
                "boxes" => value.trim().clone_into(&mut asked.boxes),
                "key" => asked.key.clone_from(value),
                _ => {}
            }
        }
        Ok(asked)
    }
}

/// The page, with the number of boxes once these are named.
pub(in crate::web) async fn ask<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(pairs): Query<Pairs>,
) -> Result<Response, WebError> {
    page(&desk, &visit, Asked::read(&pairs)?, None).await
}

async fn page<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    asked: Asked,
    problem: Option<WebError>,
) -> Result<Response, WebError> {
    let voice = desk.voice(visit);
    let is_named = !asked.codes.is_empty() || !asked.regions.is_empty();
    let chosen = desk.office.to_be_tested(visit.officer(), &asked.codes, &asked.regions);
    let (n, amiss) = match chosen {
        Ok(boxes) => (Some(boxes.len()), None),
        Err(_) if !is_named => (None, None),
        Err(error) => (None, Some(WebError::from(error))),
    };
    let problem = problem.or(amiss);
    let status = problem.as_ref().map_or(StatusCode::OK, WebError::status);
    let page = TestPage {
        page: desk.page(visit, "fleet").await?,
        whom: n.map_or_else(String::new, |n| voice.with("web-box-test-whom", "a", n)),
        codes: asked.codes.iter().map(ToString::to_string).collect(),
        regions: asked.regions.join("、"),
        n,
        audible: asked.audible,
        key: form_key(&mut desk.chance()),
        problem: problem.map(|error| error.words(&voice)),
    };
    Ok(shown(status, &page))
}

/// Tests the boxes that the page showed. A wrong number shows the page again and tests nothing.
pub(in crate::web) async fn test<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Form(pairs): Form<Pairs>,
) -> Result<Response, WebError> {
    let asked = Asked::read(&pairs)?;
    match tested(&desk, &visit, &asked).await {
        Ok(path) => Ok(Redirect::to(&path).into_response()),
        Err(error) if error.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            page(&desk, &visit, asked, Some(error)).await
        }
        Err(error) => Err(error),
    }
}

async fn tested<M: Mode>(desk: &Desk<M>, visit: &Visit, asked: &Asked) -> Result<String, WebError> {
    let no_number = || WebError::NoNumber { typed: WebError::shown(&asked.boxes) };
    let boxes = asked.boxes.parse().map_err(|_| no_number())?;
    let (codes, regions) = (asked.codes.clone(), asked.regions.clone());
    let wanted = TestOrder { codes, regions, audible: asked.audible, boxes };
    let test = async { desk.office.test_boxes(visit.officer(), &wanted).await.map(|order| order.ebm) };
    let ebm = desk.ordered.get_or_make(asked.key.clone(), test).await?;
    Ok(format!("{}/fleet/orders/{ebm}", desk.base))
}
