//! How many calls a minute begin: no sliding minute holds more than was set, whatever session they begin in.

use mingluo_model::clock::SharedClock;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The minute of the platform's limit.
const MINUTE: Duration = Duration::from_mins(1);

/// The calls of the last minute.
pub(super) struct CallPace {
    most: usize,
    clock: SharedClock,
    /// Guards the instants at which they began, in the clock's ticks; held for a few instructions only.
    begun: Mutex<VecDeque<Duration>>,
}

impl CallPace {
    pub(super) const fn new(per_minute: u32, clock: SharedClock) -> Self {
        Self { most: per_minute as usize, clock, begun: Mutex::new(VecDeque::new()) }
    }

    /// Waits until a call may begin.
    pub(super) async fn open(&self) {
        while let Some(wait) = self.wait() {
            self.clock.sleep(wait).await;
        }
    }

    /// A call begins.
    pub(super) fn begin(&self) {
        self.begun().push_back(self.clock.ticks());
    }

    fn wait(&self) -> Option<Duration> {
        let now = self.clock.ticks();
        let mut begun = self.begun();
        while begun.front().is_some_and(|at| now.saturating_sub(*at) >= MINUTE) {
            begun.pop_front();
        }
        let over = begun.len().checked_sub(self.most)?;
        begun.get(over).map(|at| (*at + MINUTE).saturating_sub(now))
    }

    fn begun(&self) -> MutexGuard<'_, VecDeque<Duration>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};

    #[test]
    fn the_third_of_two_a_minute_waits_for_the_first_to_be_a_minute_old() {
        let clock = ManualClock::at(Timestamp(0));
        let pace = CallPace::new(2, clock.clone());
        for _ in 0..2 {
            assert!(pace.open().now_or_never().is_some());
            pace.begin();
            clock.advance(Duration::from_secs(10));
        }
        assert_eq!(pace.wait(), Some(Duration::from_secs(40)));
        clock.advance(Duration::from_secs(40));
        assert_eq!(pace.wait(), None);
    }
}
