//! Wire keys of one session: 64 bits for dispatch, their low 31 bits for the wire.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A sequence on the wire is 1 to 0x7FFF_FFFF (clause 3.2).
const WIRE: u64 = 0x7FFF_FFFF;

/// The sequence of the login, the first request of every session. Parts begin behind it: a gateway may take a sequence
/// that comes twice for a copy (CMPP 3.0 clause 8.4.3.2, result 3).
pub(in crate::sms) const LOGIN_SEQUENCE: u32 = 1;

/// Gives keys out and finds them again.
#[derive(Debug)]
pub(in crate::sms) struct Keys {
    next: AtomicU64,
}

impl Default for Keys {
    fn default() -> Self {
        Self { next: AtomicU64::new(u64::from(LOGIN_SEQUENCE) + 1) }
    }
}

impl Keys {
    /// Keys from `first` on, which is never 0.
    pub(in crate::sms) fn starting_at(first: u64) -> Self {
        Self { next: AtomicU64::new(first.max(1)) }
    }

    /// The first of `count` consecutive keys, none of which is 0 on the wire.
    pub(in crate::sms) fn take(&self, count: u64) -> u64 {
        let begin = |next: u64| {
            let last = next + count.saturating_sub(1);
            let rounds = last >> 31;
            if next & WIRE == 0 || rounds != next >> 31 { (rounds << 31) + 1 } else { next }
        };
        let taken = self.next.fetch_update(Relaxed, Relaxed, |next| Some(begin(next) + count));
        begin(taken.unwrap_or_else(|next| next))
    }

    /// The key that a sequence on the wire stands for: the latest that ends so. `None` if none was given out.
    pub(super) fn find(&self, sequence: u32) -> Option<u64> {
        let latest = self.next.load(Relaxed) - 1;
        let back = latest.wrapping_sub(u64::from(sequence)) & WIRE;
        latest.checked_sub(back).filter(|key| *key > 0 && sequence == wire(*key))
    }
}

/// A key on the wire.
pub(super) const fn wire(key: u64) -> u32 {
    (key & WIRE) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(next: u64) -> Keys {
        Keys { next: AtomicU64::new(next) }
    }

    #[test]
    fn no_part_has_the_sequence_of_the_login() {
        assert_eq!(wire(Keys::default().take(1)), LOGIN_SEQUENCE + 1);
    }

    #[test]
    fn a_run_across_the_turn_of_the_counter_begins_behind_it() {
        let keys = at(0x7FFF_FFFE);
        assert_eq!(keys.take(2), 0x7FFF_FFFE);
        assert_eq!(keys.take(4), 0x8000_0001);
        assert_eq!(wire(0x8000_0001), 1);

        let keys = at(0x7FFF_FFFE);
        assert_eq!(keys.take(3), 0x8000_0001);
    }

    #[test]
    fn a_sequence_that_was_never_sent_is_nobodys() {
        let keys = at(8);
        assert_eq!(keys.find(7), Some(7));
        assert_eq!((keys.find(8), keys.find(0), keys.find(u32::MAX)), (None, None, None));
    }

    proptest! {
        #[test]
        fn every_key_of_a_run_is_found_again(next in 1..u64::MAX / 4, count in 1..100_000_u64, which in 0..100_000_u64) {
            let keys = at(next);
            let key = keys.take(count) + which % count;
            prop_assert_ne!(wire(key), 0);
            prop_assert_eq!(keys.find(wire(key)), Some(key));
        }
    }
}
