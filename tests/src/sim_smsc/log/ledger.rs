//! What a log amounts to, in as little memory as its sums need.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{Arrived, HEADING, Posted, PostedAs, Record, Verdict, record::Strange};

/// Octets read at once.
const CHUNK: usize = 1 << 20;

/// Octets that a part leaves in a log as a rule: itself, its receipt sent, its receipt answered.
const OCTETS_A_PART: u64 = 88;

const SECOND_US: i64 = 1_000_000;

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file is not to be had.
    #[error("log {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The file is no simulator's log.
    #[error("log {} holds at octet {at} what no sim-smsc has written", path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
    },
}

/// One part to one destination that was taken, however often it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken {
    /// The destination's digits as a number, without 86 before eleven digits.
    pub destination: u64,
    /// A fingerprint of header and text.
    pub text: u32,
    /// Which part, from 1.
    pub part: u8,
    /// Of how many.
    pub total: u8,
    /// How often it came: more than once is a double.
    pub times: u16,
}

/// What a log amounts to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// The parts that were taken, each once, by destination.
    pub taken: Vec<Taken>,
    /// Parts that came, whatever was answered.
    pub arrived: u64,
    /// Parts answered as over the licence.
    pub throttled: u64,
    /// Parts sent away once as busy.
    pub busy: u64,
    /// Parts refused for good.
    pub refused: u64,
    /// Ids whose receipt says DELIVRD and lies, in order.
    pub lied: Vec<u64>,
    /// Ids that will never have a receipt, in order.
    pub withheld: Vec<u64>,
    /// Ids whose receipt was sent and never answered, in order.
    pub unanswered: Vec<u64>,
    /// Ids whose receipt was sent at least once.
    pub receipted: u64,
    /// When the first part came, in microseconds since 1970.
    pub first_us: Option<i64>,
    /// When the last part came.
    pub last_us: Option<i64>,
    /// The most parts that came within any one second.
    pub busiest_second: u64,
    /// Parts that came by second since 1970; seconds without any are left out.
    pub per_second: Vec<(i64, u64)>,
}

impl Ledger {
    /// Different parts that were taken: what should equal the ledger's accepted ones.
    pub const fn distinct(&self) -> usize {
        self.taken.len()
    }

    /// Parts that came more than once.
    pub fn doubles(&self) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(|taken| taken.times > 1)
    }

    /// How many of the parts taken were one too many.
    pub fn surplus(&self) -> u64 {
        self.doubles().map(|taken| u64::from(taken.times) - 1).sum()
    }

    /// What one destination was sent.
    pub fn of(&self, destination: u64) -> &[Taken] {
        let from = self.taken.partition_point(|taken| taken.destination < destination);
        let to = self.taken.partition_point(|taken| taken.destination <= destination);
        &self.taken[from..to]
    }
}

/// Reads a log, also one that is still being written: a record that is not whole yet is left out.
///
/// # Errors
/// [`LogError`] when the file cannot be read or is none of ours.
pub fn read(path: &Path) -> Result<Ledger, LogError> {
    let unreadable = |source| LogError::Unreadable { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let parts = file.metadata().map_err(unreadable)?.len() / OCTETS_A_PART;
    let mut sums = Sums::sized(usize::try_from(parts).unwrap_or(0));
    let mut heading = [0; HEADING.len()];
    file.read_exact(&mut heading).map_err(unreadable)?;
    let mut at = HEADING.len() as u64;
    let strange = |at| LogError::Strange { path: path.to_owned(), at };
    if heading != *HEADING {
        return Err(strange(0));
    }
    let mut octets = Vec::with_capacity(2 * CHUNK);
    while (&mut file).take(CHUNK as u64).read_to_end(&mut octets).map_err(unreadable)? > 0 {
        let used = sums.take_all(&octets).map_err(|(Strange, used)| strange(at + used as u64))?;
        octets.drain(..used);
        at += used as u64;
    }
    Ok(sums.into_ledger())
}

/// A log half read: what is still to be sorted.
struct Sums {
    ledger: Ledger,
    arrivals_us: Vec<i64>,
    sent: Vec<u64>,
    answered: Vec<u64>,
}

impl Sums {
    fn sized(parts: usize) -> Self {
        let ledger = Ledger { taken: Vec::with_capacity(parts), ..Ledger::default() };
        let ids = || Vec::with_capacity(parts);
        Self { ledger, arrivals_us: Vec::with_capacity(parts), sent: ids(), answered: ids() }
    }

    /// Takes all whole records and says how many octets they were.
    fn take_all(&mut self, octets: &[u8]) -> Result<usize, (Strange, usize)> {
        let mut rest = octets;
        loop {
            let used = octets.len() - rest.len();
            match Record::take(&mut rest).map_err(|strange| (strange, used))? {
                Some(Record::Arrived(arrived)) => self.arrived(&arrived),
                Some(Record::Posted(posted)) => self.posted(&posted),
                None => return Ok(used),
            }
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

    fn into_ledger(self) -> Ledger {
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
fn busiest_second(ordered_us: &[i64]) -> u64 {
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
    use proptest::prelude::*;

    use super::{super::record::tests::any_record, *};

    fn arrival(at_ms: i64, destination: u64, part: u8, text: u32) -> Record {
        Record::Arrived(Arrived {
            at_us: at_ms * 1_000,
            session: 1,
            sequence: 1,
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
        let mut octets = Vec::new();
        for record in records {
            record.put(&mut octets);
        }
        let mut sums = Sums::sized(0);
        assert_eq!(sums.take_all(&octets), Ok(octets.len()));
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

    #[test]
    fn what_is_no_log_is_refused_with_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"MLSMSC1\n\x09\0\0\0\0").unwrap();
        assert!(matches!(read(file.path()), Err(LogError::Strange { at: 8, .. })));
        std::fs::write(file.path(), b"{\"at_ms\":1}").unwrap();
        assert!(matches!(read(file.path()), Err(LogError::Strange { at: 0, .. })));
        assert!(matches!(read(Path::new("/nowhere/at-all")), Err(LogError::Unreadable { .. })));
    }

    proptest! {
        #[test]
        fn a_file_read_in_pieces_is_the_sum_of_its_records(records in prop::collection::vec(any_record(), 0..60)) {
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut octets = HEADING.to_vec();
            for record in &records {
                record.put(&mut octets);
            }
            octets.push(1);
            std::fs::write(file.path(), octets).unwrap();
            prop_assert_eq!(read(file.path()).unwrap(), sum(&records));
        }
    }
}
