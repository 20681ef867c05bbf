//! What the run with all faults is told.

use crate::bench::ground::Ground;

/// Messages of the short form.
const SHORT: u32 = 20_000;

/// How the run with all faults is made.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "示例 / Examples:\n  \
    tests/bench faults\n  \
    tests/bench faults --count 200000 --seed 7\n  \
    tests/bench faults --short --bin-dir target/debug")]
pub struct FaultsOptions {
    /// 短信条数,四种协议平分 / messages, a quarter over each protocol.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(4_000..=10_000_000))]
    pub count: u32,
    /// 每种协议的许可,每秒条数;网关只放行其八成 / each protocol's licence in messages a second; the gateways grant four fifths.
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub licence: u32,
    /// 途中以 SIGKILL 杀掉网关再启动的次数,轮流 / how often a gateway is killed by SIGKILL on the way and started again, in turn.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub restarts: u32,
    /// 随机种子:同一种子同一批故障 / the seed of the faults.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// 短测:两万条,每种协议每秒 800 条,四次重启 / 20,000 messages, 800 a second over each protocol, four restarts.
    #[arg(long)]
    pub short: bool,
    /// Programs, data, and how it tells.
    #[command(flatten)]
    pub ground: Ground,
}

impl FaultsOptions {
    /// The short form spelt out.
    pub(super) fn settled(mut self) -> Self {
        if self.short {
            (self.count, self.licence, self.restarts) =
                (self.count.min(SHORT), self.licence.min(800), self.restarts.min(4));
        }
        self
    }
}
