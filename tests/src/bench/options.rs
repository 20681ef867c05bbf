//! What a measurement is told.

use super::ground::Ground;
use serde::{Deserialize, Serialize};

/// Deliveries of the short form.
const SHORT: u32 = 20_000;

/// A database under both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// One file, WAL, synchronous=FULL, pages of 8 KiB.
    Sqlite,
    /// A server, fsync and `synchronous_commit` on.
    Postgres,
}

impl Engine {
    /// The word on the command line and in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// How deliveries are measured.
#[derive(Debug, Clone, clap::Args)]
pub struct DispatchOptions {
    /// 只测一种数据库;不设则两种都测 / one engine only; both without it (sqlite in the short form).
    #[arg(long, value_enum)]
    pub engine: Option<Engine>,
    /// PostgreSQL 测试服务器;tests/bench 会自己启动一个 / a server to make databases on; `tests/bench` starts one.
    #[arg(long, value_name = "postgres://…")]
    pub postgres: Option<String>,
    /// 短信条数 / texts to send, each of one part.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub count: u32,
    /// 每条连接的窗口 / unanswered texts that a session may have.
    #[arg(long, value_name = "W", default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(16..=100_000))]
    pub window: u32,
    /// 连接数 / sessions.
    #[arg(long, value_name = "S", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub sessions: u32,
    /// 短信中心的应答延迟,可给几个 / milliseconds until the centre answers, one or several.
    #[arg(long, value_name = "MS,…", value_delimiter = ',', default_value = "0")]
    pub rtt_ms: Vec<u32>,
    /// 每种各测几次,取最好与中位 / runs of each; the best and the median are told.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub runs: u32,
    /// 短测:两万条,一次,及格线打六折 / 20,000 texts, one run, 60 % of the bar.
    #[arg(long)]
    pub short: bool,
    /// Programs, data, and how it tells.
    #[command(flatten)]
    pub ground: Ground,
}

impl DispatchOptions {
    /// The short form spelt out.
    pub(super) fn settled(mut self) -> Self {
        if self.short {
            (self.count, self.runs) = (self.count.min(SHORT), 1);
            self.engine = self.engine.or(Some(Engine::Sqlite));
        }
        self
    }

    /// The engines to measure.
    pub(super) fn engines(&self) -> Vec<Engine> {
        self.engine.map_or_else(|| vec![Engine::Sqlite, Engine::Postgres], |one| vec![one])
    }
}
