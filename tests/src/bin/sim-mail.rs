//! The pretend mail relay as a program of its own.

use clap::Parser;
use mingluo_model::clock::{SharedClock, system::SystemClock};
use mingluo_rehearsal::{
    sim_mail::{MailFaults, SimMail},
    sim_stage::{Leash, Stage, announce, ended},
};
use std::{process::ExitCode, sync::Arc};

/// 模拟邮件服务器(仅供演练):收下每封邮件,只记一行日志,不投递;可按设定退信。
///
/// A pretend mail relay for rehearsals: takes every mail, writes one line about it, delivers nothing. It prints
/// {"listening":"127.0.0.1:PORT"} when it is ready.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  sim-mail --listen 127.0.0.1:2525 --log mail.jsonl\n  \
                  sim-mail --busy-percent 5 --refuse-percent 1 --seed 7\n  \
                  sim-mail --slow-ms 50 --die-in-data-after 100\n  \
                  sim-mail --report-to 127.0.0.1:2526 --bounce-percent 2 --holiday-percent 1 --report-late-ms 3000"
)]
struct Args {
    #[command(flatten)]
    stage: Stage,
    #[command(flatten)]
    leash: Leash,
    #[command(flatten)]
    faults: MailFaults,
}

#[tokio::main]
async fn main() -> ExitCode {
    ended(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let clock: SharedClock = SystemClock::shared();
    let (listener, journal) = args.stage.set(&clock).await?;
    let relay = SimMail::start(listener, args.faults, Arc::clone(&journal), clock)?;
    announce("sim-mail", relay.address());
    args.leash.ended().await?;
    Ok(journal.flush()?)
}
