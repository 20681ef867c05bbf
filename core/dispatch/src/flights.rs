//! What one session has on the wire: who is behind each wire key. Keys are consecutive, so a ring is enough.

use crate::limit::Ticket;
use mingluo_ledger::event::IntentParcel;
use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
    time::Duration,
};

/// One part on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    /// The desk's number of the plan.
    pub plan: usize,
    /// The recipient.
    pub ordinal: u32,
    /// The part, from 0.
    pub part: u8,
}

/// The parts of one session that are not answered yet.
#[derive(Debug, Default)]
pub struct Flights {
    waiting: Vec<Flight>,
    first_key: u64,
    ring: VecDeque<Option<Flight>>,
    /// The runs that may still be waited for.
    runs: VecDeque<Run>,
    /// When anything was answered last, or the first of what is in the air left; in the clock's ticks.
    answered_at: Duration,
    /// Parts that were given up: an answer may still tell what the far side calls them.
    missed: BTreeMap<u64, Flight>,
}

/// The parts that left together.
#[derive(Debug)]
struct Run {
    keys: Range<u64>,
    /// In the clock's ticks.
    left_at: Duration,
    /// How the licence counts it, once it is on the wire.
    ticket: Option<Ticket>,
}

/// Parts that were given up and are remembered.
const MOST_MISSED: usize = 1 << 16;

impl Flights {
    /// Remembers a chosen run before it has keys, so that it is not forgotten if the session ends just now.
    pub fn reserve(&mut self, plan: usize, parcels: &[IntentParcel]) {
        self.waiting.clear();
        for parcel in parcels {
            let mut left = parcel.part_set;
            while left != 0 {
                self.waiting.push(Flight {
                    plan,
                    ordinal: parcel.ordinal,
                    part: left.trailing_zeros() as u8,
                });
                left &= left - 1;
            }
        }
    }

    /// The reserved run got its keys and is about to leave; `at` in the clock's ticks.
    pub fn launch(&mut self, first_key: u64, at: Duration) {
        if self.ring.is_empty() {
            self.first_key = first_key;
            self.runs.clear();
            self.answered_at = at;
        }
        let keys = first_key..first_key + self.waiting.len() as u64;
        self.runs.push_back(Run { keys, left_at: at, ticket: None });
        let expected = self.first_key + self.ring.len() as u64;
        self.ring.extend(std::iter::repeat_n(None, first_key.saturating_sub(expected) as usize));
        self.ring.extend(self.waiting.drain(..).map(Some));
    }

    /// The run that was launched last is on the wire.
    pub fn on_the_wire(&mut self, ticket: Ticket) {
        if let Some(run) = self.runs.back_mut() {
            run.ticket = Some(ticket);
        }
    }

    /// The runs that are answered to their last part, once; all before them are as well.
    pub fn arrived(&mut self) -> Vec<Ticket> {
        let answered = self.runs.iter().take_while(|run| run.keys.end <= self.first_key).count();
        self.runs.drain(..answered).filter_map(|run| run.ticket).collect()
    }

    /// The part behind a key, once; `None` for keys that were never given or are answered already.
    pub fn land(&mut self, key: u64) -> Option<Flight> {
        let index = usize::try_from(key.checked_sub(self.first_key)?).ok()?;
        let flight = self.ring.get_mut(index)?.take();
        while matches!(self.ring.front(), Some(None)) {
            self.ring.pop_front();
            self.first_key += 1;
        }
        flight
    }

    /// Something was answered; `at` in the clock's ticks.
    pub fn heard(&mut self, at: Duration) {
        self.answered_at = at;
    }

    /// Since when nothing was answered of what is in the air.
    pub const fn answered_at(&self) -> Duration {
        self.answered_at
    }

    /// Remembers a part that was given up.
    pub fn miss(&mut self, key: u64, flight: Flight) {
        self.missed.insert(key, flight);
        if self.missed.len() > MOST_MISSED {
            self.missed.pop_first();
        }
    }

    /// The part behind a key that was given up, once.
    pub fn land_late(&mut self, key: u64) -> Option<Flight> {
        self.missed.remove(&key)
    }

    /// The keys of parts that left before `left_before` and are not answered yet.
    pub fn overdue(&self, left_before: Duration) -> Vec<u64> {
        let late = self.runs.iter().take_while(|run| run.left_at < left_before).last();
        let Some(end) = late.map(|run| run.keys.end) else { return Vec::new() };
        let keys = (self.first_key..end).zip(&self.ring);
        keys.filter_map(|(key, flight)| flight.as_ref().map(|_| key)).collect()
    }

    /// Who is behind these keys.
    pub fn behind(&self, keys: &[u64]) -> Vec<Flight> {
        let at = |key: &u64| *self.ring.get(usize::try_from(key.checked_sub(self.first_key)?).ok()?)?;
        keys.iter().filter_map(at).collect()
    }

