//! What the pretend platform takes in a sliding minute, by whoever is limited.

use mingluo_model::clock::{SharedClock, Timestamp};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

const MINUTE: Duration = Duration::from_mins(1);

/// What was taken of late.
pub(super) struct Limits {
    clock: SharedClock,
    /// Guards the minutes.
    taken: Mutex<HashMap<String, VecDeque<(Timestamp, u32)>>>,
}

impl Limits {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self { clock, taken: Mutex::default() }
    }

    /// Takes so many messages of somebody, unless that is more than a minute may hold.
    pub(super) fn take(&self, who: &str, messages: u32, per_minute: u32) -> bool {
        let now = self.clock.now();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = taken.entry(who.to_owned()).or_default();
        while minute.front().is_some_and(|(at, _)| now.since(*at) >= MINUTE) {
            minute.pop_front();
        }
        let of_late: u32 = minute.iter().map(|(_, messages)| messages).sum();
        let fits = of_late + messages <= per_minute;
        if fits {
            minute.push_back((now, messages));
        }
        fits
    }
}
