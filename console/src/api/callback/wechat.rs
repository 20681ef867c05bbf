//! Pushes of WeChat: receipts, and what followers write and do. A push is answered when all of it is durable; the
//! platform says thrice what was not answered in five seconds, and what was kept already is not kept again.

use super::{echoed, recent::Recent, refused, unkept, xml};
use crate::{
    app::City,
    inquiry,
    office::OfficeError,
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
use mingluo_channels::wechat::{Callback, Heard};
use mingluo_dispatch::{Engine, engine::EngineError};
use mingluo_model::{
    mode::{Mode, ModeKind},
    plan::AccountName,
    reply::{Reply, Wish},
};
use std::sync::Arc;

/// Letters of a division's name that are said back.
const LONGEST_NAME: usize = 30;

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
    let account = door.city.callbacks.get(&AccountName(account));
    echoed(account.map(|(_, callback)| callback.verify_url(&query.unwrap_or_default())))
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
        Err(error) => return refused(&error),
    };
    if !door.kept.knows(&heard.name) {
        if let Err(error) = door.keep(*mode, &account, callback.mass(), &heard).await {
            return unkept(&error);
        }
        door.kept.remember(heard.name);
    }
    match door.word(*mode, heard.replies.last()).await {
        Ok(said) => door.answer(callback, said),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(account = %account, error, "a follower could not be answered");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl Door {
    async fn keep(
        &self,
        mode: ModeKind,
        account: &AccountName,
        mass: Option<&AccountName>,
        heard: &Heard,
    ) -> Result<(), EngineError> {
        match mode {
            ModeKind::Live => keep(self.city.live.engine(), account, mass, heard).await,
            ModeKind::Drill => keep(self.city.drill.engine(), account, mass, heard).await,
        }
    }

    /// What a follower is told, whom it answers besides. Residents read Chinese; what asks for nothing is not answered, so that
    /// no one takes the account for somebody who listens to calls for help. Drills are nobody's answer.
    async fn word<'a>(
        &self,
        mode: ModeKind,
        reply: Option<&'a Reply>,
    ) -> Result<Option<(&'a Reply, String)>, OfficeError> {
        let Some(reply) = reply else { return Ok(None) };
        let teller = self.city.teller.as_ref().filter(|_| mode == ModeKind::Live && inquiry::asks(reply));
        let word = match teller {
            Some(teller) => Some(inquiry::answer(&self.city.live, teller, &reply.from).await?),
            None => self.heard(reply),
        };
        Ok(word.map(|word| (reply, word)))
    }

    /// A word to the follower who changed something: they see that it was heard, and as what.
    fn heard(&self, reply: &Reply) -> Option<String> {
        let chinese = |key: &str, fields: &[(&'static str, String)]| Some(say(Tongue::Chinese, key, fields));
        match (reply.wish(), inquiry::named(reply)) {
            (Wish::OptOut, _) => chinese("wechat-out", &[]),
            (Wish::OptIn, _) => chinese("wechat-back", &[]),
            (_, Some("")) => chinese("wechat-where", &[]),
            (_, Some(region)) => match self.city.live.gazetteer().resolve(region) {
                Ok(code) => chinese("wechat-region", &[("region", self.city.live.division(code))]),
                Err(_) => chinese("wechat-region-unknown", &[("region", clipped(region))]),
            },
            _ => None,
        }
    }

    /// `success`, or a word to the follower.
    fn answer(&self, callback: &Callback, said: Option<(&Reply, String)>) -> Response {
        let Some((reply, words)) = said else { return "success".into_response() };
        let answer = self.city.live.chance(|chance| callback.answer(reply, &words, chance));
        xml(answer)
    }
}

/// Makes all of it durable.
async fn keep<M: Mode>(
    engine: &Engine<M>,
    account: &AccountName,
    mass: Option<&AccountName>,
    heard: &Heard,
) -> Result<(), EngineError> {
    let Heard { receipts, jobs, replies, .. } = heard;
    if !receipts.is_empty() {
        engine.receipts(account, receipts.clone()).await?;
    }
    if let Some(mass) = mass.filter(|_| !jobs.is_empty()) {
        engine.jobs_ended(mass, jobs).await?;
    }
    if !replies.is_empty() {
        engine.roster().keep_replies(account, replies).await?;
    }
    Ok(())
}

/// The first letters of what was written, enough to know it by.
fn clipped(words: &str) -> String {
    words.chars().take(LONGEST_NAME).collect()
}
