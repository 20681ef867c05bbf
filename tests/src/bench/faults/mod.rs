//! All faults at once (全故障): a million messages over the four protocols, to gateways that throttle, answer busy, refuse,
//! send receipts late, early, twice, over another connection or never, stop reading, cut connections in the middle of a frame
//! or behind a length that lies, and are killed and started again. In the end every message is final, or unknown with its
//! reason, and the ledger says the same as the gateways' own logs, person by person and id by id ([`equal`]).

mod book;
mod equal;
mod far;
mod knobs;
mod options;
mod report;

pub use options::FaultsOptions;

use super::rig::{Account, Centre, Progress, Rig, RigOrder, open_ledger, secret_file};
use crate::sim_smsc::Protocol;
use anyhow::bail;
use book::Book;
use equal::{Equal, equal};
use far::{Far, Struck};
use mingluo_model::clock::{SharedClock, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// Something must change within this time.
const PATIENCE: Duration = Duration::from_mins(2);

/// Between two lines of progress.
const TELL: Duration = Duration::from_secs(2);

/// One protocol's account in the end.
#[derive(Debug, Serialize)]
struct Score {
    protocol: Protocol,
    struck: Struck,
    equal: Equal,
    /// Faults that were asked for and never struck: then the run proves less than it says.
    idle: Vec<&'static str>,
    kept: bool,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Findings {
    count: u32,
    seed: u64,
    seconds: f64,
    restarts: u32,
    scores: Vec<Score>,
    /// Receipts that found nobody: of messages whose answer was lost and that had been confirmed already.
    receipts_unmatched: usize,
    kept: bool,
}

/// Runs with all faults and tells; whether both sides say the same.
///
/// # Errors
/// When a program or the disk fails, or nothing moves any more.
pub async fn faults(options: FaultsOptions, clock: SharedClock) -> anyhow::Result<bool> {
    let options = options.settled();
    let folder = options.ground.folder()?;
    let programs = options.ground.programs()?;
    let mut centres = Vec::new();
    for account in accounts(&options) {
        let faults = knobs::faults(&options);
        centres.push(Centre::start(&programs, folder.path(), account, &faults, &clock).await?);
    }
    let secret = secret_file(folder.path())?;
    let order = RigOrder {
        database: folder.path().join("rig.db"),
        accounts: centres.iter().map(|centre| centre.account.posting(&secret)).collect(),
        dispatch: knobs::dispatch(&options),
    };
    let began = clock.ticks();
    let mut rig = Rig::start(&programs, &order, &clock)?;
    to_the_end(&mut rig, &mut centres, &options, &clock).await?;
    let seconds = clock.ticks().saturating_sub(began).as_secs_f64();
    rig.close().await?;
    for centre in &mut centres {
        centre.close().await?;
    }
    let findings = reckon(&order, &centres, &options, seconds).await?;
    report::tell(&findings, options.ground.json)?;
    Ok(findings.kept)
}

/// A quarter of all for each protocol.
fn accounts(options: &FaultsOptions) -> impl Iterator<Item = Account> {
    let (quarter, licence) = (options.count / 4, options.licence);
    Protocol::ALL.into_iter().zip(0..).map(move |(protocol, nth)| Account {
        name: protocol.word().to_owned(),
        protocol,
        port: 0,
        door: ([127, 0, 0, 1], 0).into(),
        licence,
        sessions: knobs::SESSIONS,
        who: nth * quarter..(nth + 1) * quarter,
    })
}

/// Follows the run until nothing is left to be done, and kills gateways on the way.
async fn to_the_end(
    rig: &mut Rig,
    centres: &mut [Centre],
    options: &FaultsOptions,
    clock: &SharedClock,
) -> anyhow::Result<()> {
    let (mut last, mut changed, mut told) = (Progress::default(), clock.ticks(), Duration::ZERO);
    let mut killed = 0;
    loop {
        let progress = rig.progress().await?;
        let now = clock.ticks();
        if now.saturating_sub(told) >= TELL {
            report::progress(&progress, options.count, killed);
            told = now;
        }
        // Spread over the way, none at its very beginning or end.
        let due = u64::from(options.count) * u64::from(killed + 1) / u64::from(options.restarts + 1);
        if killed < options.restarts && u64::from(progress.left()) >= due {
            let nth = killed as usize % centres.len();
            centres[nth].kill_and_revive().await?;
            killed += 1;
        }
        if progress.settled && progress.left() > 0 {
            return Ok(());
        }
        if progress != last {
            (last, changed) = (progress, now);
        } else if now.saturating_sub(changed) > PATIENCE {
            bail!("nothing has moved for {PATIENCE:?}, and not all is settled: {:?}", last.states);
        }
    }
}

async fn reckon(
    order: &RigOrder,
    centres: &[Centre],
    options: &FaultsOptions,
    seconds: f64,
) -> anyhow::Result<Findings> {
    let store = open_ledger(&order.database).await?;
    let mut scores = Vec::new();
    for centre in centres {
        let book = Book::read(store.as_ref(), &centre.account, &order.dispatch).await?;
        scores.push(score(&book, centre)?);
    }
    let receipts_unmatched = store.unmatched(Timestamp(0)).await?.len();
    let kept = scores.iter().all(|score| score.kept);
    let FaultsOptions { count, seed, restarts, .. } = *options;
    Ok(Findings { count, seed, seconds, restarts, scores, receipts_unmatched, kept })
}

fn score(book: &Book, centre: &Centre) -> anyhow::Result<Score> {
    let Centre { account, log, .. } = centre;
    let far = Far::read(log, account)?;
    let equal = equal(book, &far, account.who.start);
    let (protocol, struck, idle) = (account.protocol, far.struck, idle(&far.struck));
    let kept = equal.is_good() && idle.is_empty();
    Ok(Score { protocol, struck, equal, idle, kept })
}

/// The faults that never struck.
fn idle(struck: &Struck) -> Vec<&'static str> {
    let Struck { throttled, busy, refused, failed, withheld, receipts_again, elsewhere, sessions } = *struck;
    let cut = sessions.saturating_sub(knobs::SESSIONS.into());
    let all = [
        (throttled, "throttled"),
        (busy, "busy"),
        (refused, "refused"),
        (failed, "failed"),
        (withheld, "withheld"),
        (receipts_again, "receipt twice"),
        (elsewhere, "another connection"),
        (cut, "cut"),
    ];
    all.into_iter().filter(|(count, _)| *count == 0).map(|(_, fault)| fault).collect()
}
