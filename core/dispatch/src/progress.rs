//! One plan in memory: a few bytes for each recipient, moved by facts and by nothing else. The same
//! [`Progress::apply`] serves a running engine and a replay after a crash, so the two cannot differ.

use crate::{
    retry::{Next, RetryPolicy, Trouble},
    tally::{Districts, Tally},
};
use mingluo_ledger::{
    chunk::Chunk,
    event::{Answer, Fact, Intent, IntentParcel, Moved, PartAnswer, PartReceipt},
};
use mingluo_model::{
    channel::Repeat,
    clock::Timestamp,
    delivery::{DeliveryState, Reason, Standing},
    id::EditionId,
    message::Message,
    mode::Mode,
    plan::{Plan, PlanStatus, Target},
    receipt::ReceiptStatus,
};
use roaring::RoaringBitmap;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, VecDeque},
    num::NonZeroU16,
    sync::Arc,
    time::Duration,
};

/// Marks an ordinal inside the plan's span that is not in its target.
const HOLE: u8 = 0xff;

const PLANNED: Standing = Standing::new(DeliveryState::Planned, Reason::None);

/// What stays the same for all deliveries of an account while it runs.
#[derive(Debug, Clone)]
pub struct Rules {
    /// When to try again.
    pub retry: RetryPolicy,
    /// What sending twice does on this channel.
    pub repeat: Repeat,
}

/// Progress of one plan.
pub struct Progress<M: Mode> {
    plan: Plan<M>,
    message: Arc<Message<M>>,
    rules: Rules,
    parts: u16,
    base: u32,
    cells: Cells,
    cursor: usize,
    queued: VecDeque<u32>,
    later: BinaryHeap<Reverse<(Timestamp, u32)>>,
    troubles: HashMap<u32, Trouble>,
    tally: Tally,
    status: PlanStatus,
    withdrawn: bool,
    doubts_until: Timestamp,
    moves_made: u64,
    awaiting: u32,
    first_byte: Option<Timestamp>,
    resent_in_doubt: u32,
}

/// One entry per ordinal of the plan's span, by column.
#[derive(Default)]
struct Cells {
    standing: Vec<u8>,
    attempts: Vec<u8>,
    flying: Vec<u16>,
    accepted: Vec<u16>,
    delivered: Vec<u16>,
    submit_ms: Vec<u32>,
    /// Since when it stands where it stands.
    since_ms: Vec<u32>,
}

impl Cells {
    fn new(span: usize) -> Self {
        Self {
            standing: vec![HOLE; span],
            attempts: vec![0; span],
            flying: vec![0; span],
            accepted: vec![0; span],
            delivered: vec![0; span],
            submit_ms: vec![u32::MAX; span],
            since_ms: vec![u32::MAX; span],
        }
    }
}

