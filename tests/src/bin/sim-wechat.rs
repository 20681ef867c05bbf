//! The pretend WeChat platform as a program of its own.

use clap::Parser;
use mimalloc::MiMalloc;
use mingluo_model::clock::{SharedClock, system::SystemClock};
use mingluo_rehearsal::{
    sim_stage::{Leash, Stage, announce, ended},
    sim_wechat::{SimWeChat, WeChatAccount, WeChatFaults},
};
use std::{process::ExitCode, sync::Arc};

/// 模拟微信平台(仅供演练):发放令牌,收下模板消息、订阅通知、群发和客服消息,按设定回调结果,不会发给任何人。
///
/// A pretend WeChat platform for rehearsals: gives tokens, takes template messages, notices, mass sends and customer-service
/// messages, posts signed receipts; nobody gets anything. It prints {"listening":"127.0.0.1:PORT"} when it is ready.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  sim-wechat --callback http://127.0.0.1:8080/callback/wechat/live-wechat --log wechat.jsonl\n  \
                  sim-wechat --token-seconds 5 --busy-percent 5 --block-percent 2 --silent-percent 1 --seed 7\n  \
                  sim-wechat --late-ms 3000 --double\n  sim-wechat --receipt-first --thrice --quota 1000\n  \
                  sim-wechat --aes-key abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG --compatible\n  \
                  sim-wechat --administrator refuses --administrator-ms 2000\n  \
                  sim-wechat --custom-most 1 --custom-window-s 3600\n  \
                  sim-wechat --mass-quota 2 --mass-month 4 --unsubscribed-percent 10\n  \
                  curl -d '{\"openid\": \"o1\", \"event\": \"unsubscribe\"}' http://127.0.0.1:PORT/pretend/follower"
)]
struct Args {
    #[command(flatten)]
    stage: Stage,
    #[command(flatten)]
    leash: Leash,
    #[command(flatten)]
    account: WeChatAccount,
    #[command(flatten)]
    faults: WeChatFaults,
}

/// A benchmark's far side shares its two cores with what is measured.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    ended(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let clock: SharedClock = SystemClock::shared();
    let (listener, journal) = args.stage.set(&clock).await?;
    let platform = SimWeChat::start(listener, args.account, args.faults, Arc::clone(&journal), clock)?;
    announce("sim-wechat", platform.address());
    args.leash.ended().await?;
    Ok(journal.flush()?)
}
