//! Killed half way (断电演练): the real program, or the gateway, dies by SIGKILL while two thousand messages a second are
//! under way, and is started again. Each run is a rehearsal of its own ([`crate::rehearse::trial`]), judged by the
//! simulator's log: nobody lost, no receipt missing, and no more copies than the windows held.
//!
//! Nothing fails and nothing is withheld here: whoever is warned must be confirmed in the end.

use super::{
    sms::{Kill, SmsOptions},
    verdict,
};
use crate::rehearse::{Options, Trial, Victim, trial};
use anyhow::Context;
use clap::Parser;
use mingluo_console::cli::Table;
use mingluo_model::clock::SharedClock;
use serde::Serialize;
use std::{fs, path::Path};

/// Seconds of the rate that a run sends; the comparison's own count does not stand for it. Half of it in the short form.
const SECONDS: u32 = 10;
const SECONDS_SHORT: u32 = 5;

/// Milliseconds from the centre's answer to its receipt: as much is under way when somebody dies.
const RECEIPT_MS: u32 = 2_000;

/// The shares of the sending time at which the first and the last run kill.
const FROM: f64 = 0.2;
const TO: f64 = 0.7;

/// What everybody is told: with headline and signature one part.
const WORDS: &str = "请立即转移避险。";

/// One run.
#[derive(Debug, Clone, Serialize)]
struct Run {
    killed: Victim,
    number: u32,
    /// The share that the simulator held at the kill, in percent.
    at_percent: f64,
    /// Recipients, each of one message.
    messages: u64,
    lost: u64,
    /// Recipients without a receipt in the ledger.
    receipts_missing: u64,
    twice: u64,
    /// Copies that the windows allow.
    twice_allowed: u64,
    /// What the judge found wrong.
    findings: Vec<String>,
    kept: bool,
}

/// All runs.
#[derive(Debug, Serialize)]
struct Findings {
    rate: u32,
    runs: Vec<Run>,
    kept: bool,
}

/// Kills again and again, and tells; whether every run was good.
///
/// # Errors
/// When a program cannot be built up, or no kill hits the work.
pub(super) async fn kill(kill: Kill, options: &SmsOptions, clock: SharedClock) -> anyhow::Result<bool> {
    let folder = options.ground.folder()?;
    let words = folder.path().join("words.txt");
    fs::write(&words, WORDS)?;
    let programs = options.ground.programs()?;
    let mut runs = Vec::new();
    for victim in kill.victims() {
        for run in 1..=options.runs {
            progress(*victim, run, options.runs);
            let after_ms = moment_ms(run, options.runs, seconds(options));
            let stage = folder.path().join(format!("{}-{run}", victim.program()));
            let order = order(options, *victim, after_ms, &words, &programs, &stage)?;
            let trial = trial(&order, root(), &clock).await;
            let trial = trial.with_context(|| format!("{} {run}", victim.program()))?;
            fs::remove_dir_all(&stage)?;
            runs.push(Run::of(*victim, run, &trial));
        }
    }
    let kept = runs.iter().all(|run| run.kept);
    tell(&Findings { rate: options.rate, runs, kept }, options.ground.json)?;
    Ok(kept)
}

/// The project's folder: the rehearsal's region pack lies in it.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// When the run kills, in milliseconds after the first frame: each at another moment of the work.
fn moment_ms(run: u32, runs: u32, seconds: u32) -> u32 {
    let way = if runs == 1 { 0.5 } else { f64::from(run - 1) / f64::from(runs - 1) };
    (f64::from(seconds) * 1_000.0 * (FROM + (TO - FROM) * way)) as u32
}

const fn seconds(options: &SmsOptions) -> u32 {
    if options.short { SECONDS_SHORT } else { SECONDS }
}

