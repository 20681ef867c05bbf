//! What the measurement of licences is told.

use crate::bench::ground::Ground;

/// Seconds of a run in the short form.
const SHORT_S: u32 = 2;

/// How licences are measured.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "示例 / Examples:\n  \
    tests/bench licence\n  \
    tests/bench licence --licences 5000 --seconds 20\n  \
    tests/bench licence --short --bin-dir target/debug")]
pub struct LicenceOptions {
    /// 逐一测这些许可(每秒条数),走 SMPP / licences to measure one after the other, in messages a second, over SMPP.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "100,500,5000", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub licences: Vec<u32>,
    /// 各测多少秒 / seconds of each.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=3_600))]
    pub seconds: u32,
    /// 限流测试:四种协议各有此许可,网关只放行一半 / the licence of each protocol's account whose gateway grants only half of it.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    pub throttled: u32,
    /// 短测:100 与 1000 条各两秒,限流五秒,只看能发,不判快慢 / licences of 100 and 1,000 for two seconds each, throttled for five;
    /// shows that each sends and judges no speed.
    #[arg(long)]
    pub short: bool,
    /// Programs, data, and how it tells.
    #[command(flatten)]
    pub ground: Ground,
}

impl LicenceOptions {
    /// The short form spelt out.
    pub(super) fn settled(mut self) -> Self {
        if self.short {
            (self.licences, self.seconds) = (vec![100, 1_000], self.seconds.min(SHORT_S));
            self.throttled = self.throttled.min(400);
        }
        self
    }
}
