//! Postfix's own tools: `smtp-sink`, which takes mail and keeps nothing, and `smtp-source`, which sends as fast as it can and
//! keeps nothing either. What the source reaches is as much as a sender could.

use crate::{
    bench::{town::DOMAIN, unpacked::program},
    postfix::{free_port, is_root, until_open},
};
use anyhow::{Context, ensure};
use mingluo_model::clock::{Clock, within};
use std::{
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

/// How long a run of the source may take.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long the sink may take to tell of the last mail.
const LAST: Duration = Duration::from_secs(20);

/// Connections that may wait to be taken.
const BACKLOG: &str = "1000";

/// A sink that runs.
pub(super) struct Sink {
    pub(super) port: u16,
    _process: Child,
    taken: Arc<AtomicU64>,
}

impl Sink {
    /// Starts one. Counting costs it a write for each mail, so that it counts only where counts are checked.
    pub(super) async fn start(root: &Path, counts: bool, clock: &dyn Clock) -> anyhow::Result<Self> {
        let port = free_port().await?;
        let mut command = program(root, "usr/sbin/smtp-sink");
        // Started by root it insists on becoming somebody else.
        if is_root() {
            command.args(["-u", "nobody"]);
        }
        if counts {
            command.arg("-c");
        }
        command.args([format!("127.0.0.1:{port}").as_str(), BACKLOG]);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("smtp-sink")?;
        let taken = Arc::new(AtomicU64::default());
        let said = BufReader::new(process.stdout.take().context("a piped output is there")?);
        tokio::spawn(hear(said, Arc::clone(&taken)));
        until_open(port, clock).await.context("smtp-sink")?;
        Ok(Self { port, _process: process, taken })
    }

    /// Demands that it has taken so many mails in all, and soon.
    pub(super) async fn has_taken(&self, count: u64, clock: &dyn Clock) -> anyhow::Result<()> {
        let all = async {
            while self.taken.load(Ordering::Relaxed) < count {
                clock.sleep(Duration::from_millis(50)).await;
            }
        };
        let _late = within(clock, LAST, all).await;
        let taken = self.taken.load(Ordering::Relaxed);
        ensure!(taken == count, "smtp-sink has taken {taken} mails instead of {count}");
        Ok(())
    }
}

/// It overwrites one line: `sess=8 quit=0 mesg=17`.
async fn hear(mut said: impl AsyncBufReadExt + Unpin, taken: Arc<AtomicU64>) {
    let mut line = Vec::new();
    while said.read_until(b'\r', &mut line).await.is_ok_and(|length| length > 0) {
        let words = String::from_utf8_lossy(&line);
        let count = words.split_once("mesg=").and_then(|(_, count)| count.trim().parse().ok());
        if let Some(count) = count {
            taken.store(count, Ordering::Relaxed);
        }
        line.clear();
    }
}

/// Has the source send so many mails of so many octets; mails a second.
pub(super) async fn source(
    root: &Path,
    port: u16,
    sockets: u32,
    count: u32,
    octets: usize,
    clock: &dyn Clock,
) -> anyhow::Result<f64> {
    let mut command = program(root, "usr/sbin/smtp-source");
    // -d: connections are kept, as ours are.
    command.args(["-d", "-s", &sockets.to_string(), "-m", &count.to_string(), "-l", &octets.to_string()]);
    command.args(["-f", &format!("b@{DOMAIN}"), "-t", &format!("p@{DOMAIN}"), &format!("127.0.0.1:{port}")]);
    let begun = clock.ticks();
    let ended = within(clock, PATIENCE, command.stdin(Stdio::null()).status()).await??;
    ensure!(ended.success(), "smtp-source ended with {ended}");
    Ok(f64::from(count) / clock.ticks().saturating_sub(begun).as_secs_f64())
}
