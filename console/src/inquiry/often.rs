//! How often one follower is answered: who presses the key without end costs no more than who presses it now and then.

use mingluo_model::{address::Address, clock::Timestamp};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Answers to one follower in a minute: one every three seconds, which nobody reads faster.
const MOST: u32 = 20;

/// Followers counted in a minute; further ones are answered uncounted, since a town that asks is no flood of one.
const COUNTED: usize = 1 << 17;

/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;

/// Who asked in this minute, and how often.
#[derive(Default)]
pub(crate) struct Often(
    // Guards the counts; held for one of them.
    Mutex<Counts>,
);

#[derive(Default)]
struct Counts {
    /// Minutes since 1970, by which the counts begin anew.
    minute: i64,
    by_follower: HashMap<Address, u32>,
}

impl Often {
    /// Counts that somebody asks; `false` where they are answered no more in this minute.
    pub(crate) fn take(&self, from: &Address, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.0.div_euclid(MINUTE);
        if counts.minute != minute {
            *counts = Counts { minute, by_follower: HashMap::new() };
        }
        if let Some(count) = counts.by_follower.get_mut(from) {
            *count = count.saturating_add(1);
            return *count <= MOST;
        }
        if counts.by_follower.len() < COUNTED {
            counts.by_follower.insert(from.clone(), 1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_without_end_waits_for_the_next_minute_and_nobody_else_does() {
        let (often, flood, other) = (Often::default(), Address::new("o1"), Address::new("o2"));
        let answered = (0..1_000).filter(|second| often.take(&flood, Timestamp(*second))).count();
        assert_eq!(answered, MOST as usize);
        assert!(often.take(&other, Timestamp(1_000)));
        assert!(often.take(&flood, Timestamp(MINUTE)), "a minute later they are heard again");
    }
}
