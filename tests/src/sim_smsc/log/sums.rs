//! A log half read: what adds up at once, and what has to be sorted when all of it was seen.

use super::{Arrived, Ledger, Posted, PostedAs, Record, Taken, Verdict};

const SECOND_US: i64 = 1_000_000;

/// The sums so far.
pub(super) struct Sums {
    ledger: Ledger,
    arrivals_us: Vec<i64>,
    sent: Vec<u64>,
    answered: Vec<u64>,
}

impl Sums {
    pub(super) fn sized(parts: usize) -> Self {
        let ledger = Ledger { taken: Vec::with_capacity(parts), ..Ledger::default() };
        let ids = || Vec::with_capacity(parts);
        Self { ledger, arrivals_us: Vec::with_capacity(parts), sent: ids(), answered: ids() }
    }

    /// Adds one record.
    pub(super) fn take(&mut self, record: &Record) {
        match record {
            Record::Arrived(arrived) => self.arrived(arrived),
            Record::Posted(posted) => self.posted(posted),
        }
    }

    fn arrived(&mut self, arrived: &Arrived) {
        let Arrived { at_us, id, destination, part, total, text, verdict, .. } = *arrived;
        self.ledger.arrived += 1;
        self.arrivals_us.push(at_us);
        match verdict {
            Verdict::Throttled => self.ledger.throttled += 1,
            Verdict::Busy => self.ledger.busy += 1,
            Verdict::Refused => self.ledger.refused += 1,
            Verdict::Lied => self.ledger.lied.push(id),
            Verdict::Taken => {}
        }
        if verdict.is_taken() {
            self.ledger.taken.push(Taken { destination, text, part, total, times: 1 });
        }
    }

    fn posted(&mut self, posted: &Posted) {
        match posted.how {
            PostedAs::Sent => self.sent.push(posted.id),
            PostedAs::Withheld => self.ledger.withheld.push(posted.id),
            PostedAs::Answered => self.answered.push(posted.id),
        }
    }

    pub(super) fn into_ledger(self) -> Ledger {
        let Self { mut ledger, mut arrivals_us, mut sent, mut answered } = self;
        fold_doubles(&mut ledger.taken);
        for ids in [&mut ledger.lied, &mut ledger.withheld, &mut sent, &mut answered] {
            ids.sort_unstable();
            ids.dedup();
        }
        ledger.receipted = sent.len() as u64;
        sent.retain(|id| answered.binary_search(id).is_err());
        ledger.unanswered = sent;
        arrivals_us.sort_unstable();
        (ledger.first_us, ledger.last_us) = (arrivals_us.first().copied(), arrivals_us.last().copied());
        ledger.busiest_second = busiest_second(&arrivals_us);
        for second in
            arrivals_us.chunk_by(|one, next| one.div_euclid(SECOND_US) == next.div_euclid(SECOND_US))
        {
            ledger.per_second.push((second[0].div_euclid(SECOND_US), second.len() as u64));
        }
        ledger
    }
}

fn fold_doubles(taken: &mut Vec<Taken>) {
    taken.sort_unstable();
    taken.dedup_by(|next, kept| {
        let same = Taken { times: kept.times, ..*next } == *kept;
        if same {
            kept.times = kept.times.saturating_add(next.times);
        }
        same
    });
}

/// The most of these ordered instants that lie within one second, its end left out.
pub fn busiest_second(ordered_us: &[i64]) -> u64 {
    let mut first = 0;
    let mut most = 0;
    for (at, instant) in ordered_us.iter().enumerate() {
        while instant.saturating_sub(ordered_us[first]) >= SECOND_US {
            first += 1;
        }
        most = most.max(at + 1 - first);
    }
    most as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(at_ms: i64, destination: u64, part: u8, text: u32) -> Record {
        Record::Arrived(Arrived {
            at_us: at_ms * 1_000,
            session: 1,
            sequence: 1,
            prefix: [0; 2],
            id: 7,
            destination,
            part,
            total: 2,
            text,
            verdict: Verdict::Taken,
        })
    }

    fn posted(id: u64, how: PostedAs) -> Record {
        Record::Posted(Posted { at_us: 0, session: 1, id, how, state: 2 })
    }

    fn sum(records: &[Record]) -> Ledger {
        let mut sums = Sums::sized(0);
        for record in records {
            sums.take(record);
        }
        sums.into_ledger()
    }

    #[test]
    fn a_part_that_came_twice_is_a_double_and_another_text_is_none() {
        let ledger =
            sum(&[arrival(0, 5, 1, 9), arrival(1, 5, 2, 9), arrival(2, 5, 1, 9), arrival(3, 5, 1, 8)]);
        assert_eq!((ledger.arrived, ledger.distinct(), ledger.surplus()), (4, 3, 1));
        let doubled: Vec<_> =
            ledger.doubles().map(|taken| (taken.destination, taken.part, taken.times)).collect();
        assert_eq!(doubled, [(5, 1, 2)]);
        assert_eq!((ledger.of(5).len(), ledger.of(6).len()), (3, 0));
    }

    #[test]
    fn a_receipt_that_was_sent_and_never_answered_is_named() {
        let ledger = sum(&[
            posted(3, PostedAs::Sent),
            posted(1, PostedAs::Sent),
            posted(1, PostedAs::Answered),
            posted(2, PostedAs::Withheld),
            posted(3, PostedAs::Sent),
        ]);
        assert_eq!((ledger.unanswered, ledger.withheld, ledger.receipted), (vec![3], vec![2], 2));
    }

    #[test]
    fn the_busiest_second_slides() {
        let at = [0, 600, 999, 1_100, 1_500, 2_500].map(|ms| arrival(ms, ms.unsigned_abs(), 1, 1));
        let ledger = sum(&at);
        assert_eq!((ledger.busiest_second, ledger.first_us), (4, Some(0)));
        assert_eq!(ledger.per_second, [(0, 3), (1, 2), (2, 1)]);
    }
}
