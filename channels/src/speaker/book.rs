//! All boxes and the open session, without time passing and without waiting: orders, reports, commits and ends go in,
//! answers and receipts come out.

use super::{
    keyring::IssuedKeys,
    meaning::{self, Meaning},
    order::SealedOrder,
    pages::Caller,
    row::{Line, Over, Row, Standing, Waiting},
    witness::{Witness, is_given},
};
use mingluo_model::{
    address::Address,
    bulletin::{EbmId, ResourceCode},
    channel::{ReceiptToken, Refusal, Report, Verdict},
    clock::Timestamp,
    delivery::Reason,
    link::{self, Hello},
    receipt::{Receipt, ReceiptStatus},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap},
    sync::Arc,
    time::Duration,
};

/// Bulletins that one hello may claim to hold; more are passed over.
const MOST_HOLDING: usize = 64;
/// Characters of a box's firmware that are kept.
const LONGEST_FIRMWARE: usize = 64;

/// The answer for an order that was taken out of an outbox before it was handed out.
const NEVER_LEFT: Verdict = Verdict::Busy { retry_after: Duration::ZERO };

/// What the hub knows.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) boxes: HashMap<ResourceCode, Row>,
    /// The number of the open session; sessions are numbered from 1, and zero means that none is open.
    session: u64,
    sessions: u64,
    keys: u64,
    tokens: u64,
    serials: u64,
    // Bounded by the window: one for each order that waits, and those answered early until their end comes.
    pub(super) ends: BinaryHeap<Reverse<(Timestamp, u64, ResourceCode)>>,
    // Bounded by the window: dispatch hands out no more keys than that.
    answers: Vec<Report>,
    // The last order that silenced others: it leaves in many runs, and all boxes are looked through once.
    silencer: Option<EbmId>,
    /// What boxes are told to believe.
    pub(super) issued: Option<IssuedKeys>,
    // What dispatch was told and has not called durable, by token, and what an earlier session was told in vain.
    pending: BTreeMap<u64, link::Report>,
    again: Vec<link::Report>,
    /// What is shown to the fleet's ledger, and what was given to boxes without a plan.
    pub(super) witness: Witness,
}

impl Book {
    /// Opens a session; an earlier one is over. Reports that it was told and did not keep are told again.
    pub(super) fn open(&mut self) -> u64 {
        self.close(self.session);
        self.sessions += 1;
        self.session = self.sessions;
        self.session
    }

    /// Closes this session, if it is the open one.
    pub(super) fn close(&mut self, session: u64) {
        if self.session != session {
            return;
        }
        self.session = 0;
        self.boxes.values_mut().for_each(Row::clear);
        self.ends.retain(|Reverse((_, key, _))| is_given(*key));
        self.answers.clear();
        self.silencer = None;
        self.again.extend(std::mem::take(&mut self.pending).into_values());
    }

    /// Whether this session is the open one.
    pub(super) const fn is_open(&self, session: u64) -> bool {
        self.session == session && session != 0
    }

    /// The first of `units` fresh wire keys.
    pub(super) const fn take_keys(&mut self, units: u64) -> u64 {
        let first = self.keys + 1;
        self.keys += units;
        first
    }

    /// Puts an order into the outboxes of these boxes. What it silences leaves the outboxes of all: the plans behind
    /// that are stopped, and a box that comes back later must not play what was lifted.
    pub(super) fn post(&mut self, order: &Arc<SealedOrder>, parcels: Vec<(u64, Address)>) {
        self.silence(order);
        for (key, to) in parcels {
            let Ok(code) = to.expose().parse::<ResourceCode>() else {
                let far_code = "no resource code of 23 digits".to_owned();
                let verdict = Verdict::Permanent(Refusal { reason: Reason::BadAddress, far_code });
                self.answers.push(Report::Answer { key, verdict });
                continue;
            };
            let row = self.boxes.entry(code).or_default();
            if row.has(order.ebm) {
                let verdict = meaning::accepted(code, order.ebm);
                self.answers.push(Report::Answer { key, verdict });
            } else {
                row.post(Waiting { key, order: Arc::clone(order), sent_on: 0, is_silenced: false });
                self.ends.push(Reverse((order.end, key, code)));
            }
        }
    }

    /// Busy, since it never left: dispatch lets a stopped plan's delivery become withdrawn on that, and has a plan that
    /// is not stopped send it again.
    fn silence(&mut self, by: &SealedOrder) {
        if !by.is_silencing() || self.silencer.replace(by.ebm) == Some(by.ebm) {
            return;
        }
        let keys = self.boxes.values_mut().flat_map(|row| row.silence(by)).collect();
        self.never_left(keys);
    }

    /// Dispatch is told that these never left; of what was given by others it knows nothing.
    pub(super) fn never_left(&mut self, keys: Vec<u64>) {
        let unsent = |key| Report::Answer { key, verdict: NEVER_LEFT };
        self.answers.extend(keys.into_iter().filter(|key| !is_given(*key)).map(unsent));
    }

    /// A box has said hello in a poll; gives the line that it holds for one breath.
    pub(super) fn visit(&mut self, hello: &Hello, caller: Arc<Caller>, now: Timestamp) -> Arc<Line> {
        let line = self.admit(hello, caller, now);
        self.boxes.entry(hello.box_code).or_default().polled = Some(now);
        line
    }

    /// Whether all of these reports are durable.
    pub(super) fn is_settled(&self, code: ResourceCode, said: &BTreeSet<u64>) -> bool {
        self.boxes.get(&code).is_none_or(|row| row.commits_all(said))
    }

