//! The boxes or plain clients of one side, in a process of their own, as it tells how many are online.

use super::{CONNECTS_PER_SECOND, Field, city::DEADLINE, crowd::Tongue};
use crate::{issuer::believed, sim_boxes::standing::Standing};
use anyhow::{Context as _, Result};
use mingluo_model::{
    bulletin::KeySet,
    clock::{SharedClock, within},
};
use std::{fs, net::SocketAddr, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// As fast as real boxes play: a minute at most.
const PLAY_MS: &str = "60000";
/// More than a pretend box ever holds, in kilobytes: a real one has its memory when it is switched on.
const ROOM_KB: &str = "96";
/// Nothing has changed for so long when it is quiet.
const QUIET: Duration = Duration::from_millis(300);

/// A running process of them.
pub(super) struct Wave {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    standing: Standing,
}

impl Wave {
    /// Pretend boxes with the real box's agent.
    pub(super) fn boxes(field: &Field, city: SocketAddr) -> Result<Self> {
        let keys = field.folder.join("keys.json");
        let believed = KeySet { keys: vec![believed(field.clock.now())] };
        fs::write(&keys, serde_json::to_vec(&believed)?)?;
        let mut command = Command::new(field.programs.join("sim-boxes"));
        // What it has touched it keeps.
        command.env("MIMALLOC_PURGE_DELAY", "-1");
        command.args(["--city", &format!("wss://{city}/link"), "--standing", "--play-ms", PLAY_MS]).args([
            "--room-kb",
            ROOM_KB,
            "--keys",
            &path(&keys),
            "--log",
            &path(&field.folder.join("boxes.jsonl")),
        ]);
        Self::start(field, command)
    }

    /// Plain clients that answer whatever they are told.
    pub(super) fn crowd(field: &Field, tongue: Tongue, server: SocketAddr) -> Result<Self> {
        let mut command = Command::new(field.programs.join("bench"));
        command.args(["crowd", "--tongue", tongue.word(), "--server", &server.to_string()]);
        Self::start(field, command)
    }

    fn start(field: &Field, mut command: Command) -> Result<Self> {
        let mut child = command
            .args(["--ca", &path(&field.made.ca), "--boxes", &path(&field.made.list)])
            .args(["--connects-per-second", CONNECTS_PER_SECOND, "--until-stdin-closes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let lines = BufReader::new(child.stdout.take().context("a piped output is there")?).lines();
        Ok(Self { child, lines, standing: Standing::default() })
    }

    /// Waits until so many are online; gives how long it took, in seconds.
    pub(super) async fn until_online(&mut self, online: u32, clock: &SharedClock) -> Result<f64> {
        let began = clock.ticks();
        let reached = async {
            while self.standing.online != online as usize {
                let line = self.lines.next_line().await?.context("the boxes' process ended")?;
                // Other lines are for people.
                if let Ok(standing) = serde_json::from_str(&line) {
                    self.standing = standing;
                }
            }
            Ok::<_, anyhow::Error>(())
        };
        let reached = within(clock.as_ref(), DEADLINE, reached).await;
        reached.with_context(|| format!("{online} online, but {:?}", self.standing))??;
        Ok(clock.ticks().saturating_sub(began).as_secs_f64())
    }

    /// Waits until the door is closed to everybody and those who were on their way to it have found out; gives how many were
    /// turned away so far.
    pub(super) async fn until_closed(&mut self, clock: &SharedClock) -> Result<u64> {
        self.until_online(0, clock).await?;
        loop {
            let Ok(line) = within(clock.as_ref(), QUIET, self.lines.next_line()).await else {
                return Ok(self.turned_away());
            };
            if let Ok(standing) = serde_json::from_str(&line?.context("the boxes' process ended")?) {
                self.standing = standing;
            }
        }
    }

    pub(super) const fn turned_away(&self) -> u64 {
        self.standing.turned_away
    }

    pub(super) async fn end(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
