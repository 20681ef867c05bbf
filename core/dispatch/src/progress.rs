//! One plan in memory: a few bytes for each recipient, moved by facts and by nothing else. The same
//! [`Progress::apply`] serves a running engine and a replay after a crash, so the two cannot differ.

mod additions;
mod apply;
mod asked;
mod calls;
mod fold;
mod giving_up;
mod places;
mod sending;

use crate::{
    retry::{RetryPolicy, Trouble},
    tally::{Districts, Tally},
};
pub use additions::Additions;
use calls::Calls;
use mingluo_model::{
    channel::{ADDITION, Recall, ReceiptFor, Repeat},
    clock::Timestamp,
    delivery::{DeliveryState, Reason, Standing},
    id::EditionId,
    message::Message,
    mode::Mode,
    plan::{Plan, PlanStatus, Target},
};
use places::Places;
use roaring::RoaringBitmap;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    num::NonZeroU16,
    sync::Arc,
    time::Duration,
};

/// Marks an ordinal inside the plan's span that is not in its target.
const HOLE: u8 = 0xff;

/// Its time ran out before it left.
pub const EXPIRED: Standing = Standing::new(DeliveryState::Expired, Reason::None);

/// It was stopped before it left.
pub const WITHDRAWN: Standing = Standing::new(DeliveryState::Withdrawn, Reason::None);

const PLANNED: Standing = Standing::new(DeliveryState::Planned, Reason::None);

/// What stays the same for all deliveries of an account while it runs.
#[derive(Debug, Clone)]
pub struct Rules {
    /// When to try again.
    pub retry: RetryPolicy,
    /// What sending twice does on this channel.
    pub repeat: Repeat,
    /// What one receipt speaks for on this channel.
    pub receipts: ReceiptFor,
}

/// Progress of one plan.
pub struct Progress<M: Mode> {
    plan: Plan<M>,
    message: Arc<Message<M>>,
    rules: Rules,
    parts: u16,
    /// Whether an addition leaves with a first try.
    has_addition: bool,
    additions: Additions,
    places: Places,
    cells: Cells,
    cursor: usize,
    queued: VecDeque<u32>,
    later: BinaryHeap<Reverse<(Timestamp, u32)>>,
    troubles: HashMap<u32, Trouble>,
    tally: Tally,
    status: PlanStatus,
    withdrawn: bool,
    barred: bool,
    doubts_until: Timestamp,
    moves_made: u64,
    first_byte: Option<Timestamp>,
    /// Deliveries of which a try left and was never answered: it may have arrived whatever becomes of the next.
    doubted: RoaringBitmap,
    /// Those among them of which another try left.
    resent: RoaringBitmap,
    /// Deliveries of which a part was taken without a name.
    nameless: RoaringBitmap,
    /// Doubts that were put off once, since a session came back.
    put_off: RoaringBitmap,
    calls: Calls,
    recall: Recall,
}

