//! How a connection is made: addresses, pace, and what can go wrong on the way.

use super::tls::Connectors;
use crate::{agent::Agent, journal::JournalError};
use mingluo_model::{
    clock::{Clock, TooLate},
    link::{BadFrame, FRAME_LIMIT},
};
use rustls::pki_types::ServerName;
use std::{fmt, future::Future, str::FromStr, time::Duration};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self,
        http::{Uri, uri::Authority},
        protocol::WebSocketConfig,
    },
};

/// Bytes of a connection's buffers; the library's own default of 128 KiB would cost a host of pretend boxes dear.
const BUFFER: usize = 4 * 1024;

pub(super) type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Where a city listens: `wss://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    uri: Uri,
    name: ServerName<'static>,
}

/// Text that is no address of a city.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "地址 {value:?} 应为 wss://主机:端口/路径 / address: {value:?} is not of the form wss://host:port/path"
)]
pub struct BadAddress {
    /// The text as given.
    pub value: String,
}

impl FromStr for City {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadAddress { value: text.to_owned() };
        let uri: Uri = text.parse().map_err(|_| bad())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("wss")).ok_or_else(bad)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|_| bad())?;
        Ok(Self { uri, name })
    }
}

impl City {
    /// Host and port, as a request names them.
    pub(crate) fn authority(&self) -> &str {
        self.uri.authority().map_or("", Authority::as_str)
    }
}

impl fmt::Display for City {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(out)
    }
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// For a connection, and for a frame to leave.
    pub patience: Duration,
    /// Between pings.
    pub ping: Duration,
    /// Between heartbeats.
    pub heartbeat: Duration,
    /// The longest pause after the first failure; doubled with each.
    pub backoff_first: Duration,
    /// The longest pause ever.
    pub backoff_most: Duration,
    /// Between polls, where no link comes about; up to a fifth less by chance.
    pub poll: Duration,
    /// After polling for so long, the link is tried again.
    pub link_again: Duration,
}

/// How to reach the city.
#[derive(Clone)]
pub struct Dial {
    /// Addresses, tried in turn; at least one.
    pub cities: Vec<City>,
    /// The box's certificate and whom it believes (see [`super::tls`]).
    pub connector: Connectors,
    /// How long to wait for what.
    pub pace: Pace,
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No connection, or TLS refused it.
    #[error(
        "连不上城市，请核对 city.addresses、网络和证书 / no connection; look at city.addresses, network and certificate"
    )]
    Connect(#[source] std::io::Error),
    /// The WebSocket was refused or broke.
    #[error("长连接中断 / the websocket failed")]
    WebSocket(#[source] Box<tungstenite::Error>),
    /// A plain request failed, or its answer is too long.
    #[error("请求失败 / the request failed")]
    Http(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The city took too long.
    #[error("城市没有及时应答 / the city took too long: {0}")]
    TooLate(#[from] TooLate),
    /// The city sent what is no frame.
    #[error("城市发来的数据读不懂，请核对版本 / what the city sent cannot be read, compare versions: {0}")]
    Frame(BadFrame),
    /// The city refused a poll.
    #[error("城市拒绝了轮询，状态 {status} / the city refused the poll: {words}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, at most 200 characters.
        words: String,
    },
    /// The city closed the link.
    #[error("城市断开了连接 / the city closed the link")]
    Closed,
    /// Nothing came for two pings and a half, or no welcome by the first.
    #[error("城市没有动静 / the city is silent")]
    Silent,
    /// The city welcomed a box without a clock and did not prove the time.
    #[error(
        "城市没有签名授时，指令一律不能执行，请城市核对签名服务 / the city did not sign the time, so nothing of it can be obeyed; is its signer up?"
    )]
    Timeless,
}

impl LinkError {
    /// Whether the city does not take the certificate. In TLS 1.3 that comes after the handshake, with the first answer.
    pub(super) fn refuses_certificate(&self) -> bool {
        use rustls::AlertDescription as Alert;
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            let alert = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
            if let Some(rustls::Error::AlertReceived(alert)) = alert {
                return matches!(
                    alert,
                    Alert::BadCertificate
                        | Alert::UnsupportedCertificate
                        | Alert::CertificateRevoked
                        | Alert::CertificateExpired
                        | Alert::CertificateUnknown
                        | Alert::UnknownCA
                        | Alert::AccessDenied
                        | Alert::CertificateRequired
                );
            }
            cause = error.source();
        }
        false
    }

    /// Whether polls may do where the link failed so: somebody was there with the right certificate.
    pub(super) const fn leaves_hope(&self) -> bool {
        !matches!(self, Self::Connect(_))
    }
}

impl From<tungstenite::Error> for LinkError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

impl From<hyper::Error> for LinkError {
    fn from(error: hyper::Error) -> Self {
        Self::Http(Box::new(error))
    }
}

/// How a connection ended.
pub(super) enum Ending {
    Stopped,
    /// The box has a newer certificate and comes back with that.
    Renewed,
    Lost(LinkError),
    Journal(JournalError),
}

impl From<LinkError> for Ending {
    fn from(error: LinkError) -> Self {
        Self::Lost(error)
    }
}

impl From<JournalError> for Ending {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl Dial {
    /// A connection with both ends' certificates checked.
    pub(crate) async fn reach(&self, city: &City) -> Result<TlsStream<TcpStream>, LinkError> {
        let host = city.name.to_str();
        let port = city.uri.port_u16().unwrap_or(443);
        let tcp = TcpStream::connect((host.as_ref(), port)).await.map_err(LinkError::Connect)?;
        tcp.set_nodelay(true).map_err(LinkError::Connect)?;
        self.connector.present().connect(city.name.clone(), tcp).await.map_err(LinkError::Connect)
    }

    pub(super) async fn connect(&self, city: &City) -> Result<Socket, LinkError> {
        let tls = self.reach(city).await?;
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_write_buffer_size(4 * FRAME_LIMIT)
            .max_message_size(Some(FRAME_LIMIT))
            .max_frame_size(Some(FRAME_LIMIT));
        let (socket, _) = client_async_with_config(city.uri.clone(), tls, Some(config)).await?;
        Ok(socket)
    }
}

/// Returns when the agent, which said so by [`Agent::due`], has something to do.
pub(super) async fn due(wait: Option<Duration>, clock: &dyn Clock) {
    match wait {
        Some(wait) => clock.sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// Waits for `work` and lets the agent look at the clock whenever that is due.
pub(super) async fn attending<T>(
    agent: &mut Agent,
    clock: &dyn Clock,
    work: impl Future<Output = T>,
) -> Result<T, JournalError> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            () = due(agent.due(), clock) => agent.tick()?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_citys_alert_about_the_certificate_is_found_wherever_it_came_up() {
        use rustls::AlertDescription::{CertificateExpired, HandshakeFailure};
        let broken = |alert| std::io::Error::other(rustls::Error::AlertReceived(alert));
        assert!(LinkError::Connect(broken(CertificateExpired)).refuses_certificate());
        let late = LinkError::from(tungstenite::Error::Io(broken(CertificateExpired)));
        assert!(late.refuses_certificate(), "in TLS 1.3 it comes with the first answer");
        assert!(!LinkError::Connect(broken(HandshakeFailure)).refuses_certificate());
        assert!(!LinkError::Closed.refuses_certificate());
    }

    #[test]
    fn only_a_secure_address_with_a_host_is_taken() {
        for good in ["wss://city.example:8444/link", "wss://127.0.0.1:1/", "wss://[::1]:8444/link"] {
            assert!(good.parse::<City>().is_ok(), "{good}");
        }
        for bad in ["ws://city.example/link", "city.example:8444", "wss://", "https://city.example"] {
            assert_eq!(bad.parse::<City>().unwrap_err().value, bad);
        }
    }
}
