//! Calls to a platform: one request, one answer of JSON, bounded in time and size. Knows how a call can go wrong on the way;
//! what a code in an answer means is its caller's to know.

use crate::{
    account::{ConfigError, is_loopback},
    https,
};
use mingluo_model::{
    channel::{Refusal, Verdict},
    clock::{SharedClock, within},
    delivery::Reason,
};
use reqwest::{Client, Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The longest answer that is read, in bytes: a thousand ids of 64 characters and their commas, with room to spare.
const LONGEST_ANSWER: usize = 128 * 1024;
/// How long dispatch waits when the platform cannot be connected to or says 5xx.
const FAULT: Duration = Duration::from_secs(1);
/// How long after its own time limit a call may still be reported.
const SLACK: Duration = Duration::from_secs(1);
/// How long after HTTP 429.
const TOO_MANY: Duration = Duration::from_mins(1);

/// How a call went wrong before its answer could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
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
    /// What it means for a message whose repeat acts once.
    pub(crate) fn verdict(&self) -> Verdict {
        let temporary = |reason| Verdict::Temporary(Refusal { reason, far_code: self.to_string() });
        match self {
            Self::Status(429) => Verdict::Busy { retry_after: TOO_MANY },
            Self::NoConnection | Self::Status(500..) => Verdict::Busy { retry_after: FAULT },
            Self::NoAnswer => temporary(Reason::SessionLost),
            Self::Status(_) | Self::NotJson => temporary(Reason::FarFault),
        }
    }

    /// The same for one that would be read twice: what may have left is lost, for dispatch to decide. A gateway that gave up
    /// waiting may have handed it on; one that is overloaded (503) has not.
    pub(crate) fn verdict_once(&self) -> Verdict {
        match self {
            Self::NoAnswer | Self::NotJson => Verdict::Lost,
            Self::Status(status @ 500..) if *status != 503 => Verdict::Lost,
            other => other.verdict(),
        }
    }
}

/// Under which status a platform answers in its own words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Under200,
    /// Refusals besides.
    Under4xx,
}

/// A platform, as one account sees it.
pub(crate) struct Server {
    client: Client,
    base: Url,
    clock: SharedClock,
    answer: Duration,
}

impl Server {
    /// A client with a pool of at most as many idle connections as calls are allowed, which waits so long for an answer.
    ///
    /// # Errors
    /// [`ConfigError`] when no client can be built.
    pub(crate) fn new(
        base: &Url,
        calls: u32,
        answer: Duration,
        clock: SharedClock,
    ) -> Result<Self, ConfigError> {
        let client = https::client(calls).map_err(|cause| {
            ConfigError::new("api_base", base, format!("no https client can be built ({cause})"))
        })?;
        Ok(Self { client, base: base.clone(), clock, answer })
    }

    /// How long until what came of a call is reported, at most.
    pub(crate) const fn reports_within(&self) -> Duration {
        self.answer.saturating_add(SLACK)
    }

    /// Asks by GET.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        self.call(Method::GET, path, query, Vec::new(), Speaks::Under200).await
    }

    /// Puts a body of JSON by POST.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<T, CallError> {
        self.call(Method::POST, path, query, body, Speaks::Under200).await
    }

    /// The same for a platform that says under a status of 400 and more why it refused: what reads as its answer is its
    /// answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn post_hearing_refusals<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<T, CallError> {
        self.call(Method::POST, path, query, body, Speaks::Under4xx).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Vec<u8>,
        speaks: Speaks,
    ) -> Result<T, CallError> {
        let mut url = self.base.clone();
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.request(method, url).header("content-type", "application/json").body(body);
        let call = async {
            // The error's own words hold the address with the token in it, so only its kind is kept.
            let response = request.send().await.map_err(|error| {
                if error.is_connect() { CallError::NoConnection } else { CallError::NoAnswer }
            })?;
            read(response, speaks).await
        };
        within(&*self.clock, self.answer, call).await.unwrap_or(Err(CallError::NoAnswer))
    }
}

async fn read<T: DeserializeOwned>(mut response: reqwest::Response, speaks: Speaks) -> Result<T, CallError> {
    let status = response.status();
    let refuses = speaks == Speaks::Under4xx && status.is_client_error();
    if status != StatusCode::OK && !refuses {
        return Err(CallError::Status(status.as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| CallError::NoAnswer)? {
        if bytes.len() + chunk.len() > LONGEST_ANSWER {
            return Err(CallError::NotJson);
        }
        bytes.extend_from_slice(&chunk);
    }
    let unread = if refuses { CallError::Status(status.as_u16()) } else { CallError::NotJson };
    serde_json::from_slice(&bytes).map_err(|_| unread)
}

/// The address of a platform, as the key `api_base` has it: real ones speak https, a pretend one is on this machine.
///
/// # Errors
/// [`ConfigError`] naming what to write; `usual` is the platform's own.
pub(crate) fn platform(api_base: &str, pretend: bool, usual: &str) -> Result<Url, ConfigError> {
    let wrong = |fix: String| ConfigError::new("api_base", api_base, fix);
    let url: Url = api_base.parse().map_err(|_| wrong(format!("use {usual}")))?;
    let on_this_machine = url.host_str().is_some_and(is_loopback);
    match (pretend, url.scheme()) {
        (true, "http" | "https") if on_this_machine => Ok(url),
        (true, _) => Err(wrong("a pretend account takes http://127.0.0.1:PORT only".into())),
        (false, "https") => Ok(url),
        (false, _) => Err(wrong("use https; bare http is for pretend = true on this machine".into())),
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
