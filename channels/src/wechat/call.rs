//! One call's way: a token, the call, and once more with another token when the first was dead.

use super::{
    config::Account,
    errcode::{Said, is_dead_token, verdict},
    platform::{CallError, Platform},
    token::TokenHolder,
};
use crate::crew::Outcome;
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
}

impl Endpoint {
    /// Its path at the platform.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Template => "/cgi-bin/message/template/send",
            Self::Notice => "/cgi-bin/message/subscribe/bizsend",
            Self::Mass => "/cgi-bin/message/mass/send",
        }
    }
}

/// What every call of an account needs.
#[derive(Clone)]
pub(super) struct Far {
    pub(super) account: Arc<Account>,
    pub(super) platform: Arc<Platform>,
    pub(super) tokens: Arc<TokenHolder>,
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
    let first = far.platform.send(endpoint, &token, body.clone()).await;
    if !matches!(&first, Ok(said) if is_dead_token(said.errcode)) {
        return Ok(first);
    }
    let token = far.tokens.instead_of(&token).await?;
    Ok(far.platform.send(endpoint, &token, body).await)
}

/// A notice has no name that would make its repeat act once: what may have left is lost, and doubt decides.
fn answered(answer: &Result<Said, CallError>, endpoint: Endpoint, to: &Address) -> Outcome {
    Outcome::Answered(match answer {
        Ok(said) => verdict(said, to.expose()),
        Err(CallError::NoAnswer) if endpoint == Endpoint::Notice => Verdict::Lost,
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
