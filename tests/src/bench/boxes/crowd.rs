//! The crowd (陪跑终端): plain clients over mutual TLS, as many as there are boxes, that answer every order at once with their
//! code. They check nothing and keep nothing; what a village box has to do more is measured with the real one.

use super::mqtt::{ANSWERS, Line, ORDERS};
use crate::{
    sim_boxes::{
        Listed, read_list,
        standing::{self, Standing},
    },
    sim_stage::Leash,
};
use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use mingluo_model::clock::{SharedClock, within};
use mingluo_speaker::link::tls::{Pem, connector};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use rumqttc::mqttbytes::v4::Packet;
use rustls::pki_types::ServerName;
use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// The longest pause after the first failure, and ever, as the pretend boxes have it.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// For a connection, all its handshakes included.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two signs of life.
const PING_EVERY: Duration = Duration::from_secs(45);
/// Buffers of a client.
const BUFFER: usize = 4 * 1024;

/// What a crowd speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Tongue {
    /// WebSocket.
    Ws,
    /// MQTT 3.1.1, quality of service 1.
    Mqtt,
}

impl Tongue {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Mqtt => "mqtt",
        }
    }
}

/// What a crowd is told.
#[derive(Debug, clap::Args)]
pub struct CrowdOptions {
    #[arg(long, value_enum)]
    tongue: Tongue,
    #[arg(long)]
    server: SocketAddr,
    #[arg(long)]
    ca: PathBuf,
    #[arg(long)]
    boxes: PathBuf,
    #[arg(long)]
    connects_per_second: NonZeroU32,
    #[command(flatten)]
    leash: Leash,
}

struct Shared {
    tongue: Tongue,
    server: SocketAddr,
    clock: SharedClock,
    online: AtomicUsize,
    turned_away: AtomicU64,
}

impl Shared {
    fn standing(&self) -> Standing {
        Standing {
            online: self.online.load(Ordering::Relaxed),
            turned_away: self.turned_away.load(Ordering::Relaxed),
        }
    }
}

struct Client {
    code: String,
    connector: TlsConnector,
    chance: StdRng,
    shared: Arc<Shared>,
}

/// Connects them all and tells how they stand, until it is let go of.
///
/// # Errors
/// Names the file that cannot be used.
pub async fn crowd(options: CrowdOptions, clock: SharedClock) -> Result<()> {
    let ca = std::fs::read(&options.ca).with_context(|| options.ca.display().to_string())?;
    let shared = Arc::new(Shared {
        tongue: options.tongue,
        server: options.server,
        clock,
        online: AtomicUsize::new(0),
        turned_away: AtomicU64::new(0),
    });
    let step = Duration::from_secs(1) / options.connects_per_second.get();
    for (number, listed) in (0_u32..).zip(read_list(&options.boxes)?) {
        let client = Client::new(&listed, &ca, number, Arc::clone(&shared))?;
        tokio::spawn(client.live(step * number));
    }
    tokio::select! {
        told = standing::tell(|| shared.standing(), &*shared.clock) => told,
        ended = options.leash.ended() => ended,
    }
}

impl Client {
    fn new(listed: &Listed, ca: &[u8], number: u32, shared: Arc<Shared>) -> Result<Self> {
        let read = |file: &PathBuf| std::fs::read(file).with_context(|| file.display().to_string());
        let (cert, key) = (read(&listed.cert)?, read(&listed.key)?);
        let connector = connector(Pem { ca, cert: &cert, key: &key }, Arc::clone(&shared.clock))?;
        let chance = StdRng::seed_from_u64(number.into());
        Ok(Self { code: listed.box_code.as_str().to_owned(), connector, chance, shared })
    }

    async fn live(mut self, wait: Duration) {
        let clock = Arc::clone(&self.shared.clock);
        clock.sleep(wait).await;
        let mut pause = PAUSES.0;
        loop {
            // Nobody there is no refusal.
            if let Ok(tcp) = TcpStream::connect(self.shared.server).await {
                pause = if self.visit(tcp).await { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
            }
            clock.sleep(pause.mul_f64(self.chance.random())).await;
        }
    }

    /// One connection; whether it was ever online.
    async fn visit(&self, tcp: TcpStream) -> bool {
        let stay = async {
            match self.shared.tongue {
                Tongue::Ws => self.websocket(tcp).await,
                Tongue::Mqtt => self.mqtt(tcp).await,
            }
        };
        let Err(ended) = stay.await;
        if ended.was_online {
            self.shared.online.fetch_sub(1, Ordering::Relaxed);
        } else {
            self.shared.turned_away.fetch_add(1, Ordering::Relaxed);
        }
        ended.was_online
    }

    async fn tls(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>> {
        tcp.set_nodelay(true)?;
        Ok(self.connector.connect(ServerName::IpAddress(self.shared.server.ip().into()), tcp).await?)
    }

    fn come(&self) {
        self.shared.online.fetch_add(1, Ordering::Relaxed);
    }

    async fn websocket(&self, tcp: TcpStream) -> Result<std::convert::Infallible, Ended> {
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
        let dial = async {
            let tls = self.tls(tcp).await?;
            let uri = format!("wss://{}/", self.shared.server);
            anyhow::Ok(client_async_with_config(uri, tls, Some(config)).await?.0)
        };
        let mut socket =
            within(&*self.shared.clock, PATIENCE, Box::pin(dial)).await.map_err(before)?.map_err(before)?;
        self.come();
        loop {
            let message = tokio::select! {
                message = socket.next() => message.and_then(Result::ok).ok_or(Ended { was_online: true })?,
                () = self.shared.clock.sleep(PING_EVERY) => Message::Ping(Vec::new().into()),
            };
            let said = match message {
                Message::Text(_) => Message::text(self.code.as_str()),
                Message::Ping(empty) => Message::Ping(empty),
                _ => continue,
            };
            socket.send(said).await.map_err(after)?;
        }
    }

    async fn mqtt(&self, tcp: TcpStream) -> Result<std::convert::Infallible, Ended> {
        let dial = async {
            let mut line = Line::connect(self.tls(tcp).await?, &self.code).await?;
            line.subscribe(ORDERS).await?;
            anyhow::Ok(line)
        };
        let mut line =
            within(&*self.shared.clock, PATIENCE, Box::pin(dial)).await.map_err(before)?.map_err(before)?;
        self.come();
        loop {
            let said = tokio::select! {
                packet = line.next() => match packet.map_err(after)? {
                    Packet::Publish(order) => {
                        let answer = line.publication(format!("{ANSWERS}{}", self.code), &self.code);
                        vec![Line::<TlsStream<TcpStream>>::acknowledgement(&order), answer]
                    }
                    _ => continue,
                },
                () = self.shared.clock.sleep(PING_EVERY) => vec![Packet::PingReq],
            };
            line.send(&said).await.map_err(after)?;
        }
    }
}

/// How a connection ended; why does not matter to a client that tries again.
struct Ended {
    was_online: bool,
}

fn before<E>(_: E) -> Ended {
    Ended { was_online: false }
}

fn after<E>(_: E) -> Ended {
    Ended { was_online: true }
}
