//! A pretend box's end of the link: the talk of a real box, with the faults of this one.

use super::{Shared, Village, village_box::PretendBox};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use mingluo_model::{
    clock::{Clock, within},
    link::{BoxFrame, CityFrame, FRAME_LIMIT},
};
use mingluo_speaker::{agent::Agent, journal::JournalError};
use rand::RngCore as _;
use rustls::pki_types::ServerName;
use std::{
    fmt,
    pin::Pin,
    str::FromStr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, http::Uri, protocol::WebSocketConfig},
};

/// For a connection and for a frame.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two heartbeats, each with a ping.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Buffers of a connection.
const BUFFER: usize = 4 * 1024;

type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
type Incoming = Result<Message, tungstenite::Error>;
type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Where the city listens; on this machine only, since these boxes pretend.
#[derive(Debug, Clone)]
pub struct City {
    uri: Uri,
    name: ServerName<'static>,
    at: (String, u16),
}

impl FromStr for City {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || format!("{text:?} is not of the form wss://127.0.0.1:PORT/link");
        let uri: Uri = text.parse().map_err(|_| bad())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("wss")).ok_or_else(bad)?.to_owned();
        if host != "localhost" && host != "127.0.0.1" {
            return Err(format!("{text:?}: pretend boxes connect to 127.0.0.1 or localhost only"));
        }
        let name = ServerName::try_from(host.clone()).map_err(|_| bad())?;
        let port = uri.port_u16().ok_or_else(bad)?;
        Ok(Self { uri, name, at: (host, port) })
    }
}

impl fmt::Display for City {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(out)
    }
}

/// Why a connection, or the box, is over.
pub(super) enum Ending {
    /// The rehearsal ends.
    Stopped,
    /// This box loses power now.
    Dead,
    /// The connection could not be had, or broke.
    Lost {
        /// The city had welcomed the box.
        was_welcomed: bool,
    },
    /// The box cannot remember.
    Journal(JournalError),
}

impl From<JournalError> for Ending {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// The connection broke, for whatever reason; the city's log knows it.
struct Broken;

impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Self {
        tracing::debug!(%error, "a pretend box lost its link");
        Self
    }
}

/// Why there is no connection.
enum Unheard {
    /// No port is open there.
    NobodyThere,
    /// The city took the connection and did not keep it.
    TurnedAway,
}

/// One connection, from dialling to its end.
pub(super) async fn visit(pretend: &mut PretendBox, agent: &mut Agent) -> Ending {
    let connecting = dial(pretend.connector.clone(), Arc::clone(&pretend.shared));
    let socket = match attending(pretend, agent, connecting).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(Unheard::NobodyThere)) => return Ending::Lost { was_welcomed: false },
        Ok(Err(Unheard::TurnedAway)) => {
            pretend.shared.turned_away.fetch_add(1, Ordering::Relaxed);
            return Ending::Lost { was_welcomed: false };
        }
        Err(ending) => return ending,
    };
    let mut link = Link { pretend, agent, socket, is_online: false };
    let ending = link.talk().await;
    if matches!(ending, Ending::Lost { was_welcomed: false }) {
        link.pretend.shared.turned_away.fetch_add(1, Ordering::Relaxed);
    }
    if link.is_online {
        link.pretend.shared.online.fetch_sub(1, Ordering::Relaxed);
    }
    ending
}

/// Dials, within its time. Boxed, since a handshake's state is large and is not to be carried while the link lives.
async fn dial(connector: TlsConnector, shared: Arc<Shared>) -> Result<Socket, Unheard> {
    let Village { city, clock, .. } = &shared.village;
    let tcp = TcpStream::connect((city.at.0.as_str(), city.at.1)).await.map_err(|_| Unheard::NobodyThere)?;
    let greeting = within(clock.as_ref(), PATIENCE, Box::pin(greet(&connector, city, tcp))).await;
    greeting.map_err(Broken::from).flatten().map_err(|Broken| Unheard::TurnedAway)
}

async fn greet(
    connector: &TlsConnector,
    City { uri, name, .. }: &City,
    tcp: TcpStream,
) -> Result<Socket, Broken> {
    tcp.set_nodelay(true)?;
    let tls = connector.connect(name.clone(), tcp).await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(4 * FRAME_LIMIT)
        .max_message_size(Some(FRAME_LIMIT));
    Ok(client_async_with_config(uri.clone(), tls, Some(config)).await?.0)
}

/// Waits for `work` while the agent looks at the clock whenever that is due, and power may go.
pub(super) async fn attending<T>(
    pretend: &PretendBox,
    agent: &mut Agent,
    work: impl Future<Output = T>,
) -> Result<T, Ending> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            () = pretend.shared.stop.cancelled() => return Err(Ending::Stopped),
            () = due(agent.due(), pretend.village().clock.as_ref()) => agent.tick()?,
        }
        if pretend.dies_now() {
            return Err(Ending::Dead);
        }
    }
}

