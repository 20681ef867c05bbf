//! What is told and asked of single deliveries by another door than a session.

use super::{Engine, EngineError};
use crate::progress::Progress;
use mingluo_model::{
    delivery::Standing,
    id::PlanId,
    mode::Mode,
    plan::{AccountName, PlanStatus},
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
