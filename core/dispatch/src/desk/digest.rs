//! What a batch of reports amounts to: answers find their flights, receipts find the parts they are about.
//!
//! A batch has thousands of reports, and each looks into a map of millions of ids. The looks are made one after the
//! other with nothing in between, so that the processor waits for many of them at once.

use super::{Desk, Early, IdHash, Place, id_hash};
use crate::flights::{Flight, Flights};
use mingluo_ledger::{
    event::{Answer, Fact, PartAnswer, PartReceipt, RawReceipt},
    scribe::Entry,
};
use mingluo_model::{
    channel::{ADDITION, ReceiptToken, Refusal, Report, Verdict},
    clock::Timestamp,
    delivery::Reason,
    mode::Mode,
    receipt::Receipt,
    reply::Reply,
};
use std::time::Duration;

/// What a batch of reports amounts to.
#[derive(Default)]
pub struct Digest {
    /// To be made durable, in order.
    pub entries: Vec<Entry>,
    /// Window slots that are free once the entries are durable.
    pub freed: usize,
    /// Receipts that may be answered once the entries are durable.
    pub tokens: Vec<ReceiptToken>,
    /// Answers among them that said "busy".
    pub busy: u32,
    /// Parts among them that were taken.
    pub taken: u32,
    /// Answers among them that took nothing and said nothing of the recipient for good.
    pub vain: u32,
    /// Why the account may send nothing just now.
    pub closed: Option<Refusal>,
    /// The gateway wants a pause.
    pub pause: Option<Duration>,
    /// Receipts that matched nothing, in the order in which they stand in `entries`.
    pub unmatched: Vec<u64>,
    /// Deliveries whose address the far side said that nobody has: plan and ordinal.
    pub nobody: Vec<(usize, u32)>,
    /// What residents wrote, to be kept and then answered.
    pub replies: Vec<(Reply, ReceiptToken)>,
}

/// Who the reports of a batch are about, each kind in the order in which it came.
#[derive(Default)]
struct Sorted {
    flights: Vec<Option<Flight>>,
    hashes: Vec<IdHash>,
}

impl<M: Mode> Desk<M> {
    /// What a batch of reports of one session amounts to. In memory the plans have moved when this returns;
    /// outside, nothing may until the entries are durable.
    pub fn digest(&mut self, reports: &mut Vec<Report>, flights: &mut Flights, at: Timestamp) -> Digest {
        let mut digest = Digest::default();
        let Sorted { flights, hashes } = self.sort(reports, flights, at, &mut digest);
        let places: Vec<_> = hashes.iter().map(|hash| self.known.get(hash).copied()).collect();
        let (mut flights, mut found) = (flights.into_iter(), hashes.into_iter().zip(places));
        let mut batch = Batch::of_reports(reports.len());
        for report in reports.drain(..) {
            match report {
                Report::Answer { verdict, .. } => {
                    if let Some(flight) = flights.next().flatten() {
                        self.hear_answer(flight, verdict, &mut batch, &mut digest);
                    }
                }
                Report::Receipt { receipt, token } => {
                    digest.tokens.extend(token);
                    if let Some((hash, place)) = found.next() {
                        self.hear_receipt(receipt, hash, place, at, &mut batch, &mut digest);
                    }
                }
                Report::Reply { reply, token } => digest.replies.push((reply, token)),
            }
        }
        self.close_batch(batch, at, &mut digest);
        digest
    }

    /// Lands the flights of a batch and learns the ids of what was taken, so that receipts of the same batch find them.
    fn sort(
        &mut self,
        reports: &[Report],
        flights: &mut Flights,
        at: Timestamp,
        digest: &mut Digest,
    ) -> Sorted {
        let mut sorted = Sorted::default();
        let mut named = Vec::with_capacity(reports.len());
        for report in reports {
            match report {
                Report::Answer { key, verdict } => {
                    let flight = landed(*key, verdict, flights, digest);
                    if let (Some(Flight { plan, ordinal, part }), Verdict::Accepted(Some(id))) =
                        (flight, verdict)
                    {
                        let place = Place::new(plan, ordinal, part);
                        if !self.learn_shared(id, place, at) {
                            named.push((id_hash(id), place));
                        }
                    }
                    sorted.flights.push(flight);
                }
                Report::Receipt { receipt, .. } => sorted.hashes.push(id_hash(&receipt.provider_id)),
                Report::Reply { .. } => {}
            }
        }
        self.known.extend(named);
        sorted
    }

