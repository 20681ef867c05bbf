//! What a gateway may still be counting of what left: the licence by the sliding second, or minute.

use std::{collections::BTreeMap, time::Duration};

/// How long the way to the gateway may take before its answer is there. Without an answer what left counts for so much
/// longer than a second: the gateway sees no more than was granted if it reads what is sent within this time. One that reads
/// later may count more in one second, for nobody tells us when it does. Counting so always would cost 0.8 % of the licence.
const WAY: Duration = Duration::from_millis(8);

/// Counts until it has left.
const NOT_LEFT: Duration = Duration::MAX;

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
    /// The gateway's sliding second, or minute.
    span: Duration,
    counted: BTreeMap<Ticket, u32>,
    sum: u32,
    tickets: u64,
    /// What the price of the last step exceeded the units that were paid: paid with the next.
    pub(super) change: f64,
}

impl Window {
    pub(super) const fn new(granted: u32, span: Duration) -> Self {
        Self { granted, span, counted: BTreeMap::new(), sum: 0, tickets: 0, change: 0.0 }
    }

    /// Whether `units` more fit while the account runs `slow` times slower, or how long until it is worth another look. What
    /// was taken for the same run before is in nobody's way: it leaves with them.
    pub(super) fn has_room(
        &mut self,
        units: u32,
        own: Option<Ticket>,
        slow: f64,
        now: Duration,
    ) -> Result<(), Duration> {
        self.forget(now);
        // Less than one in the span is held by the price alone.
        let granted = ((f64::from(self.granted) / slow) as u32).max(1);
        let over = (self.sum + units).saturating_sub(granted);
        let mut passed = 0;
        let leaves = self.counted.iter().filter(|(ticket, _)| Some(**ticket) != own).find(|(_, gone)| {
            passed += **gone;
            passed >= over
        });
        match leaves {
            // Nobody knows when it will have left.
            Some((Ticket { until: NOT_LEFT, .. }, _)) if over > 0 => Err(WAY),
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

    /// Counts units until they have left, with those that were taken for the same run before.
    pub(super) fn take(&mut self, units: u32, before: Option<Ticket>) -> Ticket {
        self.sum += units;
        if let Some((ticket, counted)) =
            before.and_then(|ticket| Some((ticket, self.counted.get_mut(&ticket)?)))
        {
            *counted += units;
            return ticket;
        }
        self.tickets += 1;
        let ticket = Ticket { until: NOT_LEFT, number: self.tickets };
        self.counted.insert(ticket, units);
        ticket
    }

    /// What was taken is on the wire now.
    pub(super) fn left(&mut self, ticket: Ticket, now: Duration) -> Ticket {
        self.redate(ticket, now + self.span + WAY)
    }

    /// The gateway has it: its count of it began before now.
    pub(super) fn arrived(&mut self, ticket: Ticket, now: Duration) {
        self.redate(ticket, ticket.until.min(now + self.span));
    }

    fn redate(&mut self, ticket: Ticket, until: Duration) -> Ticket {
        let dated = Ticket { until, ..ticket };
        if let Some(units) = self.counted.remove(&ticket) {
            self.counted.insert(dated, units);
        }
        dated
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

    fn leave(window: &mut Window, units: u32, now: Duration) -> Ticket {
        let ticket = window.take(units, None);
        window.left(ticket, now)
    }

    #[test]
    fn what_was_taken_counts_until_it_has_left_and_a_second_from_then() {
        let mut window = Window::new(100, ms(1_000));
        leave(&mut window, 50, ms(0));
        let second = window.take(50, None);
        assert_eq!(window.has_room(60, None, 1.0, ms(1_008)), Err(WAY), "nobody knows when it leaves");
        assert_eq!(window.has_room(50, None, 1.0, ms(1_008)), Ok(()));
        window.left(second, ms(5_000));
        assert_eq!(window.has_room(60, None, 1.0, ms(5_018)), Err(ms(990)));
        assert_eq!((window.sum(ms(6_007)), window.sum(ms(6_008))), (50, 0));
    }

    #[test]
    fn what_was_answered_counts_a_second_from_its_answer_and_never_longer_than_without_one() {
        for (answered, free) in [(2, 1_002), (300, 1_008)] {
            let mut window = Window::new(100, ms(1_000));
            let ticket = leave(&mut window, 100, ms(0));
            window.arrived(ticket, ms(answered));
            assert_eq!(window.has_room(1, None, 1.0, ms(1_000)), Err(ms(free - 1_000)));
            assert_eq!(window.has_room(1, None, 1.0, ms(free)), Ok(()));
        }
        let mut window = Window::new(100, ms(1_000));
        let gone = leave(&mut window, 100, ms(0));
        assert_eq!(window.sum(ms(1_008)), 0);
        window.arrived(gone, ms(1_009));
        assert_eq!(window.sum(ms(1_009)), 0, "an answer after all that time counts nothing anew");
    }

    #[test]
    fn a_run_that_is_taken_in_steps_is_one_and_in_its_own_way_no_more_than_it_must() {
        let mut window = Window::new(100, ms(1_000));
        let ticket = window.take(80, None);
        assert_eq!(window.has_room(40, Some(ticket), 1.0, ms(1)), Ok(()), "it is larger than the licence");
        assert_eq!(window.take(40, Some(ticket)), ticket);
        assert_eq!(window.has_room(1, None, 1.0, ms(1)), Err(WAY), "for another it is");
        window.left(ticket, ms(1_200));
        assert_eq!((window.sum(ms(2_207)), window.sum(ms(2_208))), (120, 0));
    }
}
