//! One call's way: a token, the call, and once more with another token when the first was dead.

use super::{
    config::Account,
    errcode::{Said, verdict},
};
use crate::{
    account::Secret,
    crew::Outcome,
    weixin::{
        said::is_dead_token,
        server::{CallError, Server},
        token::{TokenHolder, TokenSaid, Tokens},
    },
};
use mingluo_model::{
    address::Address,
    channel::{SendError, Verdict},
};
use std::sync::Arc;

/// How long dispatch waits when no token could be had for want of a connection.
const NO_TOKEN: std::time::Duration = std::time::Duration::from_secs(1);

/// What every call of an account needs.
#[derive(Clone)]
pub(super) struct Far {
    pub(super) account: Arc<Account>,
    pub(super) server: Arc<Server>,
    pub(super) tokens: Arc<TokenHolder<Giver>>,
}

/// Who gives this account its tokens.
pub(super) struct Giver {
    pub(super) account: Arc<Account>,
    pub(super) server: Arc<Server>,
}

impl Tokens for Giver {
    /// `/cgi-bin/stable_token` in ordinary mode: asking again kills no older one.
    async fn ask(&self) -> Result<TokenSaid, CallError> {
        let body = serde_json::json!({
            "grant_type": "client_credential", "appid": self.account.app_id,
            "secret": self.account.secret.expose(), "force_refresh": false,
        });
        self.server.post("/cgi-bin/stable_token", &[], body.to_string().into_bytes()).await
    }
}

/// Sends one message to one follower.
pub(super) async fn deliver(far: &Far, to: &Address, body: Vec<u8>) -> Outcome {
    let token = match far.tokens.token().await {
        Ok(token) => token,
        Err(error) => return no_token(error),
    };
    let first = call(far, &token, body.clone()).await;
    if !matches!(&first, Ok(said) if is_dead_token(said.errcode)) {
        return answered(&first, to);
    }
    match far.tokens.instead_of(&token).await {
        Ok(token) => answered(&call(far, &token, body).await, to),
        Err(error) => no_token(error),
    }
}

async fn call(far: &Far, token: &Secret, body: Vec<u8>) -> Result<Said, CallError> {
    far.server.post("/cgi-bin/message/template/send", &[("access_token", token.expose())], body).await
}

fn answered(answer: &Result<Said, CallError>, to: &Address) -> Outcome {
    Outcome::Answered(match answer {
        Ok(said) => verdict(said, to.expose()),
        Err(error) => error.verdict(),
    })
}

/// Without a token nothing leaves. A refused account is the whole session's end; the rest passes.
fn no_token(error: SendError) -> Outcome {
    match error {
        SendError::Refused { .. } => Outcome::NotBegun(error),
        SendError::Busy { retry_after } => Outcome::Answered(Verdict::Busy { retry_after }),
        SendError::Unreachable { .. } => Outcome::Answered(Verdict::Busy { retry_after: NO_TOKEN }),
    }
}
