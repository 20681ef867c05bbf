//! What the city's fleet is told besides dispatch, and what it may ask of boxes by itself: every report is shown to a
//! witness (台账), and a box may forget it only when both have it for good; tests and stops are given to boxes without a plan
//! behind them, and what comes of these is the witness's alone.

use super::{
    book::Book,
    hub::SpeakerHub,
    order::SealedOrder,
    row::{Over, Standing, Waiting},
};
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    channel::Unfit,
    clock::Timestamp,
    link::{Event, Report},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Reports that may wait to be kept. What is too much is not taken in: its box says it again after its next hello.
pub const MOST_UNKEPT: usize = 65_536;
/// How long after its end reports on a given order are still known as such.
const KNOWN_AFTER: Duration = Duration::from_hours(48);
/// Keys of given orders have this bit, so that none is taken for one of dispatch's.
const GIVEN: u64 = 1 << 63;

/// Whether a key is that of a given order: dispatch knows nothing of it.
pub(super) const fn is_given(key: u64) -> bool {
    key & GIVEN != 0
}

/// What the book keeps for the witness.
#[derive(Debug, Default)]
pub(super) struct Witness {
    is_there: bool,
    unkept: VecDeque<Report>,
    /// Orders that were given, with their ends.
    given: BTreeMap<EbmId, Timestamp>,
}

impl SpeakerHub {
    /// From now on every report waits for [`Self::kept`] as well before its box may forget it.
    pub fn be_witnessed(&self) {
        self.book().witness.is_there = true;
    }

    /// The next reports, this many at most, in the order in which they came.
    pub fn take_unkept(&self, most: usize) -> Vec<Report> {
        let unkept = &mut self.book().witness.unkept;
        let taken = unkept.drain(..most.min(unkept.len())).collect();
        if unkept.is_empty() {
            *unkept = VecDeque::new();
        }
        taken
    }

    /// How many wait.
    pub fn count_unkept(&self) -> usize {
        self.book().witness.unkept.len()
    }

    /// The witness has these for good.
    pub fn kept(&self, reports: &[Report]) {
        let mut book = self.book();
        for report in reports {
            if let Some(row) = book.boxes.get_mut(&report.box_code) {
                row.kept(report);
            }
        }
    }

    /// Puts an order into the outboxes of these boxes, beside what dispatch sends. One that silences others silences them
    /// in these boxes. Without boxes it is only known again when a report names it.
    ///
    /// # Errors
    /// [`Unfit`] when it is no envelope of a bulletin of this mode.
    pub fn give(&self, envelope: &[u8], codes: &[ResourceCode]) -> Result<EbmId, Unfit> {
        let order = Arc::new(SealedOrder::read(envelope, self.mode)?);
        self.book().give(&order, codes, self.clock.now());
        self.tell_news();
        Ok(order.ebm)
    }
}

impl Book {
    fn give(&mut self, order: &Arc<SealedOrder>, codes: &[ResourceCode], now: Timestamp) {
        self.witness.given.retain(|_, end| end.plus(KNOWN_AFTER) > now);
        self.witness.given.insert(order.ebm, order.end);
        for code in codes {
            let key = self.take_keys(1) | GIVEN;
            let row = self.boxes.entry(*code).or_default();
            let unsent = row.silence(order);
            if !row.has(order.ebm) {
                row.post(Waiting { key, order: Arc::clone(order), sent_on: 0, is_silenced: false });
                self.ends.push(Reverse((order.end, key, *code)));
            }
            self.never_left(unsent);
        }
    }

    /// Shows a report to the witness, once; whether it may be taken in.
    pub(super) fn show(&mut self, report: &Report) -> bool {
        let row = self.boxes.entry(report.box_code).or_default();
        if !self.witness.is_there || row.standing(report) == Some(Standing::Committed) {
            return true;
        }
        if row.is_unkept(report) {
            return !row.waits_for_the_witness(report);
        }
        if self.witness.unkept.len() >= MOST_UNKEPT {
            tracing::warn!(box_code = %report.box_code, "the ledger is slow: a box keeps its report for later");
            // It says it again after its next hello, to dispatch as well.
            row.end(Over::Unkept);
            return false;
        }
        row.show(report);
        self.witness.unkept.push_back(report.clone());
        true
    }

    /// Takes in a report on an order that was given; `false` if it is one of dispatch's.
    pub(super) fn hear_of_given(&mut self, report: &Report) -> bool {
        if !self.witness.given.contains_key(&report.ebm) {
            return false;
        }
        let row = self.boxes.entry(report.box_code).or_default();
        if report.event != Event::Received && !report.is_passing() {
            let _taken_out = row.answered(report.ebm);
        }
        if !matches!(report.event, Event::Received | Event::Refused | Event::Other) {
            row.take(report.ebm);
        }
        row.commit(report);
        true
    }
}
