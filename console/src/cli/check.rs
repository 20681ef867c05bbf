//! `mingluo check`: everything that can be known to be wrong before it is needed, found by the same code that `serve`
//! asks when it starts.

use super::{ConfigFile, say};
use crate::{
    app::open_store,
    config::Config,
    examine::{doors, examine, shut_doors},
    fit::RosterMisfit,
    knock::{Knocked, knock},
    secrets::open_to_others,
    tongue::{Told, tell},
};
use mingluo_ledger::Store;
use mingluo_model::{
    clock::{SharedClock, system::SystemClock},
    mode::ModeKind,
    problem::Problem,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{net::SocketAddr, process::ExitCode, time::Duration};

/// How long a console that runs here already may take to say so.
const RUNNING_WITHIN: Duration = Duration::from_secs(2);

/// 检查。
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    #[command(flatten)]
    file: ConfigFile,
    /// 并让各短信账号向网关登录一次再退出，什么也不发；正在运行时请勿使用，以免占用连接数。 Also log every SMS account in at its gateway and out
    /// again; sends nothing. Not while the city runs: gateways count connections.
    #[arg(long)]
    login: bool,
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What was found out about one thing.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Told>,
    /// What `serve` bears and nobody should.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Told>,
}

impl Finding {
    const fn good(what: &'static str, detail: String) -> Self {
        Self { what, ok: true, detail: Some(detail), problems: Vec::new(), warnings: Vec::new() }
    }

    fn of<P: Problem>(what: &'static str, problems: &[P], detail: impl FnOnce() -> String) -> Self {
        if problems.is_empty() {
            return Self::good(what, detail());
        }
        let problems = problems.iter().map(|problem| tell(problem)).collect();
        Self { what, ok: false, detail: None, problems, warnings: Vec::new() }
    }
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut findings = Vec::new();
        match Config::read(&self.file.config) {
            Ok(config) => {
                findings.push(Finding::good("configuration", self.file.config.display().to_string()));
                let values = values(&config);
                let login = self.login && values.ok;
                findings.push(values);
                findings.push(secrets(&config));
                findings.push(ports(&config).await);
                findings.extend(store(&config).await);
                if login {
                    findings.push(logins(&config).await);
                }
            }
            Err(error) => findings.push(Finding::of("configuration", &[error], String::new)),
        }
        Ok(self.tell(&findings))
    }

    fn tell(&self, findings: &[Finding]) -> ExitCode {
        let good = findings.iter().all(|finding| finding.ok);
        if self.json {
            say(json!({ "ok": good, "findings": findings }));
        } else {
            for finding in findings {
                self.tell_one(finding);
            }
        }
        if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn tell_one(&self, finding: &Finding) {
        let Finding { what, detail, problems, warnings, .. } = finding;
        let name = NAMES.iter().find(|(word, _)| word == what).map_or("", |(_, zh)| zh);
        if let Some(detail) = detail {
            say(format_args!("通过 ok    {name} {what}: {detail}"));
        }
        for Told { zh, en, .. } in problems {
            say(format_args!("有误 wrong {name} {what}: {}", self.file.config.display()));
            say(format_args!("    {zh}\n    {en}"));
        }
        for Told { zh, en, .. } in warnings {
            say(format_args!("注意 warn  {name} {what}: {zh}\n    {en}"));
        }
    }
}

const NAMES: [(&str, &str); 7] = [
    ("configuration", "配置"),
    ("values", "各项"),
    ("secrets", "密钥文件"),
    ("ports", "端口"),
    ("store", "数据库"),
    ("roster", "名册"),
    ("logins", "登录"),
];

/// Values, templates, region pack and accounts.
fn values(config: &Config) -> Finding {
    match examine(config) {
        Ok(examined) => {
            let (live, drill) = (config.live.len(), config.drill.len());
            let n = examined.region.gazetteer.len();
            Finding::good(
                "values",
                format!("区划 divisions {n}，实发账号 live accounts {live}，演练账号 drill accounts {drill}"),
            )
        }
        Err(refused) => Finding::of("values", &refused.problems, String::new),
    }
}

/// A city that runs already holds its own doors, and may be checked all the same.
async fn ports(config: &Config) -> Finding {
    let doors = doors(config);
    let shut = shut_doors(&doors);
    if !shut.is_empty() && runs_here(config.console.listen).await {
        let address = config.console.listen;
        return Finding::good(
            "ports",
            format!("mingluo 正在 {address} 运行 mingluo is running there already"),
        );
    }
    Finding::of("ports", &shut, || {
        doors.iter().map(|(field, address)| format!("{field} {address}")).collect::<Vec<_>>().join("，")
    })
}

/// Whether what listens there is a console of ours: `/api/health` tells.
async fn runs_here(console: SocketAddr) -> bool {
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(RUNNING_WITHIN).build() else {
        return false;
    };
    let Ok(answer) = client.get(format!("http://{console}/api/health")).send().await else { return false };
    answer
        .json::<Value>()
        .await
        .is_ok_and(|health| health.get("engine").is_some() && health.get("halted").is_some())
}

/// Files that must be nobody else's to read.
fn secrets(config: &Config) -> Finding {
    let open = open_to_others(&config.file);
    let warnings = open.iter().map(|secret| tell(secret)).collect();
    Finding {
        warnings, ..Finding::good("secrets", format!("{} 个他人可读 readable by others", open.len()))
    }
}

/// What the gateways say to our accounts.
async fn logins(config: &Config) -> Finding {
    let clock: SharedClock = SystemClock::shared();
    let Knocked { let_in, shut_out } = knock(config, &clock).await;
    Finding::of("logins", &shut_out, || let_in.iter().map(ToString::to_string).collect::<Vec<_>>().join("，"))
}

async fn store(config: &Config) -> Vec<Finding> {
    match open_store(config).await {
        Ok(store) => {
            vec![Finding::good("store", store.engine().to_owned()), roster(config, store.as_ref()).await]
        }
        Err(error) => vec![Finding::of("store", &[error], String::new)],
    }
}

/// Whether the current rosters fit the accounts.
async fn roster(config: &Config, store: &dyn Store) -> Finding {
    let (mut told, mut warnings) = (Vec::new(), Vec::new());
    for (mode, name) in [(ModeKind::Live, "实发 live"), (ModeKind::Drill, "演练 drill")] {
        match store.current_edition(mode).await {
            Ok(Some(head)) => {
                let kind = if head.pretend { "，虚构 pretend" } else { "" };
                told.push(format!("{name} 接收人 recipients {}{kind}", head.recipients));
                warnings.extend(RosterMisfit::of(config, mode, head.pretend).map(|misfit| tell(&misfit)));
            }
            Ok(None) => told.push(format!("{name} 尚无 none yet")),
            Err(error) => {
                let problem = config.no_store(error);
                return Finding::of("roster", &[problem], String::new);
            }
        }
    }
    Finding { warnings, ..Finding::good("roster", told.join("，")) }
}
