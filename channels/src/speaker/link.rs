//! One link to one box, from its hello to its end: frames in, frames out, and the watch over whether it lives.
//! It knows the talk of the village link and nothing of who waits for what.

use super::{hub::SpeakerHub, pages::Caller, parting::Parting, row::Line};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use mingluo_model::{
    bulletin::ResourceCode,
    clock::within,
    link::{BoxFrame, CityFrame, FRAME_LIMIT, Hello},
};
use std::{sync::Arc, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        protocol::{CloseFrame, WebSocketConfig},
    },
};
use tokio_util::sync::CancellationToken;

/// The time that a box has for its hello.
pub(super) const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// Between two pings; mobile carriers forget a silent connection after a minute or so.
const PING_EVERY: Duration = Duration::from_secs(30);
/// Pings without any sign of life after which a box counts as gone.
pub(super) const MISSES: u32 = 2;
/// The time that a box may take to take frames in, or that dispatch may take to take reports.
pub(super) const STUCK_LIMIT: Duration = Duration::from_secs(20);
/// Messages that are taken in before anything else is looked at; a box says four of a bulletin at most in one breath.
const MOST_IN_A_BREATH: usize = 32;
/// The time that a goodbye may take.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);
/// Read and write buffers; the library's own would be 128 KiB for each box. Its reports have a quarter of a kilobyte, and
/// what is longer is read in parts.
const BUFFER: usize = 1024;

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
    /// Serves one link until it ends. The caller is what its certificate says, and all that is believed.
    pub fn attach<'a, S>(
        &'a self,
        caller: Caller,
        socket: Box<WebSocketStream<S>>,
        stop: &'a CancellationToken,
    ) -> impl Future<Output = Parting> + Send + 'a
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'a,
    {
        // The socket comes boxed: a future carries several places for what is moved into it, a kilobyte and a half each.
        let code = caller.code;
        let mut talk = Link { hub: self, code, caller: Arc::new(caller), socket };
        async move {
            let parting = talk.live(stop).await;
            tracing::info!(box_code = %code, %parting, "link ended");
            Box::pin(talk.say_goodbye(&parting)).await;
            parting
        }
    }
}

type Incoming = Result<Message, tungstenite::Error>;

struct Link<'a, S> {
    hub: &'a SpeakerHub,
    code: ResourceCode,
    caller: Arc<Caller>,
    socket: Box<WebSocketStream<S>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Link<'_, S> {
    async fn live(&mut self, stop: &CancellationToken) -> Parting {
        // Boxed, since a greeting's state is larger than that of the talk, which lasts for months.
        let line = match Box::pin(self.greet(stop)).await {
            Ok(line) => line,
            Err(parting) => return parting,
        };
        let parting = self.until_parting(&line, stop).await;
        self.hub.book().depart(self.code, line.serial);
        parting
    }

    /// Hello and welcome.
    async fn greet(&mut self, stop: &CancellationToken) -> Result<Arc<Line>, Parting> {
        let clock = Arc::clone(&self.hub.clock);
        let hello = tokio::select! {
            hello = within(clock.as_ref(), HELLO_LIMIT, self.read_hello()) => hello.map_err(|_| Parting::NoHello)??,
            () = stop.cancelled() => return Err(Parting::Closing),
        };
        self.hub.may_enter(&hello, self.code)?;
        let welcome = self.hub.welcome(&hello).await;
        self.send(vec![CityFrame::Welcome(welcome).write().into()]).await?;
        Ok(self.hub.admit(&hello, Arc::clone(&self.caller)))
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
        // Made once: all links wait for it in one list, and thousands wake in the same instant.
        let mut stopped = std::pin::pin!(stop.cancelled());
        Box::pin(self.send_due(line.serial)).await?;
        loop {
            tokio::select! {
                () = &mut stopped => return Err(Parting::Closing),
                message = self.socket.next() => {
                    misses = 0;
                    self.hear(line, message).await?;
                }
                () = line.wake.notified() => match line.over() {
                    Some(over) => return Err(over.into()),
                    // Boxed: the state of a sending is larger than that of the waiting, which lasts for months.
                    None => Box::pin(self.send_due(line.serial)).await?,
                },
                () = &mut alarm => {
                    if misses == MISSES {
                        return Err(Parting::Silent);
                    }
                    misses += 1;
                    Box::pin(self.put(Message::Ping(tungstenite::Bytes::new()))).await?;
                    alarm = clock.sleep(PING_EVERY);
                }
            }
        }
    }

    /// Takes in this message and those that have come with it; a few, so that who never stops talking hears of an end too.
    async fn hear(&mut self, line: &Line, first: Option<Incoming>) -> Result<(), Parting> {
        let mut message = first;
        for _ in 1..MOST_IN_A_BREATH {
            self.take(line, message).await?;
            match self.socket.next().now_or_never() {
                Some(next) => message = next,
                None => return Ok(()),
            }
        }
        self.take(line, message).await
    }

    async fn take(&mut self, line: &Line, message: Option<Incoming>) -> Result<(), Parting> {
        match read(message.ok_or(Parting::ByTheBox)??)? {
            Some(frame) => drop(self.hub.take_in(line, frame).await?),
            None => self.hub.note(self.code, None),
        }
        Ok(())
    }

    async fn send_due(&mut self, serial: u64) -> Result<(), Parting> {
        let frames = self.hub.due(self.code, serial);
        self.send(frames).await
    }

    /// All of them in one go, as far as they fit into the buffer.
    async fn send(&mut self, frames: Vec<Utf8Bytes>) -> Result<(), Parting> {
        let Some((last, frames)) = frames.split_last() else { return Ok(()) };
        let clock = Arc::clone(&self.hub.clock);
        for frame in frames {
            let fed =
                within(clock.as_ref(), STUCK_LIMIT, self.socket.feed(Message::Text(frame.clone()))).await;
            fed.map_err(|_| Parting::Stuck { what: "the box does not read" })??;
        }
        self.put(Message::Text(last.clone())).await
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
        let frame = CloseFrame { code, reason: reason.into() };
        let goodbye = WebSocketStream::close(&mut self.socket, Some(frame));
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
