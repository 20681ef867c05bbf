//! An account that cannot send hands over (改由其他账号发送): whom it has not sent to goes to the next account in line, as a plan
//! of its own that is linked to the first; where there is none, the alert's reserve channels take them (see
//! [`crate::fallback`]). Nobody is in both: the new plan and its audit line are one transaction, then the
//! rest leaves the first plan as a fact of the log, and who did not leave it after all (somebody was heard of meanwhile)
//! leaves the new one before anything of it is sent. If we die in between, the next start makes the rest good.

use crate::{
    engine::{Engine, EngineError, waits_while_closed},
    fallback::sends_jobs,
    post::{Link, Post},
};
use mingluo_ledger::{
    audit::AuditLine,
    store::{Change, StoredPlan},
};
use mingluo_model::{
    delivery::{DeliveryState, Reason, Standing},
    id::PlanId,
    mode::Mode,
    plan::{AccountName, Cause, Plan, PlanStatus, Target},
};
use roaring::RoaringBitmap;
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How often an account takes the same people on, at most: accounts that come and go by turns all night make no plan at every
/// look. Who is handed to nobody waits, or goes to a reserve channel.
const MOST_TURNS: usize = 3;

/// Whom a plan's own account cannot send to.
struct Stranded<M: Mode> {
    plan: Plan<M>,
    unsent: RoaringBitmap,
}

impl<M: Mode> Engine<M> {
    /// Looks for accounts that cannot send any more, and hands over what waits there.
    pub(crate) async fn hand_over(&self) -> Result<(), EngineError> {
        for post in self.posts.values() {
            let link = post.link_now();
            if !self.is_past(&link) {
                continue;
            }
            for plan in waiting(post) {
                self.hand_over_plan(post, plan, &link).await?;
            }
        }
        Ok(())
    }

    /// Whether an account has been unable to send for so long that another one is to.
    fn is_past(&self, link: &Link) -> bool {
        link.is_past(Duration::from_secs(u64::from(self.config.account_down_s.get())), self.clock.now())
    }

    async fn hand_over_plan(&self, post: &Arc<Post<M>>, id: PlanId, link: &Link) -> Result<(), EngineError> {
        let _deciding = self.decisions().lock().await;
        let Some(Stranded { plan, unsent }) = self.stop_here(post, id) else { return Ok(()) };
        // Nothing of it leaves here until it is decided; then what is left may.
        let handed_over = self.hand_to_next(post, &plan, &unsent, link).await;
        self.resume(&[id]);
        handed_over
    }

    /// Stops a plan in memory, and says whom it would still send to; nothing where it is over or has nobody left.
    fn stop_here(&self, post: &Post<M>, id: PlanId) -> Option<Stranded<M>> {
        let now = self.clock.now();
        let mut desk = post.desk();
        let progress = desk.find(id).filter(|progress| progress.status() == PlanStatus::Open)?;
        if now >= progress.plan().not_after {
            return None;
        }
        let unsent = progress.unsent(now);
        if unsent.is_empty() {
            return None;
        }
        progress.stop();
        Some(Stranded { plan: progress.plan().clone(), unsent })
    }

