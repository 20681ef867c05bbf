//! Silence at once (全部停播): one officer's word, since stopping must be as easy as starting. What still waits to be sent to
//! boxes is stopped first, then one signed bulletin tells every box of the division to fall silent about everything of the
//! officer's tier and below. No second signature is asked for; the audit log says who did it.

use super::{Office, OfficeError, boxes::may_order};
use crate::{fleet::view::BoxView, render::BoxBulletin};
use mingluo_ledger::store::{BoxOrder, BoxOrderKind, Change};
use mingluo_model::{
    audience::ChannelKind, bulletin::Action, id::PlanId, mode::Mode, owner::Officer, plan::PlanStatus,
};
use serde_json::json;
use std::time::Duration;

/// How long the stop waits for a box that is away: it must not begin what it holds when it is back the next day.
const LIFE: Duration = Duration::from_hours(24);

/// What a stop came to.
#[derive(Debug)]
pub struct StoppedAll {
    /// The order to the boxes.
    pub order: BoxOrder,
    /// Plans of warnings whose rest is not sent to boxes any more.
    pub plans: usize,
}

impl<M: Mode> Office<M> {
    /// Stops everything that sounds or is about to, in all boxes of the officer's division. Runs to its end even if the
    /// caller goes away.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] without the right to release and stop; [`OfficeError::NoAccount`] without speakers;
    /// [`OfficeError::Render`] when it cannot be signed: then nothing more is sent, and what sounds goes on;
    /// [`OfficeError::Store`].
    pub async fn stop_all(&self, officer: &Officer) -> Result<StoppedAll, OfficeError> {
        let officer = officer.clone();
        self.whole(move |office| async move { office.stop_now(&officer).await }).await
    }

    async fn stop_now(&self, officer: &Officer) -> Result<StoppedAll, OfficeError> {
        may_order(officer, "stopped")?;
        let fleet = self.fleet()?;
        let plans = self.speaker_plans(officer).await?;
        self.engine.stop_plans(&plans);
        let codes = fleet.boxes(officer.owner.scope).into_iter().map(|view: BoxView| view.code).collect();
        let bulletin = BoxBulletin {
            tier: officer.owner.level,
            areas: vec![officer.owner.scope],
            action: Action::StopAll,
            end: self.clock.now().plus(LIFE),
            volume: 0,
            script: String::new(),
            mode: M::KIND,
        };
        // The order first: what sounds now is worse than what may sound later. Neither waits for the other's success.
        let ordered = self.order_boxes(officer, BoxOrderKind::StopAll, codes, bulletin).await;
        self.stop_plans_for_good(officer, &plans).await?;
        Ok(StoppedAll { order: ordered?, plans: plans.len() })
    }

    async fn stop_plans_for_good(&self, officer: &Officer, plans: &[PlanId]) -> Result<(), OfficeError> {
        if plans.is_empty() {
            return Ok(());
        }
        let detail = json!({ "plans": plans.iter().map(ToString::to_string).collect::<Vec<_>>() });
        let scope = officer.owner.scope.to_string();
        let change = Change {
            statuses: plans.iter().map(|plan| (*plan, PlanStatus::Stopped)).collect(),
            audit: vec![self.box_line(officer, "box.stop-plans", scope, detail)],
            ..Change::default()
        };
        if let Err(error) = self.store.commit(&change).await {
            self.engine.resume(plans);
            return Err(error.into());
        }
        self.engine.withdraw(plans).await?;
        Ok(())
    }

    /// The plans to boxes that still run and that this officer's organisation is set over.
    async fn speaker_plans(&self, officer: &Officer) -> Result<Vec<PlanId>, OfficeError> {
        let mut stopped = Vec::new();
        for plan in self.store.open_plans(M::KIND).await? {
            let fields = plan.fields();
            if fields.channel != ChannelKind::Speaker || plan.status != PlanStatus::Open {
                continue;
            }
            let alert = self.store.alert(fields.alert).await?;
            if alert.is_some_and(|alert| officer.owner.covers(&alert.owner)) {
                stopped.push(fields.id);
            }
        }
        Ok(stopped)
    }
}
