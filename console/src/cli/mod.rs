//! The commands of `mingluo`. Each is a page: parse, load, build, do, say.

mod boxes;
mod check;
mod console;
mod import;
mod issue;
mod migrate;
mod resident;
mod serve;
mod sign;
mod supervisor;
mod table;
mod user;
mod webhook;

pub use supervisor::stdin_closed;
pub use table::{Table, grouped};

use crate::{config::ConfigError, tongue::tell};
use clap::{Parser, Subcommand};
use mingluo_model::problem::Problem;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;

/// 鸣锣 — 预警信息靶向发布。 Mingluo — public-warning dispatch.
#[derive(Debug, Parser)]
#[command(
    name = "mingluo",
    version,
    arg_required_else_help = true,
    after_help = "例 Examples:\n  mingluo check --config mingluo.toml\n  mingluo issue draft --help"
)]
pub struct Mingluo {
    #[command(subcommand)]
    command: Command,
    /// 日志级别与范围（如 info 或 mingluo_dispatch=debug）。 What to log.
    #[arg(long, global = true, env = "MINGLUO_LOG", default_value = "info")]
    log: String,
    /// 日志为 JSON 行。 Log as JSON lines.
    #[arg(long, global = true)]
    log_json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 启动：网页、接口、发送引擎。 Start: pages, API, dispatch.
    #[command(after_help = "例 Example:\n  mingluo serve --config /etc/mingluo/mingluo.toml")]
    Serve(serve::Serve),
    /// 建立或升级数据库结构。 Create the database's schema, or bring it up to date.
    #[command(after_help = "例 Example:\n  mingluo migrate --config /etc/mingluo/mingluo.toml")]
    Migrate(migrate::Migrate),
    /// 检查配置、区域包、各账号、端口、数据库：serve 会拒绝的，此处都会指出。 Check configuration, region pack, accounts, ports
    /// and store: what `serve` would refuse is told here.
    #[command(
        after_help = "例 Examples:\n  mingluo check --config mingluo.toml\n  mingluo check --config mingluo.toml --json\n  mingluo check --config mingluo.toml --login"
    )]
    Check(check::Check),
    /// 导入名册（接收人与大喇叭）、列出各版本、退回某一版本。 Import a roster, list its editions, go back to one.
    #[command(after_help = import::EXAMPLES)]
    Import(import::Import),
    /// 经接口拟稿、提交、审核、退回、签发、解除（须有密钥，受规则约束）。 Work with alerts through the API.
    #[command(
        after_help = "例 Examples:\n  mingluo issue --server http://127.0.0.1:8080 --key-file key draft --file alert.json\n  mingluo issue --server http://127.0.0.1:8080 --key-file key release ID --deliveries 2731"
    )]
    Issue(issue::Issue),
    /// 管理值班员与接口密钥。 Officers and API keys.
    #[command(
        after_help = "例 Examples:\n  mingluo user --config mingluo.toml add --login li --name 李明 --roles author --password-file pw --region 2104\n  mingluo user --config mingluo.toml list"
    )]
    User(user::User),
    /// 居民：回复的短信、退订与恢复。 Residents: what they wrote back, opt-outs and opt-ins.
    #[command(
        after_help = "例 Examples:\n  mingluo resident --config mingluo.toml replies\n  mingluo resident --config mingluo.toml opt-out --phone-file refused.txt"
    )]
    Resident(resident::Resident),
    /// 村级终端：台账、状态、试播、停播，注册、证书、离线根密钥与公钥集。 Village boxes: registry, states, tests, stop; enrolment, certificates,
    /// the offline root and its key sets.
    #[command(
        after_help = "例 Examples:\n  mingluo box root new --root-file root.key --public-file root.pub\n  mingluo box keys sign --root-file root.key --version 1 --keys wanted.json --out keys.json"
    )]
    Box(boxes::Boxes),
    /// 推送订阅：查看推送日志、重放。 Webhooks: their log, and sending again.
    #[command(
        after_help = "例 Examples:\n  mingluo webhook --config mingluo.toml log --target media-desk\n  mingluo webhook --config mingluo.toml replay --target media-desk --since 2026-07-12T08:00"
    )]
    Webhook(webhook::Webhook),
    /// 签名进程：唯一持有签名密钥者。 The signing process, the only one that holds the key.
    #[command(
        after_help = "例 Examples:\n  mingluo signer --config /etc/mingluo/mingluo.toml\n  mingluo signer --config /etc/mingluo/mingluo.toml --public"
    )]
    Signer(sign::Sign),
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// 配置文件。 The configuration file.
    #[arg(long, global = true, env = "MINGLUO_CONFIG", default_value = "/etc/mingluo/mingluo.toml")]
    config: PathBuf,
}

impl Mingluo {
    /// Does what the command line asks.
    ///
    /// # Errors
    /// Whatever the command could not do.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        // An error means that somebody installed it already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        match self.command {
            Command::Serve(command) => command.run().await,
            Command::Migrate(command) => command.run().await,
            Command::Check(command) => command.run().await,
            Command::Import(command) => command.run().await,
            Command::Issue(command) => command.run().await,
            Command::User(command) => command.run().await,
            Command::Resident(command) => command.run().await,
            Command::Box(command) => command.run().await,
            Command::Webhook(command) => command.run().await,
            Command::Signer(command) => command.run().await,
        }
    }
}

/// Starts logging to standard error, as asked.
pub fn log(command: &Mingluo) {
    let filter = EnvFilter::try_new(&command.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let logger =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    if command.log_json {
        logger.json().init();
    } else {
        logger.init();
    }
}

/// Tells an error once, with its whole chain, and gives the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let told =
        error.downcast_ref::<ConfigError>().map_or_else(|| format!("{error:#}"), |problem| both(problem));
    // Nobody may be left to read it; the exit code tells all the same.
    let _unheard = writeln!(io::stderr(), "出错 error: {told}");
    ExitCode::FAILURE
}

/// Prints a line to the person or program that ran the command. Whoever has read enough may be gone (`| head`): what the
/// command has begun is done all the same, and the exit code tells.
fn say(line: impl std::fmt::Display) {
    let _unheard = writeln!(io::stdout(), "{line}");
}

/// A problem as the person at the command line reads it: Chinese, and English on the next line.
fn both(problem: &dyn Problem) -> String {
    let told = tell(problem);
    format!("{}\n    {}", told.zh, told.en)
}

/// Turns a problem into the command's last words, in both languages.
trait Told<T> {
    fn told(self) -> anyhow::Result<T>;
}

impl<T, E: Problem> Told<T> for Result<T, E> {
    fn told(self) -> anyhow::Result<T> {
        self.map_err(|problem| anyhow::anyhow!(both(&problem)))
    }
}

#[cfg(test)]
mod tests {
    use super::Mingluo;
    use clap::{Command, CommandFactory};

    fn walk(command: &Command, path: &str, lacking: &mut Vec<String>) {
        let help = command.clone().render_long_help().to_string();
        let example = help.split_once("例 Example").is_some_and(|(_, rest)| rest.contains("mingluo "));
        if !example {
            lacking.push(path.to_owned());
        }
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            walk(below, &format!("{path} {}", below.get_name()), lacking);
        }
    }

    #[test]
    fn every_command_has_an_example_in_its_help() {
        let mut lacking = Vec::new();
        walk(&Mingluo::command(), "mingluo", &mut lacking);
        assert!(lacking.is_empty(), "no example in --help of: {lacking:?}");
        Mingluo::command().debug_assert();
    }
}
