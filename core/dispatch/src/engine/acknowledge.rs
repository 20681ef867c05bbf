//! People who confirm that they have read a message, by a button below it. The button names plan and person; which delivery
//! that is, the roster tells.

use super::{Engine, EngineError, NamedReceipt};
use crate::{desk::Desk, post::Post, progress::Progress, roster::Lookup};
use mingluo_ledger::{
    event::{Fact, PartReceipt},
    store::Taken,
};
use mingluo_model::{
    acknowledgement::Acknowledgement,
    call::{Answer, Means},
    delivery::DeliveryState,
    mode::Mode,
    plan::{AccountName, PlanStatus, Target},
    receipt::{ProviderId, Receipt, ReceiptStatus},
};
use std::collections::BTreeSet;

/// Ordinals whose addresses are looked up at once.
const STEP: usize = 1_000;

impl<M: Mode> Engine<M> {
    /// Somebody confirms a message of this account. Durable when this returns, and only then may the far side be answered;
    /// what comes again changes nothing, nor does it matter whether the send was answered before. It counts also when it
    /// comes after the plan was folded. `false` when the account has no such plan, or the plan no such person.
    ///
    /// # Errors
    /// [`EngineError::Halted`], [`EngineError::Scribe`] or [`EngineError::Store`]; then the far side must be told to say it
    /// again.
    pub async fn acknowledge(
        &self,
        account: &AccountName,
        one: &Acknowledgement,
    ) -> Result<bool, EngineError> {
        let post = self.open_post(account)?;
        let Some(ordinal) = self.recipient(account, one).await? else { return Ok(false) };
        if self.folded_since(one.plan).await?.is_none() {
            self.acknowledge_open(post, one, ordinal).await?;
        }
        // Asked again: the plan may have been folded in this moment.
        if let Some(start) = self.folded_since(one.plan).await? {
            let receipt = Receipt {
                provider_id: ProviderId::new(&[]),
                status: ReceiptStatus::Acknowledged,
                to: Some(one.by.clone()),
                far_code: String::new(),
                at: one.at,
            };
            self.amend(post, start, &NamedReceipt { plan: one.plan, ordinal, receipt }).await?;
        }
        self.answer_call(one, ordinal).await?;
        Ok(true)
    }

    /// Whoever was asked about this warning has answered (叫应), by the button of the question or by that of the warning itself: an
    /// ordinal is the same person in every plan of a warning.
    async fn answer_call(&self, one: &Acknowledgement, ordinal: u32) -> Result<(), EngineError> {
        let Some(stored) = self.store.plan(one.plan).await? else { return Ok(()) };
        let calls = self.store.calls(stored.fields().alert).await?;
        let asked = calls.iter().flat_map(|call| &call.steps).filter_map(|step| match &step.taken {
            Taken::Asked { ask, ordinal: whom, .. } if *whom == ordinal => Some(*ask),
            _ => None,
        });
        for ask in asked.collect::<BTreeSet<_>>() {
            self.store.answer(M::KIND, Answer::Given { ask, by: Means::Button }, one.at, None).await?;
        }
        Ok(())
    }

    /// The recipient of a plan with this address: a few thousand officials at most are looked through.
    async fn recipient(
        &self,
        account: &AccountName,
        one: &Acknowledgement,
    ) -> Result<Option<u32>, EngineError> {
        let stored = self.store.plan(one.plan).await?.filter(|stored| stored.mode == M::KIND);
        let Some(stored) = stored.filter(|stored| stored.fields().account == *account) else {
            return Ok(None);
        };
        let Target::People { edition, ordinals } = &stored.fields().target else { return Ok(None) };
        let all: Vec<u32> = ordinals.iter().collect();
        for some in all.chunks(STEP) {
            let found =
                self.roster().addresses(*edition, stored.fields().channel, some.iter().copied()).await?;
            let is_theirs = |lookup: &Lookup| match lookup {
                Lookup::Found(address) | Lookup::OptedOut(address) | Lookup::StruckOff(address) => {
                    *address == one.by
                }
                Lookup::Missing => false,
            };
            if let Some(at) = found.iter().position(is_theirs) {
                return Ok(Some(some[at]));
            }
        }
        Ok(None)
    }

    /// Moves a delivery of a plan in memory; nothing where the person has answered before.
    async fn acknowledge_open(
        &self,
        post: &Post<M>,
        one: &Acknowledgement,
        ordinal: u32,
    ) -> Result<(), EngineError> {
        let at = self.clock.now();
        let answered = |desk: &mut Desk<M>| {
            let is_theirs = |progress: &Progress<M>| {
                progress.plan().id == one.plan && progress.status() != PlanStatus::Closed
            };
            let Some(number) = desk.plans().iter().position(is_theirs) else { return Vec::new() };
            let standing = desk.plan(number).standing(ordinal);
            if standing.is_none_or(|one| one.state().absorbs(DeliveryState::Acknowledged)) {
                return Vec::new();
            }
            let receipt = PartReceipt { ordinal, part: 0, status: ReceiptStatus::Acknowledged };
            vec![desk.record(number, Fact::Receipts(vec![receipt]), at)]
        };
        Ok(post.write(answered).await?)
    }
}
