//! What time it is, and whether that is known. What the city proved counts on by the machine's ticks, so that nothing
//! that sets the machine's clock afterwards (a battery, a network's time) can move it.

use super::ClockSource;
use mingluo_model::clock::{SharedClock, Timestamp};
use std::time::Duration;

/// How far a box's own clock may stand from what the city proved before the city's is taken instead.
const TOLERANCE: Duration = Duration::from_mins(2);

/// The box's idea of the time.
pub(super) struct Time {
    clock: SharedClock,
    // The machine's own clock counts until the city proves it wrong.
    own_counts: bool,
    // What the city proved, and the clock's tick at that moment.
    proven: Option<(Timestamp, Duration)>,
    // No moment earlier than what the journal has seen is believed (a clock that fell back to 1970).
    floor: Timestamp,
}

impl Time {
    /// The time at start; a clock that stands before the floor has lost its battery and does not count.
    pub(super) fn new(clock: SharedClock, source: ClockSource, floor: Timestamp) -> Self {
        let own_counts = source == ClockSource::Own && clock.now() >= floor;
        if source == ClockSource::Own && !own_counts {
            tracing::warn!(
                "the box's own clock stands before what the journal has seen; is its battery empty?"
            );
        }
        Self { clock, own_counts, proven: None, floor }
    }

    /// The present, never before the floor.
    pub(super) fn now(&self) -> Timestamp {
        let now = match self.proven {
            Some((then, tick)) => then.plus(self.clock.ticks().saturating_sub(tick)),
            None => self.clock.now(),
        };
        now.max(self.floor)
    }

    pub(super) const fn is_known(&self) -> bool {
        self.own_counts || self.proven.is_some()
    }

    pub(super) const fn floor(&self) -> Timestamp {
        self.floor
    }

    /// Takes what the city proved. A clock of one's own is left alone as long as it agrees.
    pub(super) fn prove(&mut self, time: Timestamp) {
        let own = self.clock.now();
        let apart = own.since(time).max(time.since(own));
        if self.own_counts && apart <= TOLERANCE {
            self.proven = None;
            return;
        }
        if self.own_counts {
            tracing::warn!(?apart, "the box's own clock is wrong; the city's time is taken");
        }
        self.proven = Some((time, self.clock.ticks()));
    }
}
