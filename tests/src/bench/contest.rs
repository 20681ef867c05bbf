//! Runs heats: for each a centre, a database and a process of their own, gone when it is over.

use super::{
    DispatchOptions, Engine, Heat,
    gateway::{Gateway, Seen, end},
    heat::{Told, Way},
};
use crate::postgres::fresh_database;
use anyhow::{Context, bail, ensure};
use mingluo_model::clock::{Clock, SharedClock, within};
use serde::Serialize;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{io::AsyncReadExt, process::Command};

/// How long a heat may take to say what it cost.
const LAST_WORDS: Duration = Duration::from_mins(2);

/// Where heats run and with what.
pub(super) struct Contest<'a> {
    pub(super) options: &'a DispatchOptions,
    /// A folder of our own on the disk to be measured.
    pub(super) folder: &'a Path,
    /// Where the programs are.
    pub(super) programs: &'a Path,
    pub(super) clock: &'a SharedClock,
}

/// What one heat came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Score {
    /// Deliveries a second from the release until the last receipt was durable and answered.
    pub(super) per_s: f64,
    pub(super) gateway: Seen,
    pub(super) told: Told,
}

impl Contest<'_> {
    /// One heat in a folder of its own.
    pub(super) async fn heat(&self, way: Way, engine: Engine, rtt_ms: u32) -> anyhow::Result<Score> {
        let folder = self.folder.join("heat");
        fs::create_dir(&folder)?;
        let score = self.heat_in(&folder, way, engine, rtt_ms).await;
        let score = score.with_context(|| format!("{way:?} on {}{}", engine.word(), last_words(&folder)));
        fs::remove_dir_all(&folder)?;
        score
    }

    async fn heat_in(&self, folder: &Path, way: Way, engine: Engine, rtt_ms: u32) -> anyhow::Result<Score> {
        let (program, rtt_ms) = (self.programs.join("sim-smsc"), rtt_ms.to_string());
        let mut gateway = Gateway::start(&program, folder, ["--latency-ms", &rtt_ms], self.clock).await?;
        let heat = self.order(folder, way, engine, gateway.port).await?;
        let done = gateway.has_answers(heat.count.into());
        let told = run(self.programs, folder, &heat, done, &**self.clock).await?;
        let gateway = gateway.stop().await.context("sim-smsc")?;
        let count = u64::from(self.options.count);
        let counts = [gateway.distinct, gateway.answered, told.delivered];
        ensure!(
            counts == [count; 3] && gateway.doubles == 0,
            "of {count} texts {} came, {} receipts were answered, {} are delivered, {} came twice",
            counts[0],
            counts[1],
            counts[2],
            gateway.doubles
        );
        let took_s = (gateway.last_answered_us as f64 / 1e3 - told.released_ms as f64) / 1e3;
        Ok(Score { per_s: count as f64 / took_s, gateway, told })
    }

    async fn order(&self, folder: &Path, way: Way, engine: Engine, port: u16) -> anyhow::Result<Heat> {
        let DispatchOptions { postgres, count, window, sessions, .. } = self.options;
        let database = match engine {
            Engine::Sqlite => folder.join("bench.db").display().to_string(),
            Engine::Postgres => {
                let server = postgres.as_ref().context("--postgres: no server; tests/bench starts one")?;
                fresh_database(server, "bench_heat").await?
            }
        };
        let password_file = folder.join("password");
        fs::write(&password_file, "pretend\n")?;
        let (count, window, sessions) = (*count, *window, *sessions);
        let forward = None;
        Ok(Heat { way, engine, database, port, password_file, count, window, sessions, forward })
    }
}

/// Runs one heat in a process of its own until `done`, and gives what it has to say.
pub(super) async fn run(
    programs: &Path,
    folder: &Path,
    heat: &Heat,
    done: impl Future<Output = anyhow::Result<()>>,
    clock: &dyn Clock,
) -> anyhow::Result<Told> {
    let mut child = Command::new(programs.join("bench"))
        .arg("heat")
        .arg(serde_json::to_string(heat)?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(words(folder))?)
        .kill_on_drop(true)
        .spawn()?;
    let mut said = child.stdout.take().context("a piped output is there")?;
    tokio::select! {
        done = done => done?,
        ended = child.wait() => bail!("the heat ended by itself: {}", ended?),
    }
    let mut line = String::new();
    let telling = async { tokio::join!(end(&mut child, clock), said.read_to_string(&mut line)) };
    let (ended, read) = within(clock, LAST_WORDS, telling).await?;
    ended?;
    read?;
    Ok(serde_json::from_str(&line)?)
}

fn words(folder: &Path) -> PathBuf {
    folder.join("heat.err")
}

pub(super) fn last_words(folder: &Path) -> String {
    let text = fs::read_to_string(words(folder)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(8).collect();
    lines.into_iter().rev().fold(String::new(), |told, line| told + "\n    | " + line)
}
