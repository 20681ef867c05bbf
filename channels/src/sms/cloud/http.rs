//! One call to a provider: bounded in time and size. Knows how a call can go wrong on the way; what a code in an answer
//! means is each provider's own.

use std::time::Duration;

use mingluo_model::{
    clock::{SharedClock, within},
    delivery::Reason,
};
use reqwest::{Client, RequestBuilder};

use super::{account::Account, fault::Fault};
use crate::{account::ConfigError, https};

/// The longest answer that is read, in bytes: two hundred numbers of Tencent's take about 50 KB.
const LONGEST_ANSWER: usize = 1 << 20;

/// How long dispatch waits when nothing could be connected to.
const NO_CONNECTION: Duration = Duration::from_secs(1);

/// What came back.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Said {
    /// What an answer means that is not the provider's own: a proxy's page, a gateway's fault. Whatever may have been
    /// passed on before it went wrong may have been sent: 408 and all of 5xx also come from a balancer whose far side has
    /// taken the call already. 429 says that the request was not worked on (RFC 6585 clause 4).
    pub(super) fn unreadable(&self) -> Fault {
        match self.status {
            429 => Fault::THROTTLED,
            408 => Fault::Lost,
            400..500 => Fault::temporary(Reason::FarFault, &format!("http status {}", self.status)),
            _ => Fault::Lost,
        }
    }
}

/// Calls one provider.
pub(super) struct Caller {
    pub(super) client: Client,
    clock: SharedClock,
    answer: Duration,
}

impl Caller {
    pub(super) fn new(account: &Account, clock: SharedClock) -> Result<Self, ConfigError> {
        let client = https::client(account.calls).map_err(|cause| {
            ConfigError::new("calls", account.calls, format!("no https client can be built ({cause})"))
        })?;
        Ok(Self { client, clock, answer: account.answer })
    }

    /// Sends a request and reads the whole answer. The library's own words are dropped: they hold the address, and that
    /// may hold secrets and numbers.
    pub(super) async fn call(&self, request: RequestBuilder) -> Result<Said, Fault> {
        let call = async {
            let response = request
                .send()
                .await
                .map_err(|error| if error.is_connect() { Fault::Busy(NO_CONNECTION) } else { Fault::Lost })?;
            read(response).await
        };
        within(self.clock.as_ref(), self.answer, call).await.unwrap_or(Err(Fault::Lost))
    }
}

async fn read(mut response: reqwest::Response) -> Result<Said, Fault> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Fault::Lost)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Said { status, body: Vec::new() }.unreadable());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Said { status, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreadable(status: u16) -> Fault {
        Said { status, body: b"<html>a balancer's page".to_vec() }.unreadable()
    }

    #[test]
    fn a_balancers_page_does_not_say_that_nothing_was_sent() {
        for status in [200, 302, 408, 500, 502, 503, 504] {
            assert_eq!(unreadable(status), Fault::Lost, "{status}");
        }
        assert_eq!(unreadable(429), Fault::THROTTLED);
        assert!(matches!(unreadable(404), Fault::Temporary(_)));
    }
}
