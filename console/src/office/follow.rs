//! What a release does to the alert that it follows: its state, its unsent rest, and taking a release back.

use super::{Indexed, Office, OfficeError};
use mingluo_ledger::store::{AlertWrite, Change};
use mingluo_model::{
    alert::{Alert, AlertError, AlertState},
    clock::Timestamp,
    id::{AlertId, EditionId, PlanId},
    mode::Mode,
    owner::Officer,
    plan::PlanStatus,
};
use mingluo_targeting::edition::EditionIndex;
use serde_json::json;
use std::sync::Arc;

/// What becomes of the earlier alert.
#[derive(Default)]
pub(super) struct Stopped {
    pub(super) earlier: Option<AlertWrite>,
    pub(super) plans: Vec<PlanId>,
}

/// Whether an alert has ended, so that nothing can follow it any more, and the later alert that ended it, if one did.
pub const fn ended_by(state: &AlertState) -> Option<Option<AlertId>> {
    match state {
        AlertState::Updated { by, .. } | AlertState::Lifted { by, .. } | AlertState::Corrected { by, .. } => {
            Some(Some(*by))
        }
        AlertState::Expired { .. } | AlertState::Recalled { .. } => Some(None),
        _ => None,
    }
}

/// When an alert ended, if it has.
pub const fn ended_at(state: &AlertState) -> Option<Timestamp> {
    match state {
        AlertState::Updated { at, .. }
        | AlertState::Lifted { at, .. }
        | AlertState::Corrected { at, .. }
        | AlertState::Expired { at }
        | AlertState::Recalled { at, .. } => Some(*at),
        _ => None,
    }
}

impl<M: Mode> Office<M> {
    /// Refuses what was to follow an alert that has ended meanwhile: another lift was quicker, or its time ran out.
    ///
    /// # Errors
    /// [`OfficeError::Void`]; [`OfficeError::NoSuchAlert`]; [`OfficeError::Store`].
    pub async fn refuse_void(&self, alert: &Alert<M>) -> Result<(), OfficeError> {
        let Some(earlier) = alert.content.kind.follows() else { return Ok(()) };
        let (before, _) = self.alert(earlier).await?;
        match ended_by(&before.state) {
            Some(later) => Err(OfficeError::Void { earlier, state: before.state.word(), later }),
            None => Ok(()),
        }
    }

    /// The earlier alert moved on, and its plans that still run. Nothing is written yet.
    pub(super) async fn follow(&self, alert: &Alert<M>, now: Timestamp) -> Result<Stopped, OfficeError> {
        let Some(earlier) = alert.content.kind.follows() else { return Ok(Stopped::default()) };
        let (before, revision) = self.alert(earlier).await?;
        let after = before.followed(alert, now)?;
        let plans = self.open_plans(earlier).await?;
        Ok(Stopped { earlier: Some(AlertWrite::new(&after, revision)), plans })
    }

    async fn open_plans(&self, alert: AlertId) -> Result<Vec<PlanId>, OfficeError> {
        let plans = self.store.plans(alert).await?;
        let open = plans.iter().filter(|plan| plan.status == PlanStatus::Open);
        Ok(open.map(|plan| plan.fields().id).collect())
    }

    /// Takes a release back inside its hold: nothing has left, nothing will. Runs to its end even if the caller goes
    /// away.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] when the hold is over or the officer may not; [`OfficeError::Store`]. Then everything
    /// goes on as before.
    pub async fn recall(&self, officer: &Officer, id: AlertId) -> Result<Alert<M>, OfficeError> {
        let officer = officer.clone();
        self.whole(move |office| async move { office.recall_now(&officer, id).await }).await
    }

    async fn recall_now(&self, officer: &Officer, id: AlertId) -> Result<Alert<M>, OfficeError> {
        let (alert, revision) = self.alert(id).await?;
        // Who may not recall stops nothing, not even for a moment.
        alert.clone().recall(officer, self.clock.now())?;
        let plans = self.open_plans(id).await?;
        self.engine.stop_plans(&plans);
        match self.keep_recall(officer, alert, revision, &plans).await {
            Ok(alert) => {
                self.engine.withdraw(&plans).await?;
                Ok(alert)
            }
            Err(error) => {
                self.engine.resume(&plans);
                Err(error)
            }
        }
    }

    /// Sending has stopped. Only now is it asked whether the hold still runs and nothing has left, so that the answer
    /// cannot grow old.
    async fn keep_recall(
        &self,
        officer: &Officer,
        alert: Alert<M>,
        revision: i64,
        plans: &[PlanId],
    ) -> Result<Alert<M>, OfficeError> {
        let hold_until = match alert.state {
            AlertState::Released { hold_until, .. } => hold_until,
            _ => self.clock.now(),
        };
        let alert = alert.recall(officer, self.clock.now())?;
        if self.engine.reached(alert.id).await?.values().any(|reached| !reached.is_empty()) {
            return Err(AlertError::HoldOver { hold_until }.into());
        }
        let change = Change {
            alerts: vec![AlertWrite::new(&alert, revision)],
            statuses: plans.iter().map(|plan| (*plan, PlanStatus::Stopped)).collect(),
            audit: vec![self.line(officer, "alert.recall", alert.id, json!({ "plans": plans.len() }))],
            ..Change::default()
        };
        self.store.commit(&change).await?;
        Ok(alert)
    }

    /// The index of the edition that an alert was signed over.
    pub(super) async fn indexed_of(&self, edition: EditionId) -> Result<Arc<Indexed>, OfficeError> {
        let newest = self.indexed().await?;
        if newest.head.id == edition {
            return Ok(newest);
        }
        let damaged = |problem: String| OfficeError::Damaged { what: "edition", problem };
        let head = self.store.edition(edition).await?.ok_or_else(|| damaged(format!("{edition} is gone")))?;
        let index = EditionIndex::from_bytes(&head.index).map_err(|error| damaged(error.to_string()))?;
        Ok(Arc::new(Indexed { head, index }))
    }
}
