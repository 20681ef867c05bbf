//! What time it is, and whether that is known. What the city proved counts on by the machine's ticks, so that nothing
//! that sets the machine's clock afterwards (a battery, a network's time) can move it.

use super::ClockSource;
use mingluo_model::clock::{SharedClock, Timestamp};
use std::time::Duration;

/// How far a box's own clock may stand from what the city proved before the city's is taken instead.
pub const CLOCKS_APART: Duration = Duration::from_mins(2);

/// Moments that the journal has seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Floors {
    /// The latest of all: what the box's clocks said, right or wrong.
    pub latest: Timestamp,
    /// The latest that the city proved.
    pub proven: Timestamp,
}

/// A time that lies before what the city proved already.
#[derive(Debug)]
pub(super) struct GoesBack;

/// The box's idea of the time.
pub(super) struct Time {
    clock: SharedClock,
    // The machine's own clock counts until the city proves it wrong.
    own_counts: bool,
    // What the city proved, and the clock's tick at that moment.
    proven: Option<(Timestamp, Duration)>,
    // No moment earlier than what the journal has seen is believed of a clock (one that fell back to 1970).
    floor: Timestamp,
    // The latest moment that the city proved, in this run or before: nobody takes the box back behind it.
    proven_floor: Timestamp,
}

impl Time {
    /// The time at start; a clock that stands before the floor has lost its battery and does not count.
    pub(super) fn new(clock: SharedClock, source: ClockSource, floors: Floors) -> Self {
        let Floors { latest: floor, proven: proven_floor } = floors;
        let own_counts = source == ClockSource::Own && clock.now() >= floor;
        if source == ClockSource::Own && !own_counts {
            tracing::warn!(
                "the box's own clock stands before what the journal has seen; is its battery empty?"
            );
        }
        Self { clock, own_counts, proven: None, floor, proven_floor }
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

    pub(super) const fn is_proven(&self) -> bool {
        self.proven.is_some()
    }

    /// Takes what the city proved, also where it lies before what clocks have said: one of them ran ahead. A clock of one's
    /// own is left alone as long as it agrees.
    ///
    /// # Errors
    /// [`GoesBack`] when the city proved a later moment before: nothing changes then.
    pub(super) fn prove(&mut self, time: Timestamp) -> Result<(), GoesBack> {
        if time < self.proven_floor {
            return Err(GoesBack);
        }
        let own = self.clock.now();
        let apart = own.since(time).max(time.since(own));
        let agrees = self.own_counts && apart <= CLOCKS_APART;
        if self.own_counts && !agrees {
            tracing::warn!(?apart, "the box's own clock is wrong; the city's time is taken");
        }
        self.proven = Some((if agrees { own } else { time }, self.clock.ticks()));
        (self.floor, self.proven_floor) = (self.floor.min(time), time);
        Ok(())
    }
}
