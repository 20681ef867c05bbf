//! Which calls a plan was made of, where one call is for many: a call that may have been taken already goes again as the same
//! call, to nobody but its own people, though some of them may have left it since. Made of the log's intents alone, so that a
//! replay knows the same calls.

use super::Progress;
use mingluo_ledger::event::IntentParcel;
use mingluo_model::{channel::ReceiptFor, delivery::DeliveryState, mode::Mode};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, VecDeque};

/// The calls of a plan. Whoever is in one is never in another.
#[derive(Default)]
pub(super) struct Calls {
    /// By the first of their people.
    calls: BTreeMap<u32, RoaringBitmap>,
    everybody: RoaringBitmap,
}

impl Calls {
    fn of(&self, ordinal: u32) -> Option<(u32, &RoaringBitmap)> {
        let mut calls = self.calls.iter().filter(|_| self.everybody.contains(ordinal));
        calls.find(|(_, people)| people.contains(ordinal)).map(|(number, people)| (*number, people))
    }
}

fn people(parcels: &[IntentParcel]) -> RoaringBitmap {
    parcels.iter().map(|parcel| parcel.ordinal).collect()
}

impl<M: Mode> Progress<M> {
    const fn makes_calls(&self) -> bool {
        matches!(self.rules.receipts, ReceiptFor::Job)
    }

    /// Which of the plan's calls a run to these people is: an earlier one, if all who are left of that are in it, else a new
    /// one. `None` where calls are not for many, or where it is neither: a call that must have a name of its own.
    pub fn call(&self, parcels: &[IntentParcel]) -> Option<u32> {
        let people = people(parcels);
        let first = people.min().filter(|_| self.makes_calls())?;
        if self.calls.everybody.is_disjoint(&people) {
            return Some(first);
        }
        let (number, all) = self.calls.of(first)?;
        let is_left_out = |ordinal: u32| !people.contains(ordinal) && self.may_leave_yet(ordinal);
        (people.is_subset(all) && !all.iter().any(is_left_out)).then_some(number)
    }

    /// These people leave together: those who were in no call yet are in one from now on.
    pub fn join_call(&mut self, parcels: &[IntentParcel]) {
        if !self.makes_calls() {
            return;
        }
        let new = people(parcels) - &self.calls.everybody;
        if let Some(first) = new.min() {
            self.calls.everybody |= &new;
            self.calls.calls.insert(first, new);
        }
    }

    /// Takes out of the queue whoever is in another call than the first in it.
    pub(super) fn set_other_calls_aside(&mut self) -> VecDeque<u32> {
        let Some(first) = self.queued.front().copied().filter(|_| self.makes_calls()) else {
            return VecDeque::new();
        };
        let queued = std::mem::take(&mut self.queued);
        let (same, others) = match self.calls.of(first) {
            Some((_, people)) => queued.into_iter().partition(|ordinal| people.contains(*ordinal)),
            None => queued.into_iter().partition(|ordinal| !self.calls.everybody.contains(*ordinal)),
        };
        self.queued = same;
        others
    }

    /// Whether a call may be filled up with people who were in none: one that goes again may not.
    pub(super) fn may_fill_up(&self, picked: &[IntentParcel]) -> bool {
        picked.is_empty() || !self.makes_calls()
    }

    fn may_leave_yet(&self, ordinal: u32) -> bool {
        use DeliveryState::{Planned, Queued, Submitting, Unknown};
        let state = self.standing(ordinal).map(mingluo_model::delivery::Standing::state);
        state.is_some_and(|state| [Planned, Queued, Submitting, Unknown].contains(&state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::tests::{START, answer, told_by};
    use mingluo_ledger::event::{Answer, Fact, Intent, Moved};
    use mingluo_model::{
        clock::Timestamp,
        delivery::{Reason, Standing},
        mode::Live,
    };

    const LATER: Timestamp = Timestamp(START.0 + 30_000);

    /// Sends the next run of so many but for who opted out, and gives its call and its people.
    fn send(
        progress: &mut Progress<Live>,
        units: u32,
        out: &[u32],
        at: Timestamp,
    ) -> (Option<u32>, Vec<u32>) {
        let picked = progress.pick(units, at);
        let (gone, kept): (Vec<_>, Vec<_>) =
            picked.into_iter().partition(|parcel| out.contains(&parcel.ordinal));
        for IntentParcel { ordinal, .. } in gone {
            let standing = Standing::new(DeliveryState::Failed, Reason::OptedOut);
            progress.apply(&Fact::Moved(vec![Moved { first: ordinal, count: 1, standing }]), at);
        }
        let call = progress.call(&kept);
        progress.join_call(&kept);
        (call, kept.iter().map(|parcel| parcel.ordinal).collect())
    }

    fn fail(progress: &mut Progress<Live>, people: &[u32]) {
        let fault = || Answer::Temporary(Reason::FarFault);
        for ordinal in people {
            answer(progress, *ordinal, 0, fault(), START);
        }
    }

    #[test]
    fn a_call_that_goes_again_is_not_filled_up_and_known_though_somebody_left_it() {
        let mut progress = told_by(ReceiptFor::Job, 10);
        let (call, people) = send(&mut progress, 4, &[101], START);
        assert_eq!((call, people.as_slice()), (Some(100), &[100, 102, 103][..]));
        fail(&mut progress, &people);
        assert_eq!(send(&mut progress, 4, &[100], LATER), (Some(100), vec![102, 103]));
        assert_eq!(send(&mut progress, 4, &[], LATER), (Some(104), vec![104, 105, 106, 107]), "fresh ones");
    }

    #[test]
    fn two_calls_that_are_due_at_once_are_not_mixed() {
        let mut progress = told_by(ReceiptFor::Job, 6);
        let [first, second] = [(); 2].map(|()| send(&mut progress, 3, &[], START));
        let mixed: Vec<u32> = first.1.iter().zip(&second.1).flat_map(|(one, next)| [*next, *one]).collect();
        fail(&mut progress, &mixed);
        let mut again = [(); 2].map(|()| send(&mut progress, 3, &[], LATER));
        for (_, people) in &mut again {
            people.sort_unstable();
        }
        again.sort();
        assert_eq!(again, [first, second]);
    }

    #[test]
    fn a_part_of_a_call_is_another_call() {
        let mut progress = told_by(ReceiptFor::Job, 4);
        let (_, people) = send(&mut progress, 4, &[], START);
        fail(&mut progress, &people);
        assert_eq!(
            send(&mut progress, 3, &[], LATER).0,
            None,
            "the whole may have been taken under its name"
        );
        assert_eq!(told_by(ReceiptFor::EachPart, 4).call(&[]), None);
    }

    #[test]
    fn a_replay_knows_the_same_calls() {
        let mut progress = told_by(ReceiptFor::Job, 4);
        let parcels = [101, 102].map(|ordinal| IntentParcel { ordinal, attempt: 1, part_set: 1 }).to_vec();
        let left = parcels[1..].to_vec();
        progress.apply(&Fact::Intent(Intent { first_key: 1, parts: 1, parcels }), START);
        answer(&mut progress, 101, 0, Answer::Permanent(Reason::Other), START);
        assert_eq!(progress.call(&left), Some(101));
    }
}
