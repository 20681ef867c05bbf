//! One connection after its TLS handshake: its first request says whether it becomes a link or asks for pages. Nothing of
//! the HTTP library stays with a link: it lasts for months, and there are thousands.

use super::{
    link::socket_config,
    listener::ASKING_LIMIT,
    pages::{Answer, Asked, Caller, Pages, refusal},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    HeaderMap, Request, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn,
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use mingluo_model::clock::{Clock, within};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::server::create_response, protocol::Role},
};

/// Octets that a request's head may have.
const LONGEST_HEAD: usize = 16 * 1024;

pub(super) type Stream = TlsStream<TcpStream>;

/// Why a connection came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("no HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("no request came in time")]
    Silent,
    #[error("its requests took longer than {} s", ASKING_LIMIT.as_secs())]
    Slow,
}

/// Who receives one connection.
pub(super) struct Reception<'a> {
    pub(super) caller: &'a Caller,
    pub(super) pages: &'a Pages,
    pub(super) clock: &'a dyn Clock,
    /// Connections that ask for pages at once.
    pub(super) asking: Arc<Semaphore>,
    pub(super) seat: Mutex<Seat>,
}

/// What a connection holds while it is received. Guarded for a move each way, never across an await.
#[derive(Default)]
pub(super) struct Seat {
    /// Its place among those that are greeted, or later among those that ask.
    pub(super) place: Option<OwnedSemaphorePermit>,
    /// Whether a request came.
    came: bool,
    asks: bool,
    upgrade: Option<OnUpgrade>,
}

impl Seat {
    /// A connection that was just greeted.
    pub(super) fn greeted(place: OwnedSemaphorePermit) -> Self {
        Self { place: Some(place), ..Self::default() }
    }
}

impl Reception<'_> {
    /// Answers requests until the connection is closed or becomes a link, which is given back then.
    pub(super) async fn receive(
        &self,
        stream: Stream,
        patience: Duration,
    ) -> Result<Option<Box<WebSocketStream<Stream>>>, Lost> {
        let service = service_fn(|request| async move { Ok::<_, Infallible>(self.request(request).await) });
        let connection = http1::Builder::new()
            .max_buf_size(LONGEST_HEAD)
            // Its own timer would not be the house's; the whole is bounded here.
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            over = &mut connection => over?,
            () = self.clock.sleep(patience) => {
                if !self.seat().came {
                    return Err(Lost::Silent);
                }
                within(self.clock, ASKING_LIMIT, connection).await.map_err(|_| Lost::Slow)??;
            }
        }
        let upgrade = self.seat().upgrade.take();
        let Some(upgrade) = upgrade else { return Ok(None) };
        // It cannot be another stream than ours, and is over if it were.
        let Ok(parts) = upgrade.await?.downcast::<TokioIo<Stream>>() else { return Ok(None) };
        let (stream, early, config) = (parts.io.into_inner(), parts.read_buf.to_vec(), socket_config());
        let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
        Ok(Some(Box::new(socket)))
    }

    fn seat(&self) -> std::sync::MutexGuard<'_, Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn request(&self, mut request: Request<Incoming>) -> Answer {
        self.seat().came = true;
        if wants_link(request.headers()) {
            let upgrade = hyper::upgrade::on(&mut request);
            return match create_response(&request.map(|_| ())) {
                Ok(accepted) => {
                    self.seat().upgrade = Some(upgrade);
                    accepted.map(|()| Full::default())
                }
                Err(error) => refusal(StatusCode::BAD_REQUEST, format!("WebSocket: {error}")),
            };
        }
        if !self.takes_a_place() {
            let mut busy = refusal(StatusCode::SERVICE_UNAVAILABLE, "请稍后再试 / too many are asking");
            busy.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
            return busy;
        }
        self.page(request).await
    }

    /// Gives the greeted one's place back at the first request for a page: a slow reader must not keep links out.
    fn takes_a_place(&self) -> bool {
        let mut seat = self.seat();
        if !seat.asks {
            seat.place = Arc::clone(&self.asking).try_acquire_owned().ok();
            seat.asks = seat.place.is_some();
        }
        seat.asks
    }

    async fn page(&self, request: Request<Incoming>) -> Answer {
        let Some(page) = self.pages.find(request.uri().path()) else {
            return refusal(StatusCode::NOT_FOUND, "这里没有这一页 / nothing is here");
        };
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, page.most_body()).collect().await else {
            let most = page.most_body();
            let why = format!("请求正文最长 {most} 字节 / a body of {most} octets at most");
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, why);
        };
        page.answer(self.caller, Asked::from_parts(head, body.to_bytes())).await
    }
}

fn wants_link(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}
