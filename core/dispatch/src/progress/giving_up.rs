//! What is given up, as facts to be kept: what never left, answers and receipts that did not come.

use super::Progress;
use mingluo_ledger::event::{Answer, Fact, Moved, PartAnswer};
use mingluo_model::{
    channel::Repeat,
    clock::Timestamp,
    delivery::{DeliveryState, Reason, Standing},
    mode::Mode,
};
use roaring::RoaringBitmap;

impl<M: Mode> Progress<M> {
    /// Everything that was never sent, as one move: for expiry, lift, correction and recall, and for what cannot leave.
    pub fn give_up_rest(&self, standing: Standing) -> Option<Fact> {
        let rest = self.tally.total();
        let submitting = self.rules.repeat == Repeat::ActsOnce && standing.state() == DeliveryState::Expired;
        let flying = if submitting { rest.of(DeliveryState::Submitting) } else { 0 };
        if rest.of(DeliveryState::Planned) + rest.of(DeliveryState::Queued) + flying == 0 {
            return None;
        }
        let (first, count) = self.places.span();
        Some(Fact::Moved(vec![Moved { first, count, standing }]))
    }

    /// Accepted deliveries whose receipt has not come by now, as moves to "no receipt".
    pub fn give_up_receipts(&self, accepted_before: Timestamp) -> Option<Fact> {
        let limit = self.since_start(accepted_before);
        let accepted = Standing::new(DeliveryState::Accepted, Reason::None).byte();
        let late =
            |offset: usize| self.cells.standing[offset] == accepted && self.cells.since_ms[offset] <= limit;
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

    /// Everybody to whom this account would still send: never sent, waiting to be sent again, or in doubt for so long
    /// that the rule sends again.
    pub fn unsent(&mut self, now: Timestamp) -> RoaringBitmap {
        self.promote(now);
        let in_doubt: RoaringBitmap = self.queued.iter().copied().collect();
        let waits = |offset: usize, ordinal: u32| match self.at(offset).state() {
            DeliveryState::Planned | DeliveryState::Queued => true,
            DeliveryState::Unknown => in_doubt.contains(ordinal),
            _ => false,
        };
        self.members()
            .filter(|(offset, ordinal)| waits(*offset, *ordinal))
            .map(|(_, ordinal)| ordinal)
            .collect()
    }

    /// Whether somebody may be among them, without a look at each.
    pub fn may_have_unsent(&self) -> bool {
        let counts = self.tally.total();
        [DeliveryState::Planned, DeliveryState::Queued, DeliveryState::Unknown]
            .into_iter()
            .any(|state| counts.of(state) > 0)
    }

    /// Some of them move to a standing, as one fact; `None` if none of them waits any more.
    pub fn move_unsent(&self, some: &RoaringBitmap, standing: Standing) -> Option<Fact> {
        let waits =
            |offset: usize| some.contains(self.ordinal(offset)) && self.may_move(self.at(offset), standing);
        self.moves(waits, standing)
    }

    /// Moves of those that are wanted, in runs. Ordinals between two of them that are not in the plan are in no way.
    fn moves(&self, wanted: impl Fn(usize) -> bool, standing: Standing) -> Option<Fact> {
        let mut moves: Vec<Moved> = Vec::new();
        let mut goes_on = false;
        for (offset, ordinal) in self.members() {
            let is_wanted = wanted(offset);
            match moves.last_mut().filter(|_| goes_on) {
                Some(run) if is_wanted => run.count = ordinal - run.first + 1,
                None if is_wanted => moves.push(Moved { first: ordinal, count: 1, standing }),
                _ => {}
            }
            goes_on = is_wanted;
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
            let ordinal = self.ordinal(offset);
            let parts = (0..16_u8).filter(|part| flying & (1 << part) != 0);
            lost.extend(parts.map(|part| PartAnswer { ordinal, part, answer: Answer::Lost }));
        }
        (!lost.is_empty()).then_some(Fact::Answers(lost))
    }
}
