//! Wire keys of one session: 64 bits for dispatch, their low 31 bits for the wire.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use mingluo_model::clock::Timestamp;

/// A sequence on the wire is 1 to 0x7FFF_FFFF (SMPP 3.4 clause 3.2).
const WIRE: u64 = 0x7FFF_FFFF;

/// The sequence of the login, the first request of every session, which no part has.
pub(in crate::sms) const LOGIN_SEQUENCE: u32 = 1;

/// The lowest sequence of a part.
const LOWEST: u64 = LOGIN_SEQUENCE as u64 + 1;

/// The golden section of 31 bits. The multiples of it are spread as evenly as can be: any two among `n` in a row are at
/// least 2^31 / (2.24 n) apart (the three-distance theorem).
const GOLDEN_SECTION: u64 = 0x4F1B_BCDD;

/// When the sessions of one account were opened, in hundredths of a second since 1970, and each at another.
///
/// A gateway may take a sequence that comes twice for a copy and drop it (CMPP 3.0 clause 8.4.3.2, result 3). So each
/// session begins at a place of its own, also after a restart: sessions that were opened within a minute begin more
/// than 200,000 sequences apart, those that were opened within half a second ten millions. Ones that are hours apart
/// may begin close together, one pair in a thousand within a million.
#[derive(Debug, Default)]
pub(in crate::sms) struct Openings {
    last: AtomicI64,
}

impl Openings {
    /// The keys of a session that is opened now.
    pub(in crate::sms) fn keys(&self, now: Timestamp) -> Keys {
        let this = |last: i64| now.0.div_euclid(10).max(last + 1);
        let last = self.last.fetch_update(Relaxed, Relaxed, |last| Some(this(last)));
        let opening = this(last.unwrap_or_else(|last| last));
        Keys::starting_at(opening.unsigned_abs().wrapping_mul(GOLDEN_SECTION) & WIRE)
    }
}

/// Gives keys out and finds them again.
#[derive(Debug)]
pub(in crate::sms) struct Keys {
    first: u64,
    next: AtomicU64,
}

impl Keys {
    /// Keys from `first` on, or from the lowest that a part may have.
    pub(in crate::sms) fn starting_at(first: u64) -> Self {
        let first = first.max(LOWEST);
        Self { first, next: AtomicU64::new(first) }
    }

    /// The first of `count` consecutive keys, none of which is 0 or the login's on the wire.
    pub(in crate::sms) fn take(&self, count: u64) -> u64 {
        let begin = |next: u64| {
            let last = next + count.saturating_sub(1);
            next.max((last >> 31 << 31) + LOWEST)
        };
        let taken = self.next.fetch_update(Relaxed, Relaxed, |next| Some(begin(next) + count));
        begin(taken.unwrap_or_else(|next| next))
    }

    /// The key that a sequence on the wire stands for: the latest that ends so. `None` if none was given out.
    pub(super) fn find(&self, sequence: u32) -> Option<u64> {
        let latest = self.next.load(Relaxed) - 1;
        let back = latest.wrapping_sub(u64::from(sequence)) & WIRE;
        let was_given =
            |key: &u64| *key >= self.first && u64::from(sequence) >= LOWEST && sequence == wire(*key);
        latest.checked_sub(back).filter(was_given)
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

    /// Noon in Beijing, 2026-11-23.
    const NOW: Timestamp = Timestamp(1_795_406_400_000);

    fn begin(openings: &Openings, after_ms: i64) -> u64 {
        openings.keys(Timestamp(NOW.0 + after_ms)).take(1)
    }

    /// How far two sequences are apart on the ring.
    fn apart(one: u64, other: u64) -> u64 {
        let ahead = one.wrapping_sub(other) & WIRE;
        ahead.min(WIRE + 1 - ahead)
    }

    #[test]
    fn no_part_has_the_sequence_of_the_login() {
        for first in [0, 1, 1 << 31, (1 << 31) + 1] {
            let keys = Keys::starting_at(first);
            assert_eq!(wire(keys.take(3)), LOGIN_SEQUENCE + 1);
            assert_eq!((keys.find(0), keys.find(LOGIN_SEQUENCE)), (None, None));
        }
    }

    #[test]
    fn sessions_of_one_moment_have_sequences_of_their_own() {
        let openings = Openings::default();
        let begins: Vec<u64> = (0..64).map(|_| begin(&openings, 0)).collect();
        for (at, one) in begins.iter().enumerate() {
            assert!(begins[..at].iter().all(|other| apart(*one, *other) > 10_000_000), "{begins:?}");
        }
    }

    #[test]
    fn a_session_after_a_restart_does_not_begin_where_an_earlier_one_did() {
        let first = begin(&Openings::default(), 0);
        for after_ms in (10..60_000).step_by(10) {
            assert!(apart(begin(&Openings::default(), after_ms), first) > 200_000, "{after_ms} ms");
        }
    }

    #[test]
    fn a_run_across_the_turn_of_the_counter_begins_behind_it_and_behind_the_logins_sequence() {
        let keys = Keys::starting_at(0x7FFF_FFFE);
        assert_eq!(keys.take(2), 0x7FFF_FFFE);
        assert_eq!(keys.take(4), 0x8000_0002);
        assert_eq!((wire(0x8000_0002), keys.find(2)), (2, Some(0x8000_0002)));

        let keys = Keys::starting_at(0x7FFF_FFFE);
        assert_eq!(keys.take(3), 0x8000_0002);
    }

    #[test]
    fn a_sequence_that_was_never_sent_is_nobodys() {
        let keys = Keys::starting_at(8);
        keys.take(1);
        assert_eq!(keys.find(8), Some(8));
        assert_eq!([7, 9, 0, u32::MAX].map(|sequence| keys.find(sequence)), [None; 4]);
    }

    proptest! {
        #[test]
        fn every_key_of_a_run_is_found_again(
            first in 1..u64::MAX / 4, count in 1..100_000_u64, which in 0..100_000_u64,
        ) {
            let keys = Keys::starting_at(first);
            let key = keys.take(count) + which % count;
            prop_assert!(wire(key) > LOGIN_SEQUENCE);
            prop_assert_eq!(keys.find(wire(key)), Some(key));
        }
    }
}
