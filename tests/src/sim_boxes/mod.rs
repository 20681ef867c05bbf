//! Pretend village boxes (模拟大喇叭终端), many in one process: each runs the real box's agent with a pretend relay, a
//! pretend ear and sped-up playing, speaks the village link over mutual TLS as a real box does, and fails as it is told
//! to. What really happened in each goes into a [`log`], whatever the box says to the city.
//!
//! The link's client is written here a second time, and not taken from the box's own program: a box that lies, falls
//! silent or dies in the middle of a word cannot be had from a program that does none of that.

pub mod log;
pub mod pki;
pub mod standing;
#[cfg(test)]
mod story;
mod talk;
mod village_box;

use crate::sim_stage::Dice;
use anyhow::{Context as _, ensure};
use log::BoxLog;
use mingluo_model::{
    bulletin::{KeySet, ResourceCode},
    clock::SharedClock,
    mode::ModeKind,
    region::RegionCode,
};
use serde::Deserialize;
use standing::Standing;
use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
pub use talk::City;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use village_box::PretendBox;

/// How pretend boxes fail. Percentages strike the same boxes for the same seed.
#[derive(Debug, Clone, clap::Args)]
pub struct BoxFaults {
    /// So many of a hundred boxes obey and never report.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub silent_percent: u8,
    /// So many of a hundred boxes play and hear nothing.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub deaf_percent: u8,
    /// So many of a hundred boxes know no key and refuse everything.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub refuse_percent: u8,
    /// So many of a hundred boxes never connect.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub offline_percent: u8,
    /// So many of a hundred boxes lose power once, when playing has begun.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub dead_halfway_percent: u8,
    /// How long those stay dark, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 3_000)]
    pub back_after_ms: u64,
    /// So many of a hundred boxes send every report twice.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub double_percent: u8,
    /// Every box waits so long before it looks at an order, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub slow_ms: u64,
    /// Every box plays a bulletin in so many milliseconds at most.
    #[arg(long, value_name = "MS", default_value = "500")]
    pub play_ms: NonZeroU32,
    /// The seed of all faults.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for BoxFaults {
    fn default() -> Self {
        Self {
            silent_percent: 0,
            deaf_percent: 0,
            refuse_percent: 0,
            offline_percent: 0,
            dead_halfway_percent: 0,
            back_after_ms: 3_000,
            double_percent: 0,
            slow_ms: 0,
            play_ms: NonZeroU32::new(500).unwrap_or(NonZeroU32::MIN),
            seed: 1,
        }
    }
}

/// Which faults one box has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "any of the faults may come together in one box")]
pub struct Lot {
    /// Obeys and never reports.
    pub silent: bool,
    /// Plays and hears nothing.
    pub deaf: bool,
    /// Knows no key.
    pub refusing: bool,
    /// Never connects.
    pub offline: bool,
    /// Loses power once.
    pub dying: bool,
    /// Sends every report twice.
    pub doubling: bool,
}

impl BoxFaults {
    /// What falls to this box.
    pub fn lot(&self, code: ResourceCode) -> Lot {
        let strikes = |knob, percent| Dice { seed: self.seed }.strikes(knob, code.as_str(), percent);
        Lot {
            silent: strikes("silent", self.silent_percent),
            deaf: strikes("deaf", self.deaf_percent),
            refusing: strikes("refuse", self.refuse_percent),
            offline: strikes("offline", self.offline_percent),
            dying: strikes("dead-halfway", self.dead_halfway_percent),
            doubling: strikes("double", self.double_percent),
        }
    }
}

/// One box of the list: `box_code,region,cert,key`, the files as PEM, relative to the list's directory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// Its resource code.
    pub box_code: ResourceCode,
    /// The village where it stands.
    pub region: RegionCode,
    /// Its certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Reads the list of boxes: a CSV file, or a directory that [`pki::make`] filled.
///
/// # Errors
/// Names the file and the line that cannot be used.
pub fn read_list(path: &Path) -> anyhow::Result<Vec<Listed>> {
    let file = if path.is_dir() { path.join(pki::LIST) } else { path.to_owned() };
    let bad_list = || format!("--boxes {}：读不了 / cannot be read", file.display());
    let mut reader = csv::Reader::from_path(&file).with_context(bad_list)?;
    let read = reader.deserialize().collect::<Result<Vec<Listed>, _>>();
    let mut boxes = read.with_context(bad_list)?;
    ensure!(!boxes.is_empty(), "--boxes {}：清单是空的 / the list is empty", file.display());
    let dir = file.parent().unwrap_or_else(|| Path::new("."));
    for listed in &mut boxes {
        listed.cert = dir.join(&listed.cert);
        listed.key = dir.join(&listed.key);
    }
    Ok(boxes)
}

/// What all boxes share.
pub struct Village {
    /// Where the city listens: `wss://127.0.0.1:PORT/link`.
    pub city: City,
    /// The authority of the city's certificate, PEM.
    pub ca: Vec<u8>,
    /// The signing keys that boxes believe.
    pub keys: Arc<KeySet>,
    /// Live or drill.
    pub mode: ModeKind,
    /// Where journals lie; `None` keeps them in memory.
    pub state_dir: Option<PathBuf>,
    /// Connections begun in a second, so that thousands of handshakes do not come as one wave.
    pub connects_per_second: NonZeroU32,
    /// How they fail.
    pub faults: BoxFaults,
    /// Where the truth goes.
    pub log: Arc<BoxLog>,
    /// Time.
    pub clock: SharedClock,
}

/// Running pretend boxes.
pub struct SimBoxes {
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

/// The village with what changes in it.
struct Shared {
    village: Village,
    online: AtomicUsize,
    turned_away: AtomicU64,
    stop: CancellationToken,
}

impl SimBoxes {
    /// Switches the boxes on.
    ///
    /// # Errors
    /// Names the box whose certificate or key cannot be used.
    pub fn start(village: Village, boxes: Vec<Listed>) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            village,
            online: AtomicUsize::new(0),
            turned_away: AtomicU64::new(0),
            stop: CancellationToken::new(),
        });
        let tasks = TaskTracker::new();
        let step = Duration::from_secs(1) / shared.village.connects_per_second.get();
        let mut wait = Duration::ZERO;
        for listed in boxes {
            let pretend = PretendBox::new(listed, Arc::clone(&shared))?;
            tasks.spawn(pretend.live(wait));
            wait += step;
        }
        tasks.spawn(flush(Arc::clone(&shared)));
        tasks.close();
        Ok(Self { shared, tasks })
    }

    /// Boxes that the city has welcomed and that are still connected.
    pub fn online(&self) -> usize {
        self.shared.online.load(Ordering::Relaxed)
    }

    /// How they stand.
    pub fn standing(&self) -> Standing {
        Standing { online: self.online(), turned_away: self.shared.turned_away.load(Ordering::Relaxed) }
    }

    /// Switches all boxes off and writes out the log.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shared.stop.cancel();
        self.tasks.wait().await;
        self.shared.village.log.flush().context("--log")
    }
}

async fn flush(shared: Arc<Shared>) {
    let Village { clock, log, .. } = &shared.village;
    while !shared.stop.is_cancelled() {
        tokio::select! {
            () = clock.sleep(Duration::from_millis(200)) => {}
            () = shared.stop.cancelled() => {}
        }
        if let Err(error) = log.flush() {
            tracing::error!(%error, "the log cannot be written; the rehearsal will miss lines");
        }
    }
}
