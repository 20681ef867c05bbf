//! The pretend WeCom platform as a program of its own.

use clap::Parser;
use mingluo_model::clock::{SharedClock, system::SystemClock};
use mingluo_rehearsal::{
    sim_stage::{Leash, Stage, announce, ended},
    sim_wecom::{SimWeCom, WeComAccount, WeComFaults},
};
use std::{process::ExitCode, sync::Arc};

/// 模拟企业微信平台(仅供演练):发放令牌,收下应用消息和群机器人消息,成员按设定点按卡片,不会发给任何人。
///
/// A pretend WeCom platform for rehearsals: gives tokens, takes messages to members and of robots, members press cards;
/// nobody gets anything. It prints {"listening":"127.0.0.1:PORT"} when it is ready.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  sim-wecom --callback http://127.0.0.1:8080/callback/wecom/wecom --log wecom.jsonl\n  \
                  sim-wecom --invalid zhang,li --unlicensed wang --press-percent 60 --seed 7\n  \
                  sim-wecom --press-percent 100 --press-first --thrice --token-seconds 5 --dead-token 40014\n  \
                  sim-wecom --robots 693a91f6 --robot-per-minute 5 --per-minute 100\n  \
                  curl -d '{\"userid\": \"zhang\"}' http://127.0.0.1:PORT/pretend/press"
)]
struct Args {
    #[command(flatten)]
    stage: Stage,
    #[command(flatten)]
    leash: Leash,
    #[command(flatten)]
    account: WeComAccount,
    #[command(flatten)]
    faults: WeComFaults,
}

#[tokio::main]
async fn main() -> ExitCode {
    ended(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let clock: SharedClock = SystemClock::shared();
    let (listener, journal) = args.stage.set(&clock).await?;
    let platform = SimWeCom::start(listener, args.account, args.faults, Arc::clone(&journal), clock)?;
    announce("sim-wecom", platform.address());
    args.leash.ended().await?;
    Ok(journal.flush()?)
}
