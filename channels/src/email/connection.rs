//! Opens connections to the relay, lends them to mails one at a time, and keeps what can be used again.
//! Never more of them than there are hands at work, since only a hand asks for one.

use super::{
    config::{Account, Security},
    verdict::Reply,
};
use lettre::transport::smtp::{
    Error,
    authentication::Mechanism,
    client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters},
    commands::Ehlo,
    response::Code,
};
use mingluo_model::{
    channel::SendError,
    clock::{SharedClock, within},
};
use rustls::pki_types::{CertificateDer, ServerName};
use std::{
    error::Error as _,
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// How long a relay that says 4xx at the door is left alone.
const TURNED_AWAY: Duration = Duration::from_secs(5);

/// "Bad sequence of commands" (RFC 5321 section 4.2.3).
const BAD_SEQUENCE: u16 = 503;

/// Why a step of the protocol did not go through.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The relay answered no.
    Refused(Reply),
    /// The connection broke, or nothing came in time.
    Broken,
}

/// One connection that is past EHLO, STARTTLS and login.
pub(super) struct Line {
    smtp: AsyncSmtpConnection,
    pub(super) offer: Offer,
    /// Whether what the relay will say next is not known to belong to the next command: it serves no other mail.
    pub(super) is_spoilt: bool,
    _counted: Arc<()>,
}

/// What a relay says it can do, of what is used here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// It takes wishes about reports (RFC 3461).
    pub(super) dsn: bool,
    /// It takes commands in groups (RFC 2920).
    pub(super) pipelining: bool,
}

/// All connections of a session.
pub(super) struct Lines {
    pub(super) account: Arc<Account>,
    clock: SharedClock,
    /// Guards the connections that no mail uses now.
    idle: Mutex<Vec<Line>>,
    counted: Arc<()>,
}

impl Lines {
    pub(super) fn new(account: Arc<Account>, clock: SharedClock) -> Self {
        Self { account, clock, idle: Mutex::default(), counted: Arc::default() }
    }

    /// A connection that served before, if one is free. The relay may have closed it since.
    pub(super) fn idle(&self) -> Option<Line> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Puts a connection that can serve again where the next mail finds it.
    pub(super) fn give_back(&self, line: Line) {
        if !line.is_spoilt {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    /// Whether any connection is open.
    pub(super) fn any(&self) -> bool {
        Arc::strong_count(&self.counted) > 1
    }

    /// Opens one more connection.
    pub(super) async fn connect(&self) -> Result<Line, SendError> {
        match within(&*self.clock, self.account.answer, Box::pin(self.handshake())).await {
            Ok(line) => line,
            Err(late) => Err(SendError::Unreachable { detail: late.to_string() }),
        }
    }

    /// Says one command, or a group of them, in one write, and hears the first answer.
    pub(super) async fn say(&self, line: &mut Line, command: impl fmt::Display) -> Result<(), Trouble> {
        self.heard(line.smtp.command(command)).await
    }

    /// Hears the next answer to a group.
    pub(super) async fn hear(&self, line: &mut Line) -> Result<(), Trouble> {
        self.heard(line.smtp.read_response()).await
    }

    /// Says goodbye on every connection that is free.
    pub(super) async fn close(&self) {
        while let Some(mut line) = self.idle() {
            // The relay may be gone already; there is nothing to do about it.
            let _quit = within(&*self.clock, TURNED_AWAY, line.smtp.quit()).await;
        }
    }

    async fn heard<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<(), Trouble> {
        match within(&*self.clock, self.account.answer, answer).await {
            Ok(Ok(_positive)) => Ok(()),
            Ok(Err(error)) => Err(trouble(&error)),
            Err(late) => Err(broken(&late)),
        }
    }

    async fn handshake(&self) -> Result<Line, SendError> {
        let account = &*self.account;
        let stream =
            open(account).await.map_err(|cause| SendError::Unreachable { detail: cause.to_string() })?;
        let at = |step: &'static str| move |error: Error| turned_away(step, &error);
        let mut smtp = AsyncSmtpConnection::connect_with_transport(stream, &account.helo)
            .await
            .map_err(at("greeting"))?;
        if account.security == Security::StartTls {
            let parameters = starttls(account).map_err(at("certificates"))?;
            smtp.starttls(parameters, &account.helo).await.map_err(at("STARTTLS"))?;
        }
        if let Some(login) = &account.login {
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], login).await.map_err(at("login"))?;
        }
        let offer = offer(&mut smtp, account).await.map_err(at("EHLO"))?;
        Ok(Line { smtp, offer, is_spoilt: false, _counted: Arc::clone(&self.counted) })
    }
}

/// Asks once more what the relay offers: the library has heard it and does not tell of these. A relay that does not want to be
/// asked twice (OpenSMTPD: 503, already identified) is taken to offer none of it.
async fn offer(smtp: &mut AsyncSmtpConnection, account: &Account) -> Result<Offer, Error> {
    let said = match smtp.command(Ehlo::new(account.helo.clone())).await {
        Err(error) if error.status().is_some_and(|code| u16::from(code) == BAD_SEQUENCE) => {
            return Ok(Offer::default());
        }
        said => said?,
    };
    let offers = |wanted: &str| {
        let is_it =
            |line: &str| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(wanted));
        said.message().any(is_it)
    };
    Ok(Offer { dsn: offers("DSN"), pipelining: offers("PIPELINING") })
}

fn trouble(error: &Error) -> Trouble {
    let refused = |code: Code| Trouble::Refused(Reply::new(code.into(), &words(error)));
    error.status().map_or_else(|| broken(error), refused)
}

fn broken(cause: &dyn fmt::Display) -> Trouble {
    tracing::debug!(%cause, "a connection to the relay broke");
    Trouble::Broken
}

fn words(error: &Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// Before the first mail a refusal is about the account or the whole relay.
fn turned_away(step: &str, error: &Error) -> SendError {
    match error.status().map(u16::from) {
        Some(code) if code < 500 => SendError::Busy { retry_after: TURNED_AWAY },
        Some(code) => SendError::Refused { detail: format!("{step}: {}", Reply::new(code, &words(error))) },
        // What lettre itself refuses: no STARTTLS on offer, no login method in common.
        None if error.is_client() => SendError::Refused { detail: format!("{step}: {}", words(error)) },
        None => SendError::Unreachable { detail: format!("{step}: {error}") },
    }
}

async fn open(account: &Account) -> io::Result<Box<dyn AsyncTokioStream>> {
    let tcp = TcpStream::connect((account.relay.as_str(), account.port)).await?;
    tcp.set_nodelay(true)?;
    if account.security != Security::Tls {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(account.relay.clone()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::new(implicit(&account.trust)?));
    Ok(Box::new(Encrypted(connector.connect(name, tcp).await?)))
}

fn starttls(account: &Account) -> Result<TlsParameters, Error> {
    let mut builder = TlsParameters::builder(account.relay.clone());
    for certificate in &account.trust {
        builder = builder.add_root_certificate(Certificate::from_der(certificate.to_vec())?);
    }
    builder.build_rustls()
}

fn implicit(trust: &[CertificateDer<'static>]) -> io::Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in trust {
        roots.add(certificate.clone()).map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth())
}

/// A connection that is encrypted from the first byte, in the form that lettre takes.
#[derive(Debug)]
struct Encrypted(TlsStream<TcpStream>);

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, to)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
