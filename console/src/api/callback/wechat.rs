//! Pushes of WeChat: receipts, and what followers write and do. A push is answered when all of it is durable; the
//! platform says thrice what was not answered in five seconds, and what was kept already is not kept again.

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
use mingluo_channels::wechat::{Callback, CallbackError, Heard};
use mingluo_dispatch::engine::EngineError;
use mingluo_model::{
    mode::ModeKind,
    plan::AccountName,
    reply::{Reply, Wish},
};
use std::sync::Arc;

/// What stands before a division in what followers say ([`Heard::replies`]).
const REGION: &str = "地区";

/// The door, and what came through it of late.
struct Door {
    city: Arc<City>,
    kept: Recent,
}

pub(super) fn routes(city: &Arc<City>) -> Router {
    let door = Arc::new(Door { city: Arc::clone(city), kept: Recent::default() });
    Router::new().route("/callback/wechat/{account}", get(verify).post(receive)).with_state(door)
}

async fn verify(
    State(door): State<Arc<Door>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some((_, callback)) = door.city.callbacks.get(&AccountName(account)) else {
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
    let Some((mode, callback)) = door.city.callbacks.get(&account) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let heard = match callback.parse(&query.unwrap_or_default(), &body) {
        Ok(heard) => heard,
        Err(error) => return refuse(&error),
    };
    let Heard { name, receipts, replies } = heard;
    if !door.kept.knows(&name) {
        if let Err(error) = door.keep(*mode, &account, receipts, &replies).await {
            return unkept(&error);
        }
        door.kept.remember(name);
    }
    door.answer(callback, &replies)
}

impl Door {
    async fn keep(
        &self,
        mode: ModeKind,
        account: &AccountName,
        receipts: Vec<mingluo_model::receipt::Receipt>,
        replies: &[Reply],
    ) -> Result<(), EngineError> {
        let (live, drill) = (self.city.live.engine(), self.city.drill.engine());
        if !receipts.is_empty() {
            match mode {
                ModeKind::Live => live.receipts(account, receipts).await?,
                ModeKind::Drill => drill.receipts(account, receipts).await?,
            }
        }
        if !replies.is_empty() {
            let roster = if mode == ModeKind::Live { live.roster() } else { drill.roster() };
            roster.keep_replies(account, replies).await?;
        }
        Ok(())
    }

    /// `success`, or a word to the follower who changed something: they see that it was heard.
    fn answer(&self, callback: &Callback, replies: &[Reply]) -> Response {
        let Some((reply, words)) = replies.last().and_then(|reply| Some((reply, word(reply)?))) else {
            return "success".into_response();
        };
        let answer = self.city.live.chance(|chance| callback.answer(reply, &words, chance));
        ([(CONTENT_TYPE, HeaderValue::from_static("application/xml"))], answer).into_response()
    }
}

/// What a follower is told. Residents read Chinese; what asks for nothing is not answered, so that no one takes the
/// account for somebody who listens to calls for help.
fn word(reply: &Reply) -> Option<String> {
    let region = reply.words.strip_prefix(REGION).map(str::trim).filter(|region| !region.is_empty());
    match (reply.wish(), region) {
        (Wish::OptOut, _) => Some(say(Tongue::Chinese, "wechat-out", &[])),
        (Wish::OptIn, _) => Some(say(Tongue::Chinese, "wechat-back", &[])),
        (_, Some(region)) => Some(say(Tongue::Chinese, "wechat-region", &[("region", region.to_owned())])),
        _ => None,
    }
}

fn refuse(error: &CallbackError) -> Response {
    tracing::warn!(%error, "a callback was refused");
    StatusCode::FORBIDDEN.into_response()
}
