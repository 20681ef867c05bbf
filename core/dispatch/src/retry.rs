//! What to do after a part of a delivery went wrong. Pure: answers and policy in, the next step out.

use mingluo_model::{channel::Repeat, clock::Timestamp, delivery::Reason, grade::Grade};
use serde::{Deserialize, Serialize};
use std::{num::NonZeroU8, time::Duration};

/// The worst thing that was said about the parts of one delivery, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The gateway wants less; no attempt was used.
    Busy,
    /// It did not work this time.
    Temporary(Reason),
    /// It left and nobody answered.
    Lost,
    /// It was sent again in doubt, and nobody answered that either: haste does not help.
    LostAgain,
    /// It cannot work.
    Permanent(Reason),
}

/// The step that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Send the missing parts again from this instant on.
    Again(Timestamp),
    /// Unknown; receipts may still tell. Send again from this instant on if they have not.
    DoubtUntil(Timestamp),
    /// Unknown for good, unless a receipt comes.
    Doubt,
    /// Over.
    Fail(Reason),
}

/// When and how often to try again (重试规则).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPolicy {
    /// Tries in all before a delivery fails as `tries-used`.
    pub tries: NonZeroU8,
    /// The first pause after a temporary refusal, four times as long with each further one; milliseconds. With the default
    /// tries somebody is asked for through a fault of over a minute.
    pub first_pause_ms: u32,
    /// The longest pause; milliseconds.
    pub longest_pause_ms: u32,
    /// The pause after a gateway said busy; milliseconds. Its own wish, if longer, brakes the whole account.
    pub busy_pause_ms: u32,
    /// How long receipts may resolve an unknown delivery of orange or red before it is sent again, the first time;
    /// milliseconds.
    pub doubt_ms: u32,
    /// The same for yellow and blue, where two messages annoy more than a minute's delay costs, and for whatever was
    /// sent again in doubt already; milliseconds.
    pub calm_doubt_ms: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: NonZeroU8::new(5).unwrap_or(NonZeroU8::MIN),
            first_pause_ms: 1_000,
            longest_pause_ms: 60_000,
            busy_pause_ms: 200,
            doubt_ms: 2_000,
            calm_doubt_ms: 90_000,
        }
    }
}

impl RetryPolicy {
    /// The step after `trouble` on the try number `attempt`.
    pub fn next(&self, trouble: Trouble, attempt: u8, repeat: Repeat, grade: Grade, at: Timestamp) -> Next {
        let used_up = attempt >= self.tries.get();
        match (trouble, repeat) {
            (Trouble::Permanent(reason), _) => Next::Fail(reason),
            (Trouble::Busy, _) => Next::Again(at.plus(ms(self.busy_pause_ms))),
            (Trouble::Temporary(_), _) if used_up => Next::Fail(Reason::TriesUsed),
            (Trouble::Lost | Trouble::LostAgain, _) if used_up => Next::Doubt,
            (Trouble::Temporary(_), _) | (Trouble::Lost | Trouble::LostAgain, Repeat::ActsOnce) => {
                Next::Again(at.plus(self.pause(attempt)))
            }
            (Trouble::Lost, Repeat::MayDouble) => Next::DoubtUntil(at.plus(self.doubt(grade))),
            (Trouble::LostAgain, Repeat::MayDouble) => Next::DoubtUntil(at.plus(ms(self.calm_doubt_ms))),
        }
    }

    /// How long receipts may resolve what was lost before it is sent again.
    pub fn doubt(&self, grade: Grade) -> Duration {
        ms(if grade >= Grade::Orange { self.doubt_ms } else { self.calm_doubt_ms })
    }

    /// The pause before try number `attempt + 1`: four times the last, bounded, and the same for everybody, since the
    /// licence spreads the load already.
    fn pause(&self, attempt: u8) -> Duration {
        let grown = u64::from(self.first_pause_ms) << (2 * attempt.saturating_sub(1)).min(16);
        Duration::from_millis(grown.min(u64::from(self.longest_pause_ms)))
    }
}

fn ms(milliseconds: u32) -> Duration {
    Duration::from_millis(u64::from(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn next(trouble: Trouble, attempt: u8, repeat: Repeat, grade: Grade) -> Next {
        RetryPolicy::default().next(trouble, attempt, repeat, grade, NOW)
    }

    #[test]
    fn busy_never_uses_up_the_tries() {
        let step = next(Trouble::Busy, 200, Repeat::MayDouble, Grade::Blue);
        assert_eq!(step, Next::Again(Timestamp(NOW.0 + 200)));
    }

    #[test]
    fn pauses_grow_over_a_fault_of_a_minute_and_tries_end() {
        let temporary = Trouble::Temporary(Reason::FarFault);
        let pauses: Vec<_> =
            (1..=5).map(|attempt| next(temporary, attempt, Repeat::MayDouble, Grade::Red)).collect();
        let expected = [1_000, 4_000, 16_000, 60_000].map(|pause| Next::Again(Timestamp(NOW.0 + pause)));
        assert_eq!(pauses[..4], expected);
        assert_eq!(pauses[4], Next::Fail(Reason::TriesUsed));
    }

    #[test]
    fn lost_red_is_sent_again_at_once_and_lost_blue_waits_for_receipts_first() {
        let red = next(Trouble::Lost, 1, Repeat::MayDouble, Grade::Red);
        assert_eq!(red, Next::DoubtUntil(Timestamp(NOW.0 + 2_000)));
        let blue = next(Trouble::Lost, 1, Repeat::MayDouble, Grade::Blue);
        assert_eq!(blue, Next::DoubtUntil(Timestamp(NOW.0 + 90_000)));
        assert_eq!(next(Trouble::Lost, 5, Repeat::MayDouble, Grade::Blue), Next::Doubt);
    }

    #[test]
    fn a_red_that_is_lost_again_waits_for_receipts_as_any_other() {
        let again = next(Trouble::LostAgain, 2, Repeat::MayDouble, Grade::Red);
        assert_eq!(again, Next::DoubtUntil(Timestamp(NOW.0 + 90_000)));
        assert_eq!(next(Trouble::LostAgain, 5, Repeat::MayDouble, Grade::Red), Next::Doubt);
    }

    #[test]
    fn what_acts_once_is_sent_again_whatever_its_grade() {
        assert!(matches!(next(Trouble::Lost, 1, Repeat::ActsOnce, Grade::Blue), Next::Again(_)));
    }
}
