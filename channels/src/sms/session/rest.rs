//! Whether a connection is there just now. Only protocols whose connections may end between two runs ask.

use std::time::Duration;

use bytes::BytesMut;
use tokio::net::tcp::OwnedReadHalf;

/// What the sending and the hearing hand agree on.
#[derive(Default)]
pub(super) struct Rest {
    asleep: bool,
    unanswered: u64,
    /// When something was last sent, in the clock's ticks.
    sent: Duration,
    /// The other half of a connection that was opened again.
    fresh: Option<(OwnedReadHalf, BytesMut)>,
}

impl Rest {
    /// So many parts are about to leave; true when a connection must be had first.
    pub(super) const fn claim(&mut self, parts: u64, now: Duration) -> bool {
        self.unanswered += parts;
        self.sent = now;
        self.asleep
    }

    /// So many parts were answered or will not leave.
    pub(super) const fn land(&mut self, parts: u64) {
        self.unanswered = self.unanswered.saturating_sub(parts);
    }

    /// Whether parts wait for their answer, and since when.
    pub(super) fn waiting(&self) -> (bool, Duration) {
        (self.unanswered > 0, self.sent)
    }

    /// Lets the connection go if nothing is unanswered.
    pub(super) const fn fall_asleep(&mut self) -> bool {
        if self.unanswered == 0 {
            self.asleep = true;
        }
        self.asleep
    }

    /// There is a connection again.
    pub(super) fn wake(&mut self, read: OwnedReadHalf, heard: BytesMut) {
        self.asleep = false;
        self.fresh = Some((read, heard));
    }

    /// The new connection, once.
    pub(super) const fn take_fresh(&mut self) -> Option<(OwnedReadHalf, BytesMut)> {
        self.fresh.take()
    }
}
