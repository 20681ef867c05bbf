//! Calls begin apart from each other, where a platform counts by the second besides what a licence keeps, or has no licence.
//! Nothing that was not used is saved up.

use mingluo_model::clock::SharedClock;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// When the next call of an account may begin.
pub(crate) struct Pace {
    apart: Duration,
    clock: SharedClock,
    /// Guards the next turn that is free, in the clock's ticks; held for a few instructions only.
    free: Mutex<Duration>,
}

impl Pace {
    pub(crate) const fn new(apart: Duration, clock: SharedClock) -> Self {
        Self { apart, clock, free: Mutex::new(Duration::ZERO) }
    }

    /// Takes the next free turn and waits for it.
    pub(crate) async fn turn(&self) {
        let wait = self.take();
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    fn take(&self) -> Duration {
        let now = self.clock.ticks();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*free);
        *free = turn + self.apart;
        turn.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};

    #[test]
    fn no_second_holds_more_than_four_calls_a_quarter_of_it_apart() {
        let clock = ManualClock::at(Timestamp(0));
        let pace = Pace::new(Duration::from_millis(250), clock.clone());
        assert_eq!([(); 5].map(|()| pace.take().as_millis()), [0, 250, 500, 750, 1_000]);
        clock.advance(Duration::from_secs(3));
        assert_eq!([(); 2].map(|()| pace.take().as_millis()), [0, 250], "what was not used is not saved up");
    }
}
