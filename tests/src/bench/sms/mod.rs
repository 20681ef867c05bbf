//! Mingluo beside Kannel (短信网关对比), in turns, at the same pretend centre, with the same messages.
//!
//! Kannel gets a request for each message and reports each receipt to a listener; it runs as its manual has it for speed,
//! with nothing on disk. Mingluo gets one warning to everybody and keeps all of it: once without a listener ("one
//! warning", what it is for) and once with every receipt handed on to the same listener ("like for like", which is
//! judged). Both have one session with the same window.

mod ear;
mod kannel;
mod listener;
mod load;
mod mingluo;
mod options;
mod report;
mod score;

pub use ear::{EarOptions, listen};
pub(super) use options::Kill;
pub use options::SmsOptions;

use super::{
    floor,
    gateway::Gateway,
    kill,
    machine::{self, Machine},
};
use mingluo_model::clock::SharedClock;
use score::{Findings, Ratios, Scores};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where both are measured and with what.
struct Arena<'a> {
    options: &'a SmsOptions,
    /// Where the programs are.
    programs: &'a Path,
    clock: &'a SharedClock,
}

/// Measures and tells; whether every bar was kept.
///
/// # Errors
/// When a program or the disk fails, or anything was lost or came twice.
pub async fn sms(options: SmsOptions, clock: SharedClock) -> anyhow::Result<bool> {
    let options = options.settled();
    if let Some(kill) = options.kill {
        return kill::kill(kill, &options, clock).await;
    }
    let folder = options.ground.folder()?;
    let programs = options.ground.programs()?;
    let machine = Machine::ready(folder.path());
    let kannel = kannel::version(&options.kannel).await?;
    let floors = floor::measure(folder.path(), &*clock)?;
    let arena = Arena { options: &options, programs: &programs, clock: &clock };
    let (scores, loads) = arena.pairs(folder.path()).await?;
    let warning = Ratios::of(&scores.warning, &scores.kannel);
    let like_for_like = Ratios::of(&scores.forwarded, &scores.kannel);
    let bars = like_for_like.bars(&options);
    let kept = bars.iter().all(|bar| bar.kept);
    let SmsOptions { count, pairs, window, receipt_ms, connections, .. } = options;
    let findings = Findings {
        machine,
        floors,
        kannel,
        count,
        pairs,
        window,
        receipt_ms,
        connections,
        scores,
        warning,
        like_for_like,
        bars,
        loads,
    };
    report::tell(&findings, options.ground.json)?;
    Ok(kept)
}

impl Arena<'_> {
    /// They take turns, so that a neighbour disturbs both.
    async fn pairs(&self, folder: &Path) -> anyhow::Result<(Scores, Vec<f64>)> {
        let (mut scores, mut loads) = (Scores::default(), Vec::new());
        for pair in 1..=self.options.pairs {
            report::progress(pair, self.options.pairs);
            loads.push(machine::load()[0]);
            scores.kannel.push(self.kannel(&fresh(folder)?).await?);
            scores.warning.push(self.warning(&fresh(folder)?).await?);
            scores.forwarded.push(self.forwarded(&fresh(folder)?).await?);
        }
        loads.push(machine::load()[0]);
        Ok((scores, loads))
    }

    async fn gateway(&self, folder: &Path) -> anyhow::Result<Gateway> {
        let late = format!("{0}..{0}", self.options.receipt_ms);
        Gateway::start(&self.programs.join("sim-smsc"), folder, ["--late-ms", &late], self.clock).await
    }

    fn count(&self) -> u64 {
        self.options.count.into()
    }
}

/// An empty folder for a heat; what the last one left is gone.
fn fresh(folder: &Path) -> anyhow::Result<PathBuf> {
    let heat = folder.join("heat");
    if heat.exists() {
        fs::remove_dir_all(&heat)?;
    }
    fs::create_dir(&heat)?;
    Ok(heat)
}
