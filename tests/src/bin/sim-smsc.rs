//! The pretend gateway for short messages as a program of its own.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::Parser;
use mingluo_model::clock::{Clock, system::SystemClock};
use mingluo_rehearsal::{
    sim_smsc::{Smsc, SmscConfig, log},
    sim_stage::{Leash, ended, say},
};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// 模拟短信网关(仅供演练):以 SMPP 3.4、CMPP、SMGP 或 SGIP 收下短信并发回执,不会发给任何人。
///
/// A pretend gateway for rehearsals: takes short messages over SMPP 3.4, CMPP, SMGP or SGIP and sends receipts; nobody
/// gets anything. It prints {"listening":"127.0.0.1:PORT","pretend":true} when it is ready, and ends on SIGTERM or Ctrl-C.
#[derive(Parser)]
#[command(
    version,
    after_help = "示例 / Examples:\n  \
        sim-smsc --listen 127.0.0.1:2775 --log smsc.log --stats\n      \
        听 2775 端口,逐条记录,每秒报数 / listen on 2775, log every part, say the counts each second\n  \
        sim-smsc --per-second 2000 --latency-ms 40 --late-ms 500..3000\n      \
        限速每秒 2000 条,回执迟来 / a licence of 2000 parts a second and receipts that come late\n  \
        sim-smsc --busy-percent 5 --refuse-percent 1 --fail-percent 2 --silent-percent 1 --seed 7\n      \
        常见故障,种子 7 可重现 / everyday faults that the seed repeats\n  \
        sim-smsc --log smsc.log --plant lose-one\n      \
        埋一个错,看演练能否发现 / one fault that a rehearsal must find\n  \
        sim-smsc --protocol cmpp --cmpp-version 2.0 --listen 127.0.0.1:7890 --password 888888 --window 16\n      \
        CMPP 2.0 网关,共享密钥 888888,核对窗口 / a CMPP gateway of version 2.0 that counts what exceeds its window\n  \
        sim-smsc --protocol sgip --listen 127.0.0.1:8801 --report-to 127.0.0.1:8802 --report-password theirs\n      \
        SGIP 网关,回执送往 8802 / an SGIP gateway that brings its receipts to our door at 8802\n  \
        sim-smsc --read smsc.log\n      \
        汇总一份记录 / sum a log up"
)]
struct Args {
    #[command(flatten)]
    config: SmscConfig,
    #[command(flatten)]
    leash: Leash,
    /// 每秒输出一行计数 / print a line of counts each second.
    #[arg(long)]
    stats: bool,
    /// 只汇总这份记录,不启动 / sum this log up and end.
    #[arg(long, value_name = "FILE")]
    read: Option<PathBuf>,
}

// One thread: the simulator leaves the other cores to the program it is there for.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    ended(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    if let Some(path) = args.read {
        say(sum(&log::read(&path)?));
        return Ok(());
    }
    let clock = SystemClock::shared();
    let smsc = Smsc::start(args.config, clock.clone()).await?;
    say(json!({ "listening": smsc.address().to_string(), "pretend": true }));
    let mut terminated =
        signal(SignalKind::terminate()).context("收不到 SIGTERM 信号 / SIGTERM cannot be heard")?;
    let mut let_go = std::pin::pin!(args.leash.let_go());
    loop {
        tokio::select! {
            () = &mut let_go => break,
            _ = terminated.recv() => break,
            pressed = tokio::signal::ctrl_c() => {
                pressed.context("收不到 Ctrl-C / Ctrl-C cannot be heard")?;
                break;
            }
            () = clock.sleep(Duration::from_secs(1)), if args.stats => say(json!(smsc.counts())),
        }
    }
    smsc.stop().await.context("记录未能写完 / the log could not be written whole")
}

/// What a log amounts to, in one line.
fn sum(ledger: &log::Ledger) -> serde_json::Value {
    json!({
        "arrived": ledger.arrived,
        "taken": ledger.distinct(),
        "doubles": ledger.surplus(),
        "throttled": ledger.throttled,
        "busy": ledger.busy,
        "refused": ledger.refused,
        "lied": ledger.lied.len(),
        "withheld": ledger.withheld.len(),
        "receipted": ledger.receipted,
        "unanswered": ledger.unanswered.len(),
        "first_us": ledger.first_us,
        "last_us": ledger.last_us,
        "busiest_second": ledger.busiest_second,
        "per_second": ledger.per_second,
    })
}
