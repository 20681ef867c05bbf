//! Which alerts an officer's key may see: those of their own organisation and of the ones that it is set over.

use super::{Office, OfficeError};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::Alert,
    clock::Timestamp,
    id::{AlertId, PlanId},
    mode::Mode,
    owner::Officer,
};

/// Alerts looked through for those of one organisation.
const LOOKED_THROUGH: u32 = 1_000;

impl<M: Mode> Office<M> {
    /// The latest alerts that this officer may see, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn alerts_seen_by(
        &self,
        officer: &Officer,
        limit: usize,
    ) -> Result<Vec<StoredAlert>, OfficeError> {
        let mut alerts = self.alerts(LOOKED_THROUGH).await?;
        alerts.retain(|alert| officer.owner.covers(&alert.owner));
        alerts.truncate(limit);
        Ok(alerts)
    }

    /// One alert with the revision that was read, if this officer may see it.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchAlert`], also for what the officer may not see; [`OfficeError::Store`].
    pub async fn alert_seen_by(
        &self,
        officer: &Officer,
        id: AlertId,
    ) -> Result<(Alert<M>, i64), OfficeError> {
        let (alert, revision) = self.alert(id).await?;
        if officer.owner.covers(&alert.owner) {
            return Ok((alert, revision));
        }
        Err(OfficeError::NoSuchAlert { id })
    }

    /// An instant on the deployment's clock, as RFC 3339 with its offset.
    pub fn local_time(&self, at: Timestamp) -> String {
        let instant = at.to_jiff().unwrap_or(jiff::Timestamp::MAX);
        instant.to_zoned_datetime(self.renderer.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// Whether this officer may see a plan.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchAlert`] for a plan of an alert that the officer may not see; [`OfficeError::Store`].
    pub async fn plan_seen_by(&self, officer: &Officer, plan: PlanId) -> Result<(), OfficeError> {
        if let Some(stored) = self.store.plan(plan).await? {
            self.alert_seen_by(officer, stored.fields().alert).await?;
        }
        Ok(())
    }
}