impl<M: Mode> Progress<M> {
    /// A plan of which nothing was sent yet; `parts` is what its channel measured.
    pub fn new(
        plan: Plan<M>,
        parts: NonZeroU16,
        rules: Rules,
        districts: Arc<Districts>,
        status: PlanStatus,
    ) -> Self {
        let none = RoaringBitmap::new();
        let ordinals = match &plan.target {
            Target::People { ordinals, .. } => ordinals,
            Target::Place { .. } => &none,
        };
        let base = ordinals.min().unwrap_or(0);
        let span = ordinals.max().map_or(0, |last| (last - base) as usize + 1);
        let mut cells = Cells::new(span);
        let mut tally = Tally::new(districts, plan.channel, plan.not_before);
        for ordinal in ordinals {
            cells.standing[(ordinal - base) as usize] = PLANNED.byte();
            tally.shift(ordinal, None, PLANNED, plan.not_before);
        }
        let message = Arc::new(plan.message.clone());
        Self {
            plan,
            message,
            rules,
            parts: parts.get(),
            base,
            cells,
            cursor: 0,
            queued: VecDeque::new(),
            later: BinaryHeap::new(),
            troubles: HashMap::new(),
            tally,
            status,
            withdrawn: status == PlanStatus::Stopped,
            doubts_until: Timestamp(0),
            moves_made: 0,
            awaiting: 0,
            first_byte: None,
            resent_in_doubt: 0,
        }
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan<M> {
        &self.plan
    }

    /// The edition that the ordinals count in; `None` for a plan to a place.
    pub const fn edition(&self) -> Option<EditionId> {
        match &self.plan.target {
            Target::People { edition, .. } => Some(*edition),
            Target::Place { .. } => None,
        }
    }

    /// The words, shared with every run.
    pub fn message(&self) -> Arc<Message<M>> {
        Arc::clone(&self.message)
    }

    /// Parts of the message.
    pub const fn parts(&self) -> u16 {
        self.parts
    }

    /// Open, stopped or closed.
    pub const fn status(&self) -> PlanStatus {
        self.status
    }

    /// The counts.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// When the first intent was made.
    pub const fn first_byte(&self) -> Option<Timestamp> {
        self.first_byte
    }

    /// Deliveries that were sent again although an earlier try may have arrived.
    pub const fn resent_in_doubt(&self) -> u32 {
        self.resent_in_doubt
    }

    /// Accepted deliveries whose receipt is still to come.
    pub const fn awaiting(&self) -> u32 {
        self.awaiting
    }

    /// The standing of one recipient; `None` if the plan does not reach them.
    pub fn standing(&self, ordinal: u32) -> Option<Standing> {
        let offset = self.offset(ordinal)?;
        Some(self.at(offset))
    }

    /// The plan has nothing left to send, to wait for or to decide. What is over tries nothing again.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        let over = self.withdrawn || now >= self.plan.not_after;
        self.tally.total().open() == 0 && self.awaiting == 0 && (over || self.later.is_empty())
    }

    /// Nothing more of this plan leaves, although the decision is not durable yet.
    pub fn stop(&mut self) {
        if self.status == PlanStatus::Open {
            self.status = PlanStatus::Stopped;
        }
    }

    /// Takes a stop back (the decision could not be kept).
    pub fn resume(&mut self) {
        if self.status == PlanStatus::Stopped && !self.withdrawn {
            self.status = PlanStatus::Open;
        }
    }

    /// A session was opened anew: receipts that waited for it come now, so what is in doubt stays so a while longer.
    pub fn reopened(&mut self, at: Timestamp) {
        self.doubts_until = at.plus(self.rules.retry.doubt(self.plan.priority.grade));
    }

    /// Moves so far: who compares two readings knows whether something moved in between.
    pub const fn moves_made(&self) -> u64 {
        self.moves_made
    }

    /// The stop is durable: what was not sent by now never will be.
    pub fn withdraw(&mut self) {
        self.withdrawn = true;
    }

    /// Whether a durable decision stopped the plan.
    pub const fn is_withdrawn(&self) -> bool {
        self.withdrawn
    }

    /// Marks the plan as folded: its counts stay, its memory goes. Who is who is in its chunks now.
    pub fn close(&mut self) {
        self.status = PlanStatus::Closed;
        self.cells = Cells::default();
        (self.queued, self.later) = (VecDeque::new(), BinaryHeap::new());
        (self.troubles, self.awaiting) = (HashMap::new(), 0);
    }

    /// Takes up the fold of a closed plan, so that it can be looked at again.
    pub fn unfold(&mut self, chunks: &[Chunk]) {
        for chunk in chunks {
            for index in 0..chunk.standings.len() {
                let Some(offset) = self.offset(chunk.chunk_no * Chunk::SIZE + index as u32) else { continue };
                let Some(standing) = Standing::from_byte(chunk.standings[index]) else { continue };
                self.cells.attempts[offset] = chunk.attempts[index];
                self.cells.submit_ms[offset] = chunk.t_submit_ms[index];
                let at = |ms: u32| self.plan.not_before.plus(Duration::from_millis(u64::from(ms)));
                let (submitted, last) = (at(chunk.t_submit_ms[index]), at(chunk.t_final_ms[index]));
                if chunk.t_submit_ms[index] != Chunk::NEVER {
                    self.first_byte = Some(self.first_byte.map_or(submitted, |first| first.min(submitted)));
                }
                self.set(offset, standing, last);
            }
        }
        self.status = PlanStatus::Closed;
    }

