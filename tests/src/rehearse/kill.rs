//! The kill: mingluo dies by SIGKILL a given time after the first frame, and comes back. It counts only when the
//! simulators then hold a fair share of all, for a kill before or after the work proves nothing.

use super::far::Ear;
use mingluo_model::{audience::ChannelKind, clock::SharedClock};
use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

/// Between two looks at the logs.
const LOOK: Duration = Duration::from_millis(20);

/// The share of all parts that the simulators must hold, in percent.
const FAIR: RangeInclusive<f64> = 10.0..=90.0;

/// How long to wait for a first frame at all.
const FIRST_WITHIN: Duration = Duration::from_mins(1);

/// The ears of all far sides.
pub(super) type Ears = BTreeMap<ChannelKind, Ear>;

/// Waits until it is so long after the first frame that reached a simulator; gives the frame's time.
pub(super) async fn moment(
    ears: &mut Ears,
    after: Duration,
    clock: &SharedClock,
) -> anyhow::Result<Option<i64>> {
    let began = clock.ticks();
    while clock.ticks().saturating_sub(began) < FIRST_WITHIN {
        listen(ears)?;
        if let Some(first_us) = ears.values().filter_map(Ear::first_us).min() {
            let since = Duration::from_micros(u64::try_from(clock.now().0 * 1_000 - first_us).unwrap_or(0));
            clock.sleep(after.saturating_sub(since)).await;
            return Ok(Some(first_us));
        }
        clock.sleep(LOOK).await;
    }
    Ok(None)
}

/// Reads all logs on.
pub(super) fn listen(ears: &mut Ears) -> anyhow::Result<()> {
    ears.values_mut().try_for_each(Ear::listen)
}

/// The share of `all` parts that the simulators hold, in percent.
pub(super) fn share(ears: &Ears, all: u64) -> f64 {
    let held: u64 = ears.values().map(Ear::parts).sum();
    held as f64 * 100.0 / all.max(1) as f64
}

/// Whether a kill at this share counts; else by how much the licence must change for the next try.
pub(super) fn verdict(share: f64) -> Result<(), f64> {
    if FAIR.contains(&share) {
        return Ok(());
    }
    // Half of all is aimed at; a run that was through can have been through many times over.
    Err((50.0 / share.max(1.0)).clamp(0.25, 8.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_kill_in_the_midst_counts() {
        assert_eq!(verdict(10.0), Ok(()));
        assert_eq!(verdict(90.0), Ok(()));
        assert_eq!(verdict(100.0), Err(0.5));
        assert_eq!(verdict(0.0), Err(8.0));
    }
}
