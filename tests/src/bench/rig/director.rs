//! The rig as its director sees it: centres and engine as processes of their own.

use super::{
    account::{Account, SECRET},
    engine::{Progress, RigOrder, Said, Spent},
};
use crate::{
    bench::{
        gateway::{Gateway, end},
        town::open,
    },
    sim_smsc::Protocol,
};
use anyhow::{Context, bail};
use mingluo_ledger::Store;
use mingluo_model::clock::{SharedClock, within};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// How long the engine may say nothing: planning a million takes a while without optimisation.
const PATIENCE: Duration = Duration::from_mins(2);

/// A centre with its account.
pub(in crate::bench) struct Centre {
    pub(in crate::bench) account: Account,
    pub(in crate::bench) log: PathBuf,
    /// Empty only while it is being killed and started again.
    gateway: Option<Gateway>,
}

/// A running engine.
pub(in crate::bench) struct Rig {
    child: Child,
    /// Held: the engine ends when it is let go.
    _leash: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    words: PathBuf,
    clock: SharedClock,
    /// What it took until the engine spoke last.
    pub(in crate::bench) spent: Spent,
}

impl Centre {
    /// Starts a centre that logs into `folder`, for an account that is told where it is.
    pub(in crate::bench) async fn start(
        programs: &Path,
        folder: &Path,
        mut account: Account,
        faults: &[String],
        clock: &SharedClock,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{}.log", account.name));
        let mut all = faults.to_vec();
        all.extend(knobs(&[("protocol", account.protocol.word()), ("password", SECRET)]));
        if account.protocol == Protocol::Sgip {
            account.door = free_door()?;
            all.extend(knobs(&[("report-to", &account.door.to_string()), ("report-password", SECRET)]));
        }
        let gateway = Gateway::with(&programs.join("sim-smsc"), &log, all, clock).await?;
        account.port = gateway.port;
        Ok(Self { account, log, gateway: Some(gateway) })
    }

    /// Kills it by SIGKILL and starts it again.
    pub(in crate::bench) async fn kill_and_revive(&mut self) -> anyhow::Result<()> {
        let gateway = self.gateway.take().context("the centre does not run")?;
        self.gateway = Some(gateway.kill_and_revive().await?);
        Ok(())
    }

    /// Ends it; its log is whole then.
    pub(in crate::bench) async fn close(&mut self) -> anyhow::Result<()> {
        self.gateway.take().context("the centre does not run")?.close().await
    }
}

impl Rig {
    /// Starts the engine, which says what troubles it in a file beside its database.
    pub(in crate::bench) fn start(
        programs: &Path,
        order: &RigOrder,
        clock: &SharedClock,
    ) -> anyhow::Result<Self> {
        let program = programs.join("bench");
        let words = order.database.with_extension("err");
        let mut child = Command::new(&program)
            .args(["rig", "--until-stdin-closes"])
            .arg(serde_json::to_string(order)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&words)?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| program.display().to_string())?;
        let leash = child.stdin.take().context("a piped input is there")?;
        let lines = BufReader::new(child.stdout.take().context("a piped output is there")?).lines();
        let spent = Spent::default();
        Ok(Self { child, _leash: leash, lines, words, clock: clock.clone(), spent })
    }

    /// What it says next of how it goes on.
    pub(in crate::bench) async fn progress(&mut self) -> anyhow::Result<Progress> {
        let Ok(said) = within(&*self.clock, PATIENCE, self.lines.next_line()).await else {
            bail!("the engine says nothing for {PATIENCE:?}");
        };
        let Some(said) = said? else {
            bail!("the engine ended by itself: {}", fs::read_to_string(&self.words).unwrap_or_default());
        };
        let Said { progress, spent } = serde_json::from_str(&said).context("the engine told no progress")?;
        self.spent = spent;
        match &progress.halted {
            Some(reason) => bail!("the engine halted: {reason}"),
            None => Ok(progress),
        }
    }

    /// Ends it in good order.
    pub(in crate::bench) async fn close(mut self) -> anyhow::Result<()> {
        let drain = async { while let Ok(Some(_)) = self.lines.next_line().await {} };
        let (ended, ()) = tokio::join!(end(&mut self.child, &*self.clock), drain);
        ended.context("the engine")
    }
}

/// Opens what the engine kept, when it has ended.
pub(in crate::bench) async fn open_ledger(database: &Path) -> anyhow::Result<Arc<dyn Store>> {
    open(&format!("sqlite:{}", database.display()), &mut StdRng::seed_from_u64(1)).await
}

/// Waits until so many recipients of a run are in one of these states; what it took.
///
/// # Errors
/// When the engine ends, or nothing moves for two minutes.
pub(in crate::bench) async fn until(
    rig: &mut Rig,
    states: &[&str],
    count: u32,
    clock: &SharedClock,
) -> anyhow::Result<Spent> {
    let (mut last, mut moved) = (BTreeMap::new(), clock.ticks());
    loop {
        let progress = rig.progress().await?;
        if progress.of(states) >= count {
            return Ok(rig.spent);
        }
        if progress.states != last {
            (last, moved) = (progress.states, clock.ticks());
        } else if clock.ticks().saturating_sub(moved) > PATIENCE {
            bail!("nothing moves any more: {last:?}");
        }
    }
}

/// The file with the secret of every centre.
pub(in crate::bench) fn secret_file(folder: &Path) -> anyhow::Result<PathBuf> {
    let file = folder.join("secret");
    fs::write(&file, format!("{SECRET}\n"))?;
    Ok(file)
}

/// Knobs as they stand on a command line.
pub(in crate::bench) fn knobs(pairs: &[(&str, &str)]) -> Vec<String> {
    pairs.iter().flat_map(|(knob, value)| [format!("--{knob}"), (*value).to_owned()]).collect()
}

/// A port that was free a moment ago: the centre must know the door before the account opens it.
pub(in crate::bench) fn free_door() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
