//! A clock that stands still until a test moves it. Minutes of waiting pass in no time, and in one order.

use super::{Clock, Timestamp};
use async_trait::async_trait;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

/// Time as a test moves it. Begins at a given instant; [`ManualClock::advance`] wakes who slept long enough.
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    // Guards the time passed and the sleepers; held for a few instructions only.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    passed: Duration,
    sleepers: Vec<(Duration, Waker)>,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn at(start: Timestamp) -> Arc<Self> {
        Arc::new(Self { start, state: Mutex::default() })
    }

    /// Moves time forward and wakes who is due.
    pub fn advance(&self, by: Duration) {
        let due = {
            let mut state = self.lock();
            state.passed += by;
            let passed = state.passed;
            let (due, rest) =
                std::mem::take(&mut state.sleepers).into_iter().partition(|(until, _)| *until <= passed);
            state.sleepers = rest;
            let due: Vec<(Duration, Waker)> = due;
            due
        };
        for (_, waker) in due {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.lock().passed)
    }

    fn ticks(&self) -> Duration {
        self.lock().passed
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.lock().passed + duration;
        std::future::poll_fn(|context| {
            let mut state = self.lock();
            if state.passed >= until {
                return Poll::Ready(());
            }
            state.sleepers.push((until, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::Future, pin::pin, task::Context};

    #[test]
    fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let clock = ManualClock::at(Timestamp(5_000));
        let mut nap = pin!(clock.sleep(Duration::from_secs(2)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(nap.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_millis(1_999));
        assert!(nap.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_millis(1));
        assert!(nap.as_mut().poll(&mut context).is_ready());
        assert_eq!(clock.now(), Timestamp(7_000));
    }
}
