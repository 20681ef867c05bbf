//! The pretend platforms of group robots as a program of its own.

use clap::Parser;
use mingluo_model::clock::{SharedClock, system::SystemClock};
use mingluo_rehearsal::{
    sim_robots::{RobotsAccount, RobotsFaults, SimRobots},
    sim_stage::{Leash, Stage, announce, ended},
};
use std::{process::ExitCode, sync::Arc};

/// 模拟钉钉和飞书的群机器人(仅供演练):验签名、时间、关键词、长度和频率,收下群消息,不会发给任何人。
///
/// Pretend group robots of DingTalk and Feishu for rehearsals: check signature, time, keyword, length and speed, and take
/// messages; nobody gets anything. It prints {"listening":"127.0.0.1:PORT"} when it is ready. WeCom's robots are in
/// sim-wecom.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  sim-robots --secret SEC0123 --log robots.jsonl\n  \
                  sim-robots --robots 693a91f6,a1b2c3 --keyword 预警\n  \
                  sim-robots --dingtalk-per-minute 5 --shut-out-seconds 60 --punish\n  \
                  sim-robots --feishu-per-second 1 --feishu-per-minute 10 --longest-body 2000"
)]
struct Args {
    #[command(flatten)]
    stage: Stage,
    #[command(flatten)]
    leash: Leash,
    #[command(flatten)]
    account: RobotsAccount,
    #[command(flatten)]
    faults: RobotsFaults,
}

#[tokio::main]
async fn main() -> ExitCode {
    ended(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let clock: SharedClock = SystemClock::shared();
    let (listener, journal) = args.stage.set(&clock).await?;
    let platforms = SimRobots::start(listener, args.account, args.faults, Arc::clone(&journal), clock)?;
    announce("sim-robots", platforms.address());
    args.leash.ended().await?;
    Ok(journal.flush()?)
}
