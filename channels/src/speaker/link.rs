//! One link to one box, from its hello to its end: frames in, frames out, and the watch over whether it lives.
//! It knows the talk of the village link and nothing of who waits for what.

use super::{hub::SpeakerHub, row::Line};
use futures_util::{SinkExt as _, StreamExt as _};
use mingluo_model::{
    bulletin::ResourceCode,
    clock::within,
    link::{BadFrame, BoxFrame, CityFrame, FRAME_LIMIT, Hello, Report},
    mode::ModeKind,
};
use std::{sync::Arc, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        error::CapacityError,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};
use tokio_util::sync::CancellationToken;

/// The time that a box has for its hello.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// Between two pings; mobile carriers forget a silent connection after a minute or so.
const PING_EVERY: Duration = Duration::from_secs(30);
/// Pings without any sign of life after which a box counts as gone.
const MISSES: u32 = 2;
/// The time that a box may take to take frames in, or that dispatch may take to take reports.
const STUCK_LIMIT: Duration = Duration::from_secs(20);
/// The time that a goodbye may take.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);
/// Read and write buffers; the library's own would be 128 KiB for each box.
const BUFFER: usize = 4 * 1024;

/// Why a link ended.
#[derive(Debug, thiserror::Error)]
pub enum Parting {
    /// The box closed it.
    #[error("the box closed the link")]
    ByTheBox,
    /// This program is ending.
    #[error("the city is closing")]
    Closing,
    /// The box logged in anew.
    #[error("another login of this box")]
    Replaced,
    /// No hello came in time, or another frame came first.
    #[error("no hello within {} s", HELLO_LIMIT.as_secs())]
    NoHello,
    /// A second hello on one link.
    #[error("a second hello")]
    SecondHello,
    /// The hello or a report speaks for another box than the certificate.
    #[error("box code {said}, the certificate says {certificate}")]
    WrongCode {
        /// What the frame says.
        said: ResourceCode,
        /// What is believed.
        certificate: ResourceCode,
    },
    /// No version that is spoken here.
    #[error("link version 0, versions from 1 are spoken")]
    WrongVersion,
    /// A drill's box at the live city, or the reverse.
    #[error("a {said:?} box, this link is for {own:?}")]
    WrongMode {
        /// The box's mode.
        said: ModeKind,
        /// The hub's.
        own: ModeKind,
    },
    /// A text that is no frame.
    #[error(transparent)]
    BadFrame(#[from] BadFrame),
    /// A binary message.
    #[error("a binary message, frames are texts")]
    Binary,
    /// No sign of life.
    #[error("silent over {MISSES} pings")]
    Silent,
    /// The box does not read, or the city cannot keep what it says; it says it again.
    #[error("stuck for {} s: {what}", STUCK_LIMIT.as_secs())]
    Stuck {
        /// Which way.
        what: &'static str,
    },
    /// The connection broke, or what came was no WebSocket.
    #[error("the connection broke: {0}")]
    Broken(#[source] Box<tungstenite::Error>),
}

impl Parting {
    /// How it is told to the box; `None` when nobody is there to be told.
    fn code(&self) -> Option<CloseCode> {
        Some(match self {
            Self::ByTheBox | Self::Silent => return None,
            Self::Closing => CloseCode::Away,
            Self::Replaced | Self::NoHello | Self::WrongCode { .. } | Self::WrongMode { .. } => {
                CloseCode::Policy
            }
            Self::SecondHello | Self::WrongVersion => CloseCode::Protocol,
            Self::BadFrame(BadFrame::TooLong { .. }) => CloseCode::Size,
            Self::BadFrame(BadFrame::NotAFrame(_)) => CloseCode::Invalid,
            Self::Binary => CloseCode::Unsupported,
            Self::Stuck { .. } => CloseCode::Again,
            Self::Broken(error) => match error.as_ref() {
                tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => CloseCode::Size,
                tungstenite::Error::Utf8(_) => CloseCode::Invalid,
                tungstenite::Error::Protocol(_) => CloseCode::Protocol,
                _ => return None,
            },
        })
    }
}

impl From<tungstenite::Error> for Parting {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::ConnectionClosed => Self::ByTheBox,
            error => Self::Broken(Box::new(error)),
        }
    }
}

/// The limits of every link's WebSocket: small buffers, frames no longer than the protocol's.
pub(super) fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(BUFFER + 2 * FRAME_LIMIT)
        .max_message_size(Some(FRAME_LIMIT))
        .max_frame_size(Some(FRAME_LIMIT))
}

impl SpeakerHub {
    /// Serves one link until it ends. `code` is what the client's certificate says, and all that is believed.
    pub async fn attach<S>(
        &self,
        code: ResourceCode,
        socket: WebSocketStream<S>,
        stop: &CancellationToken,
    ) -> Parting
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let mut talk = Link { hub: self, code, socket };
        let parting = match talk.greet(stop).await {
            Ok(line) => {
                let parting = talk.until_parting(&line, stop).await;
                self.book().depart(code, line.serial);
                parting
            }
            Err(parting) => parting,
        };
        tracing::info!(box_code = %code, %parting, "link ended");
        talk.say_goodbye(&parting).await;
        parting
    }
}

