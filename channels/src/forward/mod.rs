//! A platform that takes signed requests, one at a time over a connection that is kept: the city's own, which final receipts
//! are handed on to (回执转发), or the target of a webhook. It knows no log, and whether something is handed over again is not
//! its business.

mod config;
mod sign;

pub use config::ForwardConfig;
pub use sign::SIGNATURE;

use mingluo_model::clock::{SharedClock, within};
use reqwest::{
    Client, Url,
    header::{CONTENT_TYPE, HeaderMap},
};
use sign::Signer;
use std::time::Duration;

/// More of an answer is not read, in bytes; the next request then has a new connection.
const LONGEST_ANSWER: usize = 1 << 16;

/// A platform that takes receipts.
pub struct Platform {
    client: Client,
    url: Url,
    signer: Signer,
    answer: Duration,
    clock: SharedClock,
}

/// Why something was not taken. The library's own words are dropped: they hold the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untaken {
    /// No connection stood: an unknown host, a closed port, a certificate that is not trusted. Nothing has left.
    #[error("no connection")]
    Unreachable,
    /// No answer came, or not in time: they may have been taken.
    #[error("no answer")]
    NoAnswer,
    /// The answer was not one of 200 to 299.
    #[error("http status {0}")]
    Status(u16),
}

impl Platform {
    /// Hands over receipts, one JSON object a line.
    ///
    /// # Errors
    /// [`Untaken`]: hand them over again, later.
    pub async fn hand_over(&self, lines: Vec<u8>) -> Result<(), Untaken> {
        let headers = self.signer.headers(&lines, self.clock.now());
        self.send("application/x-ndjson", headers, lines).await.map(|_| ())
    }

    /// Posts one JSON document under an id of its own: letters, digits, `-` and `_`. Gives the status.
    ///
    /// # Errors
    /// [`Untaken`]: post it again, later, under the same id.
    pub async fn post(&self, id: &str, json: Vec<u8>) -> Result<u16, Untaken> {
        let headers = self.signer.headers_as(id, &json, self.clock.now());
        self.send("application/json", headers, json).await
    }

    /// Whether requests are signed as Standard Webhooks has it.
    pub(crate) const fn signs_by_the_standard(&self) -> bool {
        matches!(self.signer, Signer::Standard(_))
    }

    async fn send(&self, kind: &'static str, headers: HeaderMap, body: Vec<u8>) -> Result<u16, Untaken> {
        let request =
            self.client.post(self.url.clone()).header(CONTENT_TYPE, kind).headers(headers).body(body);
        let lost = |error: reqwest::Error| {
            if error.is_connect() { Untaken::Unreachable } else { Untaken::NoAnswer }
        };
        let call = async {
            let mut response = request.send().await.map_err(lost)?;
            let status = response.status();
            // What it says besides is read for the connection's sake only.
            let mut said = 0;
            while let Ok(Some(more)) = response.chunk().await
                && said < LONGEST_ANSWER
            {
                said += more.len();
            }
            if status.is_success() { Ok(status.as_u16()) } else { Err(Untaken::Status(status.as_u16())) }
        };
        within(self.clock.as_ref(), self.answer, call).await.unwrap_or(Err(Untaken::NoAnswer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// What a request looks like and what comes of an answer.
    async fn handed(answer: &str) -> (String, Result<(), Untaken>) {
        let clock = ManualClock::at(Timestamp(1_700_000_000_000));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "key\n").unwrap();
        let url = format!("http://{}/receipts", listener.local_addr().unwrap());
        let config =
            ForwardConfig { url, secret_file: file.path().into(), ca_file: None, answer_seconds: 10 };
        let platform = config.build(clock).unwrap();
        let far = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{}\n") {
                socket.read_buf(&mut request).await.unwrap();
            }
            socket.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request).unwrap()
        };
        tokio::join!(far, platform.hand_over(b"{}\n".to_vec()))
    }

    #[tokio::test]
    async fn a_request_is_signed_with_its_time() {
        let (request, taken) = handed("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(taken, Ok(()));
        assert!(request.starts_with("POST /receipts HTTP/1.1\r\n"), "{request}");
        // printf '1700000000000.{}\n' | openssl dgst -sha256 -hmac key
        let signature = "c6d48b8aeacb55b96c842e801eeea606ab7a4d4dd60183bc33f89a543a064abd";
        assert!(request.contains(&format!("{SIGNATURE}: t=1700000000000,v1={signature}\r\n")), "{request}");
    }

    #[tokio::test]
    async fn what_is_refused_or_lost_was_not_taken() {
        let refused = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(handed(refused).await.1, Err(Untaken::Status(503)));
        assert_eq!(handed("").await.1, Err(Untaken::NoAnswer));
    }

    /// What comes of a request to a platform whose certificate no public authority has signed.
    async fn handed_under(trusted: bool) -> Result<(), Untaken> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(tls));
        let files = tempfile::tempdir().unwrap();
        let (secret_file, ca) = (files.path().join("secret"), files.path().join("ca.pem"));
        std::fs::write(&secret_file, "key\n").unwrap();
        std::fs::write(&ca, made.cert.pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/receipts", listener.local_addr().unwrap().port());
        let config = ForwardConfig { url, secret_file, ca_file: trusted.then_some(ca), answer_seconds: 10 };
        let platform = config.build(mingluo_model::clock::system::SystemClock::shared()).unwrap();
        let far = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate hangs up here.
            let Ok(mut socket) = acceptor.accept(socket).await else { return };
            let mut request = Vec::new();
            while !request.ends_with(b"{}\n") {
                socket.read_buf(&mut request).await.unwrap();
            }
            socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        });
        let taken = platform.hand_over(b"{}\n".to_vec()).await;
        far.abort();
        taken
    }

    #[tokio::test]
    async fn a_platform_under_a_private_authority_is_trusted_where_its_file_is_named() {
        assert_eq!(handed_under(true).await, Ok(()));
        assert_eq!(handed_under(false).await, Err(Untaken::Unreachable));
    }
}
