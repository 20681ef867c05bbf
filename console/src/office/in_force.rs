//! The warnings in force (生效预警) in a division, in full words, for residents who ask. Real ones alone: a drill is nobody's
//! answer.

use super::{Office, OfficeError};
use mingluo_model::{
    alert::{Alert, AlertKind, AlertState},
    clock::Timestamp,
    mode::{Live, ModeKind},
    region::RegionCode,
};
use std::cmp::Reverse;

impl Office<Live> {
    /// The words of the warnings that hold now for a division, for a part of it or for what it belongs to; the gravest first,
    /// and of one grade the newest.
    ///
    /// # Errors
    /// [`OfficeError::Store`] when they cannot be read; [`OfficeError::Render`] when one has no words.
    pub(crate) async fn in_force(&self, region: RegionCode) -> Result<Vec<String>, OfficeError> {
        let now = self.clock.now();
        let mut holding = Vec::new();
        for stored in self.store.released_alerts(ModeKind::Live).await? {
            if let Some(alert) = stored.typed::<Live>() {
                holding.extend(self.holds(alert, now).await?);
            }
        }
        let touches = |own: &RegionCode| region.contains(*own) || own.contains(region);
        holding.retain(|alert| alert.content.area.regions.iter().any(touches));
        holding.sort_by_key(|alert| (Reverse(alert.content.grade), Reverse(alert.id)));
        holding.iter().map(|alert| Ok(self.renderer.in_full(alert)?)).collect()
    }

    /// What holds of a released warning: itself, or what it is about to replace while it is held back itself.
    async fn holds(&self, alert: Alert<Live>, now: Timestamp) -> Result<Option<Alert<Live>>, OfficeError> {
        let AlertState::Released { hold_until, .. } = alert.state else { return Ok(None) };
        let holds = match alert.content.kind {
            AlertKind::Alert | AlertKind::Update(_) if hold_until <= now => Some(alert),
            AlertKind::Update(earlier) => Some(self.alert(earlier).await?.0),
            AlertKind::Alert | AlertKind::Lift(_) | AlertKind::Correction(_) => None,
        };
        Ok(holds.filter(|alert| now < alert.content.expires))
    }
}
