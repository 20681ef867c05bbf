//! What a gateway may still be counting of what left: the licence by the sliding second.

use std::{collections::BTreeMap, time::Duration};

/// The gateway's sliding second.
const SECOND: Duration = Duration::from_secs(1);

/// How long the way to the gateway may take before its answer is there. Without an answer what left counts for so much
/// longer than a second: the gateway sees no more than was granted if it reads what is sent within this time. One that reads
/// later may count more in one second, for nobody tells us when it does. Counting so always would cost 0.8 % of the licence.
const WAY: Duration = Duration::from_millis(8);

/// What was taken together, and until when it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    /// In the clock's ticks.
    until: Duration,
    /// Tells apart what counts until the same instant.
    number: u64,
}

/// What counts now.
#[derive(Debug)]
pub(super) struct Window {
    granted: u32,
    counted: BTreeMap<Ticket, u32>,
    sum: u32,
    tickets: u64,
    /// What the price of the last step exceeded the units that were paid: paid with the next.
    pub(super) change: f64,
}

impl Window {
    pub(super) const fn new(granted: u32) -> Self {
        Self { granted, counted: BTreeMap::new(), sum: 0, tickets: 0, change: 0.0 }
    }

    /// Whether `units` more fit while the account runs `slow` times slower, or how long until they may.
    pub(super) fn has_room(&mut self, units: u32, slow: f64, now: Duration) -> Result<(), Duration> {
        self.forget(now);
        // Less than one a second is held by the price alone.
        let granted = ((f64::from(self.granted) / slow) as u32).max(1);
        let over = (self.sum + units).saturating_sub(granted);
        let mut passed = 0;
        let leaves = self.counted.iter().find(|(_, gone)| {
            passed += **gone;
            passed >= over
        });
        match leaves {
            Some((ticket, _)) if over > 0 => Err(ticket.until.saturating_sub(now)),
            // More than the licence at once, with nothing before it: it has to leave some time.
            _ => Ok(()),
        }
    }

    /// Units that count.
    pub(super) fn sum(&mut self, now: Duration) -> u32 {
        self.forget(now);
        self.sum
    }

    /// Counts units from now on, with those that were taken for the same run before.
    pub(super) fn note(&mut self, units: u32, before: Option<Ticket>, now: Duration) -> Ticket {
        let earlier = before.and_then(|ticket| self.counted.remove(&ticket)).unwrap_or(0);
        self.sum += units;
        self.tickets += 1;
        let ticket = Ticket { until: now + SECOND + WAY, number: self.tickets };
        self.counted.insert(ticket, earlier + units);
        ticket
    }

    /// What was taken is on the wire only now.
    pub(super) fn left(&mut self, ticket: Ticket, units: u32, now: Duration) -> Ticket {
        if let Some(counted) = self.counted.remove(&ticket) {
            self.sum -= counted;
        }
        self.note(units, None, now)
    }

    /// The gateway has it: its second began before now.
    pub(super) fn arrived(&mut self, ticket: Ticket, now: Duration) {
        let arrived = Ticket { until: ticket.until.min(now + SECOND), ..ticket };
        if let Some(units) = self.counted.remove(&ticket) {
            self.counted.insert(arrived, units);
        }
    }

    fn forget(&mut self, now: Duration) {
        while let Some(first) = self.counted.first_entry() {
            if first.key().until > now {
                break;
            }
            self.sum -= first.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn what_left_late_counts_from_when_it_left() {
        let mut window = Window::new(100);
        let first = window.note(50, None, ms(0));
        let second = window.note(50, None, ms(10));
        window.left(second, 50, ms(400));
        assert_eq!(window.has_room(50, 1.0, ms(1_008)), Ok(()), "the first, whoever left meanwhile");
        assert_eq!(window.has_room(100, 1.0, ms(1_018)), Err(ms(390)));
        window.left(first, 50, ms(1_018));
        assert_eq!(window.sum(ms(1_018)), 100, "even what was forgotten meanwhile");
    }

    #[test]
    fn what_was_answered_counts_a_second_from_its_answer_and_never_longer_than_without_one() {
        let mut window = Window::new(100);
        for (answered, free) in [(2, 1_002), (300, 1_008)] {
            let mut window = Window::new(100);
            let ticket = window.note(100, None, ms(0));
            window.arrived(ticket, ms(answered));
            assert_eq!(window.has_room(1, 1.0, ms(1_000)), Err(ms(free - 1_000)));
            assert_eq!(window.has_room(1, 1.0, ms(free)), Ok(()));
        }
        let gone = window.note(100, None, ms(0));
        assert_eq!(window.sum(ms(1_008)), 0);
        window.arrived(gone, ms(1_009));
        assert_eq!(window.sum(ms(1_009)), 0, "an answer after all that time counts nothing anew");
    }

    #[test]
    fn a_run_that_is_taken_in_steps_is_one() {
        let mut window = Window::new(100);
        let ticket = window.note(30, None, ms(0));
        let ticket = window.note(30, Some(ticket), ms(500));
        assert_eq!(window.sum(ms(1_100)), 60);
        window.left(ticket, 60, ms(1_200));
        assert_eq!(window.sum(ms(2_207)), 60);
        assert_eq!(window.sum(ms(2_208)), 0);
    }
}