    /// Whom a part is reserved for that has not left yet.
    pub fn reserved(&self) -> impl Iterator<Item = u32> {
        self.waiting.iter().map(|flight| flight.ordinal)
    }

    /// What was reserved and never left.
    pub fn take_unsent(&mut self) -> Vec<Flight> {
        std::mem::take(&mut self.waiting)
    }

    /// What left and was not answered.
    pub fn take_lost(&mut self) -> Vec<Flight> {
        std::mem::take(&mut self.ring).into_iter().flatten().collect()
    }

    /// Parts that wait for an answer.
    pub fn in_the_air(&self) -> usize {
        self.ring.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Licence;
    use mingluo_model::{
        channel::Rate,
        clock::{Timestamp, manual::ManualClock},
    };
    use std::num::NonZeroU32;

    fn two_parts(ordinal: u32) -> IntentParcel {
        IntentParcel { ordinal, attempt: 1, part_set: 0b11 }
    }

    #[test]
    fn each_key_lands_once_in_any_order() {
        let mut flights = Flights::default();
        flights.reserve(0, &[two_parts(7), two_parts(9)]);
        flights.launch(100, Duration::ZERO);
        assert_eq!(flights.land(103), Some(Flight { plan: 0, ordinal: 9, part: 1 }));
        assert_eq!(flights.land(103), None);
        assert_eq!(flights.land(100), Some(Flight { plan: 0, ordinal: 7, part: 0 }));
        assert_eq!((flights.land(99), flights.land(1_000)), (None, None));
        assert_eq!(flights.in_the_air(), 2);
    }

    #[test]
    fn what_never_left_is_told_apart_from_what_is_lost() {
        let mut flights = Flights::default();
        flights.reserve(0, &[two_parts(1)]);
        flights.launch(5, Duration::ZERO);
        flights.reserve(1, &[two_parts(2)]);
        assert!(flights.take_unsent().iter().all(|flight| flight.ordinal == 2));
        assert!(flights.take_lost().iter().all(|flight| flight.ordinal == 1));
    }

    #[test]
    fn a_run_has_arrived_when_it_and_all_before_it_are_answered_to_the_last_part() {
        let licence = Licence::new(Rate::per_second(NonZeroU32::MIN), ManualClock::at(Timestamp(0)));
        let mut flights = Flights::default();
        let tickets: Vec<_> = [10, 12, 20]
            .into_iter()
            .map(|first_key| {
                flights.reserve(0, &[two_parts(first_key as u32)]);
                flights.launch(first_key, Duration::ZERO);
                let ticket = licence.ticket();
                flights.on_the_wire(ticket);
                ticket
            })
            .collect();
        flights.land(12);
        flights.land(13);
        flights.land(11);
        assert!(flights.arrived().is_empty(), "the first part of the first run is still on its way");
        flights.land(10);
        assert_eq!(flights.arrived(), tickets[..2]);
        flights.land(20);
        flights.land(21);
        assert_eq!(flights.arrived(), tickets[2..], "keys that were never given are no gap");
        assert!(flights.arrived().is_empty(), "once");
    }

    #[test]
    fn a_run_that_was_answered_before_it_was_known_to_be_on_the_wire_leaves_the_next_alone() {
        let mut flights = Flights::default();
        flights.reserve(0, &[two_parts(1)]);
        flights.launch(1, Duration::ZERO);
        flights.land(1);
        flights.land(2);
        assert!(flights.arrived().is_empty());
        flights.on_the_wire(
            Licence::new(Rate::per_second(NonZeroU32::MIN), ManualClock::at(Timestamp(0))).ticket(),
        );
        flights.reserve(0, &[two_parts(2)]);
        flights.launch(3, Duration::ZERO);
        flights.land(3);
        flights.land(4);
        assert!(flights.arrived().is_empty(), "it has no ticket yet, and the other one's is not its own");
    }

    #[test]
    fn what_is_not_answered_in_time_is_told_by_its_keys() {
        let mut flights = Flights::default();
        for (first_key, second) in [(10, 1), (12, 2), (14, 3)] {
            flights.reserve(0, &[two_parts(first_key as u32)]);
            flights.launch(first_key, Duration::from_secs(second));
        }
        flights.land(10);
        flights.land(13);
        assert!(flights.overdue(Duration::from_secs(1)).is_empty());
        assert_eq!(flights.overdue(Duration::from_secs(3)), [11, 12]);
        assert_eq!(flights.behind(&[11, 13, 99]), [Flight { plan: 0, ordinal: 10, part: 1 }]);
        flights.land(11);
        flights.land(12);
        assert_eq!(flights.overdue(Duration::from_secs(9)), [14, 15]);
    }
}
