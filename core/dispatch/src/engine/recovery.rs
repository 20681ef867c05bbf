//! Taking plans on, new ones and those that an earlier run left. The settings may have changed since a message first
//! left: what is in the log holds, and what does not go with it any more is left unsent and said loudly. It never keeps
//! a node from starting.

use super::{Engine, EngineError};
use crate::{
    post::Post,
    progress::{Progress, Rules},
    roster::EditionMap,
};
use mingluo_ledger::store::StoredPlan;
use mingluo_model::{
    channel::{ReceiptFor, Repeat},
    clock::Timestamp,
    delivery::{DeliveryState, Reason, Standing},
    mode::Mode,
    plan::{Plan, PlanStatus, Target},
};
use std::{num::NonZeroU16, time::Duration};

/// Events read at once while a plan is replayed.
const REPLAY_STEP: u32 = 2_000;

/// Raw receipts older than this at a restart are left to the record: no delivery waits for them any more.
/// CMPP gateways report for 48 hours; a day of slack.
const RAW_HORIZON: Duration = Duration::from_hours(72);

impl<M: Mode> Engine<M> {
    /// Takes on what an earlier run left open, and looks again at the receipts that it kept raw. Whom another account sends
    /// to instead is no concern of a plan any more when it is judged whether the rest can leave.
    pub(super) async fn recover(&self, open: Vec<StoredPlan>) -> Result<(), EngineError> {
        let mut recovered = Vec::with_capacity(open.len());
        for stored in &open {
            recovered.extend(self.replay_plan(stored).await?);
        }
        self.finish_handovers(&open).await?;
        for (post, number) in recovered {
            self.recover_plan(post, number).await?;
        }
        let since = Timestamp(self.clock.now().0 - RAW_HORIZON.as_millis() as i64);
        for (raw, receipt) in self.store.unmatched(since).await? {
            let Some(post) = self.posts.get(&receipt.account) else { continue };
            post.write(|desk| desk.take_up(raw, &receipt, self.clock.now())).await?;
        }
        self.remember_ends(since).await
    }

    /// Brings a plan of this mode to where its log ends; what was on a wire then has no answer any more.
    async fn replay_plan(&self, stored: &StoredPlan) -> Result<Option<(&Post<M>, usize)>, EngineError> {
        let Some(plan) = stored.typed::<M>() else { return Ok(None) };
        let id = plan.id;
        let post = self.post(&plan.account, id)?;
        let progress = self.progress(plan, stored.status).await?;
        let number = post.desk().admit(progress);
        let mut after = (0, 0);
        loop {
            let events = self.store.events(id, after, REPLAY_STEP).await?;
            let Some((last, _)) = events.last() else { break };
            after = *last;
            let mut desk = post.desk();
            for (_, event) in &events {
                desk.replay(number, event);
            }
        }
        let lost = post.desk().plan(number).lost_in_flight();
        if let Some(lost) = lost {
            post.decide(number, lost, self.clock.now()).await?;
        }
        Ok(Some((post, number)))
    }

    async fn recover_plan(&self, post: &Post<M>, number: usize) -> Result<(), EngineError> {
        self.bar_unfit(post, number).await?;
        let (id, in_doubt) = {
            let mut desk = post.desk();
            let progress = desk.plan(number);
            (progress.plan().id, progress.in_doubt())
        };
        tracing::info!(plan.id = %id, in_doubt = in_doubt.len(), "plan recovered");
        Ok(post.doubt(number, &in_doubt).await?)
    }

    /// A plan of which nothing is known yet. Its parts are those that its account measures now, until the log says into
    /// how many it was cut; where they do not matter any more, or nothing can leave, any number will do.
    pub(crate) async fn progress(
        &self,
        plan: Plan<M>,
        status: PlanStatus,
    ) -> Result<Progress<M>, EngineError> {
        let map = match &plan.target {
            Target::People { edition, .. } => self.map(*edition).await?,
            Target::Place { .. } => EditionMap::default(),
        };
        let channel = self.posts.get(&plan.account).map(|post| &post.channel);
        let parts =
            channel.and_then(|channel| channel.measure(&plan.message).ok()).unwrap_or(NonZeroU16::MIN);
        let (repeat, receipts) = channel.map_or((Repeat::MayDouble, ReceiptFor::EachPart), |channel| {
            (channel.repeat(), channel.receipts())
        });
        let rules = Rules { retry: self.config.retry.clone(), repeat, receipts };
        let has_addition = channel.is_some_and(|channel| channel.has_addition(&plan.message));
        Ok(Progress::new(plan, parts, rules, map.districts, status).with_addition(has_addition))
    }

    /// What its account cannot carry any more, or would cut otherwise than what left of it, leaves no more: half of a
    /// message and half of another are neither. The unsent rest has failed, so that other channels may take it over.
    pub(super) async fn bar_unfit(&self, post: &Post<M>, number: usize) -> Result<(), EngineError> {
        let now = self.clock.now();
        let barred = {
            let mut desk = post.desk();
            let progress = desk.plan(number);
            let problem = match post.channel.measure(&progress.message()) {
                Ok(parts) if parts.get() == progress.parts() => return Ok(()),
                Ok(parts) => {
                    format!("it left in {} parts and would be cut into {parts} now", progress.parts())
                }
                Err(unfit) => unfit.to_string(),
            };
            progress.bar();
            if progress.status() != PlanStatus::Open || now >= progress.plan().not_after {
                return Ok(());
            }
            let is_gone = self.absent.contains(&progress.plan().account);
            let reason = if is_gone { Reason::NotAllowed } else { Reason::Content };
            let unsent = progress.give_up_rest(Standing::new(DeliveryState::Failed, reason));
            if unsent.is_none() {
                return Ok(());
            }
            let plan = progress.plan();
            tracing::error!(
                plan.id = %plan.id,
                account = %plan.account,
                problem,
                "nothing more of this plan can leave: issue it again if people still wait for it"
            );
            unsent
        };
        match barred {
            Some(fact) => Ok(post.decide(number, fact, now).await?),
            None => Ok(()),
        }
    }
}
