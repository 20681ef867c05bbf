//! Where platforms report to us. Their bytes go to the channel's own parser, receipts and what residents wrote to
//! dispatch, and the answer is given only when they are durable.

mod recent;
mod wechat;
mod wecom;

use crate::app::City;
use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use mingluo_channels::{sms::cloud::CallbackError, wechat::CallbackError as PushError};
use mingluo_model::{mode::ModeKind, plan::AccountName, receipt::Receipt};
use std::sync::Arc;

pub(super) fn routes(city: &Arc<City>) -> Router {
    Router::new()
        .route("/callback/sms/{account}/{secret}", get(pushed).post(pushed))
        .with_state(Arc::clone(city))
        .merge(wechat::routes(city))
        .merge(wecom::routes(city))
}

/// A push of an SMS provider: GET or POST, as each does it.
async fn pushed(
    State(city): State<Arc<City>>,
    Path((account, secret)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let account = AccountName(account);
    let Some((mode, callback)) = city.sms_callbacks.get(&account) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let push = match callback.parse(&secret, &query.unwrap_or_default(), &body) {
        Ok(push) => push,
        Err(error) => {
            tracing::warn!(account = %account, %error, "a push was refused");
            return match error {
                CallbackError::NotKnown => StatusCode::FORBIDDEN.into_response(),
                _ => StatusCode::BAD_REQUEST.into_response(),
            };
        }
    };
    if !push.replies.is_empty() {
        let roster = match mode {
            ModeKind::Live => city.live.engine().roster(),
            ModeKind::Drill => city.drill.engine().roster(),
        };
        if let Err(error) = roster.keep_replies(&account, &push.replies).await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(account = %account, error, "what residents wrote cannot be kept");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    let mut kept = keep(&city, *mode, &account, push.receipts, callback.answer()).await;
    if callback.answer().starts_with('{') {
        kept.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    kept
}

/// Answers once the receipts are durable. The far side sends again what was not answered so.
async fn keep(
    city: &City,
    mode: ModeKind,
    account: &AccountName,
    receipts: Vec<Receipt>,
    answer: &'static str,
) -> Response {
    let kept = match mode {
        ModeKind::Live => city.live.engine().receipts(account, receipts).await,
        ModeKind::Drill => city.drill.engine().receipts(account, receipts).await,
    };
    kept.map_or_else(|error| unkept(&error), |()| answer.into_response())
}

/// The check of our address, of one of Tencent's platforms: what the channel echoes, if there is such an account.
fn echoed(echo: Option<Result<String, PushError>>) -> Response {
    match echo {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Ok(echo)) => echo.into_response(),
        Some(Err(error)) => refused(&error),
    }
}

/// A push of one of Tencent's platforms that proves nothing.
fn refused(error: &PushError) -> Response {
    tracing::warn!(%error, "a callback was refused");
    StatusCode::FORBIDDEN.into_response()
}

/// An answer that a channel wrote for its platform.
fn xml(answer: String) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/xml"))], answer).into_response()
}

/// The far side will say it again.
fn unkept(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "what was pushed could not be kept");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
