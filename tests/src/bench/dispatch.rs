//! How many deliveries a second, beside a row per delivery and beside the disk.

use super::{
    DispatchOptions, Engine,
    contest::{Contest, Score},
    floor::{self, Floor},
    heat::Way,
    machine::{self, Machine},
    report,
};
use anyhow::Context;
use mingluo_model::clock::SharedClock;
use serde::Serialize;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    pub(super) machine: Machine,
    pub(super) floors: Vec<Floor>,
    pub(super) setting: Setting,
    pub(super) races: Vec<Race>,
    /// The load at the end: ours, and whoever else came.
    pub(super) load_after: [f64; 3],
}

/// What was the same for everybody.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Setting {
    pub(super) count: u32,
    pub(super) window: u32,
    pub(super) sessions: u32,
    pub(super) runs: u32,
    /// At least so many times the baseline's rate; none where nothing is judged.
    pub(super) bar: Option<f64>,
}

/// Both ways on one engine at one distance.
#[derive(Debug, Serialize)]
pub(super) struct Race {
    pub(super) engine: Engine,
    pub(super) rtt_ms: u32,
    pub(super) rows: Vec<Score>,
    pub(super) log: Vec<Score>,
}

/// The bar of the first milestone, and what of it holds where neighbours disturb.
const BAR: f64 = 5.0;
const SLACK: f64 = 0.6;

/// Measures and tells; whether every bar was kept.
///
/// # Errors
/// When a program, a database or the disk fails, or the counts of the two sides differ.
pub async fn dispatch(options: DispatchOptions, clock: SharedClock) -> anyhow::Result<bool> {
    let options = options.settled();
    let folder = tempfile::Builder::new()
        .prefix("mingluo-bench.")
        .tempdir_in(&options.dir)
        .with_context(|| format!("--dir {}", options.dir.display()))?;
    let programs = match &options.bin_dir {
        Some(programs) => programs.clone(),
        None => std::env::current_exe()?.parent().context("a program lies in a folder")?.to_owned(),
    };
    let machine = Machine::look(folder.path());
    let floors = floor::measure(folder.path(), &*clock)?;
    let contest = Contest { options: &options, folder: folder.path(), programs: &programs, clock: &clock };
    let races = races(&contest).await?;
    let setting = setting(&options);
    let findings = Findings { machine, floors, setting, races, load_after: machine::load() };
    report::tell(&findings, options.json)?;
    Ok(findings.races.iter().all(|race| race.keeps(findings.setting.bar)))
}

fn setting(options: &DispatchOptions) -> Setting {
    let DispatchOptions { count, window, sessions, runs, .. } = *options;
    let bar = if options.short { BAR * SLACK } else { BAR };
    Setting { count, window, sessions, runs, bar: options.bin_dir.is_none().then_some(bar) }
}

/// The ways take turns, so that a neighbour disturbs both.
async fn races(contest: &Contest<'_>) -> anyhow::Result<Vec<Race>> {
    let mut races = Vec::new();
    for engine in contest.options.engines() {
        for rtt_ms in contest.options.rtt_ms.iter().copied() {
            let (mut rows, mut log) = (Vec::new(), Vec::new());
            for run in 1..=contest.options.runs {
                report::progress(engine, rtt_ms, run);
                rows.push(contest.heat(Way::Rows, engine, rtt_ms).await?);
                log.push(contest.heat(Way::Log, engine, rtt_ms).await?);
            }
            races.push(Race { engine, rtt_ms, rows, log });
        }
    }
    Ok(races)
}

impl Race {
    /// The medians' ratio: how many times the baseline.
    pub(super) fn ratio(&self) -> f64 {
        median(&self.log, |score| score.per_s) / median(&self.rows, |score| score.per_s)
    }

    /// At a distance the window is the limit of both ways, so only nearby is judged.
    pub(super) fn keeps(&self, bar: Option<f64>) -> bool {
        self.rtt_ms > 0 || bar.is_none_or(|bar| self.ratio() >= bar)
    }
}

/// The middle of some values; the lower of two.
pub(super) fn median(scores: &[Score], value: impl Fn(&Score) -> f64) -> f64 {
    let mut values: Vec<f64> = scores.iter().map(value).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get((values.len().max(1) - 1) / 2).copied().unwrap_or(f64::NAN)
}

/// The greatest of some values.
pub(super) fn best(scores: &[Score], value: impl Fn(&Score) -> f64) -> f64 {
    scores.iter().map(value).fold(f64::NAN, f64::max)
}
