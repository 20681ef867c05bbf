//! The pretend SMS providers as a program of their own.

use clap::Parser;
use mingluo_model::clock::{SharedClock, system::SystemClock};
use mingluo_rehearsal::{
    sim_cloud::{CloudAccount, CloudFaults, SimCloud},
    sim_stage::{Stage, announce, ended, told_to_stop},
};
use std::{process::ExitCode, sync::Arc};

/// 模拟云短信服务商(仅供演练):阿里云、腾讯云和 Kannel 的接口,校验签名,收下短信,按设定推送或应答回执,不会发给任何人。
///
/// Pretend SMS providers for rehearsals: Alibaba Cloud, Tencent Cloud (both POST /) and Kannel (GET /cgi-bin/sendsms).
/// They check signatures, take messages, push reports and answer to those who ask; nobody gets anything. The program
/// prints {"listening":"127.0.0.1:PORT"} when it is ready.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  sim-cloud --alibaba-callback http://127.0.0.1:8080/callback/sms/alibaba/SECRET --log cloud.jsonl\n  \
                  sim-cloud --bad-percent 2 --limited-percent 1 --throttle-percent 5 --mute-percent 1 --seed 7\n  \
                  sim-cloud --lost-percent 10 --late-ms 3000 --double\n  sim-cloud --unapproved"
)]
struct Args {
    #[command(flatten)]
    stage: Stage,
    #[command(flatten)]
    account: CloudAccount,
    #[command(flatten)]
    faults: CloudFaults,
}

#[tokio::main]
async fn main() -> ExitCode {
    ended(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let clock: SharedClock = SystemClock::shared();
    let (listener, journal) = args.stage.set(&clock).await?;
    let providers = SimCloud::start(listener, args.account, args.faults, Arc::clone(&journal), clock)?;
    announce("sim-cloud", providers.address());
    told_to_stop().await?;
    Ok(journal.flush()?)
}
