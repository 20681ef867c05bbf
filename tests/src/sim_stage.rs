//! What every simulator's program shares: a listener on this machine only, the line that says where it listens, the
//! faults' dice, the end by signal, and the last words. Knows no protocol.

use anyhow::{Context, ensure};
use mingluo_model::clock::SharedClock;
use sha2::{Digest, Sha256};
use std::{
    fmt::Display,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::sim_journal::Journal;

/// The options that every simulator takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Stage {
    /// Where to listen; loopback only. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Append one JSON line for each message and receipt to this file.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

impl Stage {
    /// Binds the listener and opens the journal.
    ///
    /// # Errors
    /// When the address is not loopback or in use, or the file cannot be opened.
    pub async fn set(&self, clock: &SharedClock) -> anyhow::Result<(TcpListener, Arc<Journal>)> {
        let listen = self.listen;
        ensure!(
            listen.ip().is_loopback(),
            "--listen {listen}：模拟服务器只听本机，请用 127.0.0.1 / a pretend server takes 127.0.0.1 only"
        );
        let shut = || {
            format!(
                "--listen {listen}：不能监听，请换一个端口或用 0 / cannot listen there, use another port or 0"
            )
        };
        let listener = TcpListener::bind(listen).await.with_context(shut)?;
        let journal = match &self.log {
            Some(file) => Journal::append_to(file, Arc::clone(clock)).with_context(|| no_log(file))?,
            None => Journal::in_memory(Arc::clone(clock)),
        };
        Ok((listener, Arc::new(journal)))
    }
}

/// Says on standard output where a simulator listens, as one JSON line, and on standard error what it is.
pub fn announce(name: &str, listening: SocketAddr) {
    mention(format_args!(
        "{name}: 演练用的模拟服务器,不会真的发出任何信息 / a pretend server for rehearsals, nothing really leaves"
    ));
    say(serde_json::json!({ "listening": listening.to_string() }));
}

/// What is wrong with a `--log` that cannot be opened.
pub fn no_log(file: &Path) -> String {
    let file = file.display();
    format!(
        "--log {file}：写不了，请用已有目录中的文件 / cannot be written, give a file in a folder that exists"
    )
}

/// A line on standard output. Whoever read it may be gone, which is no reason to end.
pub fn say(line: impl Display) {
    let _unheard = writeln!(io::stdout(), "{line}");
}

/// A line on standard error, for a person.
pub fn mention(line: impl Display) {
    let _unheard = writeln!(io::stderr(), "{line}");
}

/// The exit code of a simulator's program; an error is told in one line, with what led to it.
pub fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            mention(format_args!("出错 error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// How long a simulator lives.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Leash {
    /// 标准输入一关闭就结束:启动者以任何方式结束,模拟程序都不会遗留 / end when standard input closes: whoever started the
    /// simulator holds the other end, and leaves none behind however it ends.
    #[arg(long)]
    pub until_stdin_closes: bool,
}

impl Leash {
    /// Returns when whoever started the simulator lets go of it; never without the option.
    pub async fn let_go(self) {
        if self.until_stdin_closes {
            mingluo_console::cli::stdin_closed().await;
        } else {
            std::future::pending::<()>().await;
        }
    }

    /// Returns when the simulator must end: it is told to stop, or let go.
    ///
    /// # Errors
    /// When the signals cannot be heard.
    pub async fn ended(self) -> anyhow::Result<()> {
        tokio::select! {
            told = told_to_stop() => told,
            () = self.let_go() => Ok(()),
        }
    }
}

/// Returns when the program is told to stop (SIGTERM, Ctrl-C, or a terminal that closes).
///
/// # Errors
/// When the signals cannot be heard.
pub async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
        interrupt = tokio::signal::ctrl_c() => Ok(interrupt?),
    }
}

/// Whether a fault strikes: chosen by a seeded hash of who it would strike, so that a run can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice {
    /// The seed of the run.
    pub seed: u64,
}

impl Dice {
    /// Whether the fault named `knob` strikes `who`, which it does for about `percent` of all.
    pub fn strikes(self, knob: &str, who: &str, percent: u8) -> bool {
        let digest = Sha256::new()
            .chain_update(self.seed.to_le_bytes())
            .chain_update(knob)
            .chain_update([0])
            .chain_update(who)
            .finalize();
        let roll = u16::from_le_bytes([digest[0], digest[1]]);
        u32::from(roll) * 100 < u32::from(percent) << 16
    }
}

/// A story that comes to a stand fails.
#[cfg(test)]
pub(crate) async fn soon<T>(story: impl Future<Output = T>) -> T {
    use mingluo_model::clock::{system::SystemClock, within};
    let patience = std::time::Duration::from_secs(20);
    within(SystemClock::shared().as_ref(), patience, story).await.expect("the story goes on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_strikes_the_same_people_and_about_so_many() {
        let struck = |seed, knob: &str| -> Vec<u32> {
            (0..10_000).filter(|who| Dice { seed }.strikes(knob, &who.to_string(), 5)).collect()
        };
        let first = struck(7, "refuse");
        assert!((400..600).contains(&first.len()), "{}", first.len());
        assert_eq!(first, struck(7, "refuse"));
        assert_ne!(first, struck(8, "refuse"));
        assert_ne!(first, struck(7, "busy"));
    }

    #[test]
    fn none_and_all_are_exact() {
        let dice = Dice { seed: 1 };
        let strikes = |percent| (0..1_000).filter(|who| dice.strikes("k", &who.to_string(), percent)).count();
        assert_eq!((strikes(0), strikes(100)), (0, 1_000));
    }
}
