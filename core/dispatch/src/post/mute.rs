//! A gateway that lets us in and takes nothing (连着但不受理): its back end is down, it says "busy" or "later" to everything, or
//! it answers signs of life alone.

use mingluo_model::clock::Timestamp;
use std::time::Duration;

/// So long nothing may be taken before it means anything: queues of gateways are full for a second or two at times.
const SPELL: Duration = Duration::from_secs(5);

/// So many answers in vain are not the fault of whom they are about: one number that a gateway will not have is asked for
/// less often than this before it is given up.
const EVERYBODY: u32 = 20;

/// How long what was said in vain is believed. Then the account is tried again by whatever comes.
const BELIEVED: Duration = Duration::from_mins(2);

/// Answers in vain since something was taken last.
#[derive(Debug)]
pub(super) struct Vain {
    /// The first and the last of them, the last in the clock's ticks.
    spell: Option<Spell>,
}

#[derive(Debug)]
struct Spell {
    since: Timestamp,
    first: Duration,
    last: Duration,
    answers: u32,
}

impl Vain {
    /// None.
    pub(super) const NONE: Self = Self { spell: None };

    /// So many answers came that took nothing, and none that took something.
    pub(super) fn hear(&mut self, answers: u32, now: Timestamp, ticks: Duration) {
        if answers == 0 {
            return;
        }
        let new = Spell { since: now, first: ticks, last: ticks, answers: 0 };
        let spell = self.spell.take().filter(|spell| spell.is_believed(ticks)).unwrap_or(new);
        let answers = spell.answers.saturating_add(answers);
        self.spell = Some(Spell { last: ticks, answers, ..spell });
    }

    /// Since when nothing is taken, once that means something.
    pub(super) fn since(&self, ticks: Duration) -> Option<Timestamp> {
        let means_something =
            |spell: &&Spell| spell.is_believed(ticks) && spell.last.saturating_sub(spell.first) >= SPELL;
        self.spell.as_ref().filter(means_something).map(|spell| spell.since)
    }

    /// The same where it is nobody's own fault that nothing of theirs is taken.
    pub(super) fn is_everybodys(&self, ticks: Duration) -> bool {
        self.since(ticks).is_some() && self.spell.as_ref().is_some_and(|spell| spell.answers >= EVERYBODY)
    }
}

impl Spell {
    fn is_believed(&self, ticks: Duration) -> bool {
        ticks.saturating_sub(self.last) < BELIEVED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_gateway_is_mute_when_it_took_nothing_for_a_while_and_until_that_is_long_ago() {
        let mut vain = Vain::NONE;
        vain.hear(0, START, at(0));
        vain.hear(1, START, at(1));
        vain.hear(1, Timestamp(START.0 + 3_000), at(4));
        assert_eq!(vain.since(at(5)), None, "a moment means nothing");
        vain.hear(1, Timestamp(START.0 + 5_000), at(6));
        assert_eq!([6, 125, 126].map(|now| vain.since(at(now))), [Some(START), Some(START), None]);
        let later = Timestamp(START.0 + 199_000);
        vain.hear(1, later, at(200));
        vain.hear(1, later, at(205));
        assert_eq!(vain.since(at(205)), Some(later), "what was forgotten does not count again");
    }

    #[test]
    fn one_number_that_nobody_will_have_is_not_everybody() {
        let mut vain = Vain::NONE;
        for second in 0..19 {
            vain.hear(1, START, at(second));
        }
        assert!(!vain.is_everybodys(at(19)));
        vain.hear(1, START, at(19));
        assert!(vain.is_everybodys(at(19)));
    }
}
