//! How long the loudspeaker had power in the last hour (每小时累计播音时长). Each bulletin is bounded by itself; many one after the
//! other, from somebody who abuses a key or from a fault in the city, would sound all night. Counted in ticks, since a clock may
//! jump. It begins anew with the program; what no program can hold is the one-shot timer's business in the wiring.
//!
//! What finds no room waits, and is dropped by nothing but its own end. What the hour cuts off waits again like what a graver
//! one cut off.

use super::{Agent, Rules, round::is_own_alarm};
use crate::{journal::JournalError, sound};
use mingluo_model::{
    bulletin::{BroadcastClass, Bulletin},
    grade::Grade,
};
use std::{collections::VecDeque, time::Duration};

const HOUR: Duration = Duration::from_hours(1);

/// With less than this nothing is begun. Ours to choose: a tone and the words of a short warning.
const LEAST: Duration = Duration::from_mins(1);

/// The times with power.
#[derive(Debug, Default)]
pub(super) struct Hour {
    // From and to, the oldest first.
    spans: VecDeque<(Duration, Duration)>,
    since: Option<Duration>,
}

impl Hour {
    pub(super) fn begins(&mut self, now: Duration) {
        self.since.get_or_insert(now);
    }

    pub(super) fn ends(&mut self, now: Duration) {
        if let Some(since) = self.since.take() {
            self.spans.push_back((since, now));
        }
        while self.spans.front().is_some_and(|(_, to)| *to + HOUR <= now) {
            self.spans.pop_front();
        }
    }

    /// The spans of the last hour, the present one with them, as from and length.
    fn spans(&self, now: Duration) -> impl Iterator<Item = (Duration, Duration)> {
        let first = now.saturating_sub(HOUR);
        let present = self.since.map(|since| (since, now));
        self.spans.iter().copied().chain(present).map(move |(from, to)| {
            let from = from.max(first);
            (from, to.saturating_sub(from))
        })
    }

    fn used(&self, now: Duration) -> Duration {
        self.spans(now).map(|(_, length)| length).sum()
    }

    /// How long until no more than `most` is used, where nothing sounds meanwhile.
    fn until(&self, most: Duration, now: Duration) -> Duration {
        let mut excess = self.used(now).saturating_sub(most);
        if excess.is_zero() {
            return Duration::ZERO;
        }
        for (from, length) in self.spans(now) {
            if excess <= length {
                return (from + excess + HOUR).saturating_sub(now);
            }
            excess -= length;
        }
        HOUR
    }
}

impl Rules {
    /// How much of an hour a bulletin may use: a red emergency all of it, an orange one leaves red the longest time of one, and
    /// everything else leaves orange as much again.
    fn share_of_an_hour(&self, bulletin: &Bulletin) -> Duration {
        let kept = match bulletin.grade.filter(|_| bulletin.class == BroadcastClass::Emergency) {
            Some(Grade::Red) => 0,
            Some(Grade::Orange) => 1,
            _ => 2,
        };
        self.most_in_an_hour.saturating_sub(self.longest_sounding * kept)
    }
}

impl Agent {
    /// How long a bulletin may sound in this hour; the village's own alarm counts as red.
    pub(super) fn room_in_hour(&self, bulletin: &Bulletin) -> Duration {
        self.share_of_an_hour(bulletin).saturating_sub(self.hour.used(self.clock.ticks()))
    }

    /// How long a bulletin that may start waits until there is room in the hour for one of its rounds.
    pub(super) fn wait_for_room(&self, bulletin: &Bulletin) -> Duration {
        let tone: Duration = sound::pattern(bulletin.tone).iter().map(|sweep| sweep.length).sum();
        let words = sound::time_of(bulletin).length;
        let round = (tone + words + self.siren_before(bulletin)).max(LEAST).min(self.time_left(bulletin));
        let most = self.share_of_an_hour(bulletin).saturating_sub(round);
        self.hour.until(most, self.clock.ticks())
    }

    /// Whether a bulletin finds room now.
    pub(super) fn has_room(&self, bulletin: &Bulletin) -> bool {
        self.wait_for_room(bulletin).is_zero()
    }

    /// Where the hour cut off what sounds, and not its own longest time, it waits again with the rounds that are not over.
    pub(super) fn is_cut_by_the_hour(&mut self) -> Result<bool, JournalError> {
        let Some(playing) = self.playing.take_if(|it| {
            let spent = self.spent.get(&it.ebm()).copied().unwrap_or_default() + it.score.sounded();
            it.test.is_none() && it.score.is_cut() && spent < self.rules.longest_sounding
        }) else {
            return Ok(false);
        };
        self.hush();
        tracing::warn!(
            ebm = %playing.ebm(),
            "本小时播音已到上限，余下的稍后再播 the loudspeaker has sounded enough in this hour; the rest waits"
        );
        self.wait_again(playing);
        self.turn_page()?;
        Ok(true)
    }

    fn share_of_an_hour(&self, bulletin: &Bulletin) -> Duration {
        if is_own_alarm(bulletin, self.identity.code) {
            return self.rules.most_in_an_hour;
        }
        self.rules.share_of_an_hour(bulletin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn minutes(number: u64) -> Duration {
        Duration::from_mins(number)
    }

    #[test]
    fn what_was_an_hour_ago_counts_no_more() {
        let mut hour = Hour::default();
        hour.begins(minutes(0));
        hour.begins(minutes(5));
        hour.ends(minutes(10));
        hour.begins(minutes(20));
        hour.ends(minutes(30));
        hour.ends(minutes(40));
        assert_eq!([30, 65, 75, 85, 95].map(|at| hour.used(minutes(at))), [20, 15, 10, 5, 0].map(minutes));
        assert_eq!([15, 5, 20].map(|most| hour.until(minutes(most), minutes(30))), [35, 55, 0].map(minutes));
        hour.begins(minutes(40));
        assert_eq!(hour.used(minutes(50)), minutes(30), "the present one counts");
    }

    proptest! {
        #[test]
        fn there_is_room_when_it_is_said_and_not_before(
            spans in prop::collection::vec((0u64..1_000, 0u64..1_000), 0..12), most in 0u64..3_600,
        ) {
            let (mut hour, mut now) = (Hour::default(), Duration::ZERO);
            for (pause, length) in spans {
                now += Duration::from_secs(pause);
                hour.begins(now);
                now += Duration::from_secs(length);
                hour.ends(now);
            }
            let most = Duration::from_secs(most);
            let wait = hour.until(most, now);
            prop_assert!(hour.used(now + wait) <= most);
            let before = wait.saturating_sub(Duration::from_secs(1));
            prop_assert!(wait.is_zero() || hour.used(now + before) > most);
        }
    }
}