struct Link<'a, S> {
    hub: &'a SpeakerHub,
    code: ResourceCode,
    socket: WebSocketStream<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Link<'_, S> {
    /// Hello and welcome.
    async fn greet(&mut self, stop: &CancellationToken) -> Result<Arc<Line>, Parting> {
        let clock = Arc::clone(&self.hub.clock);
        let hello = tokio::select! {
            hello = within(clock.as_ref(), HELLO_LIMIT, self.read_hello()) => hello.map_err(|_| Parting::NoHello)??,
            () = stop.cancelled() => return Err(Parting::Closing),
        };
        let own = self.hub.mode();
        if hello.box_code != self.code {
            return Err(Parting::WrongCode { said: hello.box_code, certificate: self.code });
        }
        if hello.version == 0 {
            return Err(Parting::WrongVersion);
        }
        if hello.mode != own {
            return Err(Parting::WrongMode { said: hello.mode, own });
        }
        let welcome = self.hub.welcome(&hello).await;
        self.send(vec![CityFrame::Welcome(welcome).write().into()]).await?;
        Ok(self.hub.admit(&hello))
    }

    async fn read_hello(&mut self) -> Result<Hello, Parting> {
        loop {
            match self.socket.next().await {
                None => return Err(Parting::ByTheBox),
                Some(message) => match read(message?)? {
                    Some(BoxFrame::Hello(hello)) => return Ok(hello),
                    Some(_) => return Err(Parting::NoHello),
                    None => {}
                },
            }
        }
    }

    /// Frames both ways until something ends it.
    async fn until_parting(&mut self, line: &Line, stop: &CancellationToken) -> Parting {
        match self.talk(line, stop).await {
            Ok(never) => match never {},
            Err(parting) => parting,
        }
    }

    async fn talk(
        &mut self,
        line: &Line,
        stop: &CancellationToken,
    ) -> Result<std::convert::Infallible, Parting> {
        let clock = Arc::clone(&self.hub.clock);
        let (mut alarm, mut misses) = (clock.sleep(PING_EVERY), 0);
        self.send_due(line.serial).await?;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Err(Parting::Closing),
                () = line.replaced.cancelled() => return Err(Parting::Replaced),
                message = self.socket.next() => {
                    misses = 0;
                    let message = message.ok_or(Parting::ByTheBox)??;
                    self.hear(message).await?;
                }
                () = line.wake.notified() => self.send_due(line.serial).await?,
                () = &mut alarm => {
                    if misses == MISSES {
                        return Err(Parting::Silent);
                    }
                    misses += 1;
                    self.put(Message::Ping(tungstenite::Bytes::new())).await?;
                    alarm = clock.sleep(PING_EVERY);
                }
            }
        }
    }

    async fn hear(&self, message: Message) -> Result<(), Parting> {
        match read(message)? {
            Some(BoxFrame::Hello(_)) => return Err(Parting::SecondHello),
            Some(BoxFrame::Report(report)) => {
                self.hub.note(self.code, None);
                self.pass_on(report).await?;
            }
            Some(BoxFrame::Heartbeat(heartbeat)) => self.hub.note(self.code, Some(&heartbeat)),
            Some(BoxFrame::Other) | None => self.hub.note(self.code, None),
        }
        Ok(())
    }

    async fn pass_on(&self, report: Report) -> Result<(), Parting> {
        if report.box_code != self.code {
            return Err(Parting::WrongCode { said: report.box_code, certificate: self.code });
        }
        let passed = within(self.hub.clock.as_ref(), STUCK_LIMIT, self.hub.hear(report)).await;
        passed.map_err(|_| Parting::Stuck { what: "dispatch does not take reports" })
    }

    async fn send_due(&mut self, serial: u64) -> Result<(), Parting> {
        let frames = self.hub.due(self.code, serial);
        self.send(frames).await
    }

    async fn send(&mut self, frames: Vec<Utf8Bytes>) -> Result<(), Parting> {
        for frame in frames {
            self.put(Message::Text(frame)).await?;
        }
        Ok(())
    }

    async fn put(&mut self, message: Message) -> Result<(), Parting> {
        let clock = Arc::clone(&self.hub.clock);
        let sent = within(clock.as_ref(), STUCK_LIMIT, self.socket.send(message)).await;
        Ok(sent.map_err(|_| Parting::Stuck { what: "the box does not read" })??)
    }

    async fn say_goodbye(&mut self, parting: &Parting) {
        let Some(code) = parting.code() else { return };
        // RFC 6455 leaves 123 bytes for the reason.
        let reason: String = parting.to_string().chars().filter(char::is_ascii).take(123).collect();
        let goodbye = self.socket.close(Some(CloseFrame { code, reason: reason.into() }));
        let _either_way_it_is_over = within(self.hub.clock.as_ref(), GOODBYE_LIMIT, goodbye).await;
    }
}

/// The frame in a message; `None` for pings, pongs and closes, which the library answers.
fn read(message: Message) -> Result<Option<BoxFrame>, Parting> {
    match message {
        Message::Text(text) => Ok(Some(BoxFrame::read(&text)?)),
        Message::Binary(_) => Err(Parting::Binary),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => Ok(None),
    }
}
