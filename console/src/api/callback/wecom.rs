//! Pushes of WeCom: the buttons that officials press, and what they write. A push is answered when it is durable; who pressed
//! sees it on the card. The platform says thrice what was not answered in five seconds, and one press counts once.

use super::{recent::Recent, unkept};
use crate::{
    app::City,
    tongue::{Tongue, say},
};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use mingluo_channels::wecom::{CallbackError, Heard};
use mingluo_dispatch::engine::{Engine, EngineError};
use mingluo_model::{
    mode::{Mode, ModeKind},
    plan::AccountName,
};
use std::sync::Arc;

/// The door, and what came through it of late.
struct Door {
    city: Arc<City>,
    kept: Recent,
}

pub(super) fn routes(city: &Arc<City>) -> Router {
    let door = Arc::new(Door { city: Arc::clone(city), kept: Recent::default() });
    Router::new().route("/callback/wecom/{account}", get(verify).post(receive)).with_state(door)
}

async fn verify(
    State(door): State<Arc<Door>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some((_, callback)) = door.city.wecom_callbacks.get(&AccountName(account)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match callback.verify_url(&query.unwrap_or_default()) {
        Ok(echo) => echo.into_response(),
        Err(error) => refuse(&error),
    }
}

async fn receive(
    State(door): State<Arc<Door>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let account = AccountName(account);
    let Some((mode, callback)) = door.city.wecom_callbacks.get(&account) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let heard = match callback.parse(&query.unwrap_or_default(), &body) {
        Ok(heard) => heard,
        Err(error) => return refuse(&error),
    };
    if !door.kept.knows(&heard.name) {
        let kept = match mode {
            ModeKind::Live => keep(door.city.live.engine(), &account, &heard).await,
            ModeKind::Drill => keep(door.city.drill.engine(), &account, &heard).await,
        };
        if let Err(error) = kept {
            return unkept(&error);
        }
        door.kept.remember(heard.name);
    }
    let Some(confirmed) = &heard.confirmed else { return StatusCode::OK.into_response() };
    let said = say(Tongue::Chinese, "wecom-confirmed", &[]);
    let answer = door.city.live.chance(|chance| callback.confirmed(&confirmed.by, &said, chance));
    ([(CONTENT_TYPE, HeaderValue::from_static("application/xml"))], answer).into_response()
}

/// The one entrance of a button: its delivery is acknowledged. What confirms nothing that we sent is kept like anything that a
/// member writes.
async fn keep<M: Mode>(engine: &Engine<M>, account: &AccountName, heard: &Heard) -> Result<(), EngineError> {
    if let Some(confirmed) = &heard.confirmed {
        if engine.acknowledge(account, confirmed).await? {
            return Ok(());
        }
        tracing::warn!(account = %account, plan = %confirmed.plan, "a button was pressed of which nobody here knows");
    }
    let replies = heard.reply.as_slice();
    if !replies.is_empty() {
        engine.roster().keep_replies(account, replies).await?;
    }
    Ok(())
}

fn refuse(error: &CallbackError) -> Response {
    tracing::warn!(%error, "a callback was refused");
    StatusCode::FORBIDDEN.into_response()
}
