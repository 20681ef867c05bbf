//! Microseconds since 1970 on the clock that was handed in. They never go back.

use std::time::Duration;

use mingluo_model::clock::SharedClock;

/// A clock read in microseconds.
#[derive(Clone)]
pub(super) struct Watch {
    clock: SharedClock,
    /// The wall time when the clock's ticks began.
    start_us: i64,
}

impl Watch {
    pub(super) fn new(clock: SharedClock) -> Self {
        let start_us = clock.now().0 * 1_000 - clock.ticks().as_micros() as i64;
        Self { clock, start_us }
    }

    pub(super) fn now_us(&self) -> i64 {
        self.start_us + self.clock.ticks().as_micros() as i64
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    pub(super) async fn until(&self, at_us: i64) {
        let left = u64::try_from(at_us - self.now_us()).unwrap_or(0);
        self.clock.sleep(Duration::from_micros(left)).await;
    }
}