    fn hear_answer(&mut self, flight: Flight, verdict: Verdict, batch: &mut Batch, digest: &mut Digest) {
        let part = flight.part;
        // Whether additions are taken says nothing of whether messages are.
        let counted = u32::from(part != ADDITION);
        let answer = match verdict {
            Verdict::Accepted(id) => {
                if (!self.early.is_empty() || !self.shared.is_empty())
                    && let Some(id) = &id
                {
                    self.hear_early(id_hash(id), flight, batch, digest);
                }
                digest.taken += counted;
                Answer::Accepted(id)
            }
            Verdict::Busy { retry_after } => {
                // What we did not begin ourselves says nothing of the gateway.
                digest.busy += u32::from(!retry_after.is_zero());
                digest.vain += counted * u32::from(!retry_after.is_zero());
                digest.pause = digest.pause.max(Some(retry_after));
                Answer::Busy
            }
            Verdict::Temporary(refusal) => {
                digest.vain += counted;
                // It says so to everybody: nobody's tries are used up by it, and it is asked more seldom.
                digest.busy += u32::from(self.at_fault);
                if self.at_fault { Answer::Busy } else { Answer::Temporary(refusal.reason) }
            }
            Verdict::Permanent(refusal) => Answer::Permanent(refusal.reason),
            Verdict::NoSuchAddress { .. } => {
                digest.nobody.push((flight.plan, flight.ordinal));
                Answer::Permanent(Reason::BadAddress)
            }
            Verdict::Closed(refusal) => {
                // An account that may send no additions may send messages.
                if part == ADDITION {
                    return batch.answer(flight, Answer::Permanent(refusal.reason));
                }
                // It never left, and says nothing of the recipient.
                let answer = if self.rests { Answer::Busy } else { Answer::Permanent(refusal.reason) };
                digest.closed = Some(refusal);
                answer
            }
            Verdict::Lost => {
                digest.vain += counted;
                Answer::Lost
            }
        };
        batch.answer(flight, answer);
    }

    /// Receipts that came before their answer.
    fn hear_early(&mut self, hash: IdHash, flight: Flight, batch: &mut Batch, digest: &mut Digest) {
        let Flight { plan, ordinal, part } = flight;
        for Early { status, raw, .. } in self.early.take(hash) {
            if !self.shared.say(hash, status) {
                batch.of(plan).receipts.push(PartReceipt { ordinal, part, status });
            }
            digest.entries.extend(raw.map(Entry::Matched));
        }
        // What was said of a job is said of each whose answer comes after it.
        if let Some(status) = self.shared.said(hash) {
            batch.of(plan).receipts.push(PartReceipt { ordinal, part, status });
        }
    }

    fn hear_receipt(
        &mut self,
        receipt: Receipt,
        hash: IdHash,
        place: Option<Place>,
        at: Timestamp,
        batch: &mut Batch,
        digest: &mut Digest,
    ) {
        // An id may have been learnt from an earlier receipt of the same batch.
        if let Some(place) = place.or_else(|| self.known.get(&hash).copied()) {
            let receipt = PartReceipt { ordinal: place.ordinal, part: place.part(), status: receipt.status };
            batch.of(place.plan()).receipts.push(receipt);
            return;
        }
        let sharers = if self.shared.is_empty() { Vec::new() } else { self.sharers(hash) };
        if !sharers.is_empty() {
            self.shared.say(hash, receipt.status);
            for place in sharers {
                let (ordinal, part, status) = (place.ordinal, place.part(), receipt.status);
                batch.of(place.plan()).receipts.push(PartReceipt { ordinal, part, status });
            }
            return;
        }
        let address_hash = receipt.to.as_ref().map(|to| (self.hash_address)(to));
        if let Some(place) = self.by_address(address_hash, receipt.status, receipt.at) {
            digest.entries.push(self.receipt_entry(hash, place, receipt.status, at));
            return;
        }
        digest.unmatched.push(hash);
        let early = Early { status: receipt.status, raw: None, address: address_hash, at: receipt.at };
        self.early.keep(hash, early);
        digest.entries.push(Entry::Raw(RawReceipt {
            account: self.account.clone(),
            provider_id: receipt.provider_id,
            address_hash,
            status: receipt.status,
            far_code: receipt.far_code,
            at: receipt.at,
        }));
    }

    fn close_batch(&mut self, batch: Batch, at: Timestamp, digest: &mut Digest) {
        for (number, facts) in batch.by_plan {
            if !facts.answers.is_empty() {
                digest.entries.push(self.record(number, Fact::Answers(facts.answers), at));
            }
            if !facts.receipts.is_empty() {
                digest.entries.push(self.record(number, Fact::Receipts(facts.receipts), at));
            }
        }
    }
}

/// The part that an answer is about: one that waits for it, or one that was given up and was taken after all.
fn landed(key: u64, verdict: &Verdict, flights: &mut Flights, digest: &mut Digest) -> Option<Flight> {
    if let Some(flight) = flights.land(key) {
        digest.freed += 1;
        if *verdict == Verdict::Lost {
            flights.miss(key, flight);
        }
        return Some(flight);
    }
    if matches!(verdict, Verdict::Accepted(_)) { flights.land_late(key) } else { None }
}

/// Facts of one batch, plan by plan.
struct Batch {
    reports: usize,
    by_plan: Vec<(usize, Facts)>,
}

struct Facts {
    answers: Vec<PartAnswer>,
    receipts: Vec<PartReceipt>,
}

impl Batch {
    const fn of_reports(reports: usize) -> Self {
        Self { reports, by_plan: Vec::new() }
    }

    fn answer(&mut self, Flight { plan, ordinal, part }: Flight, answer: Answer) {
        self.of(plan).answers.push(PartAnswer { ordinal, part, answer });
    }

    fn of(&mut self, plan: usize) -> &mut Facts {
        let known = self.by_plan.iter().position(|(number, _)| *number == plan);
        let position = known.unwrap_or(self.by_plan.len());
        if known.is_none() {
            let room = if self.by_plan.is_empty() { self.reports } else { 0 };
            let facts = Facts { answers: Vec::with_capacity(room), receipts: Vec::with_capacity(room) };
            self.by_plan.push((plan, facts));
        }
        &mut self.by_plan[position].1
    }
}
