//! The measurements as a program; `tests/bench` builds and calls it.

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use mingluo_model::clock::system::SystemClock;
use mingluo_rehearsal::bench::{
    BoxOptions, BoxesOptions, CrowdOptions, DispatchOptions, EarOptions, FaultsOptions, Heat, HubOptions,
    LicenceOptions, MailOptions, RigOrder, SmsOptions, WeChatOptions, boxes, crowd, dispatch, faults, hub,
    licence, listen, lone_box, mail, run_heat, run_rig, sms, wechat,
};
use mingluo_rehearsal::sim_stage::Leash;
use std::process::ExitCode;

/// The allocator of `mingluo`, on both sides of every comparison.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// 性能基准:与“一行一条”的基线、与 Kannel 同场比较,未达及格线则退出码为 1。
///
/// Benchmarks: compared in the same run with a row-per-delivery baseline, or with Kannel; a missed bar ends with 1. The far sides
/// are pretend ones, nothing leaves this machine.
#[derive(Parser)]
#[command(
    version,
    after_help = "示例 / Examples:\n  \
        tests/bench dispatch\n  \
        tests/bench dispatch --engine sqlite --count 200000 --rtt-ms 0,20,50\n  \
        tests/bench dispatch --short --json\n  \
        tests/bench sms\n  \
        tests/bench sms --count 100000 --pairs 5 --json\n  \
        tests/bench sms --kill\n  \
         tests/bench licence\n  \
         tests/bench faults --count 200000\n  \
         tests/bench boxes --count 1000\n  \
         tests/bench box --short\n  \
         tests/bench mail\n  \
         tests/bench wechat"
)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// 发送:每秒多少条发出、确认并回执落盘 / deliveries a second, sent, answered and receipted durably.
    Dispatch(Box<DispatchOptions>),
    /// 短信:与 Debian 的 Kannel 同场比较;或半途杀掉 / short messages, beside Debian's Kannel; or killed half way.
    Sms(Box<SmsOptions>),
    /// 大喇叭:一条红色指令到一万个终端 / village boxes: one red bulletin to ten thousand of them.
    Boxes(Box<BoxesOptions>),
    /// 单个终端:内存、程序大小、接入与吸合快慢 / one village box: memory, size, how soon it is linked and sounds.
    Box(BoxOptions),
    /// 邮件:与 Postfix 自带的压测程序同场比较 / mail, beside Postfix's own load generator.
    Mail(Box<MailOptions>),
    /// 微信:每秒多少条模板消息,回执落盘 / template messages a second, receipts durable.
    Wechat(Box<WeChatOptions>),
    /// 许可:用足多少,超过没有;网关只放行一半时如何 / how much of a licence is used, and what if half of it is granted.
    Licence(Box<LicenceOptions>),
    /// 全故障:四种协议,逐条逐号核对 / all faults over four protocols, compared id by id.
    Faults(Box<FaultsOptions>),
    /// Plain clients beside the village boxes, in a process of their own.
    #[command(hide = true)]
    Crowd(CrowdOptions),
    /// A plain WebSocket hub beside the city, in a process of its own.
    #[command(hide = true)]
    Hub(HubOptions),
    /// The listener for receipts, in a process of its own.
    #[command(hide = true)]
    Ear(EarOptions),
    /// The engine with an account for each of several centres, in a process of its own.
    #[command(hide = true)]
    Rig {
        /// What to do, as JSON.
        order: String,
        #[command(flatten)]
        leash: Leash,
    },
    /// One side of a comparison, in a process of its own.
    #[command(hide = true)]
    Heat {
        /// What to do, as JSON.
        order: String,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let clock = SystemClock::shared();
    let kept = match Args::parse().what {
        What::Dispatch(options) => dispatch(*options, clock).await?,
        What::Sms(options) => sms(*options, clock).await?,
        What::Boxes(options) => boxes(*options, clock).await?,
        What::Box(options) => lone_box(options, clock).await?,
        What::Mail(options) => mail(*options, clock).await?,
        What::Wechat(options) => wechat(*options, clock).await?,
        What::Licence(options) => licence(*options, clock).await?,
        What::Faults(options) => faults(*options, clock).await?,
        What::Rig { order, leash } => {
            let order: RigOrder = serde_json::from_str(&order)?;
            run_rig(order, leash, clock).await?;
            true
        }
        What::Crowd(options) => {
            crowd(options, clock).await?;
            true
        }
        What::Hub(options) => {
            hub(options, clock).await?;
            true
        }
        What::Ear(options) => {
            listen(options, clock).await?;
            true
        }
        What::Heat { order } => {
            let heat: Heat = serde_json::from_str(&order)?;
            run_heat(heat, clock).await?;
            true
        }
    };
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
