//! The sign of life to whoever watches over the program. It beats from inside the agent's own round and from nowhere
//! else: were there a timer for it, a hung agent would look alive with the relay closed.

use std::time::Duration;

/// Tells a watcher that the agent has come round.
pub trait Heart: Send {
    /// How often it must beat at least.
    fn every(&self) -> Duration;

    /// One sign of life.
    fn beat(&mut self);
}

/// The service manager (systemd), told through its notification socket.
#[derive(Debug)]
pub struct Supervisor {
    every: Duration,
}

impl Supervisor {
    /// The supervisor of this process; `None` when none asked for signs of life.
    ///
    /// A quarter of its patience is between two of them, so that three may be late or lost.
    pub fn asking() -> Option<Self> {
        let mut patience_us = 0;
        let asked = sd_notify::watchdog_enabled(false, &mut patience_us);
        asked.then_some(Self { every: Duration::from_micros(patience_us / 4) })
    }
}

impl Heart for Supervisor {
    fn every(&self) -> Duration {
        self.every
    }

    fn beat(&mut self) {
        tell(sd_notify::NotifyState::Watchdog);
    }
}

/// Says that the relay is open and the box is up; whether the city is reached is another matter.
pub fn ready() {
    tell(sd_notify::NotifyState::Ready);
}

/// Says that the program is about to end in good order.
pub fn stopping() {
    tell(sd_notify::NotifyState::Stopping);
}

fn tell(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(false, &[state]) {
        tracing::warn!(%error, "the service manager cannot be told; it will end this program");
    }
}
