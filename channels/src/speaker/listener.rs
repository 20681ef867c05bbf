//! The door through which boxes come: TCP, mutual TLS, and then either a WebSocket, which becomes a link of the hub, or
//! requests for pages, of which the polls' is always there. The certificate's common name is the box's identity; nothing else that it says is believed.

use super::{
    hub::SpeakerHub,
    pages::{Caller, Pages},
    pki,
    poll::PollPage,
    reception::{Lost, Reception, Seat, Stream},
};
use mingluo_model::{
    clock::{SharedClock, within},
    link::poll::PATH,
};
use rustls::ServerConfig;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections that may wait in the kernel, as far as `net.core.somaxconn` allows it: all boxes of a city come back in
/// the same second when it was away, and a connection that finds no place tries again after seconds only.
const BACKLOG: u32 = 16_384;
/// Handshakes under way at once; more connections wait their turn here, for [`GREETING_LIMIT`] at most. After them, links
/// are bounded by the number of certificates that were issued, since each box has one.
const MOST_GREETED: usize = 512;
/// Connections that wait for their turn; more are closed at once, and come again by themselves. One costs about a kilobyte.
const MOST_WAITING: usize = 65_536;
/// Connections that ask for pages at once; more are told to come again.
const MOST_ASKING: usize = 512;
/// The time until it is a connection's turn, again for its TLS handshake, and once more for the first request. Two cores
/// greet more than a thousand boxes a second.
const GREETING_LIMIT: Duration = Duration::from_secs(20);
/// The time that a connection may ask for pages: half a megabyte over a poor mobile link.
pub const ASKING_LIMIT: Duration = Duration::from_mins(2);
/// The pause after the system had no connection to give (too many open files).
const BREATH: Duration = Duration::from_millis(100);
/// The time that links have to say goodbye.
const DRAIN: Duration = Duration::from_secs(5);

/// Why a connection did not become a link.
#[derive(Debug, thiserror::Error)]
enum Stranger {
    #[error("双向 TLS 不成 / no mutual TLS: {0}")]
    Tls(#[from] std::io::Error),
    #[error(transparent)]
    Certificate(#[from] pki::NoBox),
    #[error(transparent)]
    Late(#[from] mingluo_model::clock::TooLate),
}

/// What every connection needs.
#[derive(Clone)]
struct Door {
    hub: Arc<SpeakerHub>,
    acceptor: TlsAcceptor,
    pages: Arc<Pages>,
    asking: Arc<Semaphore>,
    clock: SharedClock,
    stop: CancellationToken,
}

/// Binds the boxes' door.
///
/// # Errors
/// When it cannot be bound, as the system says it.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A city that is started again must not wait until the old connections are forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts links and requests until `stop`, then says goodbye to all of them. The listener is bound already.
pub async fn serve(
    hub: Arc<SpeakerHub>,
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    pages: Pages,
    clock: SharedClock,
    stop: CancellationToken,
) {
    let pages = pages.with(PATH, Arc::new(PollPage { hub: Arc::clone(&hub) }));
    let (acceptor, asking) = (TlsAcceptor::from(tls), Arc::new(Semaphore::new(MOST_ASKING)));
    let door = Door { hub, acceptor, pages: Arc::new(pages), asking, clock, stop };
    let (waiting, greeted) = (Arc::new(Semaphore::new(MOST_WAITING)), Arc::new(Semaphore::new(MOST_GREETED)));
    let links = TaskTracker::new();
    let hub = Arc::clone(&door.hub);
    let mut telling = std::pin::pin!(hub.keep_telling());
    loop {
        let came = tokio::select! {
            came = next(&listener, door.clock.as_ref(), &door.stop) => came,
            never = &mut telling => match never {},
        };
        let Some((stream, from)) = came else { break };
        let Ok(seat) = Arc::clone(&waiting).try_acquire_owned() else { continue };
        let (door, greeted) = (door.clone(), Arc::clone(&greeted));
        links.spawn(async move {
            let turn = within(door.clock.as_ref(), GREETING_LIMIT, greeted.acquire_owned()).await;
            drop(seat);
            let Ok(Ok(place)) = turn else {
                return tracing::debug!("a connection waited too long for its turn");
            };
            // Boxed, since a reception's state is larger than a link's, which lasts for months.
            if let Some((caller, socket)) = Box::pin(door.open(stream, from, place)).await {
                drop(door.hub.attach(caller, socket, &door.stop).await);
            }
        });
    }
    // Who knocks from here on is told at once that nobody is there, and is not left waiting in the kernel's queue.
    drop(listener);
    links.close();
    if within(door.clock.as_ref(), DRAIN, links.wait()).await.is_err() {
        tracing::warn!(n_links = links.len(), "links did not say goodbye in time");
    }
}

pub(super) async fn next(
    listener: &TcpListener,
    clock: &dyn mingluo_model::clock::Clock,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr)> {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => return Some(accepted),
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted; are there too many open files?");
                    clock.sleep(BREATH).await;
                }
            },
            () = stop.cancelled() => return None,
        }
    }
}

type Socket = Box<tokio_tungstenite::WebSocketStream<Stream>>;

impl Door {
    /// Gives the link that a connection became, if it did.
    async fn open(
        &self,
        stream: TcpStream,
        from: SocketAddr,
        place: OwnedSemaphorePermit,
    ) -> Option<(Caller, Socket)> {
        let (caller, stream) = match self.greet(stream, from).await {
            Ok(greeted) => greeted,
            Err(Stranger::Late(late)) => {
                tracing::debug!(%late, "a connection did not finish its handshake");
                return None;
            }
            Err(stranger) => {
                tracing::warn!(%stranger, "一个连接被拒 a connection is refused");
                return None;
            }
        };
        let reception = Reception {
            caller: &caller,
            pages: &self.pages,
            clock: self.clock.as_ref(),
            asking: Arc::clone(&self.asking),
            seat: Mutex::new(Seat::greeted(place)),
        };
        let received = tokio::select! {
            received = reception.receive(stream, GREETING_LIMIT) => received,
            () = self.stop.cancelled() => Ok(None),
        };
        match received {
            Ok(socket) => socket.map(|socket| (caller, socket)),
            Err(Lost::Http(error)) => {
                tracing::debug!(box_code = %caller.code, %error, "a box's request broke off");
                None
            }
            Err(lost) => {
                tracing::warn!(box_code = %caller.code, %lost, "a box's connection came to nothing");
                None
            }
        }
    }

    async fn greet(&self, stream: TcpStream, from: SocketAddr) -> Result<(Caller, Stream), Stranger> {
        stream.set_nodelay(true)?;
        let accepting = within(self.clock.as_ref(), GREETING_LIMIT, self.acceptor.accept(stream));
        let stream = accepting.await??;
        let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let shown = pki::box_of(certificates.first().ok_or(pki::NoBox::Unreadable)?)?;
        let pki::BoxCertificate { code, serial, until } = shown;
        Ok((Caller { code, serial, until, from: Some(from) }, stream))
    }
}
