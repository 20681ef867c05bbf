//! What the measurement of mail is told.

use crate::bench::ground::Ground;
use std::path::PathBuf;

/// Mails of the short form, to the sink and to Postfix.
const SHORT: (u32, u32) = (1_000, 100);

/// How mail is measured.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "示例 / Examples:\n  \
    tests/bench mail\n  \
    tests/bench mail --count 200000 --runs 5 --json\n  \
    tests/bench mail --short --bin-dir target/debug --postfix target/interop/postfix")]
pub struct MailOptions {
    /// 送到 smtp-sink 的邮件数,每封一人 / mails to smtp-sink, to one person each.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub count: u32,
    /// 送到 Postfix 的邮件数 / mails to Postfix, which keeps each on its disk.
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub to_postfix: u32,
    /// 连接数,各方相同 / connections, the same for everybody.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub sockets: u32,
    /// 轮换测几次,取中位数 / runs of each, taking turns; medians are compared.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub runs: u32,
    /// Postfix 解开在哪个根目录下(usr/sbin/smtp-sink);tests/bench 会自己取回 / the folder under which Postfix is unpacked;
    /// `tests/bench` fetches it.
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub postfix: PathBuf,
    /// 短测:一千封,一次,只核对封数,不评快慢 / 1,000 mails, one run; counts are checked, no bar is.
    #[arg(long)]
    pub short: bool,
    /// Programs, data, and how it tells.
    #[command(flatten)]
    pub ground: Ground,
}

impl MailOptions {
    /// The short form spelt out.
    pub(super) fn settled(mut self) -> Self {
        if self.short {
            (self.count, self.to_postfix) = (self.count.min(SHORT.0), self.to_postfix.min(SHORT.1));
            self.runs = 1;
        }
        self
    }

    /// Whether bars are held against the figures.
    pub(super) const fn is_judged(&self) -> bool {
        !self.short && self.ground.bin_dir.is_none()
    }
}
