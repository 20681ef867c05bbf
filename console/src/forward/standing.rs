//! Whether the platform takes what is handed on, for those who must act when it does not.

use mingluo_channels::forward::Untaken;
use mingluo_model::clock::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// That the platform does not take receipts (转发停滞).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standstill {
    /// Since when.
    pub since: Timestamp,
    /// What it answered last.
    pub why: Untaken,
}

impl Standstill {
    /// The HTTP status that it answered last; `None` where it did not answer.
    pub const fn status(&self) -> Option<u16> {
        match self.why {
            Untaken::Status(status) => Some(status),
            Untaken::Unreachable | Untaken::NoAnswer => None,
        }
    }
}

/// How forwarding stands.
#[derive(Debug, Default)]
pub struct Standing {
    // Guards the standstill; held for one look.
    standstill: Mutex<Option<Standstill>>,
}

impl Standing {
    /// The standstill, if there is one.
    pub fn now(&self) -> Option<Standstill> {
        *self.lock()
    }

    pub(crate) fn failed(&self, at: Timestamp, why: Untaken) {
        let mut standstill = self.lock();
        let since = standstill.map_or(at, |before| before.since);
        *standstill = Some(Standstill { since, why });
    }

    pub(super) fn taken(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Standstill>> {
        self.standstill.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
