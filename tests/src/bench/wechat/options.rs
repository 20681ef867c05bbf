//! What the measurement of template messages is told.

use crate::bench::ground::Ground;

/// Messages of the short form.
const SHORT: u32 = 500;

/// How template messages are measured.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "示例 / Examples:\n  \
    tests/bench wechat\n  \
    tests/bench wechat --count 200000 --runs 5 --json\n  \
    tests/bench wechat --short --bin-dir target/debug")]
pub struct WeChatOptions {
    /// 模板消息条数,每条一人 / template messages, to one follower each.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub count: u32,
    /// 同时进行的调用 / calls under way.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub calls: u32,
    /// 测几次,取中位数 / runs; the median counts.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub runs: u32,
    /// 短测:五百条,一次,只核对条数,不评快慢 / 500 messages, one run; counts are checked, no bar is.
    #[arg(long)]
    pub short: bool,
    /// Programs, data, and how it tells.
    #[command(flatten)]
    pub ground: Ground,
}

impl WeChatOptions {
    /// The short form spelt out.
    pub(super) fn settled(mut self) -> Self {
        if self.short {
            (self.count, self.runs) = (self.count.min(SHORT), 1);
        }
        self
    }

    /// Whether the bar is held against the figure.
    pub(super) const fn is_judged(&self) -> bool {
        !self.short && self.ground.bin_dir.is_none()
    }
}
