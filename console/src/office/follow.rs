//! What a release does to the alert that it follows: its state, its unsent rest, and taking a release back.

use super::{Indexed, Office, OfficeError};
use mingluo_ledger::store::{AlertWrite, Change};
use mingluo_model::{
    alert::Alert,
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

impl<M: Mode> Office<M> {
    /// The earlier alert moved on, and its plans that still run. Nothing is written yet.
    pub(super) async fn follow(&self, alert: &Alert<M>, now: Timestamp) -> Result<Stopped, OfficeError> {
        let Some(earlier) = alert.content.kind.follows() else { return Ok(Stopped::default()) };
        let (before, revision) = self.alert(earlier).await?;
        let after = before.followed(alert.id, alert.content.kind, now)?;
        let plans = self.open_plans(earlier).await?;
        Ok(Stopped { earlier: Some(AlertWrite::new(&after, revision)), plans })
    }

    async fn open_plans(&self, alert: AlertId) -> Result<Vec<PlanId>, OfficeError> {
        let plans = self.store.plans(alert).await?;
        let open = plans.iter().filter(|plan| plan.status == PlanStatus::Open);
        Ok(open.map(|plan| plan.fields().id).collect())
    }

    /// Takes a release back inside its hold: nothing has left, nothing will.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] when the hold is over or the officer may not; [`OfficeError::Store`].
    pub async fn recall(&self, officer: &Officer, id: AlertId) -> Result<Alert<M>, OfficeError> {
        let (alert, revision) = self.alert(id).await?;
        let alert = alert.recall(officer, self.clock.now())?;
        let plans = self.open_plans(id).await?;
        self.engine.stop_plans(&plans);
        let change = Change {
            alerts: vec![AlertWrite::new(&alert, revision)],
            statuses: plans.iter().map(|plan| (*plan, PlanStatus::Stopped)).collect(),
            audit: vec![self.line(officer, "alert.recall", id, json!({ "plans": plans.len() }))],
            ..Change::default()
        };
        if let Err(error) = self.store.commit(&change).await {
            self.engine.resume(&plans);
            return Err(error.into());
        }
        self.engine.withdraw(&plans).await?;
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
