//! All plans of one account, and whose turn it is. The desk matches what the far side says to who it is about;
//! it sends nothing and stores nothing itself, but says what must be made durable.

mod digest;
mod early;
mod place;
mod shared;

pub use digest::Digest;
pub use shared::AskedJob;

use crate::{
    flights::{Flight, Flights},
    progress::Progress,
};
pub use early::Orphans;
use early::{Early, EarlyOnes};
use mingluo_ledger::{
    event::{Answer, Event, Fact, IntentParcel, PartAnswer, PartReceipt, RawId, RawReceipt},
    scribe::Entry,
};
use mingluo_model::{
    address::Address,
    clock::Timestamp,
    delivery::DeliveryState,
    id::{EditionId, PlanId},
    message::Message,
    mode::Mode,
    plan::{AccountName, PlanStatus},
    receipt::ReceiptStatus,
};
use place::{ById, IdHash, Place, id_hash};
use shared::Shared;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A run chosen for one session.
pub struct Picked<M: Mode> {
    /// The desk's number of the plan.
    pub number: usize,
    /// The plan.
    pub plan: PlanId,
    /// The words.
    pub message: Arc<Message<M>>,
    /// The end of the plan.
    pub not_after: Timestamp,
    /// The edition that the ordinals count in.
    pub edition: EditionId,
    /// To whom.
    pub parcels: Vec<IntentParcel>,
    /// Parts of the message.
    pub parts: u16,
}

/// Hashes an address as the ledger does, with its key.
pub type HashAddress = Arc<dyn Fn(&Address) -> [u8; 16] + Send + Sync>;

/// The plans of one account.
pub struct Desk<M: Mode> {
    account: AccountName,
    /// Whether another account may send to whom this one cannot.
    has_next: bool,
    /// Whether those whom it may send nothing just now wait.
    rests: bool,
    /// Whether the gateway takes nothing from anybody just now.
    at_fault: bool,
    hash_address: HashAddress,
    plans: Vec<Progress<M>>,
    /// The plans that are not closed, the gravest first.
    order: Vec<usize>,
    known: ById<Place>,
    early: EarlyOnes,
    in_doubt: HashMap<[u8; 16], Vec<Place>>,
    shared: Shared,
}

impl<M: Mode> Desk<M> {
    /// An empty desk.
    pub fn new(account: AccountName, hash_address: HashAddress) -> Self {
        Self {
            account,
            has_next: false,
            rests: false,
            at_fault: false,
            hash_address,
            plans: Vec::new(),
            order: Vec::new(),
            known: ById::default(),
            early: EarlyOnes::default(),
            in_doubt: HashMap::new(),
            shared: Shared::default(),
        }
    }

    /// The same, where another account may send to whom this one cannot.
    #[must_use]
    pub fn with_next(self, has_next: bool) -> Self {
        Self { has_next, ..self }
    }

    /// Whether another account may send to whom this one cannot.
    pub const fn has_next(&self) -> bool {
        self.has_next
    }

    /// The same, where people wait while the account may send nothing (暂停下发), until it is tried again or others take them.
    /// Else each of them is tried and has failed.
    #[must_use]
    pub fn with_rests(self, rests: bool) -> Self {
        Self { rests, ..self }
    }

    /// Whether people wait while the account may send nothing.
    pub const fn rests(&self) -> bool {
        self.rests
    }

    /// Whether the gateway takes nothing from anybody just now: what it refuses for now uses up nobody's tries then.
    pub const fn blame_gateway(&mut self, at_fault: bool) {
        self.at_fault = at_fault;
    }

    /// Takes a plan on; the gravest goes first, and among equals the older.
    pub fn admit(&mut self, progress: Progress<M>) -> usize {
        let number = self.plans.len();
        // Once now, instead of again and again while receipts come in.
        self.known.reserve(progress.tally().total().total() as usize * usize::from(progress.parts()));
        self.plans.push(progress);
        let priority = self.plans[number].plan().priority;
        let behind = self.order.partition_point(|other| self.plans[*other].plan().priority >= priority);
        self.order.insert(behind, number);
        number
    }

    /// Every plan of the desk, in the order it was taken on.
    pub fn plans(&self) -> &[Progress<M>] {
        &self.plans
    }

    /// One plan by its id.
    pub fn find(&mut self, plan: PlanId) -> Option<&mut Progress<M>> {
        self.plans.iter_mut().find(|progress| progress.plan().id == plan)
    }

