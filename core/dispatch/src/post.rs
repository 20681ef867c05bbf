//! The post of one account: its desk, its licence and its couriers. A courier owns one session and does two
//! things at once: it sends (work, then window, then the gravest run, then its intent on disk, then licence, then the
//! wire) and it hears (reports, then disk, then the window is free and receipts are answered). What residents write back
//! and which mailboxes nobody has is kept beside both.

mod hearing;
mod link;
mod mute;
mod replies;
mod sending;
mod strikes;

pub use link::Link;

use crate::{
    desk::{Desk, Orphans},
    flights::{Flight, Flights},
    limit::Licence,
    roster::Roster,
};
use link::Watched;
use mingluo_ledger::scribe::{Scribe, ScribeError};
use mingluo_model::{
    channel::{Channel, Limits, ReceiptToken, SendError, Session},
    clock::{SharedClock, Timestamp},
    message::Message,
    mode::Mode,
    reply::Reply,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// The first pause before a session is opened again; doubles to [`LONGEST_PAUSE`], with full jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A session that lived so long was a good one: the pauses begin anew.
const STEADY: Duration = Duration::from_secs(10);

/// The longest pause between two tries to open a session.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The longest pause after a refused login, the shortest is half of it: gateways lock accounts that hammer.
const REFUSED_PAUSE: Duration = Duration::from_mins(1);

/// Batches of reports that may be under way to the disk while a session hears on; more than this and the far side has
/// to wait, since nothing it said is freed or answered before it is durable.
const AHEAD: usize = 4;

/// A receipt that matches nothing after so long came before no answer: those come within half a minute.
const ORPHAN_AFTER: Duration = Duration::from_mins(1);

/// Why a courier stopped for good.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The ledger cannot keep what happens: nothing may leave any more.
    #[error("the ledger refuses to keep what happens")]
    Scribe(#[from] ScribeError),
    /// The roster cannot be read.
    #[error("the roster cannot be read")]
    Roster(#[from] mingluo_ledger::StoreError),
}

/// Why a session ended.
enum End {
    Stopped,
    Lost(SendError),
    Halted(Halt),
}

impl End {
    const fn error(&self) -> Option<&SendError> {
        match self {
            Self::Lost(error) => Some(error),
            Self::Stopped | Self::Halted(_) => None,
        }
    }
}

impl<E: Into<Halt>> From<E> for End {
    fn from(cause: E) -> Self {
        Self::Halted(cause.into())
    }
}

/// One account at work.
pub struct Post<M: Mode> {
    /// The way out.
    pub channel: Arc<dyn Channel<M>>,
    // Guards the plans in memory; held for the moving of one batch, never across an await.
    desk: Mutex<Desk<M>>,
    // Guards what is known of the sessions; held for a few instructions only.
    watched: Mutex<Watched>,
    licence: Licence,
    limits: Limits,
    roster: Arc<Roster>,
    scribe: Scribe,
    clock: SharedClock,
    wake: Notify,
    stop: CancellationToken,
    /// How long whoever waits is left to another account where this one takes nothing.
    give_way: Duration,
}

/// What one session shares between its two hands.
struct Line {
    // Guards the parts on the wire; held for a few instructions only.
    flights: Mutex<Flights>,
    // Guards the parts that will have no answer and cannot be found by their address yet; held for a copy.
    doubts: Mutex<Vec<Flight>>,
    // Guards what residents wrote and is not kept yet; held for a copy.
    replies: Mutex<Vec<(Reply, ReceiptToken)>>,
    // Guards the deliveries, by plan and ordinal, of which the relay said that nobody has their mailbox; held for a
    // copy.
    nobody: Mutex<Vec<(usize, u32)>>,
    /// Somebody wrote, or has no mailbox.
    wrote: Notify,
    window: Semaphore,
    size: u32,
}

impl Line {
    fn new(size: u32) -> Self {
        Self {
            flights: Mutex::default(),
            doubts: Mutex::default(),
            replies: Mutex::default(),
            nobody: Mutex::default(),
            wrote: Notify::new(),
            window: Semaphore::new(size as usize),
            size,
        }
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doubts(&self) -> MutexGuard<'_, Vec<Flight>> {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replies(&self) -> MutexGuard<'_, Vec<(Reply, ReceiptToken)>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nobody(&self) -> MutexGuard<'_, Vec<(usize, u32)>> {
        self.nobody.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Mode> Post<M> {
    /// A post that sends nothing yet; call [`Self::work`] once for each session. Where it takes nothing and another account
    /// could, it waits for `give_way` before each trial.
    pub fn new(
        channel: Arc<dyn Channel<M>>,
        desk: Desk<M>,
        roster: Arc<Roster>,
        scribe: Scribe,
        clock: SharedClock,
        stop: CancellationToken,
        give_way: Duration,
    ) -> Self {
        let limits = channel.limits();
        let licence = Licence::new(limits.rate, clock.clone());
        Self {
            channel,
            desk: Mutex::new(desk),
            watched: Mutex::new(Watched::since(clock.now())),
            licence,
            limits,
            roster,
            scribe,
            clock,
            wake: Notify::new(),
            stop,
            give_way,
        }
    }

    /// The plans of this account. Never hold it across an await.
    pub fn desk(&self) -> MutexGuard<'_, Desk<M>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Units that left by this account in the last second.
    pub fn pace(&self) -> u32 {
        self.licence.present()
    }

    /// Whether this account can send.
    pub fn link(&self) -> Link {
        self.watched().link(self.clock.ticks())
    }

    /// Receipts that match nothing that was sent, although there was time for the answer to come: those since the start, and
    /// those of before that the ledger still had then.
    pub fn orphans(&self) -> Orphans {
        let until = Timestamp(self.clock.now().0 - ORPHAN_AFTER.as_millis() as i64);
        self.desk().orphans(until)
    }

    /// Whether the channel can carry the words, and the far side takes them by all that it said: its template may be under
    /// examination.
    pub fn carries(&self, message: &Message<M>) -> bool {
        self.channel.measure(message).is_ok() && self.channel.stands(message).is_ok()
    }

    /// Whether this account can send now: one that said no may be tried again when its rest is over.
    pub fn link_now(&self) -> Link {
        self.watched().link_at(self.clock.ticks())
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something new may leave: all couriers look again.
    pub fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Works one session until the post is stopped; opens it again whenever it ends. `jitter` gives numbers
    /// between 0 and 1.
    ///
    /// # Errors
    /// [`Halt`] when the ledger or the roster failed: the whole engine must stop then.
    pub async fn work(&self, mut jitter: impl FnMut() -> f64 + Send) -> Result<(), Halt> {
        let mut pause = FIRST_PAUSE;
        while !self.stop.is_cancelled() {
            let account = &self.channel.account().0;
            let opened = tokio::select! {
                opened = self.channel.open() => opened,
                () = self.stop.cancelled() => return Ok(()),
            };
            let wait = match opened {
                Ok(session) => {
                    tracing::info!(account, "session is open");
                    let opened_at = self.clock.ticks();
                    self.desk().reopened(self.clock.now());
                    self.watched().opened(opened_at);
                    let end = self.drive(session).await;
                    self.watched().ended(end.error(), self.clock.now(), self.clock.ticks());
                    match end {
                        End::Stopped => return Ok(()),
                        End::Halted(halt) => return Err(halt),
                        End::Lost(error) => {
                            tracing::warn!(account, %error, "session ended, opening it again");
                            // Providers that have no login refuse the account at the first call.
                            if matches!(error, SendError::Refused { .. }) {
                                self.rest(REFUSED_PAUSE.mul_f64(0.5 + jitter() / 2.0)).await;
                                continue;
                            }
                        }
                    }
                    if self.clock.ticks().saturating_sub(opened_at) >= STEADY {
                        pause = FIRST_PAUSE;
                    }
                    pause
                }
                Err(error) => {
                    tracing::warn!(account, %error, "session cannot be opened");
                    self.watched().failed(&error, self.clock.now(), self.clock.ticks());
                    match error {
                        SendError::Refused { .. } => {
                            self.rest(REFUSED_PAUSE.mul_f64(0.5 + jitter() / 2.0)).await;
                            continue;
                        }
                        // Another session too many is asked for again ever more seldom.
                        SendError::Busy { retry_after } => retry_after.max(pause),
                        SendError::Unreachable { .. } => pause,
                    }
                }
            };
            pause = (pause * 2).min(LONGEST_PAUSE);
            self.rest(wait.mul_f64(jitter())).await;
        }
        Ok(())
    }

    async fn rest(&self, pause: Duration) {
        tokio::select! {
            () = self.clock.sleep(pause) => {}
            () = self.stop.cancelled() => {}
        }
    }

    async fn drive(&self, session: Session<M>) -> End {
        let Session { mut outlet, mut inlet, answerer } = session;
        let size = self.limits.window.get();
        let line = Line::new(size);
        let (heard, mut writings) = mpsc::channel(AHEAD);
        let end = tokio::select! {
            end = self.send(outlet.as_mut(), &line) => end,
            end = self.hear(inlet.as_mut(), &heard, &line) => end,
            end = self.settle_all(&mut writings, answerer.as_ref(), &line) => end,
            end = self.keep_all_replies(answerer.as_ref(), &line) => end,
            end = self.watch(&heard, &line) => end,
            () = self.stop.cancelled() => Ok(()),
        };
        let mut end = match end {
            Ok(()) => {
                outlet.hold_back();
                self.settle_waiting(&mut writings, answerer.as_ref(), &line).await;
                self.drain(inlet.as_mut(), answerer.as_ref(), &line).await
            }
            Err(end) => end,
        };
        drop(heard);
        if matches!(end, End::Stopped) {
            let left = self.take_leave(outlet.as_mut(), inlet.as_mut(), answerer.as_ref(), &line).await;
            end = left.map_or_else(End::Halted, |()| End::Stopped);
        }
        let kept = self.wind_up(&mut writings, answerer.as_ref(), &line).await;
        kept.map_or_else(End::Halted, |()| end)
    }
}
