//! Time as an argument: an instant, a clock that tells it and waits for it, and a waiting limit.
//! Only programs' mains build a real clock; everything else is handed one.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{future::Future, sync::Arc, time::Duration};

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Zones belong to the edge, never in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant moved by a duration into the future, stopping at the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this instant is; zero if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The same instant as a reader in China knows it (北京时间, UTC+8 without summer time), `2026-07-05 08:00:00`, for messages;
    /// plain milliseconds beyond the calendar's years.
    pub fn in_beijing(self) -> String {
        let local = self.plus(Duration::from_hours(8)).to_jiff();
        local.map_or_else(|| self.0.to_string(), |it| it.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// The same instant in the calendar library's type; `None` beyond its years.
    pub fn to_jiff(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(self.0).ok()
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        Self(instant.as_millisecond())
    }
}

/// Tells the time and waits for it.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Time passed since some fixed moment; never goes back and is finer than [`Self::now`].
    fn ticks(&self) -> Duration;

    /// Returns when `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);
}

/// The clock as it is handed around.
pub type SharedClock = Arc<dyn Clock>;

/// What [`within`] answers when the limit came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {limit:?}")]
pub struct TooLate {
    /// The limit that was set.
    pub limit: Duration,
}

/// Waits for `work`, but no longer than `limit` on this clock.
///
/// # Errors
/// [`TooLate`] when the limit passed first; the work is dropped.
pub async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, TooLate> {
    let mut work = std::pin::pin!(work);
    let mut alarm = clock.sleep(limit);
    std::future::poll_fn(move |context| {
        if let std::task::Poll::Ready(value) = work.as_mut().poll(context) {
            return std::task::Poll::Ready(Ok(value));
        }
        alarm.as_mut().poll(context).map(|()| Err(TooLate { limit }))
    })
    .await
}

#[cfg(feature = "manual-clock")]
pub mod manual;
#[cfg(feature = "system-clock")]
pub mod system;
