//! How a fact moves a plan: intents, answers, receipts and decisions, and when what failed is tried again.

use super::{HOLE, Progress};
use crate::retry::{Next, Trouble};
use mingluo_ledger::event::{Answer, Fact, Intent, Moved, PartAnswer, PartReceipt};
use mingluo_model::{
    channel::{ADDITION, MOST_PARTS, ReceiptFor, Repeat},
    clock::Timestamp,
    delivery::{DeliveryState, Reason, Standing},
    mode::Mode,
    receipt::ReceiptStatus,
};
use std::cmp::Reverse;

/// What left and was not answered.
const LOST: Standing = Standing::new(DeliveryState::Unknown, Reason::SessionLost);

impl<M: Mode> Progress<M> {
    /// Moves the plan by a fact that is, or is about to be, durable.
    pub fn apply(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::Intent(intent) => {
                // What left says into how many parts it was cut, whatever its account would make of it today.
                self.parts = intent.parts.clamp(1, MOST_PARTS);
                self.apply_intent(intent, at);
                self.join_call(&intent.parcels);
            }
            Fact::Answers(answers) => answers.iter().for_each(|answer| self.apply_answer(answer, at)),
            Fact::Receipts(receipts) => receipts.iter().for_each(|receipt| self.apply_receipt(*receipt, at)),
            Fact::Moved(moves) => moves.iter().for_each(|moved| self.apply_move(*moved, at)),
        }
    }

    pub(super) fn apply_intent(&mut self, intent: &Intent, at: Timestamp) {
        for parcel in &intent.parcels {
            let Some(offset) = self.offset(parcel.ordinal) else { continue };
            self.first_byte.get_or_insert(at);
            self.cells.flying[offset] |= parcel.part_set;
            self.cells.attempts[offset] = parcel.attempt;
            if self.cells.submit_ms[offset] == u32::MAX {
                self.cells.submit_ms[offset] = self.since_start(at);
            }
            let before = self.at(offset).state();
            if !before.is_final() {
                self.set(offset, Standing::new(DeliveryState::Submitting, Reason::None), at);
            }
        }
    }

    fn apply_answer(&mut self, answer: &PartAnswer, at: Timestamp) {
        let Some(offset) = self.offset(answer.ordinal) else { return };
        let bit = 1_u16 << (answer.part & 15);
        if answer.part == ADDITION {
            return self.apply_answer_to_addition(offset, &answer.answer);
        }
        // What was answered busy never left: the promise of a resend is none yet.
        let left = self.cells.flying[offset] & bit != 0 && answer.answer != Answer::Busy;
        if left && self.doubted.contains(answer.ordinal) {
            self.resent.insert(answer.ordinal);
        }
        self.cells.flying[offset] &= !bit;
        let trouble = match &answer.answer {
            Answer::Accepted(id) => {
                // Without an id no receipt can name it, unless another answer said what it is called.
                let is_new = self.cells.accepted[offset] & bit == 0;
                if id.is_none() && is_new && self.awaits_receipts() {
                    self.nameless.insert(answer.ordinal);
                }
                self.cells.accepted[offset] |= self.parts_of(answer.part);
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
        if self.parts_flying(offset) == 0 {
            self.settle(offset, at);
        }
    }

    /// The parts of a delivery that are on their way.
    fn parts_flying(&self, offset: usize) -> u16 {
        self.cells.flying[offset] & self.full()
    }

    /// Whether all parts are known to be taken.
    fn is_taken(&self, offset: usize) -> bool {
        self.cells.accepted[offset] & self.full() == self.full()
    }

    /// All parts of one try are answered: decides where the delivery stands now.
    fn settle(&mut self, offset: usize, at: Timestamp) {
        let ordinal = self.ordinal(offset);
        // Hardly ever is there any: no need to look for it then.
        let trouble = if self.troubles.is_empty() { None } else { self.troubles.remove(&ordinal) };
        if self.at(offset).state().is_final() {
            return;
        }
        match trouble {
            Some(trouble) if !self.is_taken(offset) => self.retry(offset, trouble, at),
            // Nothing is missing: what became of a try too many does not matter.
            _ => self.accept(offset, at),
        }
    }

    /// The parts that a word about one part speaks for.
    fn parts_of(&self, part: u8) -> u16 {
        match self.rules.receipts {
            ReceiptFor::EachPart => 1_u16 << (part & 15),
            ReceiptFor::AllParts
            | ReceiptFor::InTurn
            | ReceiptFor::BadNews
            | ReceiptFor::Job
            | ReceiptFor::Nothing => self.full(),
        }
    }

    fn accept(&mut self, offset: usize, at: Timestamp) {
        if !self.is_taken(offset) {
            if self.at(offset).state() == DeliveryState::Unknown {
                // Late answers come one after the other: what is still in doubt keeps its time.
                return;
            }
            // A part was refused on an earlier try of which the rest is still missing: send what is missing.
            self.set(offset, Standing::new(DeliveryState::Queued, Reason::None), at);
            self.queued.push_back(self.ordinal(offset));
            return;
        }
        self.set(offset, self.taken(offset), at);
    }

    /// Where a delivery stands of which all was taken. Nobody claims that it arrived: what has no name has no receipt.
    fn taken(&self, offset: usize) -> Standing {
        let is_nameless = self.nameless.contains(self.ordinal(offset));
        Standing::new(DeliveryState::Accepted, if is_nameless { Reason::NoReceipt } else { Reason::None })
    }

    /// Whether what is accepted waits for news: of its parts, or of a speaker's evidence. Where only bad news comes
    /// nothing is waited for.
    pub(super) const fn awaits_receipts(&self) -> bool {
        matches!(self.rules.receipts, ReceiptFor::EachPart | ReceiptFor::AllParts | ReceiptFor::InTurn)
    }

    const fn arrival(&self) -> DeliveryState {
        crate::tally::arrival(self.plan.channel)
    }

    fn retry(&mut self, offset: usize, trouble: Trouble, at: Timestamp) {
        let ordinal = self.ordinal(offset);
        let attempt = self.cells.attempts[offset];
        if trouble == Trouble::Busy {
            self.cells.attempts[offset] = attempt.saturating_sub(1);
            if attempt <= 1 && self.cells.accepted[offset] == 0 {
                // Nobody took anything of it: it is as if it had never left.
                self.cells.submit_ms[offset] = u32::MAX;
            }
        }
        let trouble = match trouble {
            Trouble::Lost if self.resent.contains(ordinal) => Trouble::LostAgain,
            other => other,
        };
        let grade = self.plan.priority.grade;
        match self.rules.retry.next(trouble, attempt, self.rules.repeat, grade, at) {
            Next::Again(due) => {
                // What may have arrived is never said to wait as if it had not left: a lift must reach those people.
                let in_doubt = self.doubted.contains(ordinal);
                let queued = Standing::new(DeliveryState::Queued, Reason::None);
                self.set(offset, if in_doubt { LOST } else { queued }, at);
                self.later.push(Reverse((due, ordinal)));
            }
            Next::DoubtUntil(due) => {
                self.doubted.insert(ordinal);
                self.put_off.remove(ordinal);
                self.set(offset, LOST, at);
                self.later.push(Reverse((due, ordinal)));
            }
            // An earlier try may have arrived: that this one was refused says nothing of it.
            Next::Fail(_) if self.doubted.contains(ordinal) => self.set(offset, LOST, at),
            Next::Doubt => {
                self.doubted.insert(ordinal);
                self.set(offset, LOST, at);
            }
            Next::Fail(reason) => self.set(offset, Standing::new(DeliveryState::Failed, reason), at),
        }
    }

    fn apply_receipt(&mut self, receipt: PartReceipt, at: Timestamp) {
        let Some(offset) = self.offset(receipt.ordinal).filter(|_| receipt.part != ADDITION) else { return };
        let parts = self.parts_of(receipt.part);
        self.cells.accepted[offset] |= parts;
        if receipt.status == ReceiptStatus::Delivered {
            self.cells.delivered[offset] |= parts;
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
        let taken = self.is_taken(offset) && self.parts_flying(offset) == 0;
        if taken && matches!(self.at(offset).state(), DeliveryState::Unknown | DeliveryState::Queued) {
            self.set(offset, self.taken(offset), at);
        }
    }

    fn apply_move(&mut self, moved: Moved, at: Timestamp) {
        let end = u64::from(moved.first) + u64::from(moved.count);
        for offset in self.places.within(moved.first, end) {
            if self.cells.standing[offset] != HOLE && self.may_move(self.at(offset), moved.standing) {
                self.cells.flying[offset] = 0;
                // The other account sends again what may have arrived by this one.
                if moved.standing == Standing::HANDED_OVER && self.doubted.contains(self.ordinal(offset)) {
                    self.resent.insert(self.ordinal(offset));
                }
                // Whoever opted out after a try that may have arrived was not failed by us.
                let fails = moved.standing.state() == DeliveryState::Failed;
                let in_doubt = fails && self.doubted.contains(self.ordinal(offset));
                self.set(offset, if in_doubt { LOST } else { moved.standing }, at);
            }
        }
    }

    /// Which decisions of ours may move a delivery from where it stands.
    pub(super) fn may_move(&self, from: Standing, to: Standing) -> bool {
        let unsent = matches!(from.state(), DeliveryState::Planned | DeliveryState::Queued);
        match to.state() {
            // What acts once and was never verified cannot act after its end: the order carries it.
            DeliveryState::Expired => {
                unsent || self.rules.repeat == Repeat::ActsOnce && from.state().is_open()
            }
            // Whose doubt is over would be sent to again here: that is the other account's now.
            DeliveryState::Withdrawn if to == Standing::HANDED_OVER => {
                unsent || from.state() == DeliveryState::Unknown
            }
            DeliveryState::Withdrawn => unsent,
            DeliveryState::Accepted => from.state() == DeliveryState::Accepted,
            _ => from.state().is_open(),
        }
    }

    /// The one place where a standing changes: counts and times follow.
    pub(super) fn set(&mut self, offset: usize, to: Standing, at: Timestamp) {
        let from = self.at(offset);
        if from == to {
            return;
        }
        self.cells.standing[offset] = to.byte();
        self.cells.since_ms[offset] = self.since_start(at);
        self.moves_made += 1;
        let ordinal = self.ordinal(offset);
        self.tally.shift(ordinal, Some(from), to, at);
    }
}
