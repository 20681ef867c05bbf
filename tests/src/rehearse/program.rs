//! The programs of the city as processes of their own: started with a log file, known to be ready by their first line,
//! ended with the rehearsal: we hold the other end of their standard input, which closes however we end, by SIGKILL too.

use anyhow::{Context, bail, ensure};
use mingluo_model::clock::{SharedClock, within};
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// How long a program may take until it is ready.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// How long a program may take to end in good order.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Lines of a program's log that are shown when it went wrong.
const LAST_LINES: usize = 8;

/// A program that runs.
pub(crate) struct Program {
    name: String,
    child: Child,
    log: PathBuf,
    clock: SharedClock,
}

impl Program {
    /// Starts a program and waits for the JSON line that says that it is ready: the first that has this field.
    pub(crate) async fn start<A: AsRef<OsStr>>(
        binary: &Path,
        args: &[A],
        log: &Path,
        field: &str,
        clock: &SharedClock,
    ) -> anyhow::Result<(Self, Value)> {
        let name = name(binary);
        let mut child = command(binary, args, log)?
            .arg("--until-stdin-closes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started; build it or give --bin-dir", binary.display()))?;
        let stdout = child.stdout.take().context("a piped output is there")?;
        let mut program = Self { name, child, log: log.to_owned(), clock: clock.clone() };
        let mut lines = BufReader::new(stdout).lines();
        let ready = match within(&**clock, READY_WITHIN, ready(&mut lines, field)).await {
            Ok(ready) => ready?,
            Err(late) => {
                bail!("{} is not ready within {:?}{}", program.name, late.limit, program.last_words())
            }
        };
        let Some(ready) = ready else {
            let _status = program.child.wait().await;
            bail!("{} ended before it was ready{}", program.name, program.last_words());
        };
        // What it says later is read and dropped, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok((program, ready))
    }

    /// Runs a program to its end and gives what it said.
    pub(super) async fn run<A: AsRef<OsStr>>(
        binary: &Path,
        args: &[A],
        log: &Path,
    ) -> anyhow::Result<String> {
        let output = command(binary, args, log)?.stdout(Stdio::piped()).output().await;
        let output = output
            .with_context(|| format!("{} cannot be started; build it or give --bin-dir", binary.display()))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(output.status.success(), "{} failed: {said}{}", name(binary), tail(log));
        Ok(said)
    }

    /// The process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it as a power cut would: SIGKILL, no last word.
    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Whether it has ended by itself, which none should; then with its last words.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended by itself ({status}){}", self.name, self.last_words()),
        }
    }

    /// Asks it to end and waits; what does not end is killed.
    pub(crate) async fn stop(mut self) {
        if let Some(pid) = self.child.id() {
            // The shell's own kill: a signal without unsafe code.
            let _asked = Command::new("sh").arg("-c").arg(format!("kill -TERM {pid}")).status().await;
        }
        let clock = Arc::clone(&self.clock);
        if within(&*clock, END_WITHIN, self.child.wait()).await.is_err() {
            let _gone = self.child.kill().await;
        }
    }

    /// The most memory it ever held (`VmHWM` of proc(5)), in bytes.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        kilobytes.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kb| kb * 1024)
    }

    fn last_words(&self) -> String {
        tail(&self.log)
    }
}

async fn ready(lines: &mut Lines<BufReader<ChildStdout>>, field: &str) -> anyhow::Result<Option<Value>> {
    while let Some(line) = lines.next_line().await? {
        let said = serde_json::from_str::<Value>(&line).ok();
        if let Some(said) = said.filter(|said| said.get(field).is_some()) {
            return Ok(Some(said));
        }
    }
    Ok(None)
}

fn command<A: AsRef<OsStr>>(binary: &Path, args: &[A], log: &Path) -> anyhow::Result<Command> {
    let log: File = OpenOptions::new().create(true).append(true).open(log)?;
    let mut command = Command::new(binary);
    command.args(args).stdin(Stdio::null()).stderr(log).kill_on_drop(true);
    Ok(command)
}

fn name(binary: &Path) -> String {
    binary.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(LAST_LINES).collect();
    let lines: Vec<String> = lines.into_iter().rev().map(|line| format!("\n    | {line}")).collect();
    lines.concat()
}
