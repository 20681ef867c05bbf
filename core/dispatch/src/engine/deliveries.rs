//! What is told and asked of single deliveries by another door than a session.

use super::{Engine, EngineError};
use crate::{post::Post, progress::Progress, roster::Lookup};
use mingluo_ledger::{
    chunk::Chunk,
    event::{Event, Fact, PartReceipt},
    scribe::Entry,
};
use mingluo_model::{
    address::Address,
    clock::Timestamp,
    delivery::Standing,
    id::PlanId,
    mode::Mode,
    plan::{AccountName, PlanStatus, Target},
    receipt::Receipt,
};
use std::collections::BTreeMap;

/// A receipt that names its delivery itself, and speaks for all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedReceipt {
    /// The plan.
    pub plan: PlanId,
    /// The recipient in the plan's edition.
    pub ordinal: u32,
    /// What it says.
    pub receipt: Receipt,
}

impl<M: Mode> Engine<M> {
    /// Receipts from a callback; durable when this returns, and only then may the far side be answered.
    ///
    /// # Errors
    /// [`EngineError::Halted`] or [`EngineError::Scribe`]; then the far side must be told to send them again.
    pub async fn receipts(&self, account: &AccountName, receipts: Vec<Receipt>) -> Result<(), EngineError> {
        Ok(self.open_post(account)?.receipts(receipts).await?)
    }

    /// Receipts that name their deliveries themselves: they count also when they come after the plan was folded, as a
    /// relay gives up on a mail days later. Durable when this returns, and only then may the far side be answered; what
    /// comes again changes nothing.
    ///
    /// # Errors
    /// [`EngineError::Halted`], [`EngineError::Scribe`] or [`EngineError::Store`]; then the far side must be told to
    /// send them again.
    pub async fn named_receipts(
        &self,
        account: &AccountName,
        named: Vec<NamedReceipt>,
    ) -> Result<(), EngineError> {
        let post = self.open_post(account)?;
        let mut of_open_plans = Vec::new();
        for one in &named {
            if self.folded_since(one.plan).await?.is_none() {
                of_open_plans.push(one.receipt.clone());
            }
        }
        post.receipts(of_open_plans).await?;
        // All of them: a plan may have been folded in this moment.
        for one in &named {
            if let Some(start) = self.folded_since(one.plan).await? {
                self.amend(post, start, one).await?;
            }
        }
        Ok(())
    }

    pub(super) fn open_post(&self, account: &AccountName) -> Result<&Post<M>, EngineError> {
        self.check()?;
        let unknown = || EngineError::Halted { reason: format!("account {account} is not configured") };
        self.posts.get(account).map(AsRef::as_ref).ok_or_else(unknown)
    }

    /// When a folded plan of this mode began; `None` for one that is not folded, or that there is not.
    pub(super) async fn folded_since(&self, plan: PlanId) -> Result<Option<Timestamp>, EngineError> {
        let stands = |progress: &mut Progress<M>| (progress.status(), progress.plan().not_before);
        let in_memory = self.posts.values().find_map(|post| post.desk().find(plan).map(stands));
        let (status, start) = match in_memory {
            Some(stands) => stands,
            None => match self.store.plan(plan).await?.filter(|stored| stored.mode == M::KIND) {
                Some(stored) => (stored.status, stored.fields().not_before),
                None => return Ok(None),
            },
        };
        Ok((status == PlanStatus::Closed).then_some(start))
    }

