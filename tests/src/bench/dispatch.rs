//! How many deliveries a second, beside a row per delivery and beside the disk.

use super::{
    DispatchOptions, Engine,
    contest::{Contest, Score},
    floor::{self, Floor},
    heat::Way,
    machine::{self, Machine},
    report,
};
use mingluo_model::clock::SharedClock;
use serde::Serialize;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    pub(super) machine: Machine,
    pub(super) floors: Vec<Floor>,
    pub(super) setting: Setting,
    pub(super) races: Vec<Race>,
    /// What each race came to, in the same order.
    pub(super) verdicts: Vec<Verdict>,
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

/// What a race came to, by the medians.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Verdict {
    /// How many times the baseline's rate.
    pub(super) ratio: f64,
    /// Whether the bar was kept; none where nothing is judged.
    pub(super) kept: Option<bool>,
    /// The rate as a share of each floor's records a second.
    pub(super) of_floors: Vec<f64>,
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
    let folder = options.ground.folder()?;
    let programs = options.ground.programs()?;
    let machine = Machine::ready(folder.path());
    let floors = floor::measure(folder.path(), &*clock)?;
    let contest = Contest { options: &options, folder: folder.path(), programs: &programs, clock: &clock };
    let races = races(&contest).await?;
    let setting = setting(&options);
    let verdicts: Vec<_> = races.iter().map(|race| race.verdict(setting.bar, &floors)).collect();
    let kept = verdicts.iter().all(|verdict| verdict.kept != Some(false));
    let load_after = machine::load();
    report::tell(&Findings { machine, floors, setting, races, verdicts, load_after }, options.ground.json)?;
    Ok(kept)
}

fn setting(options: &DispatchOptions) -> Setting {
    let DispatchOptions { count, window, sessions, runs, .. } = *options;
    let bar = if options.short { BAR * SLACK } else { BAR };
    Setting { count, window, sessions, runs, bar: options.ground.bin_dir.is_none().then_some(bar) }
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
    /// At a distance the window is the limit of both ways, so only nearby is judged.
    fn verdict(&self, bar: Option<f64>, floors: &[Floor]) -> Verdict {
        let rate = median(&self.log, |score| score.per_s);
        let ratio = rate / median(&self.rows, |score| score.per_s);
        let kept = bar.filter(|_| self.rtt_ms == 0).map(|bar| ratio >= bar);
        Verdict { ratio, kept, of_floors: floors.iter().map(|floor| rate / floor.per_s).collect() }
    }
}

/// The middle of some values; the lower of two.
pub(super) fn median<T>(scores: &[T], value: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = scores.iter().map(value).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get((values.len().max(1) - 1) / 2).copied().unwrap_or(f64::NAN)
}

/// The greatest of some values.
pub(super) fn best(scores: &[Score], value: impl Fn(&Score) -> f64) -> f64 {
    scores.iter().map(value).fold(f64::NAN, f64::max)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{gateway::Seen, heat::Told},
        *,
    };

    fn score(per_s: f64) -> Score {
        let gateway = Seen { distinct: 1, doubles: 0, per_s, last_answered_us: 0, answered: 1, busy: 0.0 };
        let told = Told {
            plan_ms: 0.0,
            released_ms: 0,
            delivered: 1,
            kept_bytes: 0,
            written_bytes: 0,
            plan_cpu_s: 0.0,
            cpu_s: 0.0,
            peak_bytes: 0,
        };
        Score { per_s, gateway, told }
    }

    fn race(rtt_ms: u32, rows: &[f64], log: &[f64]) -> Race {
        let scores = |rates: &[f64]| rates.iter().copied().map(score).collect();
        Race { engine: Engine::Sqlite, rtt_ms, rows: scores(rows), log: scores(log) }
    }

    #[test]
    fn one_lucky_run_keeps_no_bar() {
        let lucky = race(0, &[10.0, 11.0, 12.0], &[99.0, 54.0, 50.0]);
        let verdict = lucky.verdict(Some(5.0), &[Floor { group: 1, p50_us: 1, per_s: 108.0 }]);
        assert_eq!((verdict.kept, verdict.of_floors), (Some(false), vec![0.5]));
        assert_eq!(race(0, &[10.0], &[50.0]).verdict(Some(5.0), &[]).kept, Some(true));
    }

    #[test]
    fn far_away_nobody_is_judged() {
        assert_eq!(race(20, &[10.0], &[10.0]).verdict(Some(5.0), &[]).kept, None);
        assert_eq!(race(0, &[10.0], &[10.0]).verdict(None, &[]).kept, None);
    }
}
