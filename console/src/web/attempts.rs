//! How often somebody may try a password. Counts in memory only: a restart forgives, and nothing here needs a disk.

use mingluo_model::clock::Timestamp;
use std::{collections::HashMap, time::Duration};

/// Tries for one account before it is locked.
pub(super) const FOR_ACCOUNT: u32 = 5;

/// Tries from one address before it is locked: an office of many officers shares one.
pub(super) const FROM_ADDRESS: u32 = 20;

/// How long a lock lasts, and how long a wrong try is remembered.
const MEMORY: Duration = Duration::from_mins(1);

/// Keys remembered at most; when it is full, the one that would be forgotten first gives way.
const MOST_KEYS: usize = 10_000;

/// Wrong tries by account and by address.
#[derive(Default)]
pub(super) struct Attempts {
    tries: HashMap<String, Tries>,
}

struct Tries {
    count: u32,
    until: Timestamp,
}

impl Attempts {
    /// Takes one try for a key. A try is counted before the password is looked at, so that many at once count too.
    ///
    /// # Errors
    /// How long to wait, when the allowed number is used up.
    pub(super) fn take(&mut self, key: &str, allowed: u32, now: Timestamp) -> Result<(), Duration> {
        if !self.tries.contains_key(key) {
            self.make_room(now);
        }
        let tries = self.tries.entry(key.to_owned()).or_insert(Tries { count: 0, until: now });
        if tries.until <= now {
            tries.count = 0;
        }
        if tries.count >= allowed {
            return Err(tries.until.since(now));
        }
        tries.count += 1;
        tries.until = now.plus(MEMORY);
        Ok(())
    }

    /// The password was right: what was counted for the key is forgotten.
    pub(super) fn forgive(&mut self, key: &str) {
        self.tries.remove(key);
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.tries.len() < MOST_KEYS {
            return;
        }
        self.tries.retain(|_, tries| tries.until > now);
        if self.tries.len() >= MOST_KEYS {
            let first = self.tries.iter().min_by_key(|(_, tries)| tries.until).map(|(key, _)| key.clone());
            first.map(|key| self.tries.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: i64) -> Timestamp {
        Timestamp(1_000_000 + seconds * 1000)
    }

    #[test]
    fn five_wrong_tries_lock_for_a_minute() {
        let mut attempts = Attempts::default();
        for second in 0..5 {
            assert_eq!(attempts.take("wang", FOR_ACCOUNT, after(second)), Ok(()));
        }
        assert_eq!(attempts.take("wang", FOR_ACCOUNT, after(5)), Err(Duration::from_secs(59)));
        assert_eq!(attempts.take("li", FOR_ACCOUNT, after(5)), Ok(()));
        assert_eq!(attempts.take("wang", FOR_ACCOUNT, after(64)), Ok(()));
    }

    #[test]
    fn a_right_password_forgives() {
        let mut attempts = Attempts::default();
        (0..4).for_each(|second| attempts.take("wang", FOR_ACCOUNT, after(second)).unwrap());
        attempts.forgive("wang");
        assert!((0..5).all(|second| attempts.take("wang", FOR_ACCOUNT, after(second)).is_ok()));
    }

    #[test]
    fn a_flood_of_names_takes_no_more_room() {
        let mut attempts = Attempts::default();
        for number in 0..MOST_KEYS + 100 {
            attempts.take(&number.to_string(), FOR_ACCOUNT, after(0)).unwrap();
        }
        assert_eq!(attempts.tries.len(), MOST_KEYS);
    }
}
