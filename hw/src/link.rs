//! The box's end of the village link: one WebSocket over mutual TLS, opened outwards, tried again for ever, and polls where
//! no WebSocket comes about. It carries
//! frames between the city and the agent and understands none of them; while it waits for anything it lets the agent
//! look at the clock, so that a stuck network never delays silence or sound.

mod dial;
mod https;
mod poll;
pub mod tls;

use crate::{agent::Agent, journal::JournalError};
pub use dial::{BadAddress, City, Dial, LinkError, Pace};
use dial::{Ending, Socket, attending, due};
use futures_util::{SinkExt as _, StreamExt as _};
pub use https::Bounds;
use mingluo_model::{
    clock::{Clock, TooLate, within},
    link::{BoxFrame, CityFrame},
};
use poll::{After, keep_polling};
use rand::{Rng as _, RngCore};
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

/// Keeps the agent connected until `stop`; the cities are tried in turn, with full jitter in between.
///
/// # Errors
/// [`JournalError`] when the box can no longer remember; the caller must let go of the agent then, which opens the relay.
pub async fn run(
    agent: &mut Agent,
    dial: &Dial,
    clock: &dyn Clock,
    chance: &mut (dyn RngCore + Send),
    stop: &CancellationToken,
) -> Result<(), JournalError> {
    let mut failures = 0_u32;
    // Zero is who does not tell.
    let run = chance.next_u64().max(1);
    for city in dial.cities.iter().cycle() {
        let ending = visit(agent, dial, city, run, clock, chance, &mut failures, stop).await;
        let was_linked = agent.is_welcomed();
        agent.part();
        match ending {
            Ending::Stopped => return Ok(()),
            Ending::Renewed => {}
            Ending::Journal(error) => return Err(error),
            Ending::Lost(error) => {
                let is_refused = error.refuses_certificate();
                if !was_linked {
                    agent.link_failed(is_refused);
                }
                if !was_linked && !is_refused && error.leaves_hope() {
                    tracing::info!(error = &error as &dyn std::error::Error, %city, "no link comes about; polling");
                    match keep_polling(agent, dial, city, run, clock, chance, stop).await? {
                        After::Stopped => return Ok(()),
                        After::TryLink => continue,
                        After::Failed(error) => {
                            tracing::warn!(error = &error as &dyn std::error::Error, "polling fails as well");
                        }
                    }
                }
                let pause = jitter(dial.pace, failures, chance);
                tracing::warn!(error = &error as &dyn std::error::Error, %city, ?pause, "no link to the city");
                failures = failures.saturating_add(1);
                let pausing = attending(agent, clock, clock.sleep(pause));
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    outcome = pausing => outcome?,
                }
            }
        }
    }
    Ok(())
}

/// Full jitter: anything from nothing to the doubled pause, so that a county's boxes do not come back in one wave.
fn jitter(pace: Pace, failures: u32, chance: &mut (dyn RngCore + Send)) -> Duration {
    let longest = pace.backoff_first.saturating_mul(1 << failures.min(16)).min(pace.backoff_most);
    longest.mul_f64(chance.random::<f64>())
}

/// One connection from its first byte to its end.
#[expect(clippy::too_many_arguments, reason = "one call; the agent and its surroundings are borrowed apart")]
async fn visit(
    agent: &mut Agent,
    dial: &Dial,
    city: &City,
    run: u64,
    clock: &dyn Clock,
    chance: &mut (dyn RngCore + Send),
    failures: &mut u32,
    stop: &CancellationToken,
) -> Ending {
    // Boxed, since a handshake's state is large and a host of pretend boxes should carry it only while it lasts.
    let connecting = Box::pin(within(clock, dial.pace.patience, dial.connect(city)));
    let connected = tokio::select! {
        () = stop.cancelled() => return Ending::Stopped,
        connected = attending(agent, clock, connecting) => connected,
    };
    let socket = match connected {
        Ok(Ok(Ok(socket))) => socket,
        Ok(Ok(Err(error))) => return Ending::Lost(error),
        Ok(Err(late)) => return Ending::Lost(late.into()),
        Err(error) => return Ending::Journal(error),
    };
    let now = clock.ticks();
    let pace = dial.pace;
    let (ping_at, beat_at) = (now + pace.ping, now + pace.heartbeat);
    let mut session = Session { agent, clock, pace, socket, heard_at: now, ping_at, beat_at };
    let hello = greeting(session.agent, run, chance);
    let ending = session.talk(&hello, failures, stop).await;
    session.farewell().await;
    ending
}

