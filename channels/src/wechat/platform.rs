//! Calls to the platform: one POST of JSON, one answer of JSON, bounded in time and size. Knows how a call can go
//! wrong on the way; what a code in an answer means is [`super::errcode`]'s.

use super::{call::Endpoint, config::Account, errcode::Said};
use crate::{
    account::{ConfigError, Secret},
    https,
};
use mingluo_model::{
    channel::{Refusal, Verdict},
    clock::{SharedClock, within},
    delivery::Reason,
};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use std::time::Duration;

/// The longest answer that is read, in bytes; real ones have a few hundred.
const LONGEST_ANSWER: usize = 64 * 1024;
/// How long dispatch waits when the platform cannot be connected to or says 5xx.
const FAULT: Duration = Duration::from_secs(1);
/// How long after HTTP 429.
const TOO_MANY: Duration = Duration::from_mins(1);

/// How a call went wrong before its answer could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// No connection: nothing left.
    #[error("no connection to the platform")]
    NoConnection,
    /// It left, and the answer broke off or did not come in time.
    #[error("no answer from the platform")]
    NoAnswer,
    /// An answer that is not the platform's: a proxy's page, a gateway's fault.
    #[error("http status {0}")]
    Status(u16),
    /// An answer that is no JSON of the known shape, or endless.
    #[error("the answer is not the platform's json")]
    NotJson,
}

impl CallError {
    /// What it means for a message. The repeat of one that may have left is safe: its `client_msg_id` acts once.
    pub(super) fn verdict(&self) -> Verdict {
        let temporary = |reason| Verdict::Temporary(Refusal { reason, far_code: self.to_string() });
        match self {
            Self::Status(429) => Verdict::Busy { retry_after: TOO_MANY },
            Self::NoConnection | Self::Status(500..) => Verdict::Busy { retry_after: FAULT },
            Self::NoAnswer => temporary(Reason::SessionLost),
            Self::Status(_) | Self::NotJson => temporary(Reason::FarFault),
        }
    }
}

/// An answer in all shapes that the called endpoints give.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    #[serde(alias = "msg_id")]
    msgid: Option<u64>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// What `stable_token` said.
pub(super) enum TokenSaid {
    /// A token, and for how long it lives.
    Token(Secret, Duration),
    /// A code instead.
    Refused(Said),
}

/// The platform, as one account sees it.
pub(super) struct Platform {
    client: Client,
    base: Url,
    clock: SharedClock,
    answer: Duration,
}

impl Platform {
    /// A client with a pool of at most as many idle connections as calls are allowed.
    pub(super) fn new(account: &Account, clock: SharedClock) -> Result<Self, ConfigError> {
        let client = https::client(account.calls).map_err(|cause| {
            ConfigError::new("api_base", &account.api_base, format!("no https client can be built ({cause})"))
        })?;
        Ok(Self { client, base: account.api_base.clone(), clock, answer: account.answer })
    }

    /// Asks for a token (`/cgi-bin/stable_token`, ordinary mode: asking again kills no older one).
    pub(super) async fn token(&self, account: &Account) -> Result<TokenSaid, CallError> {
        let body = serde_json::json!({
            "grant_type": "client_credential", "appid": account.app_id, "secret": account.secret.expose(),
            "force_refresh": false,
        });
        let answer = self.post("/cgi-bin/stable_token", None, body.to_string().into_bytes()).await?;
        match (answer.access_token, answer.expires_in) {
            (Some(token), Some(seconds)) if answer.errcode == 0 => {
                Ok(TokenSaid::Token(Secret::new(token), Duration::from_secs(seconds)))
            }
            _ if answer.errcode == 0 => Err(CallError::NotJson),
            _ => Ok(TokenSaid::Refused(Said { errcode: answer.errcode, errmsg: answer.errmsg, msgid: None })),
        }
    }

    /// Sends a message to one follower, or to many.
    pub(super) async fn send(
        &self,
        endpoint: Endpoint,
        token: &Secret,
        body: Vec<u8>,
    ) -> Result<Said, CallError> {
        let answer = self.post(endpoint.path(), Some(token), body).await?;
        Ok(Said { errcode: answer.errcode, errmsg: answer.errmsg, msgid: answer.msgid })
    }

    async fn post(&self, path: &str, token: Option<&Secret>, body: Vec<u8>) -> Result<Answer, CallError> {
        let mut url = self.base.clone();
        url.set_path(path);
        if let Some(token) = token {
            url.query_pairs_mut().append_pair("access_token", token.expose());
        }
        let request = self.client.post(url).header("content-type", "application/json").body(body);
        let call = async {
            // The error's own words hold the address with the token in it, so only its kind is kept.
            let response = request.send().await.map_err(|error| {
                if error.is_connect() { CallError::NoConnection } else { CallError::NoAnswer }
            })?;
            read(response).await
        };
        within(&*self.clock, self.answer, call).await.unwrap_or(Err(CallError::NoAnswer))
    }
}

async fn read(mut response: reqwest::Response) -> Result<Answer, CallError> {
    if response.status() != StatusCode::OK {
        return Err(CallError::Status(response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| CallError::NoAnswer)? {
        if bytes.len() + chunk.len() > LONGEST_ANSWER {
            return Err(CallError::NotJson);
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|_| CallError::NotJson)
}

#[cfg(test)]
#[path = "platform_tests.rs"]
mod tests;
