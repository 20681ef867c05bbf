//! Who could not be reached on one channel is tried on the next: a new plan, linked to the one that failed, never a
//! change of channel inside it. Only channels that the alert holds in reserve are used, and nobody gets the same
//! words twice on one channel.

use crate::{
    engine::{Engine, EngineError},
    post::Post,
};
use mingluo_ledger::{
    audit::AuditLine,
    store::{Change, StoredPlan},
};
use mingluo_model::{
    audience::ChannelKind,
    clock::Timestamp,
    delivery::DeliveryState,
    id::{AlertId, PlanId},
    mode::Mode,
    plan::{Cause, Plan, PlanStatus, Target},
};
use roaring::RoaringBitmap;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

/// While a plan is still being sent, its failures are taken over this often: each time makes plans.
const WHILE_SENDING: Duration = Duration::from_secs(30);

/// How many had failed in a plan when its failures were last taken over, and when that was.
pub(crate) type Diverted = BTreeMap<PlanId, (u32, Timestamp)>;

/// A plan with failures that nobody took over yet.
struct Failing {
    id: PlanId,
    alert: AlertId,
    failed: RoaringBitmap,
}

impl<M: Mode> Engine<M> {
    /// Makes plans in reserve channels for what failed since the last look.
    pub(crate) async fn divert(&self, seen: &mut Diverted) -> Result<(), EngineError> {
        for failing in self.failing(seen) {
            if let Err(error) = self.divert_plan(&failing).await {
                // Looked at again the next time.
                seen.remove(&failing.id);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Plans in which more have failed than when they were last looked at: at once when a plan is sent through,
    /// [`WHILE_SENDING`] before.
    fn failing(&self, seen: &mut Diverted) -> Vec<Failing> {
        let now = self.clock.now();
        let mut failing = Vec::new();
        for post in self.posts.values() {
            for progress in post
                .desk()
                .plans()
                .iter()
                .filter(|progress| progress.status() == PlanStatus::Open)
                // Where a call fails, its own ladder leads on.
                .filter(|progress| progress.plan().cause != Cause::Call)
            {
                let counts = progress.tally().total();
                let (id, failed) = (progress.plan().id, counts.of(DeliveryState::Failed));
                let (taken_over, at) = seen.get(&id).copied().unwrap_or((0, progress.plan().not_before));
                let is_due = counts.of(DeliveryState::Planned) == 0 || now.since(at) >= WHILE_SENDING;
                if is_due && failed > taken_over {
                    seen.insert(id, (failed, now));
                    failing.push(Failing { id, alert: progress.plan().alert, failed: progress.failed() });
                }
            }
        }
        failing
    }

    async fn divert_plan(&self, failing: &Failing) -> Result<(), EngineError> {
        let _deciding = self.decisions().lock().await;
        let stored = self.store.plans(failing.alert).await?;
        let stands =
            |stored: &&StoredPlan| stored.fields().id == failing.id && stored.status == PlanStatus::Open;
        if !stored.iter().any(|stored| stands(&stored)) {
            // Lifted, recalled or over since it was looked at: nothing more of it leaves.
            return Ok(());
        }
        let typed: Vec<Plan<M>> = stored.iter().filter_map(StoredPlan::typed).collect();
        let mut rest = failing.failed.clone();
        for reserve in typed.iter().filter(|plan| is_reserve(plan)) {
            let Target::People { edition, .. } = reserve.target else { continue };
            let map = self.map(edition).await?;
            let mut takes = map.by_channel.get(&reserve.channel).cloned().unwrap_or_default() & &rest;
            takes -= targeted(&typed, reserve.channel);
            if takes.is_empty() {
                continue;
            }
            // Accounts sign and cut differently: what one carries, another may not.
            let carries = |post: &Post<M>| post.carries(&reserve.message);
            for (account, share) in self.shares_of(reserve.channel, edition, &takes, carries).await? {
                rest -= &share;
                let reserve = Plan { account, ..reserve.clone() };
                self.take_over(&reserve, failing, share).await?;
            }
        }
        Ok(())
    }

    async fn take_over(
        &self,
        reserve: &Plan<M>,
        failing: &Failing,
        takes: RoaringBitmap,
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        let Target::People { edition, .. } = reserve.target else { return Ok(()) };
        let recipients = takes.len();
        let plan = Plan {
            id: self.new_plan_id(),
            target: Target::People { edition, ordinals: takes },
            cause: Cause::FallbackOf(failing.id),
            ..reserve.clone()
        };
        let line = AuditLine {
            at: now,
            actor: AuditLine::SYSTEM.to_owned(),
            action: "plan.fallback".to_owned(),
            subject: failing.alert.to_string(),
            detail: json!({ "from": failing.id, "to": plan.id, "channel": plan.channel, "recipients": recipients }),
        };
        let plans = vec![StoredPlan::new(&plan, PlanStatus::Open)];
        self.decide_alone(Change { plans, audit: vec![line], ..Change::default() }).await?;
        tracing::info!(plan.id = %plan.id, n_recipients = recipients, "another channel takes over what failed");
        self.admit(vec![plan]).await
    }
}

/// A plan to nobody: it holds the words of a channel that is used only when others fail.
fn is_reserve<M: Mode>(plan: &Plan<M>) -> bool {
    plan.cause == Cause::Release && plan.target.recipients() == 0
}

fn targeted<M: Mode>(plans: &[Plan<M>], channel: ChannelKind) -> RoaringBitmap {
    let on_channel = plans.iter().filter(|plan| plan.channel == channel && plan.cause != Cause::Call);
    on_channel.fold(RoaringBitmap::new(), |sum, plan| match &plan.target {
        Target::People { ordinals, .. } => sum | ordinals,
        Target::Place { .. } => sum,
    })
}
