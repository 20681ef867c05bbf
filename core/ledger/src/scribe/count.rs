//! How the scribe is doing, for the console's page and for measurements.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What a scribe has done since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScribeCounts {
    /// Transactions.
    pub commits: u64,
    /// Entries in all of them; divided by the commits, how large the groups are.
    pub entries: u64,
    /// Entries of the largest group.
    pub largest: u64,
    /// Half of the commits took no longer (to a quarter more).
    pub p50: Duration,
    /// 99 of 100 commits took no longer (to a quarter more).
    pub p99: Duration,
}

/// Four for each doubling of a microsecond, up to an hour.
const BUCKETS: usize = 128;

#[derive(Debug)]
pub(super) struct Counters {
    entries: AtomicU64,
    largest: AtomicU64,
    /// Commits by how long they took.
    took: [AtomicU64; BUCKETS],
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            entries: AtomicU64::new(0),
            largest: AtomicU64::new(0),
            took: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Counters {
    pub(super) fn add(&self, entries: u64, took: Duration) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.largest.fetch_max(entries, Ordering::Relaxed);
        self.took[bucket(took.as_micros() as u64)].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn commits(&self) -> u64 {
        self.took.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    pub(super) fn read(&self) -> ScribeCounts {
        let took: Vec<u64> = self.took.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        ScribeCounts {
            commits: took.iter().sum(),
            entries: self.entries.load(Ordering::Relaxed),
            largest: self.largest.load(Ordering::Relaxed),
            p50: percentile(&took, 50),
            p99: percentile(&took, 99),
        }
    }
}

/// Doublings, then the two bits below the highest.
fn bucket(micros: u64) -> usize {
    let micros = micros.max(4);
    let doublings = micros.ilog2();
    let quarter = (micros >> (doublings - 2)) & 3;
    (doublings as usize * 4 + quarter as usize).min(BUCKETS - 1)
}

/// The upper end of a bucket.
const fn bound(bucket: usize) -> Duration {
    let (doublings, quarter) = (bucket / 4, bucket as u64 % 4);
    if doublings < 2 {
        return Duration::ZERO;
    }
    Duration::from_micros((5 + quarter) << (doublings - 2))
}

fn percentile(took: &[u64], percent: u64) -> Duration {
    let wanted = (took.iter().sum::<u64>() * percent).div_ceil(100);
    let mut seen = 0;
    let place = took.iter().position(|count| {
        seen += count;
        seen >= wanted
    });
    if wanted == 0 { Duration::ZERO } else { place.map_or(Duration::ZERO, bound) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_quarter() {
        let counters = Counters::default();
        for micros in 1..=1_000 {
            counters.add(2, Duration::from_micros(micros));
        }
        let counts = counters.read();
        assert_eq!((counts.commits, counts.entries, counts.largest), (1_000, 2_000, 2));
        assert!((500..=640).contains(&counts.p50.as_micros()), "{counts:?}");
        assert!((990..=1_250).contains(&counts.p99.as_micros()), "{counts:?}");
        assert_eq!(Counters::default().read(), ScribeCounts::default());
    }
}
