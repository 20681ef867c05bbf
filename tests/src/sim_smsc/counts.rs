//! What was seen so far, to be read while it goes on.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// The running counts of all accounts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) sessions: AtomicU64,
    pub(super) arrived: AtomicU64,
    pub(super) taken: AtomicU64,
    pub(super) busy: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) over_window: AtomicU64,
    pub(super) withheld: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) answered: AtomicU64,
    pub(super) replies: AtomicU64,
    pub(super) replies_heard: AtomicU64,
}

/// The counts at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Sessions that are open.
    pub sessions: u64,
    /// Parts that came.
    pub arrived: u64,
    /// Parts that were answered as taken.
    pub taken: u64,
    /// Parts that were answered as too fast or busy.
    pub busy: u64,
    /// Parts that were refused.
    pub refused: u64,
    /// Parts that came while the session had its window full.
    pub over_window: u64,
    /// Receipts that will never be sent.
    pub withheld: u64,
    /// Receipts that were sent, again and again counted.
    pub sent: u64,
    /// Receipts that were answered.
    pub answered: u64,
    /// What residents wrote back, again and again counted.
    pub replies: u64,
    /// What they wrote and was answered.
    pub replies_heard: u64,
}

impl Counts {
    pub(super) fn snapshot(&self, at_ms: i64) -> Snapshot {
        Snapshot {
            at_ms,
            sessions: self.sessions.load(Relaxed),
            arrived: self.arrived.load(Relaxed),
            taken: self.taken.load(Relaxed),
            busy: self.busy.load(Relaxed),
            refused: self.refused.load(Relaxed),
            over_window: self.over_window.load(Relaxed),
            withheld: self.withheld.load(Relaxed),
            sent: self.sent.load(Relaxed),
            answered: self.answered.load(Relaxed),
            replies: self.replies.load(Relaxed),
            replies_heard: self.replies_heard.load(Relaxed),
        }
    }
}

/// Adds one and gives what it is then.
pub(super) fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Relaxed) + 1
}