fn order(
    options: &SmsOptions,
    victim: Victim,
    after_ms: u32,
    words: &Path,
    programs: &Path,
    stage: &Path,
) -> anyhow::Result<Options> {
    let (rate, after) = (options.rate.to_string(), format!("{after_ms}ms"));
    let residents = (u64::from(options.rate) * u64::from(seconds(options))).to_string();
    let faults = format!("--fail-percent 0 --silent-percent 0 --late-ms {RECEIPT_MS}..{RECEIPT_MS}");
    let victim = match victim {
        Victim::Mingluo => "mingluo",
        Victim::Gateway => "gateway",
    };
    let path = |path: &Path| path.display().to_string();
    let (words, programs, stage): (String, String, String) = (path(words), path(programs), path(stage));
    let line = [
        ["rehearsal", "--once"],
        ["--channels", "sms"],
        ["--boxes", "0"],
        ["--residents", &residents],
        ["--licence", &rate],
        ["--text", &words],
        ["--kill-after", &after],
        ["--kill", victim],
        ["--smsc-faults", &faults],
        ["--bin-dir", &programs],
        ["--keep", &stage],
    ];
    Ok(Options::try_parse_from(line.concat())?)
}

impl Run {
    fn of(killed: Victim, number: u32, trial: &Trial) -> Self {
        let figures = &trial.figures;
        let receipts_missing = figures.target.saturating_sub(figures.confirmed_in_ledger);
        let findings: Vec<String> =
            trial.findings.iter().map(|found| format!("{} / {}", found.zh(), found.en())).collect();
        Self {
            killed,
            number,
            at_percent: trial.killed_at_percent.unwrap_or(0.0),
            messages: figures.target,
            lost: figures.lost,
            receipts_missing,
            twice: figures.doubles,
            twice_allowed: figures.doubles_allowed,
            kept: findings.is_empty()
                && figures.lost == 0
                && receipts_missing == 0
                && figures.doubles <= figures.doubles_allowed,
            findings,
        }
    }

    fn row(&self) -> [String; 8] {
        [
            self.killed.program().to_owned(),
            self.number.to_string(),
            format!("{:.0} %", self.at_percent),
            self.messages.to_string(),
            self.lost.to_string(),
            self.receipts_missing.to_string(),
            format!("{} ≤ {}", self.twice, self.twice_allowed),
            verdict(self.kept).to_owned(),
        ]
    }
}

#[expect(clippy::print_stderr, reason = "a measurement takes minutes, and people want to see it go on")]
fn progress(victim: Victim, run: u32, runs: u32) {
    eprintln!("… SIGKILL {} · {run}/{runs}", victim.program());
}

#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
fn tell(findings: &Findings, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(findings)?);
        return Ok(());
    }
    println!(
        "半途 SIGKILL 再启动，短信每秒 {} 条，回执迟 {RECEIPT_MS} ms / killed half way and started again, {} messages a second",
        findings.rate, findings.rate
    );
    let heads = [
        "被杀\nkilled",
        "次\nrun",
        "其时已收\nheld then",
        "条数\nmessages",
        "丢失\nlost",
        "缺回执\nno receipt",
        "重复\ntwice",
        "",
    ];
    let mut table = Table::new(heads);
    findings.runs.iter().for_each(|run| table.row(run.row()));
    table.lines().iter().for_each(|line| println!("  {line}"));
    for (run, found) in
        findings.runs.iter().flat_map(|run| run.findings.iter().map(move |found| (run, found)))
    {
        println!("  {} {}: {found}", run.killed.program(), run.number);
    }
    println!("{}", verdict(findings.kept));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Figures;

    #[test]
    fn every_run_kills_at_another_moment_of_the_work() {
        let moments: Vec<u32> = (1..=3).map(|run| moment_ms(run, 3, 10)).collect();
        assert_eq!(moments, [2_000, 4_500, 7_000]);
        assert_eq!(moment_ms(1, 1, 10), 4_500);
    }

    #[test]
    fn a_run_is_bad_by_a_loss_a_missing_receipt_or_a_copy_too_many() {
        let run = |change: fn(&mut Figures)| {
            let mut figures = Figures {
                target: 10,
                confirmed_in_ledger: 10,
                doubles: 2,
                doubles_allowed: 2,
                ..Figures::default()
            };
            change(&mut figures);
            let trial =
                Trial { killed_at_percent: Some(50.0), figures, findings: Vec::new(), per_second: None };
            Run::of(Victim::Mingluo, 1, &trial).kept
        };
        assert!(run(|_| ()));
        assert!(!run(|figures| figures.lost = 1));
        assert!(!run(|figures| figures.confirmed_in_ledger = 9));
        assert!(!run(|figures| figures.doubles = 3));
    }
}
