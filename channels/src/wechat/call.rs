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
pub(super) const NO_TOKEN: std::time::Duration = std::time::Duration::from_secs(1);

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// A template message (模板消息).
    Template,
    /// A subscription notice (订阅通知).
    Notice,
    /// A mass send by open ids (根据OpenID列表群发).
    Mass,
    /// How a mass send stands (查询群发消息发送状态).
    MassGet,
    /// A customer-service message (客服消息).
    Custom,
}

impl Endpoint {
    /// Its path at the platform.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Template => "/cgi-bin/message/template/send",
            Self::Notice => "/cgi-bin/message/subscribe/bizsend",
            Self::Mass => "/cgi-bin/message/mass/send",
            Self::MassGet => "/cgi-bin/message/mass/get",
            Self::Custom => "/cgi-bin/message/custom/send",
        }
    }
}

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
pub(super) async fn deliver(far: &Far, endpoint: Endpoint, to: &Address, body: Vec<u8>) -> Outcome {
    match ask(far, endpoint, body).await {
        Ok(answer) => answered(&answer, endpoint, to),
        Err(error) => no_token(error),
    }
}

/// One call with a living token.
///
/// # Errors
/// [`SendError`] when there is no token; nothing left then.
pub(super) async fn ask(
    far: &Far,
    endpoint: Endpoint,
    body: Vec<u8>,
) -> Result<Result<Said, CallError>, SendError> {
    let token = far.tokens.token().await?;
    let first = call(far, endpoint, &token, body.clone()).await;
    if !matches!(&first, Ok(said) if is_dead_token(said.errcode)) {
        return Ok(first);
    }
    let token = far.tokens.instead_of(&token).await?;
    Ok(call(far, endpoint, &token, body).await)
}

async fn call(far: &Far, endpoint: Endpoint, token: &Secret, body: Vec<u8>) -> Result<Said, CallError> {
    far.server.post(endpoint.path(), &[("access_token", token.expose())], body).await
}

/// A notice has no name that would make its repeat act once: what may have left is lost, and doubt decides.
fn answered(answer: &Result<Said, CallError>, endpoint: Endpoint, to: &Address) -> Outcome {
    Outcome::Answered(match answer {
        Ok(said) => verdict(said, to.expose()),
        Err(error) if endpoint == Endpoint::Notice => error.verdict_once(),
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
