//! What ties the parts of one long message together on a phone: the one octet that the user data header has for it
//! (3GPP TS 23.040 clause 9.2.3.24.1). A phone joins parts of the same sender with the same octet and the same count.
//!
//! Missing parts may be sent again hours later, by another session and after a restart, and are joined with those
//! before only if they have the same reference. Nothing is stored here, so it comes from the warning's id: the second in
//! which the warning was drafted. Warnings that were drafted one to 255 seconds apart cannot have the same; of those
//! further apart one pair in 256 would. All plans of one warning have the same: nobody hears it twice by one account.
//!
//! Where two warnings would share it all the same (a program drafts two in one second) the one that leaves later gives
//! way, as long as the process remembers both: none of the last 256 long messages of an account has another's
//! reference. Which of them gave way is the one thing that a restart may change: of a message of such a pair that was
//! on its way just then, parts that are sent again come under another reference, and its phone shows them apart.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use mingluo_model::id::AlertId;

/// Warnings that are remembered when one more is asked for: it takes the last reference that is free.
const REMEMBERED: usize = 255;

/// The references of one account's warnings, shared by its sessions.
#[derive(Debug, Default)]
pub(super) struct References {
    // Guards the warnings that were asked for last, the latest at the end; held for a look.
    known: Mutex<VecDeque<(AlertId, u8)>>,
}

impl References {
    /// The warning's own, the same whenever it is asked for.
    pub(super) fn of(&self, alert: AlertId) -> u8 {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|(one, _)| *one == alert);
        let remembered = place.and_then(|place| known.remove(place));
        let (_, reference) = remembered.unwrap_or_else(|| {
            let surplus = known.len().saturating_sub(REMEMBERED);
            known.drain(..surplus);
            (alert, free(alert, &known))
        });
        known.push_back((alert, reference));
        reference
    }
}

/// The second's, or else the next that nobody has behind a place that only this warning's id tells: two that change
/// places over a restart do not take each other's.
fn free(alert: AlertId, known: &VecDeque<(AlertId, u8)>) -> u8 {
    let own = alert.0.as_bytes().iter().fold(0, |sum: u8, octet| sum ^ octet);
    let others = (0..=u8::MAX).map(|step| own.wrapping_add(step));
    let is_free = |reference: &u8| known.iter().all(|(_, taken)| taken != reference);
    std::iter::once(by_second(alert)).chain(others).find(is_free).unwrap_or(own)
}

/// An id begins with the milliseconds since 1970, in six octets (RFC 9562 clause 5.7).
fn by_second(alert: AlertId) -> u8 {
    let drafted_ms = alert.0.as_u128() >> 80;
    (drafted_ms / 1_000) as u8
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mingluo_model::clock::Timestamp;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    /// 2026-11-23T04:00:00.250Z.
    const START_MS: i64 = 1_795_406_400_250;

    /// So many warnings, each so long after the last.
    fn alerts(count: i64, apart_ms: i64) -> Vec<AlertId> {
        let mut chance = StdRng::seed_from_u64(7);
        (0..count).map(|nth| AlertId::new(Timestamp(START_MS + nth * apart_ms), &mut chance)).collect()
    }

    fn given(references: &References, alerts: &[AlertId]) -> Vec<u8> {
        alerts.iter().map(|alert| references.of(*alert)).collect()
    }

    fn distinct(references: &[u8]) -> usize {
        references.iter().collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn no_two_of_256_long_messages_in_a_row_have_the_same_however_close_they_are() {
        for apart_ms in [0, 3, 1_000, 256_000, 3_600_000] {
            let references = References::default();
            let all = given(&references, &alerts(600, apart_ms));
            assert!(all.windows(256).all(|row| distinct(row) == 256), "{apart_ms} ms apart");
        }
    }

    #[test]
    fn every_session_and_every_retry_is_given_the_same() {
        let (references, alerts) = (References::default(), alerts(256, 3));
        let first = given(&references, &alerts);
        let backwards: Vec<AlertId> = alerts.iter().rev().copied().collect();
        let again = given(&references, &backwards);
        assert!(first.iter().eq(again.iter().rev()));
    }

    #[test]
    fn a_restart_gives_a_warning_what_it_had_whichever_is_asked_for_first() {
        let alerts = alerts(255, 1_003);
        let before = given(&References::default(), &alerts);
        assert_eq!(distinct(&before), 255);
        let references = References::default();
        let after: Vec<u8> = alerts.iter().rev().map(|alert| references.of(*alert)).collect();
        assert!(before.iter().eq(after.iter().rev()));
    }
}
