//! The commands of `mingluo`. Each is a page: parse, load, build, do, say.

mod check;
mod import;
mod issue;
mod migrate;
mod serve;
mod sign;
mod user;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// 鸣锣 — 预警信息靶向发布。 Mingluo — public-warning dispatch.
#[derive(Debug, Parser)]
#[command(name = "mingluo", version, arg_required_else_help = true)]
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
    /// 检查配置、数据库、区域包与各账号。 Check configuration, store, region pack and accounts.
    #[command(after_help = "例 Example:\n  mingluo check --config mingluo.toml --json")]
    Check(check::Check),
    /// 导入名册（接收人与大喇叭），逐行报告有误的行。 Import a roster; every bad row is reported.
    #[command(
        after_help = "例 Examples:\n  mingluo import --config mingluo.toml --recipients roster.csv\n  mingluo import --config mingluo.toml --recipients roster.csv --strict --report bad-rows.csv"
    )]
    Import(import::Import),
    /// 经接口拟稿、提交、审核、退回、签发、解除（须有密钥，受规则约束）。 Work with alerts through the API.
    #[command(
        after_help = "例 Examples:\n  mingluo issue --server http://127.0.0.1:8080 --key-file key draft --file alert.json\n  mingluo issue --server http://127.0.0.1:8080 --key-file key release ID --people 2731"
    )]
    Issue(issue::Issue),
    /// 管理值班员与接口密钥。 Officers and API keys.
    #[command(
        after_help = "例 Example:\n  mingluo user --config mingluo.toml add --login li --name 李明 --roles author --password-file pw --region 2104"
    )]
    User(user::User),
    /// 签名进程：唯一持有签名密钥者。 The signing process, the only one that holds the key.
    #[command(after_help = "例 Example:\n  mingluo signer --config /etc/mingluo/mingluo.toml")]
    Signer(sign::Sign),
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// 配置文件。 The configuration file.
    #[arg(long, env = "MINGLUO_CONFIG", default_value = "/etc/mingluo/mingluo.toml")]
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
#[expect(clippy::print_stderr, reason = "the program's last words to the person who ran it")]
pub fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("出错 error: {error:#}");
    ExitCode::FAILURE
}

/// Prints a line to the person or program that ran the command.
#[expect(clippy::print_stdout, reason = "the command's own answer")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