    /// One plan by its number.
    pub fn plan(&mut self, number: usize) -> &mut Progress<M> {
        &mut self.plans[number]
    }

    /// The instant at which something may leave, and the units of the message that goes first then.
    pub fn ready_at(&self, now: Timestamp) -> Option<(Timestamp, u16)> {
        let ready = |number: &usize| {
            let progress = &self.plans[*number];
            Some((progress.ready_at(now)?, progress.units()))
        };
        let first = self.order.iter().filter_map(ready).find(|(at, _)| *at <= now);
        first.or_else(|| self.order.iter().filter_map(ready).min_by_key(|(at, _)| *at))
    }

    /// Whether something graver than this plan could leave now.
    pub fn graver_waits(&self, number: usize, now: Timestamp) -> bool {
        let priority = self.plans[number].plan().priority;
        let graver = self.order.iter().map(|number| &self.plans[*number]);
        graver
            .take_while(|progress| progress.plan().priority > priority)
            .any(|progress| progress.ready_at(now).is_some_and(|at| at <= now))
    }

    /// The gravest run that may leave now, at most `units` parts of one plan.
    pub fn pick(&mut self, units: u32, now: Timestamp, flights: &mut Flights) -> Option<Picked<M>> {
        for position in 0..self.order.len() {
            let number = self.order[position];
            let progress = &mut self.plans[number];
            let parcels = progress.pick(units, now);
            if !parcels.is_empty() {
                flights.reserve(number, &parcels);
                let (plan, parts) = (progress.plan().id, progress.parts());
                let (not_after, edition) = (progress.plan().not_after, progress.edition()?);
                let message = progress.message();
                return Some(Picked { number, plan, message, not_after, edition, parcels, parts });
            }
        }
        None
    }

    /// Moves one plan by a fact and gives the event to be made durable.
    pub fn record(&mut self, number: usize, fact: Fact, at: Timestamp) -> Entry {
        self.plans[number].apply(&fact, at);
        Entry::Event(Event { plan: self.plans[number].plan().id, at, fact })
    }

    /// Learns provider ids from a kept event, while a plan is replayed.
    pub fn replay(&mut self, number: usize, event: &Event) {
        if let Fact::Answers(answers) = &event.fact {
            for PartAnswer { ordinal, part, answer } in answers {
                if let Answer::Accepted(Some(id)) = answer {
                    let place = Place::new(number, *ordinal, *part);
                    if !self.learn_shared(id, place, event.at) {
                        self.known.insert(id_hash(id), place);
                    }
                }
            }
        }
        self.plans[number].apply(&event.fact, event.at);
    }

    /// The same answer for several parts: lost, or never sent.
    pub fn end_flights(&mut self, flights: &[Flight], answer: &Answer, at: Timestamp) -> Vec<Entry> {
        let mut answers: BTreeMap<usize, Vec<PartAnswer>> = BTreeMap::new();
        for Flight { plan, ordinal, part } in flights {
            let part = PartAnswer { ordinal: *ordinal, part: *part, answer: answer.clone() };
            answers.entry(*plan).or_default().push(part);
        }
        answers.into_iter().map(|(number, answers)| self.record(number, Fact::Answers(answers), at)).collect()
    }

    /// The unmatched receipts of a digest are durable under these names. Some were matched before they had one: they
    /// are given back to be marked so.
    pub fn name_raws(&mut self, unmatched: &[u64], raws: &[RawId]) -> Vec<Entry> {
        let named = unmatched.iter().zip(raws);
        let matched = named.filter(|(hash, raw)| !self.early.name(**hash, **raw));
        matched.map(|(_, raw)| Entry::Matched(*raw)).collect()
    }

    /// Takes up a receipt that an earlier run of ours kept unmatched; gives what it amounts to now.
    pub fn take_up(&mut self, raw: RawId, receipt: &RawReceipt, at: Timestamp) -> Vec<Entry> {
        let hash = id_hash(&receipt.provider_id);
        let sharers = self.sharers(hash);
        if !sharers.is_empty() {
            self.shared.say(hash, receipt.status);
            let mut entries = self.tell_all(&sharers, receipt.status, at);
            entries.push(Entry::Matched(raw));
            return entries;
        }
        let place = self.known.get(&hash).copied();
        let Some(place) = place.or_else(|| self.by_address(receipt.address_hash, receipt.status, receipt.at))
        else {
            let address = receipt.address_hash;
            let early = Early { status: receipt.status, raw: Some(raw), address, at: receipt.at };
            self.early.keep(hash, early);
            return Vec::new();
        };
        vec![self.receipt_entry(hash, place, receipt.status, at), Entry::Matched(raw)]
    }

