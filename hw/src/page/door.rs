//! The page's door: the only HTTP that the box speaks to its neighbours. Few connections, small forms, one PIN.

use super::{
    gate::{Gate, SESSION},
    html::{self, Visitor},
    pin::Pin,
    words,
};
use crate::window::{Answer, Outside, Wish};
use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
    serve::Listener,
};
use mingluo_model::{
    bulletin::EbmId,
    clock::{SharedClock, within},
};
use rand::RngCore;
use serde::Deserialize;
use std::{
    net::SocketAddr,
    pin::Pin as Pinned,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;

/// Connections at once; whoever comes then waits in the system's queue.
const MOST_CONNECTIONS: usize = 16;
/// Bytes of a form.
const FORM_LIMIT: usize = 2_048;
/// How long a visitor waits for the agent's answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection lasts at most: a page takes milliseconds, and nobody may sit on a place.
const LONGEST: Duration = Duration::from_secs(30);
/// Between two tries to open the door; the address may not be there before the network is.
const AGAIN: Duration = Duration::from_secs(10);
const COOKIE: &str = "box";
const CSP: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What the page is made of.
pub struct Page {
    /// The box.
    pub outside: Outside,
    /// The hash of the PIN; without one nobody can do more than read.
    pub pin: Option<Pin>,
    /// Time.
    pub clock: SharedClock,
    /// Chance, for cookies.
    pub chance: Box<dyn RngCore + Send>,
    /// What the box pretends, if anything: it stands above all else.
    pub pretence: Option<&'static str>,
}

struct House {
    outside: Outside,
    pin: Option<Pin>,
    clock: SharedClock,
    // Guards sessions and chance; held for a look, never across an await.
    gate: Mutex<(Gate, Box<dyn RngCore + Send>)>,
    // One PIN is looked at at a time: it takes 7 MiB.
    hashing: Semaphore,
    pretence: Option<&'static str>,
}

type Shared = Arc<House>;

impl House {
    fn gate(&self) -> MutexGuard<'_, (Gate, Box<dyn RngCore + Send>)> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The word that this visitor's forms carry; `None` for strangers.
    fn token(&self, headers: &HeaderMap) -> Option<String> {
        let cookie = cookie(headers)?;
        self.gate().0.token(cookie, self.clock.ticks()).map(str::to_owned)
    }

    /// Whether this form comes from a page that we showed to this visitor.
    fn admits(&self, headers: &HeaderMap, token: &str) -> bool {
        self.token(headers).is_some_and(|known| known == token)
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get(header::COOKIE)?.to_str().ok()?.split(';');
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// Keeps the door open until `stop`. A door that cannot be opened is tried again: the box does not depend on it.
pub async fn serve(page: Page, address: SocketAddr, stop: CancellationToken) {
    let clock = page.clock.clone();
    let app = app(page);
    loop {
        match TcpListener::bind(address).await {
            Ok(tcp) => {
                tracing::info!(%address, "the page on the box is open");
                let door =
                    Few { tcp, clock: clock.clone(), permits: Arc::new(Semaphore::new(MOST_CONNECTIONS)) };
                let closed = stop.clone().cancelled_owned();
                if let Err(error) = axum::serve(door, app.clone()).with_graceful_shutdown(closed).await {
                    tracing::warn!(%error, "the page on the box broke off");
                }
            }
            Err(error) => tracing::warn!(%error, %address, "the page on the box cannot be opened yet"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep(AGAIN) => {}
        }
    }
}

/// The routes, each behind the same headers.
fn app(page: Page) -> Router {
    let Page { outside, pin, clock, chance, pretence } = page;
    let gate = Mutex::new((Gate::default(), chance));
    let house = Arc::new(House { outside, pin, clock, gate, hashing: Semaphore::new(1), pretence });
    Router::new()
        .route("/", get(front))
        .route("/style.css", get(style))
        .route("/sign-in", get(ask_for_pin).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/stop", post(stop))
        .route("/test", post(test))
        .fallback(|| async {
            refuse(StatusCode::NOT_FOUND, ("没有这个页面", "There is no such page."))
        })
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(middleware::from_fn(guard))
        .with_state(house)
}

/// Forms of other sites are turned away, and every answer says what a browser may do with it.
async fn guard(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_foreign = site.is_some_and(|site| site != b"same-origin" && site != b"none");
    let mut response = if request.method() == Method::POST && is_foreign {
        refuse(StatusCode::FORBIDDEN, ("拒绝来自其他网站的操作", "Another site may not act here."))
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn refuse(status: StatusCode, word: words::Word) -> Response {
    (status, Html(html::refusal(word))).into_response()
}

async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("style.css")).into_response()
}

async fn front(State(house): State<Shared>, uri: Uri, headers: HeaderMap) -> Html<String> {
    let Some(view) = house.outside.view() else { return Html(html::not_yet()) };
    let token = house.token(&headers);
    let visitor = match (&house.pin, &token) {
        (None, _) => Visitor::Reader,
        (Some(_), None) => Visitor::Stranger,
        (Some(_), Some(token)) => Visitor::Keeper(token),
    };
    let told = uri.query().and_then(|query| query.strip_prefix("told=")).and_then(words::answer_of);
    Html(html::page(&view, &visitor, told, house.pretence))
}

async fn ask_for_pin() -> Html<String> {
    Html(html::sign_in(None))
}

#[derive(Deserialize)]
struct SignIn {
    pin: String,
}

async fn sign_in(State(house): State<Shared>, Form(form): Form<SignIn>) -> Response {
    let Some(pin) = house.pin.clone() else {
        return refuse(
            StatusCode::FORBIDDEN,
            ("本机未设口令，只能查看", "No PIN is set; this page is for reading."),
        );
    };
    let Ok(_turn) = house.hashing.acquire().await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, words::answer(Answer::Busy));
    };
    let tried = house.gate().0.try_once(house.clock.ticks());
    if let Err(pause) = tried {
        let seconds = pause.as_secs().max(1);
        let wrong = format!("错误次数过多，请 {seconds} 秒后再试。Too many wrong PINs; wait {seconds} s.");
        return (StatusCode::TOO_MANY_REQUESTS, Html(html::sign_in(Some(&wrong)))).into_response();
    }
    let is_right = tokio::task::spawn_blocking(move || pin.is(&form.pin)).await.unwrap_or(false);
    if !is_right {
        tracing::warn!("a wrong PIN was given at the box's page");
        let wrong = "口令不对。The PIN is wrong.";
        return (StatusCode::FORBIDDEN, Html(html::sign_in(Some(wrong)))).into_response();
    }
    let mut gate = house.gate();
    let (gate, chance) = &mut *gate;
    let cookie = gate.admit(house.clock.ticks(), chance.as_mut());
    tracing::info!("somebody signed in at the box's page");
    let life = SESSION.as_secs();
    let cookie = format!("{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age={life}");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

#[derive(Deserialize)]
struct SignOut {
    token: String,
}

async fn sign_out(State(house): State<Shared>, headers: HeaderMap, Form(form): Form<SignOut>) -> Response {
    if !house.admits(&headers, &form.token) {
        return stranger();
    }
    if let Some(cookie) = cookie(&headers) {
        house.gate().0.leave(cookie);
    }
    Redirect::to("/").into_response()
}

fn stranger() -> Response {
    refuse(StatusCode::FORBIDDEN, ("请先登录", "Sign in first."))
}

#[derive(Deserialize)]
struct Stop {
    token: String,
    ebm: String,
}

async fn stop(State(house): State<Shared>, headers: HeaderMap, Form(form): Form<Stop>) -> Response {
    let ebm: Option<EbmId> = form.ebm.parse().ok();
    wish(&house, &headers, &form.token, ebm.map(Wish::Stop)).await
}

#[derive(Deserialize)]
struct Test {
    token: String,
    kind: String,
}

async fn test(State(house): State<Shared>, headers: HeaderMap, Form(form): Form<Test>) -> Response {
    wish(&house, &headers, &form.token, html::kind_of(&form.kind).map(Wish::Test)).await
}

async fn wish(house: &House, headers: &HeaderMap, token: &str, wish: Option<Wish>) -> Response {
    if !house.admits(headers, token) {
        return stranger();
    }
    let Some(wish) = wish else {
        return refuse(StatusCode::BAD_REQUEST, ("无法识别的操作", "Nobody knows what that asks for."));
    };
    let asked = within(house.clock.as_ref(), PATIENCE, house.outside.ask(wish)).await;
    let answer = asked.unwrap_or(Answer::Busy);
    Redirect::to(&format!("/?told={}", words::word_of(answer))).into_response()
}

/// A listener that lets few in at once.
struct Few {
    tcp: TcpListener,
    clock: SharedClock,
    permits: Arc<Semaphore>,
}

/// A connection with its place, until the alarm.
struct Held {
    tcp: TcpStream,
    alarm: Pinned<Box<dyn Future<Output = ()> + Send>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Listener for Few {
    type Io = Held;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        // It is never closed, so there is always a place in the end.
        let place = Arc::clone(&self.permits).acquire_owned().await.ok();
        let (tcp, address) = Listener::accept(&mut self.tcp).await;
        let clock = self.clock.clone();
        let alarm = Box::pin(async move { clock.sleep(LONGEST).await });
        (Held { tcp, alarm, _place: place }, address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

impl AsyncRead for Held {
    fn poll_read(
        mut self: Pinned<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.alarm.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(std::io::ErrorKind::TimedOut.into()));
        }
        Pinned::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Held {
    fn poll_write(
        mut self: Pinned<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pinned::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pinned<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pinned::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pinned<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pinned::new(&mut self.tcp).poll_shutdown(context)
    }
}
