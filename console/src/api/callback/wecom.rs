//! Pushes of WeCom: the buttons that officials press, and what they write. A push is answered when it is durable; who pressed
//! sees it on the card. The platform says thrice what was not answered in five seconds; what is said again changes nothing,
//! and is answered as before.

use super::{echoed, refused, unkept, xml};
use crate::{
    app::City,
    tongue::{Tongue, say},
};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use mingluo_channels::wecom::Heard;
use mingluo_dispatch::engine::{Engine, EngineError};
use mingluo_model::{
    mode::{Mode, ModeKind},
    plan::AccountName,
};
use std::sync::Arc;

pub(super) fn routes(city: &Arc<City>) -> Router {
    Router::new().route("/callback/wecom/{account}", get(verify).post(receive)).with_state(Arc::clone(city))
}

async fn verify(
    State(city): State<Arc<City>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let account = city.wecom_callbacks.get(&AccountName(account));
    echoed(account.map(|(_, callback)| callback.verify_url(&query.unwrap_or_default())))
}

async fn receive(
    State(city): State<Arc<City>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let account = AccountName(account);
    let Some((mode, callback)) = city.wecom_callbacks.get(&account) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let heard = match callback.parse(&query.unwrap_or_default(), &body) {
        Ok(heard) => heard,
        Err(error) => return refused(&error),
    };
    let kept = match mode {
        ModeKind::Live => keep(city.live.engine(), &account, &heard).await,
        ModeKind::Drill => keep(city.drill.engine(), &account, &heard).await,
    };
    match (kept, &heard.confirmed) {
        (Err(error), _) => unkept(&error),
        (Ok(true), Some(confirmed)) => {
            let said = say(Tongue::Chinese, "wecom-confirmed", &[]);
            let answer = city.live.chance(|chance| callback.confirmed(&confirmed.by, &said, chance));
            xml(answer)
        }
        (Ok(_), _) => StatusCode::OK.into_response(),
    }
}

/// The one entrance of a button: its delivery is acknowledged, and `true` when it is. What confirms nothing that we sent to
/// who pressed, a card that was forwarded, is kept like anything that a member writes, and no button says that it counts.
async fn keep<M: Mode>(
    engine: &Engine<M>,
    account: &AccountName,
    heard: &Heard,
) -> Result<bool, EngineError> {
    if let Some(confirmed) = &heard.confirmed {
        if engine.acknowledge(account, confirmed).await? {
            return Ok(true);
        }
        tracing::warn!(account = %account, plan = %confirmed.plan, "a button was pressed of which nobody here knows");
    }
    let replies = heard.reply.as_slice();
    if !replies.is_empty() {
        engine.roster().keep_replies(account, replies).await?;
    }
    Ok(false)
}