    /// A recipient in doubt, by the keyed hash of the address, so that a receipt can still name them. Gives what the
    /// receipts amount to that came before it was known that nobody would name their id.
    pub fn doubt(&mut self, address: &Address, number: usize, ordinal: u32, at: Timestamp) -> Vec<Entry> {
        let address_hash = (self.hash_address)(address);
        let places = self.in_doubt.entry(address_hash).or_default();
        places.retain(|place| place.plan() != number);
        places.push(Place::new(number, ordinal, 0));
        let mut entries = Vec::new();
        for hash in self.early.to(&address_hash) {
            for early in self.early.take(hash) {
                match self.by_address(Some(address_hash), early.status, early.at) {
                    Some(place) => {
                        entries.push(self.receipt_entry(hash, place, early.status, at));
                        entries.extend(early.raw.map(Entry::Matched));
                    }
                    None => self.early.put_back(hash, early),
                }
            }
        }
        entries
    }

    /// Whether another plan waits for an answer about the same person: a receipt may be about that one.
    fn may_be_named_yet(&self, number: usize, ordinal: u32) -> bool {
        let edition = self.plans[number].edition();
        let submitting = |plan: &Progress<M>| {
            if plan.edition() != edition {
                // In another edition the same person has another number.
                return plan.tally().total().of(DeliveryState::Submitting) > 0;
            }
            plan.standing(ordinal).is_some_and(|one| one.state() == DeliveryState::Submitting)
        };
        self.order.iter().any(|other| *other != number && submitting(&self.plans[*other]))
    }

    /// Only a delivery in doubt is found by its address, and only if it is the only one: any other has an id that will
    /// name it. The answer with that id may still be on its way: the receipt waits for it then.
    fn by_address(
        &self,
        address_hash: Option<[u8; 16]>,
        status: ReceiptStatus,
        heard: Timestamp,
    ) -> Option<Place> {
        let places = self.in_doubt.get(&address_hash?)?;
        let told = |place: &&Place| self.plans[place.plan()].may_be_told(place.ordinal, status, heard);
        let mut open = places.iter().filter(told);
        let place = open.next()?;
        if open.next().is_some() || self.may_be_named_yet(place.plan(), place.ordinal) {
            return None;
        }
        let part = self.plans[place.plan()].first_unheard_part(place.ordinal)?;
        Some(Place::new(place.plan(), place.ordinal, part))
    }

    fn receipt_entry(&mut self, hash: IdHash, place: Place, status: ReceiptStatus, at: Timestamp) -> Entry {
        self.known.insert(hash, place);
        let receipt = PartReceipt { ordinal: place.ordinal, part: place.part(), status };
        self.record(place.plan(), Fact::Receipts(vec![receipt]), at)
    }

    /// A session was opened anew (see [`Progress::reopened`]).
    pub fn reopened(&mut self, at: Timestamp) {
        self.order.iter().for_each(|number| self.plans[*number].reopened(at));
    }

    /// Receipts that came at or before an instant and match nothing that was sent.
    pub fn orphans(&self, until: Timestamp) -> Orphans {
        self.early.orphans(until)
    }

    /// Forgets receipts that nobody was found for by an instant; they stay in the ledger.
    pub fn forget_early(&mut self, until: Timestamp) {
        self.early.forget(until);
    }

    /// A plan is folded away: its turn never comes again.
    pub fn close(&mut self, number: usize) {
        self.plans[number].close();
        self.order.retain(|other| *other != number);
    }

    /// Forgets the ids of plans that are folded away.
    pub fn forget_closed(&mut self) {
        let closed = |place: &Place| self.plans[place.plan()].status() == PlanStatus::Closed;
        self.known.retain(|_, place| !closed(place));
        if self.known.len() < self.known.capacity() / 4 {
            self.known.shrink_to_fit();
        }
        self.in_doubt.retain(|_, places| !places.iter().all(closed));
        self.forget_shared();
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