    /// The instant from which something may leave; `None` if nothing is left to send.
    pub fn ready_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.status != PlanStatus::Open || now >= self.plan.not_after {
            return None;
        }
        let at_once = !self.queued.is_empty() || self.has_planned();
        let due = if at_once { Some(now) } else { self.later.peek().map(|Reverse((due, _))| *due) };
        due.map(|due| due.max(self.plan.not_before))
    }

    fn has_planned(&self) -> bool {
        self.cursor < self.cells.standing.len()
    }

    /// Chooses who is next, at most `units` parts, and marks them as submitting. Missing parts of earlier
    /// tries go before first tries.
    pub fn pick(&mut self, units: u32, now: Timestamp) -> Vec<IntentParcel> {
        if self.ready_at(now).is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.promote(now);
        let mut left = units;
        let mut parcels = Vec::with_capacity((units / u32::from(self.parts)) as usize);
        while let Some(parcel) = self.next_parcel(left) {
            left -= parcel.part_set.count_ones();
            parcels.push(parcel);
        }
        let intent = Intent { first_key: 0, parts: self.parts, parcels };
        self.apply_intent(&intent, now);
        intent.parcels
    }

    fn next_parcel(&mut self, left: u32) -> Option<IntentParcel> {
        while let Some(ordinal) = self.queued.front().copied() {
            let offset = self.offset(ordinal)?;
            if self.at(offset).state() != DeliveryState::Queued {
                self.queued.pop_front();
                continue;
            }
            let part_set = self.full() & !self.cells.accepted[offset];
            if part_set.count_ones() > left {
                return None;
            }
            self.queued.pop_front();
            let attempt = self.cells.attempts[offset].saturating_add(1);
            return Some(IntentParcel { ordinal, attempt, part_set });
        }
        if u32::from(self.parts) > left {
            return None;
        }
        let rest = &self.cells.standing[self.cursor..];
        let Some(found) = rest.iter().position(|byte| *byte == PLANNED.byte()) else {
            self.cursor = self.cells.standing.len();
            return None;
        };
        let offset = self.cursor + found;
        self.cursor = offset + 1;
        Some(IntentParcel { ordinal: self.base + offset as u32, attempt: 1, part_set: self.full() })
    }

    /// Moves what is due from the waiting heap to the queue; doubts that a receipt resolved are dropped.
    fn promote(&mut self, now: Timestamp) {
        while let Some(Reverse((due, ordinal))) = self.later.peek().copied() {
            if due > now {
                return;
            }
            self.later.pop();
            let Some(offset) = self.offset(ordinal) else { continue };
            match self.at(offset).state() {
                DeliveryState::Queued => self.queued.push_back(ordinal),
                DeliveryState::Unknown if now < self.doubts_until => {
                    self.later.push(Reverse((self.doubts_until, ordinal)));
                }
                DeliveryState::Unknown => {
                    self.resent_in_doubt += 1;
                    self.set(offset, Standing::new(DeliveryState::Queued, Reason::None), now);
                    self.queued.push_back(ordinal);
                }
                _ => {}
            }
        }
    }

    /// Moves the plan by a fact that is, or is about to be, durable.
    pub fn apply(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::Intent(intent) => self.apply_intent(intent, at),
            Fact::Answers(answers) => answers.iter().for_each(|answer| self.apply_answer(answer, at)),
            Fact::Receipts(receipts) => receipts.iter().for_each(|receipt| self.apply_receipt(*receipt, at)),
            Fact::Moved(moves) => moves.iter().for_each(|moved| self.apply_move(*moved, at)),
        }
    }

    fn apply_intent(&mut self, intent: &Intent, at: Timestamp) {
        for parcel in &intent.parcels {
            let Some(offset) = self.offset(parcel.ordinal) else { continue };
            self.first_byte.get_or_insert(at);
            self.cells.flying[offset] |= parcel.part_set;
            self.cells.attempts[offset] = parcel.attempt;
            if self.cells.submit_ms[offset] == u32::MAX {
                self.cells.submit_ms[offset] = self.since_start(at);
            }
            if !self.at(offset).state().is_final() {
                self.set(offset, Standing::new(DeliveryState::Submitting, Reason::None), at);
            }
        }
    }

    fn apply_answer(&mut self, answer: &PartAnswer, at: Timestamp) {
        let Some(offset) = self.offset(answer.ordinal) else { return };
        let bit = 1_u16 << (answer.part & 15);
        self.cells.flying[offset] &= !bit;
        let trouble = match &answer.answer {
            Answer::Accepted(id) => {
                self.cells.accepted[offset] |= bit;
                // Without an id no receipt can come: the answer is all that will ever be known.
                if id.is_none() {
                    self.cells.delivered[offset] |= bit;
                }
                None
            }
            Answer::Busy => Some(Trouble::Busy),
            Answer::Temporary(reason) => Some(Trouble::Temporary(*reason)),
            Answer::Permanent(reason) => Some(Trouble::Permanent(*reason)),
            Answer::Lost => Some(Trouble::Lost),
        };
        if let Some(trouble) = trouble {
            let worst = self.troubles.entry(answer.ordinal).or_insert(trouble);
            *worst = trouble.max(*worst);
        }
        if self.cells.flying[offset] == 0 {
            self.settle(offset, at);
        }
    }

    /// All parts of one try are answered: decides where the delivery stands now.
    fn settle(&mut self, offset: usize, at: Timestamp) {
        let ordinal = self.base + offset as u32;
        let trouble = self.troubles.remove(&ordinal);
        if self.at(offset).state().is_final() {
            return;
        }
        match trouble {
            None => self.accept(offset, at),
            Some(trouble) => self.retry(offset, trouble, at),
        }
    }

    fn accept(&mut self, offset: usize, at: Timestamp) {
        if self.cells.accepted[offset] != self.full() {
            // A part was refused on an earlier try of which the rest is still missing: send what is missing.
            self.set(offset, Standing::new(DeliveryState::Queued, Reason::None), at);
            self.queued.push_back(self.base + offset as u32);
            return;
        }
        self.set(offset, Standing::new(DeliveryState::Accepted, Reason::None), at);
        if self.expects(offset) {
            self.awaiting += 1;
        } else if self.arrival() == DeliveryState::Delivered {
            self.set(offset, Standing::new(DeliveryState::Delivered, Reason::None), at);
        }
    }

    /// Whether an accepted delivery still waits for news: of a part, or of a speaker's evidence.
    fn expects(&self, offset: usize) -> bool {
        self.arrival() == DeliveryState::Sounded || self.cells.delivered[offset] != self.full()
    }

    const fn arrival(&self) -> DeliveryState {
        crate::tally::arrival(self.plan.channel)
    }

    fn retry(&mut self, offset: usize, trouble: Trouble, at: Timestamp) {
        let ordinal = self.base + offset as u32;
        let attempt = self.cells.attempts[offset];
        if trouble == Trouble::Busy {
            self.cells.attempts[offset] = attempt.saturating_sub(1);
            if attempt <= 1 && self.cells.accepted[offset] == 0 {
                // Nobody took anything of it: it is as if it had never left.
                self.cells.submit_ms[offset] = u32::MAX;
            }
        }
        let grade = self.plan.priority.grade;
        let lost = Standing::new(DeliveryState::Unknown, Reason::SessionLost);
        match self.rules.retry.next(trouble, attempt, self.rules.repeat, grade, at) {
            Next::Again(due) => {
                self.set(offset, Standing::new(DeliveryState::Queued, Reason::None), at);
                self.later.push(Reverse((due, ordinal)));
            }
            Next::DoubtUntil(due) => {
                self.set(offset, lost, at);
                self.later.push(Reverse((due, ordinal)));
            }
            Next::Doubt => self.set(offset, lost, at),
            Next::Fail(reason) => self.set(offset, Standing::new(DeliveryState::Failed, reason), at),
        }
    }

    fn apply_receipt(&mut self, receipt: PartReceipt, at: Timestamp) {
        let Some(offset) = self.offset(receipt.ordinal) else { return };
        let bit = 1_u16 << (receipt.part & 15);
        self.cells.accepted[offset] |= bit;
        if receipt.status == ReceiptStatus::Delivered {
            self.cells.delivered[offset] |= bit;
            if self.cells.delivered[offset] != self.full() {
                return self.hear_part(offset, at);
            }
        }
        let Some((state, reason)) = receipt.status.state() else { return };
        let before = self.at(offset).state();
        // A speaker that plays has not sounded yet: it stays accepted until its evidence comes.
        let on_the_way = state == DeliveryState::Delivered && self.arrival() == DeliveryState::Sounded;
        if on_the_way {
            return self.hear_part(offset, at);
        }
        if before.absorbs(state) {
            return;
        }
        self.set(offset, Standing::new(state, reason), at);
    }

    /// One of several parts arrived: a lost delivery whose parts are all known to be taken is accepted again.
    fn hear_part(&mut self, offset: usize, at: Timestamp) {
        let taken = self.cells.accepted[offset] == self.full() && self.cells.flying[offset] == 0;
        if taken && matches!(self.at(offset).state(), DeliveryState::Unknown | DeliveryState::Queued) {
            self.set(offset, Standing::new(DeliveryState::Accepted, Reason::None), at);
            self.awaiting += 1;
        }
    }

    fn apply_move(&mut self, moved: Moved, at: Timestamp) {
        let first = moved.first.max(self.base);
        let end = u64::from(moved.first) + u64::from(moved.count);
        let last = end.min(u64::from(self.base) + self.cells.standing.len() as u64);
        for ordinal in u64::from(first)..last {
            let offset = (ordinal - u64::from(self.base)) as usize;
            if self.cells.standing[offset] != HOLE && self.may_move(self.at(offset), moved.standing) {
                self.cells.flying[offset] = 0;
                self.set(offset, moved.standing, at);
            }
        }
    }

    /// Which decisions of ours may move a delivery from where it stands.
    fn may_move(&self, from: Standing, to: Standing) -> bool {
        let unsent = matches!(from.state(), DeliveryState::Planned | DeliveryState::Queued);
        match to.state() {
            // What acts once and was never verified cannot act after its end: the order carries it.
            DeliveryState::Expired => {
                unsent || self.rules.repeat == Repeat::ActsOnce && from.state().is_open()
            }
            DeliveryState::Withdrawn => unsent,
            DeliveryState::Accepted => from.state() == DeliveryState::Accepted,
            _ => from.state().is_open(),
        }
    }

    /// The one place where a standing changes: counts, times and the receipts still awaited follow.
    fn set(&mut self, offset: usize, to: Standing, at: Timestamp) {
        let from = self.at(offset);
        if from == to {
            return;
        }
        if from == Standing::new(DeliveryState::Accepted, Reason::None) {
            self.awaiting = self.awaiting.saturating_sub(1);
        }
        self.cells.standing[offset] = to.byte();
        self.cells.since_ms[offset] = self.since_start(at);
        self.moves_made += 1;
        self.tally.shift(self.base + offset as u32, Some(from), to, at);
    }

    /// Everything that was never sent, as one move: for expiry, lift, correction and recall.
    pub fn give_up_rest(&self, state: DeliveryState) -> Option<Fact> {
        let rest = self.tally.total();
        let submitting = self.rules.repeat == Repeat::ActsOnce && state == DeliveryState::Expired;
        let flying = if submitting { rest.of(DeliveryState::Submitting) } else { 0 };
        if rest.of(DeliveryState::Planned) + rest.of(DeliveryState::Queued) + flying == 0 {
            return None;
        }
        let count = self.cells.standing.len() as u32;
        Some(Fact::Moved(vec![Moved {
            first: self.base,
            count,
            standing: Standing::new(state, Reason::None),
        }]))
    }

    /// Accepted deliveries whose receipt has not come by now, as moves to "no receipt".
    pub fn give_up_receipts(&self, accepted_before: Timestamp) -> Option<Fact> {
        let limit = self.since_start(accepted_before);
        let accepted = Standing::new(DeliveryState::Accepted, Reason::None).byte();
        let late = |offset: usize| {
            self.cells.standing[offset] == accepted
                && self.expects(offset)
                && self.cells.since_ms[offset] <= limit
        };
        self.moves(late, Standing::new(DeliveryState::Accepted, Reason::NoReceipt))
    }

    /// Submitted deliveries that nobody answered by now: lost answers, so that they are tried again by rule; of what
    /// acts once, moves to unknown.
    pub fn give_up_answers(&self, submitted_before: Timestamp) -> Option<Fact> {
        let limit = self.since_start(submitted_before);
        let submitting = Standing::new(DeliveryState::Submitting, Reason::None).byte();
        let late =
            |offset: usize| self.cells.standing[offset] == submitting && self.cells.since_ms[offset] <= limit;
        match self.rules.repeat {
            Repeat::MayDouble => self.lost(late),
            Repeat::ActsOnce => self.moves(late, Standing::new(DeliveryState::Unknown, Reason::NoReceipt)),
        }
    }

    fn moves(&self, wanted: impl Fn(usize) -> bool, standing: Standing) -> Option<Fact> {
        let mut moves: Vec<Moved> = Vec::new();
        for offset in (0..self.cells.standing.len()).filter(|offset| wanted(*offset)) {
            let ordinal = self.base + offset as u32;
            match moves.last_mut() {
                Some(last) if last.first + last.count == ordinal => last.count += 1,
                _ => moves.push(Moved { first: ordinal, count: 1, standing }),
            }
        }
        (!moves.is_empty()).then_some(Fact::Moved(moves))
    }

    /// Parts that were on their way when the process died, as answers that will not come.
    pub fn lost_in_flight(&self) -> Option<Fact> {
        self.lost(|_| true)
    }

    fn lost(&self, wanted: impl Fn(usize) -> bool) -> Option<Fact> {
        let mut lost = Vec::new();
        let flying = self.cells.flying.iter().enumerate();
        for (offset, flying) in flying.filter(|(offset, flying)| **flying != 0 && wanted(*offset)) {
            let ordinal = self.base + offset as u32;
            let parts = (0..16_u8).filter(|part| flying & (1 << part) != 0);
            lost.extend(parts.map(|part| PartAnswer { ordinal, part, answer: Answer::Lost }));
        }
        (!lost.is_empty()).then_some(Fact::Answers(lost))
    }

    /// Recipients in doubt: they left, nobody answered. Receipts that name an address may still resolve them.
    pub fn in_doubt(&self) -> Vec<u32> {
        let doubt = |offset: &usize| self.at(*offset).state() == DeliveryState::Unknown;
        (0..self.cells.standing.len())
            .filter(|offset| self.cells.standing[*offset] != HOLE)
            .filter(doubt)
            .map(|offset| self.base + offset as u32)
            .collect()
    }

    /// Deliveries that nobody confirmed: accepted, receipt given up; or unknown.
    pub fn unconfirmed(&self) -> BTreeMap<u32, Standing> {
        let no_receipt = Standing::new(DeliveryState::Accepted, Reason::NoReceipt);
        (0..self.cells.standing.len())
            .filter(|offset| self.cells.standing[*offset] != HOLE)
            .map(|offset| (self.base + offset as u32, self.at(offset)))
            .filter(|(_, standing)| *standing == no_receipt || standing.state() == DeliveryState::Unknown)
            .collect()
    }

    /// Whether a delivery left and nobody said yet what became of it: a receipt may still tell.
    pub fn is_in_doubt(&self, ordinal: u32) -> bool {
        let Some(offset) = self.offset(ordinal) else { return false };
        match self.at(offset).state() {
            DeliveryState::Unknown => true,
            DeliveryState::Queued => self.cells.attempts[offset] > 0,
            _ => false,
        }
    }

    /// The first part of a delivery that no receipt has named yet.
    pub fn first_unheard_part(&self, ordinal: u32) -> Option<u8> {
        let offset = self.offset(ordinal)?;
        let unheard = self.full() & !self.cells.delivered[offset];
        (unheard != 0).then(|| unheard.trailing_zeros() as u8)
    }

    /// Recipients whom some part of this plan may have reached: those a lift or a correction must reach too.
    pub fn reached(&self) -> RoaringBitmap {
        use DeliveryState::{Expired, Planned, Queued, Withdrawn};
        let untouched = [Planned, Queued, Withdrawn, Expired];
        (0..self.cells.standing.len())
            .filter(|offset| self.cells.standing[*offset] != HOLE)
            .filter(|offset| {
                self.cells.submit_ms[*offset] != u32::MAX || !untouched.contains(&self.at(*offset).state())
            })
            .map(|offset| self.base + offset as u32)
            .collect()
    }

    /// Recipients who failed for good, for the next channel to try.
    pub fn failed(&self) -> RoaringBitmap {
        let divertible = |standing: Standing| {
            standing.state() == DeliveryState::Failed && standing.reason() != Reason::OptedOut
        };
        (0..self.cells.standing.len())
            .filter(|offset| self.cells.standing[*offset] != HOLE && divertible(self.at(*offset)))
            .map(|offset| self.base + offset as u32)
            .collect()
    }

    /// The plan folded into chunks of 4,096 ordinals, for the ledger.
    pub fn fold(&self) -> Vec<Chunk> {
        let end = self.base + self.cells.standing.len() as u32;
        (self.base / Chunk::SIZE..end.div_ceil(Chunk::SIZE))
            .map(|chunk_no| self.fold_chunk(chunk_no))
            .collect()
    }

    fn fold_chunk(&self, chunk_no: u32) -> Chunk {
        let ordinals = chunk_no * Chunk::SIZE..(chunk_no + 1) * Chunk::SIZE;
        let offsets: Vec<Option<usize>> = ordinals.map(|ordinal| self.offset(ordinal)).collect();
        Chunk {
            chunk_no,
            standings: column(&offsets, &self.cells.standing, HOLE),
            attempts: column(&offsets, &self.cells.attempts, 0),
            t_submit_ms: column(&offsets, &self.cells.submit_ms, u32::MAX),
            t_final_ms: offsets
                .iter()
                .map(|offset| offset.map_or(u32::MAX, |offset| self.final_ms(offset)))
                .collect(),
        }
    }

    fn final_ms(&self, offset: usize) -> u32 {
        if self.at(offset).state().is_open() { u32::MAX } else { self.cells.since_ms[offset] }
    }

    fn at(&self, offset: usize) -> Standing {
        Standing::from_byte(self.cells.standing[offset]).unwrap_or(PLANNED)
    }

    fn offset(&self, ordinal: u32) -> Option<usize> {
        let offset = ordinal.checked_sub(self.base)? as usize;
        (*self.cells.standing.get(offset)? != HOLE).then_some(offset)
    }

    const fn full(&self) -> u16 {
        u16::MAX >> (16 - self.parts)
    }

    fn since_start(&self, at: Timestamp) -> u32 {
        u32::try_from(at.since(self.plan.not_before).as_millis()).unwrap_or(u32::MAX - 1)
    }
}

fn column<T: Copy>(offsets: &[Option<usize>], cells: &[T], none: T) -> Vec<T> {
    offsets.iter().map(|offset| offset.map_or(none, |offset| cells[offset])).collect()
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
