//! The listener's process, as the one who started it sees it.

use super::ear::{Heard, Listening};
use crate::bench::gateway::end;
use anyhow::{Context, bail, ensure};
use mingluo_model::clock::{SharedClock, within};
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// How long it may take until it listens, until it ends, and until it hears the next receipt.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running listener.
pub(super) struct Listener {
    child: Child,
    /// Held: the listener ends when it is let go.
    _leash: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    clock: SharedClock,
    pub(super) port: u16,
}

impl Listener {
    /// Starts one for so many messages.
    pub(super) async fn start(programs: &Path, count: u32, clock: &SharedClock) -> anyhow::Result<Self> {
        let program = programs.join("bench");
        let mut child = Command::new(&program)
            .args(["ear", "--until-stdin-closes", "--count", &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| program.display().to_string())?;
        let leash = child.stdin.take().context("a piped input is there")?;
        let mut lines = BufReader::new(child.stdout.take().context("a piped output is there")?).lines();
        let said = within(&**clock, PATIENCE, lines.next_line()).await??;
        let said = said.context("the listener ended before it listened")?;
        let Listening { port } = serde_json::from_str(&said)?;
        Ok(Self { child, _leash: leash, lines, clock: clock.clone(), port })
    }

    /// Returns when so many messages have been reported.
    pub(super) async fn has(&mut self, count: u64) -> anyhow::Result<()> {
        let mut heard = Heard::default();
        while heard.distinct < count {
            let line = within(&*self.clock, PATIENCE, self.lines.next_line()).await;
            let Ok(line) = line else {
                bail!("{} of {count} receipts came, and none for {PATIENCE:?}", heard.distinct)
            };
            heard = serde_json::from_str(&line?.context("the listener ended by itself")?)?;
        }
        Ok(())
    }

    /// Ends it, and demands that it heard of every message once.
    pub(super) async fn stop(mut self, count: u64) -> anyhow::Result<Heard> {
        end(&mut self.child, &*self.clock).await.context("the listener")?;
        let mut last = None;
        while let Some(line) = self.lines.next_line().await? {
            last = Some(line);
        }
        let heard: Heard = serde_json::from_str(&last.context("the listener told nothing at its end")?)?;
        let Heard { distinct, doubles, strange, .. } = heard;
        ensure!(
            (distinct, doubles, strange) == (count, 0, 0),
            "of {count} messages {distinct} were reported, {doubles} reports came twice, {strange} fit nothing"
        );
        Ok(heard)
    }
}
