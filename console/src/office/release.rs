//! The release: the one click that reaches a million people. Plans, states and the audit line become durable in one
//! transaction; only then does dispatch hear of it, and only after the hold does anything leave.

use super::{Office, OfficeError, follow::Stopped};
use crate::render::replaced;
use mingluo_dispatch::planner::{self, Hearing, Outgoing};
use mingluo_ledger::store::{AlertWrite, Change, StoredPlan};
use mingluo_model::{
    alert::{Alert, AlertKind, AlertState},
    audience::ChannelKind,
    clock::Timestamp,
    id::{AlertId, PlanId},
    mode::Mode,
    owner::Officer,
    plan::{Plan, PlanStatus},
};
use mingluo_targeting::resolve::Wanted;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

/// What a release amounts to.
#[derive(Debug)]
pub struct Released<M: Mode> {
    /// The alert, released.
    pub alert: Alert<M>,
    /// When the hold ends.
    pub hold_until: Timestamp,
    /// How long planning and making it durable took.
    pub planned_in: Duration,
    /// The plans.
    pub plans: Vec<PlanId>,
}

impl<M: Mode> Office<M> {
    /// Releases an approved alert. `people` is the number that the officer typed: it must be the number that the
    /// audience shows, over all channels.
    ///
    /// # Panics
    /// Never: only a released alert is planned.
    ///
    /// # Errors
    /// [`OfficeError`]: the rule that refuses it; then nothing is released and nothing that ran is stopped.
    pub async fn release(
        &self,
        officer: &Officer,
        id: AlertId,
        people: u64,
    ) -> Result<Released<M>, OfficeError> {
        let started = self.clock.ticks();
        let now = self.clock.now();
        let (alert, revision) = self.alert(id).await?;
        let reaches = alert.content.audience.deliveries();
        if people != reaches {
            return Err(OfficeError::WrongNumber { typed: people, reaches });
        }
        let alert = alert.release(officer, &self.policy, now)?;
        let stopped = self.follow(&alert, now).await?;
        // Before it is asked whom the earlier alert has reached, so that the answer cannot grow old.
        self.engine.stop_plans(&stopped.plans);
        let (change, plans) = match self.decide(officer, &alert, revision, &stopped).await {
            Ok(decided) => decided,
            Err(error) => {
                self.engine.resume(&stopped.plans);
                return Err(error);
            }
        };
        if let Err(error) = self.store.commit(&change).await {
            self.engine.resume(&stopped.plans);
            return Err(error.into());
        }
        self.send(alert, plans, &stopped.plans, started).await
    }

    /// Everything that the release makes durable at once, and its plans.
    async fn decide(
        &self,
        officer: &Officer,
        alert: &Alert<M>,
        revision: i64,
        stopped: &Stopped,
    ) -> Result<(Change, Vec<Plan<M>>), OfficeError> {
        let outgoing = self.outgoing(alert).await?;
        let now = self.clock.now();
        let plans = self
            .chance(|chance| planner::plans(alert, outgoing, now, chance))
            .expect("only a released alert gets here");
        let detail = json!({
            "content": hex::encode(alert.content_hash().0),
            "plans": plans.len(),
            "deliveries": alert.content.audience.deliveries(),
        });
        let mut alerts = vec![AlertWrite::new(alert, revision)];
        alerts.extend(stopped.earlier.clone());
        let change = Change {
            alerts,
            plans: plans.iter().map(|plan| StoredPlan::new(plan, PlanStatus::Open)).collect(),
            statuses: stopped.plans.iter().map(|plan| (*plan, PlanStatus::Stopped)).collect(),
            audit: vec![self.line(officer, "alert.release", alert.id, detail)],
        };
        Ok((change, plans))
    }

    /// The decision is durable: dispatch hears of it, and what was stopped and never sent is withdrawn.
    async fn send(
        &self,
        alert: Alert<M>,
        plans: Vec<Plan<M>>,
        stopped: &[PlanId],
        started: Duration,
    ) -> Result<Released<M>, OfficeError> {
        let planned_in = self.clock.ticks().saturating_sub(started);
        let ids = plans.iter().map(|plan| plan.id).collect();
        self.engine.admit(plans).await?;
        self.engine.withdraw(stopped).await?;
        let hold_until = match alert.state {
            AlertState::Released { hold_until, .. } => hold_until,
            _ => self.clock.now(),
        };
        tracing::info!(alert.id = %alert.id, planned_ms = planned_in.as_millis(), "alert released");
        Ok(Released { alert, hold_until, planned_in, plans: ids })
    }

    /// Messages and people by channel. A lift or a correction goes to those whom the earlier one may have reached.
    async fn outgoing(&self, alert: &Alert<M>) -> Result<BTreeMap<ChannelKind, Outgoing<M>>, OfficeError> {
        let hearing = self.hearing(alert).await?;
        let now = self.clock.now();
        let replaced = replaced(self.store.as_ref(), alert.content.kind, now).await?;
        let mut outgoing = BTreeMap::new();
        for (channel, hearing) in hearing {
            let account = self.account(channel)?;
            self.refuse_pretend_mix(alert, account.as_ref()).await?;
            let message = self.renderer.finish(alert, channel, now, &replaced).await?;
            account.measure(&message).map_err(|source| OfficeError::Unfit { channel, source })?;
            outgoing.insert(channel, Outgoing { account: account.account().clone(), message, hearing });
        }
        Ok(outgoing)
    }

    async fn hearing(&self, alert: &Alert<M>) -> Result<BTreeMap<ChannelKind, Hearing>, OfficeError> {
        let audience = &alert.content.audience;
        let channels: Vec<ChannelKind> = audience.counts.keys().copied().collect();
        let indexed = self.indexed_of(audience.edition).await?;
        let wanted = Wanted { regions: &audience.regions, groups: &audience.groups, channels: &channels };
        let targets = self.resolve(&indexed, &wanted)?.targets;
        let reached = match alert.content.kind {
            AlertKind::Lift(earlier) | AlertKind::Correction(earlier) => {
                Some(self.engine.reached(earlier).await?)
            }
            AlertKind::Alert | AlertKind::Update(_) => None,
        };
        let mut hearing = BTreeMap::new();
        for (channel, sets) in targets {
            let (mut responsible, mut residents) = (sets.responsible, sets.residents);
            if let Some(reached) = &reached {
                let got_it = reached.get(&channel).cloned().unwrap_or_default();
                responsible &= &got_it;
                residents &= &got_it;
            }
            hearing.insert(channel, Hearing::Now { responsible, residents });
        }
        for channel in &alert.content.reserve {
            hearing.entry(*channel).or_insert(Hearing::InReserve);
        }
        Ok(hearing)
    }

    async fn refuse_pretend_mix(
        &self,
        alert: &Alert<M>,
        account: &dyn mingluo_model::channel::Channel<M>,
    ) -> Result<(), OfficeError> {
        let indexed = self.indexed_of(alert.content.audience.edition).await?;
        let pretend = self.renderer.is_pretend(account.account());
        if indexed.head.pretend == pretend {
            return Ok(());
        }
        Err(OfficeError::PretendMix { account: account.account().to_string() })
    }
}
