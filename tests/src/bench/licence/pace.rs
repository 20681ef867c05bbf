//! The pace of one account, by the arrivals in its centre's log.

use crate::sim_smsc::log::{LogError, Record, Tail, busiest_second};
use serde::Serialize;
use std::{path::Path, time::Duration};

const SECOND_US: f64 = 1e6;

/// A run as a share of the licence: 10 ms of it, and one message at least. What was granted at the end of one second may
/// arrive in the next one when the way wavers: one run, and never two. Written here once more, for the judge takes no number
/// from the judged.
const RUN_SHARE: u64 = 100;

/// What a centre saw in the time that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Pace {
    /// Messages that came, whatever was answered.
    pub(super) arrived: u64,
    /// Messages that were taken.
    pub(super) taken: u64,
    /// Seconds between the beginning and the end.
    pub(super) seconds: f64,
    /// The most that came within one second, over all of the log.
    pub(super) busiest_second: u64,
}

impl Pace {
    /// What came from `after` the first message until `span` later.
    pub(super) fn read(log: &Path, after: Duration, span: Duration) -> Result<Self, LogError> {
        let mut arrivals = Vec::new();
        Tail::new(log).read(|record| {
            if let Record::Arrived(arrived) = record {
                arrivals.push((arrived.at_us, arrived.verdict.is_taken()));
            }
        })?;
        arrivals.sort_unstable();
        Ok(Self::of(&arrivals, after, span))
    }

    fn of(arrivals: &[(i64, bool)], after: Duration, span: Duration) -> Self {
        let all: Vec<i64> = arrivals.iter().map(|(at, _)| *at).collect();
        let from = all.first().map_or(0, |first| first + after.as_micros() as i64);
        let to = from + span.as_micros() as i64;
        let judged = || arrivals.iter().filter(|(at, _)| (from..to).contains(at));
        Self {
            arrived: judged().count() as u64,
            taken: judged().filter(|(_, taken)| *taken).count() as u64,
            seconds: (to - from) as f64 / SECOND_US,
            busiest_second: busiest_second(&all),
        }
    }

    /// What came, in percent of so many a second.
    pub(super) fn share(&self, per_second: u32) -> f64 {
        percent(self.arrived, per_second, self.seconds)
    }

    /// What was taken, in percent of so many a second.
    pub(super) fn taken_share(&self, per_second: u32) -> f64 {
        percent(self.taken, per_second, self.seconds)
    }
}

/// The most that any second may hold of this licence: all of it, and the jitter of one run.
pub(super) fn most(licence: u32) -> u64 {
    u64::from(licence) + (u64::from(licence) / RUN_SHARE).max(1)
}

fn percent(count: u64, per_second: u32, seconds: f64) -> f64 {
    count as f64 * 100.0 / (f64::from(per_second) * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_that_is_judged_counts_and_the_busiest_second_is_that_of_all() {
        // Ten in the first tenth of a second, then ten a second, every other one taken.
        let burst = (0..10).map(|nth| (nth * 10_000, false));
        let even = (1..=50).map(|nth| (nth * 100_000, nth % 2 == 0));
        let arrivals: Vec<(i64, bool)> = burst.chain(even).collect();
        let pace = Pace::of(&arrivals, Duration::from_secs(1), Duration::from_secs(3));
        assert_eq!((pace.arrived, pace.taken, pace.busiest_second), (30, 15, 19));
        assert!((pace.share(10) - 100.0).abs() < 1e-9 && (pace.taken_share(10) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn the_jitter_is_a_hundredth_of_the_licence_and_one_message_at_least() {
        assert_eq!([50, 100, 500, 5_000].map(most), [51, 101, 505, 5_050]);
    }
}
