//! How long the loudspeaker had power in the last hour (每小时累计播音时长). Each bulletin is bounded by itself; many one after the
//! other, from somebody who abuses a key or from a fault in the city, would sound all night. Counted in ticks, since a clock may
//! jump. It begins anew with the program; what no program can hold is the one-shot timer's business in the wiring.

use super::{Agent, Rules};
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
    // When there is room again for what waits.
    full_until: Option<Duration>,
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

    fn used(&self, now: Duration) -> Duration {
        let since = now.saturating_sub(HOUR);
        self.spans.iter().map(|(from, to)| to.saturating_sub(since.max(*from))).sum()
    }

    /// When no more than `most` is used; now or later.
    fn down_to(&self, most: Duration, now: Duration) -> Duration {
        let mut excess = self.used(now).saturating_sub(most);
        for (from, to) in &self.spans {
            let from = now.saturating_sub(HOUR).max(*from);
            let length = to.saturating_sub(from);
            if excess <= length {
                return if excess.is_zero() { now } else { from + excess + HOUR };
            }
            excess -= length;
        }
        now
    }
}

impl Rules {
    /// How much of an hour a bulletin may use: for the grave ones it is all, the others leave them one's longest time.
    fn share_of_an_hour(&self, bulletin: &Bulletin) -> Duration {
        let is_grave = bulletin.class == BroadcastClass::Emergency
            && bulletin.grade.is_some_and(|it| it >= Grade::Orange);
        let kept =
            if is_grave { Duration::ZERO } else { self.longest_sounding.min(self.most_in_an_hour / 2) };
        self.most_in_an_hour.saturating_sub(kept)
    }
}

impl Agent {
    /// How long a bulletin may sound in this hour.
    pub(super) fn room_in_hour(&self, bulletin: &Bulletin) -> Duration {
        self.rules.share_of_an_hour(bulletin).saturating_sub(self.hour.used(self.clock.ticks()))
    }

    /// Whether a bulletin that is next finds too little room in this hour: then nothing is begun until there is some, or
    /// something new comes.
    pub(super) fn is_worn_out(&mut self, bulletin: &Bulletin) -> bool {
        let share = self.rules.share_of_an_hour(bulletin);
        let now = self.clock.ticks();
        let at = self.hour.down_to(share.saturating_sub(LEAST), now);
        if at <= now {
            return false;
        }
        tracing::warn!(ebm = %bulletin.ebm, wait = ?at.saturating_sub(now), "the loudspeaker has sounded enough in this hour; it waits");
        self.hour.full_until = Some(at);
        true
    }

    /// How long until there is room in this hour again for what waits.
    pub(super) fn worn_out_for(&self) -> Option<Duration> {
        self.hour.full_until?.checked_sub(self.clock.ticks()).filter(|left| !left.is_zero())
    }

    /// Something new has come, and may find room where another did not.
    pub(super) const fn look_for_room(&mut self) {
        self.hour.full_until = None;
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
        assert_eq!(hour.down_to(minutes(15), minutes(30)), minutes(65));
        assert_eq!(hour.down_to(minutes(5), minutes(30)), minutes(85));
        assert_eq!(hour.down_to(minutes(20), minutes(30)), minutes(30));
    }

    proptest! {
        #[test]
        fn when_it_is_said_to_be_down_it_is_and_not_before(
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
            let at = hour.down_to(most, now);
            prop_assert!(hour.used(at) <= most);
            let before = at.saturating_sub(Duration::from_secs(1));
            prop_assert!(at == now || before < now || hour.used(before) > most);
        }
    }
}