    /// Other accounts take over: durable, no longer in the first plan, and on their way.
    async fn hand_to_next(
        &self,
        post: &Post<M>,
        plan: &Plan<M>,
        unsent: &RoaringBitmap,
        link: &Link,
    ) -> Result<(), EngineError> {
        let Target::People { edition, .. } = plan.target else { return Ok(()) };
        let map = self.map(edition).await?;
        // Where nobody can take over anyway, the ledger need not be asked at every look.
        let matters = matches!(link, Link::Closed { .. })
            || self.posts.keys().any(|account| self.may_take_over(account, plan));
        let turns = if matters { self.turns(plan).await? } else { BTreeMap::new() };
        let has_turns = |account: &AccountName| turns.get(account).is_none_or(|turns| *turns < MOST_TURNS);
        let may_take_over = |account: &AccountName| has_turns(account) && self.may_take_over(account, plan);
        let next = self.routes.split(plan.channel, &map, unsent, may_take_over);
        let mut nobody = unsent - all(&next);
        let plans: Vec<Plan<M>> = next
            .into_iter()
            .map(|(account, ordinals)| Plan {
                id: self.new_plan_id(),
                account,
                target: Target::People { edition, ordinals },
                instead_of: Some(plan.id),
                ..plan.clone()
            })
            .collect();
        if !plans.is_empty() {
            let audit = plans.iter().map(|next| self.told(plan, next, link)).collect();
            let stored = plans.iter().map(|next| StoredPlan::new(next, PlanStatus::Open)).collect();
            self.decide_alone(Change { plans: stored, audit, ..Change::default() }).await?;
        }
        for next in plans {
            // What is decided and not followed would wait unseen.
            if let Err(halt) = self.move_on(post, plan, next).await {
                self.halt(&halt);
                return Err(halt);
            }
        }
        let may_be_back = |account: &AccountName| has_turns(account) && self.may_be_back(account, plan);
        nobody -= all(&self.routes.split(plan.channel, &map, &nobody, may_be_back));
        self.give_up(post, plan, nobody, link).await
    }

    /// Of whom nobody of the channel is about to send to, those whom a reserve channel can tell now are left to it. The others
    /// wait for the account to be back, but for those in a line whose account said itself that it may not send, where nobody
    /// waits for that ([`waits_while_closed`]).
    async fn give_up(
        &self,
        post: &Post<M>,
        plan: &Plan<M>,
        nobody: RoaringBitmap,
        link: &Link,
    ) -> Result<(), EngineError> {
        let said_no = matches!(link, Link::Closed { .. }) && !waits_while_closed(plan.channel);
        let given_up = if nobody.is_empty() || said_no && self.routes.holds(&plan.account) {
            nobody
        } else {
            nobody & self.told_in_reserve(plan).await?
        };
        if given_up.is_empty() {
            return Ok(());
        }
        let reason = match link {
            Link::Closed { reason, .. } => *reason,
            Link::Refused { .. } => Reason::NotAllowed,
            Link::Up | Link::Down { .. } | Link::Mute { .. } => Reason::FarFault,
        };
        self.move_unsent(post, plan.id, &given_up, Standing::new(DeliveryState::Failed, reason)).await
    }

    /// How often each account has had these people, this plan counted.
    async fn turns(&self, plan: &Plan<M>) -> Result<BTreeMap<AccountName, usize>, EngineError> {
        let plans = self.store.plans(plan.alert).await?;
        let mut turns: BTreeMap<AccountName, usize> = BTreeMap::new();
        let mut at = Some(plan.id);
        while let Some(stored) = at.and_then(|id| plans.iter().find(|stored| stored.fields().id == id)) {
            *turns.entry(stored.fields().account.clone()).or_default() += 1;
            at = stored.fields().instead_of;
        }
        Ok(turns)
    }

    /// People leave a plan, and another that is durable takes them on, but for those who stayed.
    async fn move_on(&self, from: &Post<M>, plan: &Plan<M>, next: Plan<M>) -> Result<(), EngineError> {
        self.leave(from, plan.id, &next).await?;
        let (account, to, recipients) = (&plan.account.0, &next.account.0, next.target.recipients());
        tracing::warn!(plan.id = %next.id, from = account, to, recipients, "another account sends instead");
        let stayed = stayed(from, plan.id, &next);
        let post = Arc::clone(self.post(&next.account, next.id)?);
        let progress = self.progress(next, PlanStatus::Open).await?;
        let fact = progress.move_unsent(&stayed, Standing::HANDED_OVER);
        let now = self.clock.now();
        post.write(|desk| {
            let number = desk.admit(progress);
            fact.map(|fact| desk.record(number, fact, now)).into_iter().collect()
        })
        .await?;
        post.wake();
        Ok(())
    }

    /// Whether an account is there, can send now, and can carry the words.
    fn may_take_over(&self, account: &AccountName, plan: &Plan<M>) -> bool {
        self.would_take(account, plan).is_some_and(|post| post.link_now() == Link::Up)
    }

