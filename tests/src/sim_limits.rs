//! What a pretend platform takes in a sliding second or minute, by whoever is limited.

use mingluo_model::clock::{SharedClock, Timestamp};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What most platforms count by.
pub(crate) const MINUTE: Duration = Duration::from_mins(1);

/// What was taken of late.
pub(crate) struct Limits {
    clock: SharedClock,
    /// Guards what was taken.
    taken: Mutex<HashMap<String, VecDeque<(Timestamp, u32)>>>,
}

impl Limits {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self { clock, taken: Mutex::default() }
    }

    /// Takes so many messages of somebody, unless that is more than such a time may hold.
    pub(crate) fn take(&self, who: &str, messages: u32, most: u32, within: Duration) -> bool {
        let now = self.clock.now();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_late = taken.entry(who.to_owned()).or_default();
        while of_late.front().is_some_and(|(at, _)| now.since(*at) >= within) {
            of_late.pop_front();
        }
        let sum: u32 = of_late.iter().map(|(_, messages)| messages).sum();
        let fits = sum + messages <= most;
        if fits {
            of_late.push_back((now, messages));
        }
        fits
    }
}
