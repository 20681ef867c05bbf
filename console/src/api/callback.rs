//! Where platforms report to us. Their bytes go to the channel's own parser, the receipts to dispatch, and the answer
//! is given only when they are durable.

use crate::app::City;
use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use mingluo_model::{mode::ModeKind, plan::AccountName};
use std::sync::Arc;

pub(super) fn routes(city: &Arc<City>) -> Router {
    Router::new().route("/callback/wechat/{account}", get(verify).post(receive)).with_state(Arc::clone(city))
}

async fn verify(
    State(city): State<Arc<City>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some((_, callback)) = city.callbacks.get(&AccountName(account)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match callback.verify_url(&query.unwrap_or_default()) {
        Ok(echo) => echo.into_response(),
        Err(error) => refuse(&error),
    }
}

async fn receive(
    State(city): State<Arc<City>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let account = AccountName(account);
    let Some((mode, callback)) = city.callbacks.get(&account) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let receipts = match callback.parse(&query.unwrap_or_default(), &body) {
        Ok(receipts) => receipts,
        Err(error) => return refuse(&error),
    };
    let kept = match mode {
        ModeKind::Live => city.live.engine().receipts(&account, receipts).await,
        ModeKind::Drill => city.drill.engine().receipts(&account, receipts).await,
    };
    match kept {
        Ok(()) => "success".into_response(),
        // The platform sends again what was not answered with success.
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "receipts could not be kept");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn refuse(error: &mingluo_channels::wechat::CallbackError) -> Response {
    tracing::warn!(%error, "a callback was refused");
    StatusCode::FORBIDDEN.into_response()
}
