//! What the disk can do at best: a group of records is one write and one fdatasync. No engine that keeps its word is
//! faster than this on the same folder.

use anyhow::Context;
use mingluo_model::clock::Clock;
use serde::Serialize;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    time::Duration,
};

/// Octets of a record: about what one step of a delivery costs in a log.
const RECORD: usize = 32;

/// Records of a group.
const GROUPS: [usize; 3] = [1, 100, 1_000];

/// Commits of each group size at most, and how long they may take together.
const COMMITS: usize = 400;
const LONGEST: Duration = Duration::from_secs(1);

/// Commits of groups of one size.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Floor {
    /// Records of a group.
    pub(super) group: usize,
    /// Half of the commits took no longer.
    pub(super) p50_us: u64,
    /// Records a second.
    pub(super) per_s: f64,
}

/// Measures in a folder; blocks for some seconds.
pub(super) fn measure(folder: &Path, clock: &dyn Clock) -> anyhow::Result<Vec<Floor>> {
    GROUPS.iter().map(|group| commits(folder, *group, clock)).collect()
}

fn commits(folder: &Path, group: usize, clock: &dyn Clock) -> anyhow::Result<Floor> {
    let path = folder.join("floor");
    let mut file = OpenOptions::new().create_new(true).append(true).open(&path).context("fsync floor")?;
    let records = vec![0x55; group * RECORD];
    let begun = clock.ticks();
    let mut took = Vec::with_capacity(COMMITS);
    while took.len() < COMMITS && clock.ticks().saturating_sub(begun) < LONGEST {
        let before = clock.ticks();
        file.write_all(&records)?;
        file.sync_data()?;
        took.push(clock.ticks().saturating_sub(before));
    }
    let per_s = (took.len() * group) as f64 / clock.ticks().saturating_sub(begun).as_secs_f64();
    fs::remove_file(&path)?;
    took.sort_unstable();
    Ok(Floor { group, p50_us: took[took.len() / 2].as_micros() as u64, per_s })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::system::SystemClock;

    #[test]
    fn larger_groups_keep_more_records_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let floors = measure(folder.path(), &*SystemClock::shared()).unwrap();
        assert_eq!(floors.iter().map(|floor| floor.group).collect::<Vec<_>>(), GROUPS);
        assert!(floors[0].per_s < floors[2].per_s);
    }
}
