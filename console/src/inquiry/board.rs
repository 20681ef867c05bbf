//! What all who ask are told: the warnings in force with their words, read at most once a second, however many ask.

use crate::office::{InForce, Office, OfficeError};
use mingluo_model::{id::AlertId, mode::Live};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How old a reading may be. What is lifted is told for so much longer at most.
const FRESH: Duration = Duration::from_secs(1);

/// The latest reading, by the clock's ticks.
type Reading = (Duration, Arc<[InForce]>);

/// The warnings in force.
pub(super) struct Board {
    office: Arc<Office<Live>>,
    // Held while one of those who ask reads, so that the others wait for that reading instead of making their own.
    kept: Mutex<Option<Reading>>,
}

impl Board {
    /// A board that nobody looked at yet.
    pub(super) fn new(office: Arc<Office<Live>>) -> Self {
        Self { office, kept: Mutex::default() }
    }

    /// The warnings in force, the gravest first.
    pub(super) async fn look(&self) -> Result<Arc<[InForce]>, OfficeError> {
        let mut kept = self.kept.lock().await;
        let now = self.office.clock.ticks();
        if let Some((read_at, reading)) = &*kept
            && now.saturating_sub(*read_at) < FRESH
        {
            return Ok(Arc::clone(reading));
        }
        let reading: Arc<[InForce]> = self.office.in_force().await?.into();
        *kept = Some((now, Arc::clone(&reading)));
        Ok(reading)
    }

    /// Whether a warning holds still.
    pub(super) async fn holds(&self, alert: AlertId) -> Result<bool, OfficeError> {
        let now = self.office.clock.now();
        Ok(self.look().await?.iter().any(|one| one.id == alert && now < one.expires))
    }

    /// Keeps everybody from looking as long as what is given back lives.
    #[cfg(test)]
    pub(super) async fn hold(&self) -> impl Sized + '_ {
        self.kept.lock().await
    }
}
