//! Mail (邮件) beside Postfix's own load generator and lettre's own pool, in turns, to Postfix's own sink; and beside the
//! generator to a real Postfix, which keeps every mail on its disk before it answers.
//!
//! Only Mingluo keeps anything: each mail's intent is on the disk before it leaves, and it counts when its answer is. Every
//! mail is a transaction of its own with a return path of its own, as in the product; the others send the same octets to
//! one mailbox. One row each for mails that are signed.

mod far;
mod mingluo;
mod options;
mod pool;
mod report;

pub use options::MailOptions;

use super::{
    floor,
    machine::{self, Machine},
    town::Notice,
};
use crate::{bench::town::DOMAIN, postfix::Postfix};
use far::{Sink, source};
use mingluo::Signed;
use mingluo_model::{
    clock::{Clock, SharedClock},
    message::Body,
};
use report::{Findings, Row, Score};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The octets of a mail of [`Notice::mail`]: words in base64, and what stands above them.
const OCTETS: usize = 2_000;

/// Mails by lettre's pool for each connection: it is slow.
const BY_POOL: u32 = 100;

/// Where all are measured and with what.
struct Arena<'a> {
    options: &'a MailOptions,
    folder: &'a Path,
    /// Where the programs are.
    programs: PathBuf,
    clock: &'a SharedClock,
}

/// Measures and tells; whether every bar was kept.
///
/// # Errors
/// When a program or the disk fails, or a mail was lost.
pub async fn mail(options: MailOptions, clock: SharedClock) -> anyhow::Result<bool> {
    let options = options.settled();
    let folder = options.ground.folder()?;
    let machine = Machine::ready(folder.path());
    let floors = floor::measure(folder.path(), &*clock)?;
    let programs = options.ground.programs()?;
    let arena = Arena { options: &options, folder: folder.path(), programs, clock: &clock };
    let sink = arena.to_sink().await?;
    let postfix = arena.to_postfix().await?;
    let load_after = machine::load()[0];
    let bars = if options.is_judged() { report::bars(&sink, postfix.as_deref()) } else { Vec::new() };
    let kept = bars.iter().all(|bar| bar.kept);
    let MailOptions { count, to_postfix, sockets, runs, .. } = options;
    let findings =
        Findings { machine, floors, count, to_postfix, sockets, runs, sink, postfix, bars, load_after };
    report::tell(&findings, options.ground.json)?;
    Ok(kept)
}

impl Arena<'_> {
    /// They take turns, so that a neighbour disturbs all; what is only printed comes once.
    async fn to_sink(&self) -> anyhow::Result<Vec<Row>> {
        let MailOptions { count, sockets, runs, postfix: root, .. } = self.options;
        let clock: &dyn Clock = &**self.clock;
        let (mut theirs, mut ours) = (Row::new(report::SOURCE, false), Row::new(Signed::Not.word(), true));
        for run in 1..=*runs {
            report::progress("smtp-sink", run);
            let sink = self.sink().await?;
            let per_s = source(root, sink.port, *sockets, *count, OCTETS, clock).await?;
            theirs.scores.push(Score { per_s, cpu_us: None });
            self.counted(&sink, *count).await?;
            let sink = self.sink().await?;
            ours.scores.push(self.mingluo(sink.port, *count, Signed::Not).await?);
            self.counted(&sink, *count).await?;
        }
        let mut pool = Row::new("lettre 的连接池 pool", false);
        let by_pool = (sockets * BY_POOL).min(*count);
        pool.scores.push(pool::pool(self.sink().await?.port, *sockets, by_pool, &words(), clock).await?);
        let mut rows = vec![theirs, pool, ours];
        for signed in [Signed::Ed25519, Signed::Rsa] {
            report::progress(signed.word(), 1);
            let mut row = Row::new(signed.word(), true);
            row.scores.push(self.mingluo(self.sink().await?.port, *count, signed).await?);
            rows.push(row);
        }
        Ok(rows)
    }

    /// Nothing where no Postfix can be had.
    async fn to_postfix(&self) -> anyhow::Result<Option<Vec<Row>>> {
        let MailOptions { to_postfix: count, sockets, runs, postfix: root, .. } = self.options;
        if !Postfix::can_run(root) {
            return Ok(None);
        }
        let clock: &dyn Clock = &**self.clock;
        let routes = [(DOMAIN, "discard:".to_owned())];
        let (mut theirs, mut ours) = (Row::new(report::SOURCE, true), Row::new(Signed::Not.word(), true));
        for run in 1..=*runs {
            report::progress("Postfix", run);
            let postfix = Postfix::start(root, self.folder, &routes, clock).await?;
            let per_s = source(root, postfix.port, *sockets, *count, OCTETS, clock).await?;
            theirs.scores.push(Score { per_s, cpu_us: None });
            drop(postfix);
            let postfix = Postfix::start(root, self.folder, &routes, clock).await?;
            ours.scores.push(self.mingluo(postfix.port, *count, Signed::Not).await?);
        }
        Ok(Some(vec![theirs, ours]))
    }

    async fn sink(&self) -> anyhow::Result<Sink> {
        Sink::start(&self.options.postfix, !self.options.is_judged(), &**self.clock).await
    }

    async fn counted(&self, sink: &Sink, count: u32) -> anyhow::Result<()> {
        if self.options.is_judged() {
            return Ok(());
        }
        sink.has_taken(count.into(), &**self.clock).await
    }

    /// An empty folder; what the last run left is gone.
    fn fresh(&self) -> anyhow::Result<PathBuf> {
        let run = self.folder.join("run");
        if run.exists() {
            fs::remove_dir_all(&run)?;
        }
        fs::create_dir(&run)?;
        Ok(run)
    }
}

fn words() -> String {
    match Notice::mail().body {
        Body::Email { text, .. } => text,
        _ => String::new(),
    }
}
