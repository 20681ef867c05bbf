//! Group commit: one task takes everything that waits to be written, makes it durable in one transaction, and
//! wakes the waiters. It numbers the stream, keeps the lease alive, and knows nothing of what it writes.
//!
//! It fails once and for all: after any error of the store nobody can say what is on disk, so every waiter and
//! every later caller gets that error, and dispatch must halt and start anew from the log.

use crate::{
    event::{Event, RawId, RawReceipt},
    store::{Lease, Store, StoreError},
};
use mingluo_model::clock::SharedClock;
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

mod count;
mod task;

use count::Counters;
pub use count::ScribeCounts;

/// Orders that may wait. When it is full, [`Scribe::append`] waits: a window slot is free only when its answer is
/// durable, so a slow disk closes the windows and reaches the gateways as backpressure. Every session holds a place while
/// it listens: there must be more places than sessions.
const WAITING: usize = 8_192;

/// One thing to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Progress of a plan.
    Event(Event),
    /// A receipt that matches nothing yet.
    Raw(RawReceipt),
    /// A raw receipt that found its delivery; its receipt is in an event of the same call.
    Matched(RawId),
}

/// Why nothing is written any more.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ScribeError {
    /// The store failed, or the lease is lost; what was last asked for may or may not be on disk.
    #[error("the log cannot be written")]
    Failed(#[source] Arc<StoreError>),
    /// The scribe's task is gone: its runtime is shutting down.
    #[error("the log is closed")]
    Closed,
}

struct Order {
    entries: Vec<Entry>,
    answer: oneshot::Sender<Result<Vec<RawId>, ScribeError>>,
}

/// A handle on the writing task. The task ends, and gives the lease back, when the last handle is gone.
#[derive(Clone)]
pub struct Scribe {
    orders: mpsc::Sender<Order>,
    failure: watch::Receiver<Option<ScribeError>>,
    counters: Arc<Counters>,
}

impl Scribe {
    /// Starts the task on this lease, which it renews every third of `ttl`.
    pub fn start(store: Arc<dyn Store>, lease: Lease, ttl: Duration, clock: SharedClock) -> Self {
        let (orders, inbox) = mpsc::channel(WAITING);
        let (report, failure) = watch::channel(None);
        let counters = Arc::<Counters>::default();
        tokio::spawn(task::run(task::Parts {
            store,
            lease,
            ttl,
            clock,
            inbox,
            report,
            counters: Arc::clone(&counters),
        }));
        Self { orders, failure, counters }
    }

    /// Waits until there is room for one more order. Who has it can move something in memory and hand over what is to
    /// be written of it in one breath, so that neither happens without the other and the log keeps the order of memory.
    ///
    /// # Errors
    /// [`ScribeError::Failed`] now and ever after when the store failed, [`ScribeError::Closed`] at shutdown.
    pub async fn room(&self) -> Result<Room<'_>, ScribeError> {
        match self.orders.reserve().await {
            Ok(permit) => Ok(Room { permit, scribe: self }),
            Err(_) => Err(self.failure()),
        }
    }

    /// Appends entries, all or nothing, in this order; durable when it returns. Answers with the ids of the raw
    /// receipts among them, in order. Waits while too much is waiting. A caller that goes away while it waits has
    /// its entries written or not.
    ///
    /// # Errors
    /// [`ScribeError::Failed`] now and ever after when the store failed, [`ScribeError::Closed`] at shutdown.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<Vec<RawId>, ScribeError> {
        self.room().await?.write(entries).kept().await
    }

    /// Waits until everything that was handed over so far is durable, also what nobody waits for any more.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub async fn flush(&self) -> Result<(), ScribeError> {
        self.append(Vec::new()).await.map(|_| ())
    }

    /// Waits until the scribe has failed (or is closed), and says why.
    pub async fn failed(&self) -> ScribeError {
        let mut failure = self.failure.clone();
        match failure.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or(ScribeError::Closed),
            Err(_) => ScribeError::Closed,
        }
    }

    /// What it has done so far.
    pub fn counts(&self) -> ScribeCounts {
        self.counters.read()
    }

    fn failure(&self) -> ScribeError {
        self.failure.borrow().clone().unwrap_or(ScribeError::Closed)
    }
}

/// Room for one order (see [`Scribe::room`]).
pub struct Room<'a> {
    permit: mpsc::Permit<'a, Order>,
    scribe: &'a Scribe,
}

impl<'a> Room<'a> {
    /// Hands entries over; they will be written, or the scribe fails, whatever becomes of the caller.
    pub fn write(self, entries: Vec<Entry>) -> Writing<'a> {
        let (answer, answered) = oneshot::channel();
        self.permit.send(Order { entries, answer });
        Writing { answered, scribe: self.scribe }
    }
}

/// Entries that are being written.
pub struct Writing<'a> {
    answered: oneshot::Receiver<Result<Vec<RawId>, ScribeError>>,
    scribe: &'a Scribe,
}

impl Writing<'_> {
    /// Waits until they are durable; the ids of the raw receipts among them, in order.
    ///
    /// # Errors
    /// As [`Scribe::append`].
    pub async fn kept(self) -> Result<Vec<RawId>, ScribeError> {
        self.answered.await.unwrap_or_else(|_| Err(self.scribe.failure()))
    }
}
