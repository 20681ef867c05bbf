//! The pretend centre in a process of its own, and what its log says: the figures are what it received, on its clock.

use super::machine;
use crate::sim_smsc::log::{self, PostedAs, Record, Tail};
use anyhow::{Context, bail};
use mingluo_model::clock::{Clock, SharedClock, within};
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// How long it may take until it listens, until it ends, and until it sees the next receipt answered.
const PATIENCE: Duration = Duration::from_mins(1);

const SECOND_US: f64 = 1e6;

/// A running centre.
pub(super) struct Gateway {
    child: Child,
    /// Held: the centre ends when it is let go.
    _leash: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    program: PathBuf,
    knobs: Vec<String>,
    log: PathBuf,
    clock: SharedClock,
    pub(super) port: u16,
}

/// What a centre saw of one heat.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Seen {
    /// Different texts that came.
    pub(super) distinct: u64,
    /// Texts that came once more.
    pub(super) doubles: u64,
    /// Texts a second between the first and the last.
    pub(super) per_s: f64,
    /// When its last receipt was answered, in microseconds since 1970.
    #[serde(skip)]
    pub(super) last_answered_us: i64,
    /// Receipts that were answered.
    pub(super) answered: u64,
    /// Processor seconds that it used for a second between the first text and the last answer: near one, it is the
    /// centre that is measured.
    pub(super) busy: f64,
}

#[derive(Deserialize)]
struct Listening {
    listening: SocketAddr,
}

#[derive(Deserialize)]
struct Counted {
    answered: u64,
}

impl Gateway {
    /// Starts a centre with knobs, which logs into `folder` and tells its counts.
    pub(super) async fn start(
        program: &Path,
        folder: &Path,
        knobs: [&str; 2],
        clock: &SharedClock,
    ) -> anyhow::Result<Self> {
        let knobs = [&["--stats"], &knobs[..]].concat().into_iter().map(str::to_owned).collect();
        Self::with(program, &folder.join("smsc.log"), knobs, clock).await
    }

    /// Starts a centre with these knobs, which logs there.
    pub(super) async fn with(
        program: &Path,
        log: &Path,
        knobs: Vec<String>,
        clock: &SharedClock,
    ) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .arg("--until-stdin-closes")
            .args(&knobs)
            .arg("--log")
            .arg(log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| {
                format!("{} cannot be started; build it or give --bin-dir", program.display())
            })?;
        let leash = child.stdin.take().context("a piped input is there")?;
        let mut lines = BufReader::new(child.stdout.take().context("a piped output is there")?).lines();
        let said = within(&**clock, PATIENCE, lines.next_line()).await?;
        let said = said?.context("sim-smsc ended before it listened")?;
        let Listening { listening } = serde_json::from_str(&said).context("sim-smsc told no address")?;
        let (program, log, port) = (program.to_owned(), log.to_owned(), listening.port());
        Ok(Self { child, _leash: leash, lines, program, knobs, log, clock: clock.clone(), port })
    }

    /// Kills it as a power cut would, and starts it again where it was. It must be one that keeps what it answers.
    pub(super) async fn kill_and_revive(mut self) -> anyhow::Result<Self> {
        self.child.kill().await?;
        let listen = format!("127.0.0.1:{}", self.port);
        if !self.knobs.contains(&listen) {
            self.knobs.extend(["--listen".to_owned(), listen]);
        }
        Self::with(&self.program, &self.log, self.knobs, &self.clock).await
    }

    /// Ends it in good order; its log is whole then.
    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        end(&mut self.child, &*self.clock).await
    }

    /// Returns when so many receipts have been answered.
    pub(super) async fn has_answers(&mut self, count: u64) -> anyhow::Result<()> {
        let (mut answered, mut progressed) = (0, self.clock.ticks());
        while answered < count {
            let line = self.lines.next_line().await?.context("sim-smsc ended by itself")?;
            let counted: Counted = serde_json::from_str(&line).context("sim-smsc told no counts")?;
            let now = self.clock.ticks();
            if counted.answered > answered {
                (answered, progressed) = (counted.answered, now);
            } else if now.saturating_sub(progressed) > PATIENCE {
                bail!("{answered} of {count} receipts were answered, and none for {PATIENCE:?}");
            }
        }
        Ok(())
    }

    /// Ends the centre and sums its log up.
    pub(super) async fn stop(mut self) -> anyhow::Result<Seen> {
        let cpu_s = self.child.id().and_then(|pid| machine::cpu_s(&pid.to_string())).unwrap_or(0.0);
        end(&mut self.child, &*self.clock).await?;
        let seen = tokio::task::spawn_blocking(move || sum(&self.log, cpu_s)).await??;
        Ok(seen)
    }
}

/// Asks a process to end in good order, and waits.
pub(super) async fn end(child: &mut Child, clock: &dyn Clock) -> anyhow::Result<()> {
    let pid = child.id().context("it has ended already")?;
    // The shell's own kill: a signal without unsafe code.
    Command::new("sh").arg("-c").arg(format!("kill -TERM {pid}")).status().await?;
    let status = within(clock, PATIENCE, child.wait()).await??;
    if status.success() { Ok(()) } else { bail!("it ended with {status}") }
}

fn sum(path: &Path, cpu_s: f64) -> anyhow::Result<Seen> {
    let ledger = log::read(path)?;
    let (mut last_answered_us, mut answered) = (0, 0);
    Tail::new(path).read(|record| {
        if let Record::Posted(posted) = record
            && posted.how == PostedAs::Answered
        {
            answered += 1;
            last_answered_us = last_answered_us.max(posted.at_us);
        }
    })?;
    let (first, last) = ledger.first_us.zip(ledger.last_us).context("nothing reached the centre")?;
    Ok(Seen {
        distinct: ledger.distinct() as u64,
        doubles: ledger.surplus(),
        per_s: ledger.arrived as f64 * SECOND_US / (last - first).max(1) as f64,
        last_answered_us,
        answered,
        busy: cpu_s * SECOND_US / (last_answered_us - first).max(1) as f64,
    })
}
