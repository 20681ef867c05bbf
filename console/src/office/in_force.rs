//! The warnings in force (生效预警) in full words, for residents who ask. Real ones alone: a drill is nobody's answer.

use super::{Office, OfficeError};
use mingluo_model::{
    alert::{Alert, AlertKind, AlertState},
    clock::Timestamp,
    id::AlertId,
    mode::{Live, ModeKind},
    region::RegionCode,
};
use std::cmp::Reverse;

/// A warning in force.
pub(crate) struct InForce {
    /// Its id.
    pub(crate) id: AlertId,
    /// When it ends by itself.
    pub(crate) expires: Timestamp,
    /// Its words.
    pub(crate) words: String,
    regions: Vec<RegionCode>,
}

impl InForce {
    /// Whether it holds for a division, for a part of it or for what it belongs to.
    pub(crate) fn touches(&self, region: RegionCode) -> bool {
        self.regions.iter().any(|own| region.touches(*own))
    }
}

impl Office<Live> {
    /// The warnings that hold now; the gravest first, and of one grade the newest. One whose words cannot be made in full is
    /// said without its end: it keeps nobody from the others.
    ///
    /// # Errors
    /// [`OfficeError::Store`] when they cannot be read.
    pub(crate) async fn in_force(&self) -> Result<Vec<InForce>, OfficeError> {
        let now = self.clock.now();
        let mut holding = Vec::new();
        for stored in self.store.released_alerts(ModeKind::Live).await? {
            if let Some(alert) = stored.typed::<Live>() {
                holding.extend(self.holds(alert, now).await?);
            }
        }
        holding.sort_by_key(|alert| (Reverse(alert.content.grade), Reverse(alert.id)));
        Ok(holding.iter().map(|alert| self.in_words(alert)).collect())
    }

    fn in_words(&self, alert: &Alert<Live>) -> InForce {
        let words = self.renderer.in_full(alert).unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::error!(alert.id = %alert.id, error, "a warning cannot be said in full to those who ask");
            self.renderer.without_end(alert)
        });
        let regions = alert.content.area.regions.clone();
        InForce { id: alert.id, expires: alert.content.expires, words, regions }
    }

    /// What holds of a released warning: itself, or what it is about to replace or to end while it is held back itself and can
    /// be recalled.
    async fn holds(&self, alert: Alert<Live>, now: Timestamp) -> Result<Option<Alert<Live>>, OfficeError> {
        let AlertState::Released { hold_until, .. } = alert.state else { return Ok(None) };
        let holds = match alert.content.kind {
            AlertKind::Alert | AlertKind::Update(_) if hold_until <= now => Some(alert),
            AlertKind::Update(earlier) | AlertKind::Lift(earlier) | AlertKind::Correction(earlier)
                if now < hold_until =>
            {
                Some(self.alert(earlier).await?.0)
            }
            _ => None,
        };
        Ok(holds.filter(|alert| now < alert.content.expires))
    }
}