    /// Moves a delivery of a folded plan: the log first, as with any other, then its chunk, then the counts. Whoever is
    /// cut off in between is told again and goes on from there.
    pub(super) async fn amend(
        &self,
        post: &Post<M>,
        start: Timestamp,
        named: &NamedReceipt,
    ) -> Result<(), EngineError> {
        let NamedReceipt { plan, ordinal, receipt } = named;
        let (plan, ordinal, status) = (*plan, *ordinal, receipt.status);
        let Some((state, reason)) = status.state() else { return Ok(()) };
        let _alone = self.amending.lock().await;
        let Some(mut chunk) = self.store.chunk(plan, ordinal / Chunk::SIZE).await? else { return Ok(()) };
        let index = (ordinal % Chunk::SIZE) as usize;
        let byte = chunk.standings.get(index).filter(|byte| **byte != Chunk::NOT_IN_PLAN);
        let Some(from) = byte.and_then(|byte| Standing::from_byte(*byte)) else { return Ok(()) };
        if from.state().absorbs(state) {
            return Ok(());
        }
        let (to, at) = (Standing::new(state, reason), self.clock.now());
        let fact = Fact::Receipts(vec![PartReceipt { ordinal, part: 0, status }]);
        post.write(|_| vec![Entry::Event(Event { plan, at, fact })]).await?;
        chunk.standings[index] = to.byte();
        chunk.t_final_ms[index] = u32::try_from(at.since(start).as_millis()).unwrap_or(Chunk::NEVER - 1);
        self.store.close(plan, &[chunk]).await?;
        if let Some(progress) = post.desk().find(plan) {
            progress.amend(ordinal, from, to, at);
        }
        Ok(())
    }

    /// To whom a delivery went; `None` when there is no such plan of this mode, or nobody of this number in it.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub async fn addressee(&self, plan: PlanId, ordinal: u32) -> Result<Option<Address>, EngineError> {
        let stored = self.store.plan(plan).await?.filter(|stored| stored.mode == M::KIND);
        let Some(stored) = stored else { return Ok(None) };
        let Target::People { edition, ordinals } = &stored.fields().target else { return Ok(None) };
        if !ordinals.contains(ordinal) {
            return Ok(None);
        }
        let found =
            self.roster.addresses(*edition, stored.fields().channel, std::iter::once(ordinal)).await?;
        Ok(found.into_iter().next().and_then(Lookup::address))
    }

    /// Mails of a plan came back from these recipients' mailboxes, since nobody has them; see
    /// [`Roster::strike`](crate::roster::Roster::strike).
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub async fn strike(&self, plan: PlanId, ordinals: &[u32]) -> Result<(), EngineError> {
        let stored = self.store.plan(plan).await?.filter(|stored| stored.mode == M::KIND);
        let Some(stored) = stored else { return Ok(()) };
        let Target::People { edition, ordinals: of } = &stored.fields().target else { return Ok(()) };
        let named = ordinals.iter().copied().filter(|ordinal| of.contains(*ordinal));
        let found = self.roster.addresses(*edition, stored.fields().channel, named).await?;
        let mailboxes: Vec<_> = found.into_iter().filter_map(Lookup::address).collect();
        Ok(self.roster.strike(plan, of.len(), &mailboxes, self.clock.now()).await?)
    }

    /// The deliveries of a plan of this alert that nobody confirmed, by ordinal.
    ///
    /// # Errors
    /// [`EngineError::Store`] when a folded plan cannot be read.
    pub async fn unconfirmed(&self, plan: PlanId) -> Result<BTreeMap<u32, Standing>, EngineError> {
        self.asked(plan, Progress::unconfirmed).await
    }

    /// The deliveries of a plan that did not arrive, by ordinal.
    ///
    /// # Errors
    /// [`EngineError::Store`] when a folded plan cannot be read.
    pub async fn unreached(&self, plan: PlanId) -> Result<BTreeMap<u32, Standing>, EngineError> {
        self.asked(plan, Progress::unreached).await
    }

    async fn asked(
        &self,
        plan: PlanId,
        of: impl Fn(&Progress<M>) -> BTreeMap<u32, Standing> + Send,
    ) -> Result<BTreeMap<u32, Standing>, EngineError> {
        let open =
            |progress: &mut Progress<M>| (progress.status() != PlanStatus::Closed).then(|| of(progress));
        let in_memory = self.posts.values().find_map(|post| post.desk().find(plan).and_then(open));
        if let Some(unconfirmed) = in_memory {
            return Ok(unconfirmed);
        }
        let Some(stored) = self.store.plan(plan).await? else { return Ok(BTreeMap::new()) };
        Ok(self.unfold(&stored).await?.map(|progress| of(&progress)).unwrap_or_default())
    }
}