/// One entry per place of the plan, by column.
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
        let places = Places::of(ordinals);
        let mut cells = Cells::new(places.len());
        let mut tally = Tally::new(districts, plan.channel, plan.not_before);
        for ordinal in ordinals {
            if let Some(offset) = places.offset(ordinal) {
                cells.standing[offset] = PLANNED.byte();
            }
            tally.shift(ordinal, None, PLANNED, plan.not_before);
        }
        let message = Arc::new(plan.message.clone());
        let recall = Recall::default();
        if status != PlanStatus::Open {
            recall.call();
        }
        Self {
            plan,
            message,
            rules,
            parts: parts.get(),
            has_addition: false,
            additions: Additions::default(),
            places,
            cells,
            cursor: 0,
            queued: VecDeque::new(),
            later: BinaryHeap::new(),
            troubles: HashMap::new(),
            tally,
            status,
            withdrawn: status == PlanStatus::Stopped,
            barred: false,
            doubts_until: Timestamp(0),
            moves_made: 0,
            first_byte: None,
            doubted: RoaringBitmap::new(),
            resent: RoaringBitmap::new(),
            nameless: RoaringBitmap::new(),
            put_off: RoaringBitmap::new(),
            calls: Calls::default(),
            recall,
        }
    }

    /// The same plan, with whether an addition leaves with each first try.
    #[must_use]
    pub fn with_addition(self, has_addition: bool) -> Self {
        Self { has_addition, ..self }
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

    /// What became of the additions.
    pub const fn additions(&self) -> Additions {
        self.additions
    }

    /// Units that a first try takes of the licence: the parts, and the addition.
    pub const fn units(&self) -> u16 {
        self.parts + self.has_addition as u16
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
    pub fn resent_in_doubt(&self) -> u32 {
        self.resent.len() as u32
    }

    /// Tells sessions of a stop, so that what waits inside them does not begin any more.
    pub fn recall(&self) -> Recall {
        self.recall.clone()
    }

    /// What one receipt speaks for.
    pub const fn receipts(&self) -> ReceiptFor {
        self.rules.receipts
    }

    /// Accepted deliveries whose receipt is still to come.
    pub fn awaiting(&self) -> u32 {
        let accepted = self.tally.total().of_reason(DeliveryState::Accepted, Reason::None);
        if self.awaits_receipts() { accepted } else { 0 }
    }

    /// The standing of one recipient; `None` if the plan does not reach them.
    pub fn standing(&self, ordinal: u32) -> Option<Standing> {
        let offset = self.offset(ordinal)?;
        Some(self.at(offset))
    }

    /// The plan has nothing left to send, to wait for or to decide. What is over tries nothing again.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        let over = self.withdrawn || self.barred || now >= self.plan.not_after;
        // What a receipt resolved may still stand in the heap until its time comes.
        let in_doubt = self.tally.total().of(DeliveryState::Unknown) > 0;
        let nothing_to_try = !in_doubt || self.later.is_empty() && self.queued.is_empty();
        self.tally.total().open() == 0 && self.awaiting() == 0 && (over || nothing_to_try)
    }

    /// Settled, and nothing can be told of it any more: of whom nobody answered receipts may come for `receipts_within`
    /// from the start; a box that was away obeys when it comes back, a relay gives up on a mail, and a mass send is refused,
    /// until the plan's end.
    pub fn may_be_folded(&self, now: Timestamp, receipts_within: Duration) -> bool {
        let over = self.withdrawn || now >= self.plan.not_after;
        let may_act = self.rules.repeat == Repeat::ActsOnce && !over;
        let may_be_told = now.since(self.plan.not_before) < receipts_within;
        let in_doubt = self.tally.total().of(DeliveryState::Unknown) > 0;
        let is_out = self.tally.total().of(DeliveryState::Accepted) > 0;
        let hears_bad_news = matches!(self.rules.receipts, ReceiptFor::BadNews | ReceiptFor::Job);
        let may_come_back = is_out && hears_bad_news && !over;
        self.is_settled(now) && !(in_doubt && (may_act || may_be_told)) && !may_come_back
    }

    /// Nothing more of this plan leaves, although the decision is not durable yet.
    pub fn stop(&mut self) {
        if self.status == PlanStatus::Open {
            self.status = PlanStatus::Stopped;
            self.recall.call();
        }
    }

    /// Takes a stop back (the decision could not be kept).
    pub fn resume(&mut self) {
        if self.status == PlanStatus::Stopped && !self.withdrawn {
            self.status = PlanStatus::Open;
            self.recall.undo();
        }
    }

    /// Nothing more of this plan can leave by its account, as that is now: neither what never left nor what is in doubt.
    pub fn bar(&mut self) {
        self.barred = true;
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
        (self.cells, self.places) = (Cells::default(), Places::of(&RoaringBitmap::new()));
        (self.queued, self.later, self.troubles) = Default::default();
        (self.doubted, self.nameless, self.put_off) = Default::default();
        if let Target::People { ordinals, .. } = &mut self.plan.target {
            ordinals.clear();
        }
        self.tally.thin();
    }

    fn at(&self, offset: usize) -> Standing {
        Standing::from_byte(self.cells.standing[offset]).unwrap_or(PLANNED)
    }

    fn offset(&self, ordinal: u32) -> Option<usize> {
        let offset = self.places.offset(ordinal)?;
        (*self.cells.standing.get(offset)? != HOLE).then_some(offset)
    }

    fn ordinal(&self, offset: usize) -> u32 {
        self.places.ordinal(offset)
    }

    /// The recipients in order, each with its cell.
    fn members(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        let standing = self.cells.standing.iter().enumerate();
        standing.filter(|(_, byte)| **byte != HOLE).map(|(offset, _)| (offset, self.ordinal(offset)))
    }

    /// All parts; the addition is none of them.
    const fn full(&self) -> u16 {
        u16::MAX >> (16 - self.parts)
    }

    const fn first_try(&self) -> u16 {
        self.full() | (self.has_addition as u16) << ADDITION
    }

    fn since_start(&self, at: Timestamp) -> u32 {
        u32::try_from(at.since(self.plan.not_before).as_millis()).unwrap_or(u32::MAX - 1)
    }
}

#[cfg(test)]
#[path = "progress_tests.rs"]
pub(crate) mod tests;
