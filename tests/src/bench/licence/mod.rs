//! How much of a licence is used (许可利用), seen at the centre by its own clock: alone, where no second may hold more than
//! was granted; and throttled, where the gateway grants half of what was agreed and the account has to find that pace by
//! what it is answered, over each of the four protocols.

mod options;
mod pace;
mod report;

pub use options::LicenceOptions;

use super::rig::{Account, Centre, Rig, RigOrder, knobs, secret_file};
use crate::sim_smsc::Protocol;
use mingluo_dispatch::engine::DispatchConfig;
use mingluo_model::clock::SharedClock;
use pace::{Pace, most};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Percent of the licence that must be used; where it is a hundred a second, one message is a whole percent.
const SHARE: f64 = 98.5;
const SHARE_OF_A_HUNDRED: f64 = 98.0;

/// Percent of what the gateway grants that must be taken of it, when the pace has settled.
const GRANTED: f64 = 95.0;

/// The share of a throttled run in which the pace may settle.
const SETTLES: u32 = 4;

/// Seconds of a throttled run in the short form: the pace needs some to settle.
const THROTTLED_SHORT_S: u32 = 5;

/// Messages that go on after the time that is judged, in seconds of the licence.
const BEYOND_S: u32 = 2;

/// One account's pace and its bars.
#[derive(Debug, Clone, Serialize)]
struct Score {
    protocol: Protocol,
    licence: u32,
    /// What the gateway grants a second, where that is less.
    granted: Option<u32>,
    pace: Pace,
    /// Percent of the licence, or of what the gateway grants, and what it must be.
    used: f64,
    at_least: f64,
    /// The most that a second may hold.
    most: u64,
    /// `None` where no speed is judged.
    kept: Option<bool>,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
struct Findings {
    seconds: u32,
    scores: Vec<Score>,
    kept: bool,
}

/// Where it is measured and with what.
struct Arena<'a> {
    options: &'a LicenceOptions,
    folder: PathBuf,
    programs: PathBuf,
    clock: &'a SharedClock,
}

/// Measures and tells; whether every bar was kept.
///
/// # Errors
/// When a program or the disk fails.
pub async fn licence(options: LicenceOptions, clock: SharedClock) -> anyhow::Result<bool> {
    let options = options.settled();
    let folder = options.ground.folder()?;
    let programs = options.ground.programs()?;
    let arena = Arena { options: &options, folder: folder.path().to_owned(), programs, clock: &clock };
    let mut scores = Vec::new();
    for licence in options.licences.iter().copied() {
        report::progress(licence, options.seconds);
        scores.push(arena.alone(licence).await?);
    }
    report::progress(options.throttled, arena.throttled_s());
    scores.extend(arena.throttled().await?);
    let kept = scores.iter().all(|score| score.kept != Some(false));
    report::tell(&Findings { seconds: options.seconds, scores, kept }, options.ground.json)?;
    Ok(kept)
}

impl Arena<'_> {
    /// One account with all that it was granted.
    async fn alone(&self, licence: u32) -> anyhow::Result<Score> {
        let span = self.options.seconds;
        let protocol = Protocol::Smpp;
        let account = account(protocol, licence, 0, licence * (span + BEYOND_S));
        let logs = self.run(vec![account], &[], span).await?;
        let pace = Pace::read(&logs[0], Duration::ZERO, Duration::from_secs(span.into()))?;
        let at_least = match licence {
            0..=100 => SHARE_OF_A_HUNDRED,
            _ => SHARE,
        };
        let (used, most) = (pace.share(licence), most(licence));
        let kept = self.is_kept(used, at_least, &pace, most);
        Ok(Score { protocol, licence, granted: None, pace, used, at_least, most, kept })
    }

    /// Whether a pace keeps its bars. The short form runs on busy machines, where a clock judges nobody: it shows that
    /// each account sends at all.
    fn is_kept(&self, used: f64, at_least: f64, pace: &Pace, most: u64) -> Option<bool> {
        if self.options.short && used > 0.0 {
            return None;
        }
        Some(used >= at_least && pace.busiest_second <= most)
    }

    fn throttled_s(&self) -> u32 {
        if self.options.short { THROTTLED_SHORT_S } else { self.options.seconds }
    }

    /// An account of each protocol, all at once, whose gateways grant half.
    async fn throttled(&self) -> anyhow::Result<Vec<Score>> {
        let (licence, span) = (self.options.throttled, self.throttled_s());
        let granted = licence / 2;
        let count = granted * (span + BEYOND_S);
        let accounts: Vec<_> = Protocol::ALL
            .into_iter()
            .zip(0..)
            .map(|(protocol, nth)| account(protocol, licence, nth * count, count))
            .collect();
        let faults = knobs(&[("per-second", &granted.to_string())]);
        let logs = self.run(accounts, &faults, span).await?;
        let settles = Duration::from_secs((span / SETTLES).into());
        let judged = Duration::from_secs(span.into()).saturating_sub(settles);
        let score = |(protocol, log): (Protocol, &PathBuf)| {
            let pace = Pace::read(log, settles, judged)?;
            let (used, most) = (pace.taken_share(granted), most(licence));
            let kept = self.is_kept(used, GRANTED, &pace, most);
            Ok(Score { protocol, licence, granted: Some(granted), pace, used, at_least: GRANTED, most, kept })
        };
        Protocol::ALL.into_iter().zip(&logs).map(score).collect()
    }

    /// Runs these accounts until the time is over; the logs of their centres.
    async fn run(
        &self,
        accounts: Vec<Account>,
        faults: &[String],
        span: u32,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let folder = fresh(&self.folder)?;
        let mut centres = Vec::new();
        for account in accounts {
            centres.push(Centre::start(&self.programs, &folder, account, faults, self.clock).await?);
        }
        let secret = secret_file(&folder)?;
        let order = RigOrder {
            database: folder.join("rig.db"),
            accounts: centres.iter().map(|centre| centre.account.posting(&secret)).collect(),
            dispatch: DispatchConfig::default(),
        };
        let mut rig = Rig::start(&self.programs, &order, self.clock)?;
        while rig.progress().await?.left() == 0 {}
        let until = self.clock.ticks() + Duration::from_secs(span.into());
        while self.clock.ticks() <= until {
            rig.progress().await?;
        }
        rig.close().await?;
        for centre in &mut centres {
            centre.close().await?;
        }
        Ok(centres.into_iter().map(|centre| centre.log).collect())
    }
}

fn account(protocol: Protocol, licence: u32, first: u32, count: u32) -> Account {
    Account {
        name: protocol.word().to_owned(),
        protocol,
        port: 0,
        door: ([127, 0, 0, 1], 0).into(),
        licence,
        sessions: 1,
        who: first..first + count,
    }
}

/// An empty folder for a run; what the last one left is gone.
fn fresh(folder: &Path) -> anyhow::Result<PathBuf> {
    let run = folder.join("run");
    if run.exists() {
        fs::remove_dir_all(&run)?;
    }
    fs::create_dir(&run)?;
    Ok(run)
}