async fn due(wait: Option<Duration>, clock: &dyn Clock) {
    match wait {
        Some(wait) => clock.sleep(wait).await,
        None => std::future::pending().await,
    }
}

struct Link<'a> {
    pretend: &'a mut PretendBox,
    agent: &'a mut Agent,
    socket: Socket,
    is_online: bool,
}

impl Link<'_> {
    async fn talk(&mut self) -> Ending {
        let mut nonce = [0; 32];
        self.pretend.chance.fill_bytes(&mut nonce);
        let hello = self.agent.hello(nonce);
        if self.send(&hello).await.is_err() {
            return self.lost();
        }
        let clock = Arc::clone(&self.pretend.village().clock);
        let mut heartbeat = clock.sleep(HEARTBEAT);
        let stop = self.pretend.shared.stop.clone();
        let mut stopped = std::pin::pin!(stop.cancelled());
        loop {
            if let Err(ending) = self.turn(clock.as_ref(), &mut heartbeat, stopped.as_mut()).await {
                return ending;
            }
        }
    }

    /// Says what there is to say, then waits for whatever comes first.
    async fn turn<'a>(
        &mut self,
        clock: &'a dyn Clock,
        heartbeat: &mut Sleep<'a>,
        stopped: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Ending> {
        // As a real box does it: what is due at once is done before anything is told.
        if self.agent.due() == Some(Duration::ZERO) {
            self.agent.tick()?;
            self.live_on()?;
        }
        self.report().await?;
        tokio::select! {
            () = stopped => Err(Ending::Stopped),
            message = self.socket.next() => self.hear(message).await,
            () = due(self.agent.due(), clock) => {
                self.agent.tick()?;
                self.live_on()
            }
            () = &mut *heartbeat => {
                *heartbeat = clock.sleep(HEARTBEAT);
                let beat = self.agent.heartbeat();
                self.send(&beat).await.map_err(|Broken| self.lost())
            }
        }
    }

    fn live_on(&self) -> Result<(), Ending> {
        if self.pretend.dies_now() { Err(Ending::Dead) } else { Ok(()) }
    }

    const fn lost(&self) -> Ending {
        Ending::Lost { was_welcomed: self.is_online }
    }

    /// Sends what the agent has to say, as this box does it.
    async fn report(&mut self) -> Result<(), Ending> {
        let mut said = 0;
        while let Some(frame) = self.agent.next_frame() {
            self.pretend.witness(&frame);
            let times = if self.pretend.lot.silent { 0 } else { 1 + u8::from(self.pretend.lot.doubling) };
            for _ in 0..times {
                self.feed(&frame).await.map_err(|Broken| self.lost())?;
            }
            said += times;
        }
        if said > 0 {
            self.flush().await.map_err(|Broken| self.lost())?;
        }
        Ok(())
    }

    /// Takes in this message and all that have come with it.
    async fn hear(&mut self, first: Option<Incoming>) -> Result<(), Ending> {
        let mut next = Some(first);
        while let Some(message) = next {
            let Some(Ok(message)) = message else { return Err(self.lost()) };
            self.take_in(message).await?;
            next = self.socket.next().now_or_never();
        }
        Ok(())
    }

    async fn take_in(&mut self, message: Message) -> Result<(), Ending> {
        let frame = match message {
            Message::Text(text) => CityFrame::read(&text).map_err(|_| self.lost())?,
            Message::Close(_) => return Err(self.lost()),
            _ => return Ok(()),
        };
        let slow = Duration::from_millis(self.pretend.village().faults.slow_ms);
        if matches!(frame, CityFrame::Order(_)) && !slow.is_zero() {
            let clock = Arc::clone(&self.pretend.village().clock);
            attending(self.pretend, self.agent, clock.sleep(slow)).await?;
        }
        self.agent.hear(frame)?;
        if self.agent.is_welcomed() && !self.is_online {
            self.is_online = true;
            self.pretend.shared.online.fetch_add(1, Ordering::Relaxed);
        }
        self.live_on()
    }

    async fn send(&mut self, frame: &BoxFrame) -> Result<(), Broken> {
        self.feed(frame).await?;
        self.flush().await
    }

    async fn feed(&mut self, frame: &BoxFrame) -> Result<(), Broken> {
        let clock = Arc::clone(&self.pretend.village().clock);
        Ok(within(clock.as_ref(), PATIENCE, self.socket.feed(Message::text(frame.write()))).await??)
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        let clock = Arc::clone(&self.pretend.village().clock);
        Ok(within(clock.as_ref(), PATIENCE, self.socket.flush()).await??)
    }
}
