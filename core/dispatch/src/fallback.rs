//! Who could not be reached on one channel is tried on the next: a new plan, linked to the one that failed, never a
//! change of channel inside it. Only channels that the alert holds in reserve are used. Nobody gets the same words twice on
//! one channel, but for those of a job whose far side says of nobody whether they got it.
//!
//! What fails comes in dribs: it never leaves as jobs for many (群发), whose number a day is small.

use crate::{
    engine::{Engine, EngineError},
    post::{Link, Post},
    progress::Progress,
};
use mingluo_ledger::{
    audit::AuditLine,
    store::{Change, StoredPlan},
};
use mingluo_model::{
    audience::ChannelKind,
    channel::ReceiptFor,
    clock::Timestamp,
    delivery::DeliveryState,
    id::{AlertId, EditionId, PlanId},
    mode::Mode,
    plan::{AccountName, Cause, Plan, PlanStatus, Target},
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
            for progress in post.desk().plans() {
                if !has_failures(progress, seen) {
                    continue;
                }
                let counts = progress.tally().total();
                let (id, failed) = (progress.plan().id, counts.of(DeliveryState::Failed));
                let at = seen.get(&id).map_or(progress.plan().not_before, |(_, at)| *at);
                if counts.of(DeliveryState::Planned) == 0 || now.since(at) >= WHILE_SENDING {
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
        let mut rest = self.to_next_account(&typed, failing).await?;
        for reserve in typed.iter().filter(|plan| is_reserve(plan)) {
            let Target::People { edition, .. } = reserve.target else { continue };
            let takes = self.untold_in(reserve.channel, edition, &typed).await? & &rest;
            if takes.is_empty() {
                continue;
            }
            let carries = |post: &Post<M>| carries(post, reserve);
            for (account, share) in self.shares_of(reserve.channel, edition, &takes, carries).await? {
                rest -= &share;
                let reserve = Plan { account, ..reserve.clone() };
                self.take_over(&reserve, failing, share).await?;
            }
        }
        Ok(())
    }

    /// Whom a reserve channel could tell now of what this plan says, and was not told to: an account there can send to them.
    pub(crate) async fn told_in_reserve(&self, plan: &Plan<M>) -> Result<RoaringBitmap, EngineError> {
        let mut told = RoaringBitmap::new();
        let Target::People { edition, .. } = plan.target else { return Ok(told) };
        if plan.cause == Cause::Call {
            // Its own ladder leads on.
            return Ok(told);
        }
        let plans: Vec<Plan<M>> =
            self.store.plans(plan.alert).await?.iter().filter_map(StoredPlan::typed).collect();
        for reserve in plans.iter().filter(|one| is_reserve(one) && one.channel != plan.channel) {
            let untold = self.untold_in(reserve.channel, edition, &plans).await?;
            let sends = |post: &Post<M>| post.link_now() == Link::Up && carries(post, reserve);
            let shares = self.shares_of(reserve.channel, edition, &untold, sends).await?;
            told = shares.into_values().fold(told, |told, share| told | share);
        }
        Ok(told)
    }

    /// Who can be reached on a channel and is in no plan of an alert there.
    async fn untold_in(
        &self,
        channel: ChannelKind,
        edition: EditionId,
        plans: &[Plan<M>],
    ) -> Result<RoaringBitmap, EngineError> {
        let map = self.map(edition).await?;
        let reachable = map.by_channel.get(&channel).cloned().unwrap_or_default();
        Ok(reachable - targeted(plans, channel))
    }

    /// Whom a job for many did not reach is told singly by the next account of the same channel that they are not with
    /// already. Gives those who are left to reserve channels.
    async fn to_next_account(
        &self,
        plans: &[Plan<M>],
        failing: &Failing,
    ) -> Result<RoaringBitmap, EngineError> {
        let mut rest = failing.failed.clone();
        let Some(plan) = plans.iter().find(|plan| plan.id == failing.id) else { return Ok(rest) };
        let of_jobs = |account: &AccountName| self.posts.get(account).is_some_and(|post| sends_jobs(post));
        let Target::People { edition, .. } = plan.target else { return Ok(rest) };
        if !of_jobs(&plan.account) {
            return Ok(rest);
        }
        let by_others = plans.iter().filter(|one| !of_jobs(&one.account) && one.channel == plan.channel);
        for other in by_others.filter(|other| other.cause != Cause::Call) {
            rest -= kept(other, plans);
        }
        let next = |post: &Post<M>| !sends_jobs(post) && post.is_for(plan);
        for (account, share) in self.shares_of(plan.channel, edition, &rest, next).await? {
            rest -= &share;
            let instead = Plan { account, instead_of: None, ..plan.clone() };
            self.take_over(&instead, failing, share).await?;
        }
        Ok(rest)
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

/// Whether more has failed in a plan than was taken over; such a plan must not be closed yet.
pub(crate) fn has_failures<M: Mode>(progress: &Progress<M>, seen: &Diverted) -> bool {
    let taken_over = seen.get(&progress.plan().id).map_or(0, |(taken_over, _)| *taken_over);
    progress.status() == PlanStatus::Open
        // Where a call fails, its own ladder leads on.
        && progress.plan().cause != Cause::Call
        && progress.tally().total().of(DeliveryState::Failed) > taken_over
}

/// Whether an account can tell what is held in reserve: accounts sign and cut differently, what one carries another may not.
fn carries<M: Mode>(post: &Post<M>, reserve: &Plan<M>) -> bool {
    !sends_jobs(post) && post.is_for(reserve)
}

/// Whether an account's calls are for many at once.
pub(crate) fn sends_jobs<M: Mode>(post: &Post<M>) -> bool {
    post.channel.receipts() == ReceiptFor::Job
}

/// Whom a plan was to send to and did not hand over to another account: whoever failed there is in neither.
fn kept<M: Mode>(plan: &Plan<M>, all: &[Plan<M>]) -> RoaringBitmap {
    let next = all.iter().filter(|next| next.instead_of == Some(plan.id));
    next.fold(people(plan), |kept, next| kept - people(next))
}

fn people<M: Mode>(plan: &Plan<M>) -> RoaringBitmap {
    match &plan.target {
        Target::People { ordinals, .. } => ordinals.clone(),
        Target::Place { .. } => RoaringBitmap::new(),
    }
}

/// A plan to nobody: it holds the words of a channel that is used only when others fail.
fn is_reserve<M: Mode>(plan: &Plan<M>) -> bool {
    plan.cause == Cause::Release && plan.target.recipients() == 0
}

fn targeted<M: Mode>(plans: &[Plan<M>], channel: ChannelKind) -> RoaringBitmap {
    let on_channel = plans.iter().filter(|plan| plan.channel == channel && plan.cause != Cause::Call);
    on_channel.fold(RoaringBitmap::new(), |sum, plan| sum | people(plan))
}
