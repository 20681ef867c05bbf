//! What is told and asked of single deliveries by another door than a session.

use super::{Engine, EngineError};
use crate::{progress::Progress, roster::Lookup};
use mingluo_model::{
    address::Address,
    delivery::Standing,
    id::PlanId,
    mode::Mode,
    plan::{AccountName, PlanStatus, Target},
    receipt::Receipt,
};
use std::collections::BTreeMap;

impl<M: Mode> Engine<M> {
    /// Receipts from a callback; durable when this returns, and only then may the far side be answered.
    ///
    /// # Errors
    /// [`EngineError::Halted`] or [`EngineError::Scribe`]; then the far side must be told to send them again.
    pub async fn receipts(&self, account: &AccountName, receipts: Vec<Receipt>) -> Result<(), EngineError> {
        self.check()?;
        match self.posts.get(account) {
            Some(post) => Ok(post.receipts(receipts).await?),
            None => Err(EngineError::Halted { reason: format!("account {account} is not configured") }),
        }
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
        Ok(found.into_iter().next().and_then(|lookup| match lookup {
            Lookup::Found(address) | Lookup::OptedOut(address) | Lookup::StruckOff(address) => Some(address),
            Lookup::Missing => None,
        }))
    }

    /// The deliveries of a plan of this alert that nobody confirmed, by ordinal.
    ///
    /// # Errors
    /// [`EngineError::Store`] when a folded plan cannot be read.
    pub async fn unconfirmed(&self, plan: PlanId) -> Result<BTreeMap<u32, Standing>, EngineError> {
        let open = |progress: &mut Progress<M>| {
            (progress.status() != PlanStatus::Closed).then(|| progress.unconfirmed())
        };
        let in_memory = self.posts.values().find_map(|post| post.desk().find(plan).and_then(open));
        if let Some(unconfirmed) = in_memory {
            return Ok(unconfirmed);
        }
        let Some(stored) = self.store.plan(plan).await? else { return Ok(BTreeMap::new()) };
        Ok(self.unfold(&stored).await?.map(|progress| progress.unconfirmed()).unwrap_or_default())
    }
}
