//! How much slower than its licence an account runs (自适应降速), found by what the gateway says: a gateway that grants less
//! than was agreed answers "busy", and what it takes meanwhile is what it grants.

use std::{collections::VecDeque, time::Duration};

/// The pace of one account.
#[derive(Debug)]
pub(super) struct Pace {
    /// Units a second that were agreed.
    licence: f64,
    /// How many times slower it runs.
    slow: f64,
    /// The window that is being filled.
    filling: Heard,
    /// The windows of the last second.
    of_late: VecDeque<Heard>,
    /// When the gateway last said "busy".
    last_busy: Duration,
}

/// What was answered from an instant on.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    since: Duration,
    answers: u32,
    busy: u32,
}

impl Pace {
    /// Answers are judged together for this long.
    const WINDOW: Duration = Duration::from_millis(200);

    /// What was taken in this time is what the gateway grants: gateways count by the second.
    const MEMORY: Duration = Duration::from_secs(1);

    /// After so long without an answer earlier windows say nothing.
    const STALE: Duration = Duration::from_secs(2);

    /// A share of "busy" that is borne. Without any the pace recovers, above it the pace falls to what was taken, between
    /// them it stays: so an account settles where it runs into the gateway a little, which is the only way to see that it
    /// grants more again.
    const BORNE: f64 = 0.05;

    /// The same once an account runs [`Self::SLOWED`] times slower. Where speed is the reason, four in five of what leaves are
    /// nearly all that is granted; where it is not, going slower would help nobody and in the end warn nobody.
    const BORNE_WHEN_SLOWED: f64 = 0.2;

    /// See [`Self::BORNE_WHEN_SLOWED`].
    const SLOWED: f64 = 4.0;

    /// By how much the pace recovers in a window: 2.5 % a second, so that what was taken of late is what is granted. (With
    /// 15 % a second an account that was granted half of its licence used 90 % of that, with 2.5 % it uses 97 %.)
    const RECOVERY: f64 = 0.995;

    /// By how much it recovers once the gateway has not been busy for [`Self::QUIET`]: a quarter a second.
    const FAST_RECOVERY: f64 = 0.95;

    /// So long without "busy", and what the gateway granted before says nothing any more.
    const QUIET: Duration = Duration::from_secs(10);

    /// By how much it falls in a window, at most.
    const STEEPEST: f64 = 2.0;

    /// The most that an account is slowed down.
    const SLOWEST: f64 = 64.0;

    pub(super) const fn new(licence: f64) -> Self {
        Self {
            licence,
            slow: 1.0,
            filling: Heard { since: Duration::ZERO, answers: 0, busy: 0 },
            of_late: VecDeque::new(),
            last_busy: Duration::ZERO,
        }
    }

    /// How many times slower than the licence the gateway wants it now.
    pub(super) const fn slow(&self) -> f64 {
        self.slow
    }

    #[cfg(test)]
    pub(super) const fn set_slow(&mut self, slow: f64) {
        self.slow = slow;
    }

    /// The gateway answered so many units, and so many of them with "busy".
    pub(super) fn heard(&mut self, now: Duration, answers: u32, busy: u32) {
        if now.saturating_sub(self.filling.since) >= Self::STALE {
            self.of_late.clear();
            self.filling = Heard { since: now, ..Heard::default() };
        }
        self.filling.answers += answers;
        self.filling.busy += busy;
        if busy > 0 {
            self.last_busy = now;
        }
        if now.saturating_sub(self.filling.since) < Self::WINDOW || self.filling.answers == 0 {
            return;
        }
        self.of_late.push_back(self.filling);
        while self.of_late.front().is_some_and(|old| old.since + Self::MEMORY + Self::WINDOW <= now) {
            self.of_late.pop_front();
        }
        self.slow = self.judged(now).clamp(1.0, Self::SLOWEST);
        self.filling = Heard { since: now, ..Heard::default() };
    }

    /// The pace after this window.
    fn judged(&self, now: Duration) -> f64 {
        if self.filling.busy == 0 {
            let quiet = now.saturating_sub(self.last_busy) >= Self::QUIET;
            return self.slow * if quiet { Self::FAST_RECOVERY } else { Self::RECOVERY };
        }
        let sum = |of: fn(&Heard) -> u32| f64::from(self.of_late.iter().map(of).sum::<u32>());
        let (answers, busy) = (sum(|heard| heard.answers), sum(|heard| heard.busy));
        let borne = if self.slow < Self::SLOWED { Self::BORNE } else { Self::BORNE_WHEN_SLOWED };
        if busy <= answers * borne {
            return self.slow;
        }
        let since = self.of_late.front().map_or(self.filling.since, |heard| heard.since);
        let granted = (answers - busy) / now.saturating_sub(since).as_secs_f64();
        (self.licence / granted).clamp(self.slow, self.slow * Self::STEEPEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_takes_nothing_for_a_while_stops_the_account_nearly_and_not_for_good() {
        let mut pace = Pace::new(1_000.0);
        let at = |step: u64| Duration::from_millis(step * 200);
        (1..=20).for_each(|step| pace.heard(at(step), 10, 10));
        assert!(pace.slow() > 60.0, "{}", pace.slow());
        (21..=200).for_each(|step| pace.heard(at(step), 10, 0));
        assert!(pace.slow() < 1.01, "{}", pace.slow());
    }

    #[test]
    fn a_gateway_that_is_busy_now_and_then_whatever_the_speed_does_not_stop_the_account() {
        let mut pace = Pace::new(1_000.0);
        for step in 1..=3_000_u64 {
            let answers = (200.0 / pace.slow()) as u32;
            pace.heard(Duration::from_millis(step * 200), answers, answers.div_ceil(10));
        }
        assert!(pace.slow() < 5.0, "{}", pace.slow());
    }
}
