//! What the comparison with Kannel is told.

use crate::bench::ground::Ground;
use crate::rehearse::Victim;
use std::path::PathBuf;

/// Messages of the short form.
const SHORT: u32 = 2_000;

/// Who is killed in the runs with `--kill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kill {
    /// 鸣锣 / mingluo.
    Mingluo,
    /// 短信网关 / the pretend SMS centre.
    Gateway,
    /// 先杀鸣锣若干次,再杀网关若干次 / one after the other.
    Both,
}

impl Kill {
    /// Whom it means.
    pub(in crate::bench) const fn victims(self) -> &'static [Victim] {
        match self {
            Self::Mingluo => &[Victim::Mingluo],
            Self::Gateway => &[Victim::Gateway],
            Self::Both => &[Victim::Mingluo, Victim::Gateway],
        }
    }
}

/// How Mingluo is put beside Kannel.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "示例 / Examples:\n  \
    tests/bench sms\n  \
    tests/bench sms --count 100000 --pairs 5 --json\n  \
    tests/bench sms --short --bin-dir target/debug\n  \
    tests/bench sms --kill\n  \
    tests/bench sms --kill gateway --runs 3")]
pub struct SmsOptions {
    /// 短信条数,每条一段、一人 / messages of one part to one person each, the same for both.
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub count: u32,
    /// 轮换测几对 / pairs, taking turns; medians are compared.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub pairs: u32,
    /// 唯一一条连接的窗口,双方相同 / unanswered messages on the one session that each of them has.
    #[arg(long, value_name = "W", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub window: u32,
    /// 收下多久之后发回执 / milliseconds from the centre's answer to its receipt.
    #[arg(long, value_name = "MS", default_value_t = 500)]
    pub receipt_ms: u32,
    /// 向 Kannel 提交用几条 HTTP 连接 / HTTP connections that bring messages to Kannel.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub connections: u32,
    /// Kannel 在哪个根目录下(usr/sbin/bearerbox) / the folder under which Kannel is (usr/sbin/bearerbox).
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub kannel: PathBuf,
    /// 不与 Kannel 比,而是反复在半途以 SIGKILL 杀掉 mingluo 或网关再启动,核对不丢 / instead of the comparison: SIGKILL half way, again
    /// and again, and started again; by default first mingluo, then the gateway.
    #[arg(long, value_enum, value_name = "WHOM", num_args = 0..=1, default_missing_value = "both")]
    pub kill: Option<Kill>,
    /// --kill:各杀几次 / how often each is killed.
    #[arg(long, value_name = "N", default_value_t = 10, requires = "kill", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    /// --kill:通道许可,每秒条数 / messages a second.
    #[arg(long, value_name = "N", default_value_t = 2_000, requires = "kill", value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub rate: u32,
    /// 短测:两千条,一对,只核对条数,不评快慢 / 2,000 messages, one pair; counts are checked, no bar is.
    #[arg(long)]
    pub short: bool,
    /// Programs, data, and how it tells.
    #[command(flatten)]
    pub ground: Ground,
}

impl SmsOptions {
    /// The short form spelt out.
    pub(super) fn settled(mut self) -> Self {
        if self.short {
            (self.count, self.pairs) = (self.count.min(SHORT), 1);
            (self.runs, self.rate) = (1, self.rate.min(SHORT / 4));
        }
        self
    }

    /// Whether bars are held against the figures.
    pub(super) const fn is_judged(&self) -> bool {
        !self.short && self.ground.bin_dir.is_none()
    }
}
