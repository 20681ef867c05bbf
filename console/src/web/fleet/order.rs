//! What becomes of a test or a stop in its boxes.

use super::{
    super::{desk::Desk, dress::shown, error::WebError, page::Page, visit::Visit, voice::Voice},
    broadcast::Table,
};
use crate::office::broadcast::of_order;
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use mingluo_model::{bulletin::EbmId, mode::Mode, owner::Officer};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "box_order.html")]
struct OrderPage {
    page: Page,
    stream: String,
    content: OrderNow,
}

/// The moving part.
#[derive(Template)]
#[template(path = "box_order_now.html")]
pub(in crate::web) struct OrderNow {
    title: String,
    line: String,
    table: Table,
}

/// The page.
pub(in crate::web) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Path(ebm): Path<String>,
) -> Result<Response, WebError> {
    let ebm: EbmId = ebm.parse().map_err(|_| WebError::NoPage)?;
    let content = OrderNow::now(&desk, &desk.voice(&visit), visit.officer(), ebm).await?;
    let page = OrderPage {
        page: desk.page(&visit, "fleet").await?,
        stream: format!("{}/fleet/orders/{ebm}/events", desk.base),
        content,
    };
    Ok(shown(StatusCode::OK, &page))
}

impl OrderNow {
    /// The order as it stands now.
    pub(in crate::web) async fn now<M: Mode>(
        desk: &Desk<M>,
        voice: &Voice,
        officer: &Officer,
        ebm: EbmId,
    ) -> Result<Self, WebError> {
        let (order, playouts) = desk.office.box_order(officer, ebm).await?;
        let broadcast = of_order(&order, officer.owner.scope, playouts);
        Ok(Self {
            title: voice.word("box-order", order.kind.word()),
            line: voice.pair("web-box-order-line", voice.moment(order.at), order.codes.len()),
            table: Table::of(desk, voice, officer, &broadcast),
        })
    }
}