    /// Whether an account can carry the words, and is not away for good.
    fn may_be_back(&self, account: &AccountName, plan: &Plan<M>) -> bool {
        self.would_take(account, plan).is_some_and(|post| !self.is_past(&post.link_now()))
    }

    /// Another account, where it can carry the words.
    fn would_take(&self, account: &AccountName, plan: &Plan<M>) -> Option<&Arc<Post<M>>> {
        let post = self.posts.get(account).filter(|_| *account != plan.account)?;
        // What failed elsewhere comes in dribs, and a job may be what it failed in.
        let is_drib = matches!(plan.cause, Cause::FallbackOf(_)) && sends_jobs(post);
        let is_meant = post.channel.kind() == plan.channel && self.routes.holds(account) && !is_drib;
        (is_meant && post.is_for(plan)).then_some(post)
    }

    /// Those of `next` leave the plan that they were in.
    async fn leave(&self, post: &Post<M>, from: PlanId, next: &Plan<M>) -> Result<(), EngineError> {
        let Target::People { ordinals, .. } = &next.target else { return Ok(()) };
        self.move_unsent(post, from, ordinals, Standing::HANDED_OVER).await
    }

    async fn move_unsent(
        &self,
        post: &Post<M>,
        plan: PlanId,
        some: &RoaringBitmap,
        standing: Standing,
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        let fact = {
            let mut desk = post.desk();
            let number = desk.plans().iter().position(|progress| progress.plan().id == plan);
            number.and_then(|number| Some((number, desk.plan(number).move_unsent(some, standing)?)))
        };
        match fact {
            Some((number, fact)) => Ok(post.decide(number, fact, now).await?),
            None => Ok(()),
        }
    }

    fn told(&self, from: &Plan<M>, to: &Plan<M>, link: &Link) -> AuditLine {
        AuditLine {
            at: self.clock.now(),
            actor: AuditLine::SYSTEM.to_owned(),
            action: "plan.handover".to_owned(),
            subject: from.alert.to_string(),
            detail: json!({
                "from": from.id, "to": to.id, "from_account": from.account, "to_account": to.account,
                "why": link.word(), "recipients": to.target.recipients(),
            }),
        }
    }

    /// What a plan took over from another is not sent by the other as well, however the last run ended.
    pub(crate) async fn finish_handovers(&self, open: &[StoredPlan]) -> Result<(), EngineError> {
        for next in open.iter().filter_map(StoredPlan::typed::<M>) {
            let Some(from) = next.instead_of else { continue };
            for post in self.posts.values() {
                self.leave(post, from, &next).await?;
                let stayed = stayed(post, from, &next);
                if !stayed.is_empty() {
                    self.move_unsent(
                        self.post(&next.account, next.id)?,
                        next.id,
                        &stayed,
                        Standing::HANDED_OVER,
                    )
                    .await?;
                }
            }
        }
        Ok(())
    }
}

/// Those of `next` who did not leave the plan that it was made of: they were heard of before they could.
fn stayed<M: Mode>(post: &Post<M>, from: PlanId, next: &Plan<M>) -> RoaringBitmap {
    let mut desk = post.desk();
    match (&next.target, desk.find(from)) {
        (Target::People { ordinals, .. }, Some(from)) => ordinals - from.handed_over(),
        _ => RoaringBitmap::new(),
    }
}

/// Everybody in these shares.
fn all(shares: &BTreeMap<AccountName, RoaringBitmap>) -> RoaringBitmap {
    shares.values().fold(RoaringBitmap::new(), |all, share| all | share)
}

/// The plans of an account in which somebody may wait.
fn waiting<M: Mode>(post: &Post<M>) -> Vec<PlanId> {
    let desk = post.desk();
    let plans = desk.plans().iter().filter(|progress| progress.status() == PlanStatus::Open);
    plans.filter(|progress| progress.may_have_unsent()).map(|progress| progress.plan().id).collect()
}