    /// A box has said hello on a new link; gives the link.
    pub(super) fn admit(&mut self, hello: &Hello, caller: Arc<Caller>, now: Timestamp) -> Arc<Line> {
        self.serials += 1;
        let code = hello.box_code;
        let line = Arc::new(Line::new(self.serials, caller));
        let row = self.boxes.entry(code).or_default();
        row.last_heard = Some(now);
        row.key_set = hello.key_set;
        row.region = Some(hello.region);
        row.firmware = hello.firmware.chars().filter(|it| !it.is_control()).take(LONGEST_FIRMWARE).collect();
        row.meet(hello, &line.caller, now);
        row.papers.link = line.serial;
        if let Some(old) = row.connect(Arc::clone(&line)) {
            row.replaced += 1;
            tracing::info!(box_code = %code, n_replaced = row.replaced, "a newer login takes over");
            old.end(Over::Replaced);
        }
        for ebm in hello.holding.iter().take(MOST_HOLDING) {
            self.has_taken(code, *ebm);
        }
        line
    }

    /// Every box that believes an older set is sent this one.
    pub(super) fn issue(&mut self, keys: IssuedKeys) {
        self.issued = Some(keys);
        self.boxes.values().for_each(Row::wake);
    }

    /// A link is over.
    pub(super) fn depart(&mut self, code: ResourceCode, serial: u64) {
        if let Some(row) = self.boxes.get_mut(&code) {
            row.line.take_if(|line| line.serial == serial);
        }
    }

    /// The box has the bulletin: what waits for that is answered.
    fn has_taken(&mut self, code: ResourceCode, ebm: EbmId) {
        let row = self.boxes.entry(code).or_default();
        row.take(ebm);
        for key in row.answered(ebm).into_iter().filter(|key| !is_given(*key)) {
            self.answers.push(Report::Answer { key, verdict: meaning::accepted(code, ebm) });
        }
    }

    /// Takes a box's report in.
    pub(super) fn hear(&mut self, report: link::Report, now: Timestamp, out: &mut Vec<Report>) {
        if !self.show(&report) || self.hear_of_given(&report) {
            return;
        }
        let code = report.box_code;
        let row = self.boxes.entry(code).or_default();
        match row.standing(&report) {
            Some(Standing::Pending(token)) if self.pending.contains_key(&token.0) => return,
            Some(Standing::Committed) => return row.commit(&report),
            _ => {}
        }
        let status = match meaning::of(report.event) {
            Meaning::Nothing => return row.commit(&report),
            Meaning::Refused if report.is_passing() => return row.commit(&report),
            Meaning::Refused => {
                row.suspect(&report, now);
                let keys = row.answered(report.ebm);
                if !keys.is_empty() {
                    row.commit(&report);
                    let verdict = meaning::refused(&report);
                    out.extend(keys.into_iter().map(|key| Report::Answer { key, verdict: verdict.clone() }));
                    return;
                }
                ReceiptStatus::Failed(Reason::BoxRefused)
            }
            Meaning::Taken(status) => {
                self.has_taken(code, report.ebm);
                out.append(&mut self.answers);
                status
            }
        };
        self.tell(report, status, now, out);
    }

    /// Tells dispatch and remembers that its word is awaited.
    fn tell(&mut self, report: link::Report, status: ReceiptStatus, now: Timestamp, out: &mut Vec<Report>) {
        self.tokens += 1;
        let token = ReceiptToken(self.tokens);
        let receipt = Receipt {
            provider_id: meaning::provider_id(report.box_code, report.ebm),
            status,
            to: Some(Address::new(report.box_code.as_str())),
            far_code: meaning::far_code(&report),
            at: now,
        };
        out.push(Report::Receipt { receipt, token: Some(token) });
        self.boxes.entry(report.box_code).or_default().pend(&report, token);
        self.pending.insert(token.0, report);
    }

    /// Dispatch has these for good: the boxes may forget them.
    pub(super) fn commit(&mut self, tokens: &[ReceiptToken]) {
        for token in tokens {
            if let Some(report) = self.pending.remove(&token.0) {
                self.boxes.entry(report.box_code).or_default().commit(&report);
            }
        }
    }

    /// What is at hand without a new report: answers, what an earlier session did not keep, orders that have ended.
    pub(super) fn collect(&mut self, now: Timestamp, out: &mut Vec<Report>) {
        out.append(&mut self.answers);
        for report in std::mem::take(&mut self.again) {
            self.hear(report, now, out);
        }
        while let Some((_, key, code)) = self.ended(now) {
            let waiting = self.boxes.get_mut(&code).and_then(|row| row.withdraw(key));
            let waiting = waiting.filter(|_| !is_given(key));
            out.extend(waiting.map(|waiting| Report::Answer { key, verdict: unheard(&waiting) }));
        }
    }

    fn ended(&mut self, now: Timestamp) -> Option<(Timestamp, u64, ResourceCode)> {
        let Reverse((end, ..)) = self.ends.peek()?;
        if *end > now { None } else { self.ends.pop().map(|Reverse(ended)| ended) }
    }

    /// How long until the next order ends.
    pub(super) fn next_end(&self, now: Timestamp) -> Option<Duration> {
        self.ends.peek().map(|Reverse((end, ..))| end.since(now))
    }
}

/// The answer for an order that has ended: what never left is not lost, and dispatch will not send it any more.
const fn unheard(waiting: &Waiting) -> Verdict {
    match waiting.sent_on {
        0 => NEVER_LEFT,
        _ => Verdict::Lost,
    }
}
