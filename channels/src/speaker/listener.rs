//! The door through which boxes come: TCP, mutual TLS, WebSocket, and then the hub. The certificate's common name is
//! the box's identity; nothing else that it says is believed.

use super::{hub::SpeakerHub, link::socket_config, pki};
use mingluo_model::{
    bulletin::ResourceCode,
    clock::{SharedClock, within},
};
use rustls::ServerConfig;
use std::{sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, tungstenite};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Handshakes under way at once; more connections wait in the kernel. After them, links are bounded by the number of
/// certificates that were issued, since each box has one.
const MOST_GREETED: usize = 512;
/// The time for TLS and WebSocket handshake together.
const GREETING_LIMIT: Duration = Duration::from_secs(10);
/// The pause after the system had no connection to give (too many open files).
const BREATH: Duration = Duration::from_millis(100);
/// The time that links have to say goodbye.
const DRAIN: Duration = Duration::from_secs(5);

/// Why a connection did not become a link.
#[derive(Debug, thiserror::Error)]
enum Stranger {
    #[error("no mutual TLS: {0}")]
    Tls(#[from] std::io::Error),
    #[error(transparent)]
    Certificate(#[from] pki::NoBox),
    #[error("no WebSocket: {0}")]
    WebSocket(#[from] Box<tungstenite::Error>),
}

/// Accepts links until `stop`, then says goodbye to all of them. The listener is bound already.
pub async fn serve(
    hub: Arc<SpeakerHub>,
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    clock: SharedClock,
    stop: CancellationToken,
) {
    let acceptor = TlsAcceptor::from(tls);
    let greeted = Arc::new(Semaphore::new(MOST_GREETED));
    let links = TaskTracker::new();
    while let Some(stream) = next(&listener, clock.as_ref(), &stop).await {
        let Ok(place) = Arc::clone(&greeted).acquire_owned().await else { break };
        let (hub, clock, stop, acceptor) =
            (Arc::clone(&hub), Arc::clone(&clock), stop.clone(), acceptor.clone());
        links.spawn(async move {
            // Boxed, since a handshake's state is larger than a link's, which lasts for months.
            let outcome = within(clock.as_ref(), GREETING_LIMIT, Box::pin(greet(&acceptor, stream))).await;
            drop(place);
            match outcome {
                Ok(Ok((code, socket))) => drop(hub.attach(code, *socket, &stop).await),
                Ok(Err(stranger)) => tracing::warn!(%stranger, "a connection is refused"),
                Err(late) => tracing::debug!(%late, "a connection did not finish its handshake"),
            }
        });
    }
    links.close();
    if within(clock.as_ref(), DRAIN, links.wait()).await.is_err() {
        tracing::warn!(n_links = links.len(), "links did not say goodbye in time");
    }
}

async fn next(
    listener: &TcpListener,
    clock: &dyn mingluo_model::clock::Clock,
    stop: &CancellationToken,
) -> Option<TcpStream> {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => return Some(stream),
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted; are there too many open files?");
                    clock.sleep(BREATH).await;
                }
            },
            () = stop.cancelled() => return None,
        }
    }
}

async fn greet(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
) -> Result<(ResourceCode, Box<WebSocketStream<TlsStream<TcpStream>>>), Stranger> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let code = pki::box_of(certificates.first().ok_or(pki::NoBox::Unreadable)?)?;
    let socket = accept_async_with_config(stream, Some(socket_config())).await.map_err(Box::new)?;
    Ok((code, Box::new(socket)))
}