/// The first frame of a session, with a nonce that was never used before.
fn greeting(agent: &mut Agent, run: u64, chance: &mut (dyn RngCore + Send)) -> BoxFrame {
    let mut nonce = [0; 32];
    chance.fill_bytes(&mut nonce);
    let mut hello = agent.hello(nonce);
    if let BoxFrame::Hello(hello) = &mut hello {
        hello.run = run;
    }
    hello
}

struct Session<'a> {
    agent: &'a mut Agent,
    clock: &'a dyn Clock,
    pace: Pace,
    socket: Socket,
    // Ticks of the clock: the last word from the city, and when our next ones are due.
    heard_at: Duration,
    ping_at: Duration,
    beat_at: Duration,
}

impl Session<'_> {
    async fn talk(&mut self, hello: &BoxFrame, failures: &mut u32, stop: &CancellationToken) -> Ending {
        if let Err(ending) = self.send(Message::text(hello.write())).await {
            return ending;
        }
        loop {
            if let Err(ending) = self.turn(stop).await {
                return ending;
            }
            if self.agent.is_welcomed() {
                *failures = 0;
            }
        }
    }

    /// Sends what is to be sent, then waits for whatever comes first.
    async fn turn(&mut self, stop: &CancellationToken) -> Result<(), Ending> {
        // What is due at once is done before anything is told: sound waits for no network.
        if self.agent.due() == Some(Duration::ZERO) {
            self.agent.tick()?;
        }
        let mut next = self.agent.next_frame();
        while let Some(frame) = next {
            next = self.agent.next_frame();
            // What is said in one breath leaves in one piece.
            match next {
                Some(_) => self.feed(Message::text(frame.write())).await?,
                None => self.send(Message::text(frame.write())).await?,
            }
        }
        if self.agent.wants_new_link() {
            return Err(Ending::Renewed);
        }
        let rest = self.ping_at.min(self.beat_at).saturating_sub(self.clock.ticks());
        let message = tokio::select! {
            () = stop.cancelled() => return Err(Ending::Stopped),
            message = self.socket.next() => message,
            () = due(self.agent.due(), self.clock) => return Ok(self.agent.tick()?),
            () = self.clock.sleep(rest) => return self.keep_alive().await,
        };
        self.take(message)
    }

    fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Ending> {
        self.heard_at = self.clock.ticks();
        if matches!(message, Some(Ok(_))) {
            self.agent.heard();
        }
        match message {
            None | Some(Ok(Message::Close(_))) => Err(LinkError::Closed.into()),
            Some(Err(error)) => Err(LinkError::from(error).into()),
            Some(Ok(Message::Text(text))) => {
                let frame = CityFrame::read(&text).map_err(LinkError::Frame)?;
                Ok(self.agent.hear(frame)?)
            }
            Some(Ok(_)) => Ok(()),
        }
    }

    /// Pings for the carrier's address translation. A city that is silent for two pings and a half is gone, and so is
    /// one that has not welcomed us by the first. One that has not proved the time is asked again by a new hello.
    async fn keep_alive(&mut self) -> Result<(), Ending> {
        let now = self.clock.ticks();
        let silent = now.saturating_sub(self.heard_at) > self.pace.ping.mul_f32(2.5);
        if silent || !self.agent.is_welcomed() {
            return Err(LinkError::Silent.into());
        }
        if self.ping_at <= now {
            self.ping_at = now + self.pace.ping;
            self.send(Message::Ping(Vec::new().into())).await?;
        }
        if !self.agent.knows_time() {
            return Err(LinkError::Timeless.into());
        }
        if self.beat_at <= now {
            self.beat_at = now + self.pace.heartbeat;
            let beat = self.agent.heartbeat().write();
            self.send(Message::text(beat)).await?;
        }
        Ok(())
    }

    /// Puts it behind what waits to leave; [`Self::send`] of the next one takes it along.
    async fn feed(&mut self, message: Message) -> Result<(), Ending> {
        let feeding = within(self.clock, self.pace.patience, self.socket.feed(message));
        passed(self.agent, self.clock, feeding).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Ending> {
        let sending = within(self.clock, self.pace.patience, self.socket.send(message));
        passed(self.agent, self.clock, sending).await
    }

    /// Says goodbye if that is quick; nobody waits for the answer.
    async fn farewell(&mut self) {
        let closing = within(self.clock, Duration::from_secs(1), self.socket.close(None));
        if let Err(error) = closing.await {
            tracing::debug!(%error, "the city did not take our goodbye");
        }
    }
}

/// Waits until a message has passed, while the agent looks at the clock.
async fn passed(
    agent: &mut Agent,
    clock: &dyn Clock,
    passing: impl Future<Output = Result<Result<(), Error>, TooLate>>,
) -> Result<(), Ending> {
    attending(agent, clock, passing).await?.map_err(LinkError::from)?.map_err(LinkError::from)?;
    Ok(())
}
