//! A clock that a story sets ahead, and that waits in real time.

use mingluo_model::clock::{Clock, Timestamp, system::SystemClock};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) struct Ahead {
    real: Arc<SystemClock>,
    /// Guards how far it is ahead.
    by: Mutex<Duration>,
}

impl Ahead {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { real: SystemClock::shared(), by: Mutex::default() })
    }

    /// From now on it is so far ahead.
    pub(crate) fn set(&self, by: Duration) {
        *self.by.lock().unwrap() = by;
    }
}

#[async_trait::async_trait]
impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.real.now().plus(*self.by.lock().unwrap())
    }

    fn ticks(&self) -> Duration {
        self.real.ticks()
    }

    async fn sleep(&self, duration: Duration) {
        self.real.sleep(duration).await;
    }
}
