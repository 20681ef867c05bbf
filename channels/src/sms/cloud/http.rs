//! One call to a provider: bounded in time and size. Knows how a call can go wrong on the way; what a code in an answer
//! means is each provider's own.

use std::{error::Error, io, time::Duration};

use mingluo_model::{
    channel::SendError,
    clock::{SharedClock, within},
    delivery::Reason,
};
use reqwest::{Client, RequestBuilder};
use tokio::net::TcpStream;

use super::{account::Account, fault::Fault};
use crate::{account::ConfigError, https, sms::session::unreachable};

/// The longest answer that is read, in bytes: two hundred numbers of Tencent's take about 50 KB.
const LONGEST_ANSWER: usize = 1 << 20;

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
        // What needs more than half of the time to connect has too little of it left to be answered.
        let client = https::client_within(account.calls, account.answer / 2).map_err(|cause| {
            ConfigError::new("calls", account.calls, format!("no https client can be built ({cause})"))
        })?;
        Ok(Self { client, clock, answer: account.answer })
    }

    /// Opens a connection and closes it again, without a word.
    ///
    /// # Errors
    /// [`SendError::Unreachable`] when there is none in time.
    pub(super) async fn reach(&self, host: &str, port: u16) -> Result<(), SendError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match within(self.clock.as_ref(), self.answer, TcpStream::connect((host, port))).await {
            Ok(Ok(_connection)) => Ok(()),
            Ok(Err(error)) => Err(unreachable(error.to_string())),
            Err(late) => Err(unreachable(format!("no connection within {:?}", late.limit))),
        }
    }

    /// Sends a request and reads the whole answer. The library's own words are dropped: they hold the address, and that
    /// may hold secrets and numbers.
    pub(super) async fn call(&self, request: RequestBuilder) -> Result<Said, Fault> {
        let call = async {
            match request.send().await {
                Ok(response) => read(response).await,
                Err(error) if error.is_connect() => Err(Fault::Unreachable(no_connection(&error))),
                Err(_) => Err(Fault::Lost),
            }
        };
        within(self.clock.as_ref(), self.answer, call).await.unwrap_or(Err(Fault::Lost))
    }
}

/// Why there was no connection, in the system's words or those of TLS, which hold nothing of the request.
fn no_connection(error: &reqwest::Error) -> String {
    let mut said = "no connection in time".to_owned();
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            said = error.to_string();
        }
        cause = error.source();
    }
    said
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
