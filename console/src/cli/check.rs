//! `mingluo check`: everything that can be known to be wrong before it is needed, found by the same code that `serve`
//! asks when it starts.

use super::{ConfigFile, say};
use crate::{
    app::open_store,
    config::{Config, ConfigError},
    examine::{doors, examine, shut_doors},
    fit::RosterMisfit,
    knock::{Knocked, knock},
    routing::{
        Routing,
        lines::{Alone, Whose, by_line},
    },
    secrets::open_to_others,
    tongue::{Told, tell},
};
use mingluo_dispatch::routes::Routes;
use mingluo_ledger::Store;
use mingluo_model::{
    clock::{SharedClock, system::SystemClock},
    mode::ModeKind,
    plan::AccountName,
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
                let login = self.login && values.iter().all(|finding| finding.ok);
                findings.extend(values);
                findings.push(secrets(&config));
                let doors = Doors::try_all(&config).await;
                findings.push(doors.told());
                findings.extend(store(&config).await);
                if login {
                    findings.extend(logins(&config, &doors).await);
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

const NAMES: [(&str, &str); 9] = [
    ("configuration", "配置"),
    ("values", "各项"),
    ("routing", "号码分流"),
    ("secrets", "密钥文件"),
    ("ports", "端口"),
    ("store", "数据库"),
    ("roster", "名册"),
    ("logins", "登录"),
    ("templates", "短信模板"),
];

/// Values, templates, region pack and accounts; and where these are right, who carries whom.
fn values(config: &Config) -> Vec<Finding> {
    match examine(config) {
        Ok(examined) => {
            let (live, drill) = (config.live.len(), config.drill.len());
            let n = examined.region.gazetteer.len();
            let detail =
                format!("区划 divisions {n}，实发账号 live accounts {live}，演练账号 drill accounts {drill}");
            vec![Finding::good("values", detail), routing(config, &examined.routing)]
        }
        Err(refused) => vec![Finding::of("values", &refused.problems, String::new)],
    }
}

/// Which account sends to whom, who takes over, and who is alone.
fn routing(config: &Config, routing: &Routing) -> Finding {
    let told = [("实发 live", &routing.live), ("演练 drill", &routing.drill)]
        .map(|(name, routes)| format!("{name} {}", told(routes)));
    // Nobody waits for what a pretend account sends, nor for a drill.
    let real = config.accounts(ModeKind::Live).pretend() == Some(false);
    let warnings = Alone::of(&routing.live).iter().filter(|_| real).map(|alone| tell(alone)).collect();
    Finding { warnings, ..Finding::good("routing", told.join("；")) }
}

fn told(routes: &Routes) -> String {
    let lines = by_line(routes);
    if lines.is_empty() {
        return "无短信账号 no SMS account".to_owned();
    }
    let line = |(line, whose): &(&[AccountName], Whose)| {
        let line: Vec<_> = line.iter().map(ToString::to_string).collect();
        format!("{} {} {}", whose.zh(), whose.en(), line.join(" → "))
    };
    lines.iter().map(line).collect::<Vec<_>>().join("，")
}

/// What we listen on. A city that runs already holds its own doors, and may be checked all the same.
struct Doors {
    all: Vec<(String, SocketAddr)>,
    shut: Vec<ConfigError>,
    /// Where a city of ours holds those that are shut.
    held_by_us: Option<SocketAddr>,
}

impl Doors {
    async fn try_all(config: &Config) -> Self {
        let (all, console) = (doors(config), config.console.listen);
        let shut = shut_doors(&all);
        let runs = !shut.is_empty() && runs_here(console).await;
        Self { all, shut, held_by_us: runs.then_some(console) }
    }

    fn told(&self) -> Finding {
        match self.held_by_us {
            Some(address) => Finding::good("ports", runs_at(address)),
            None => Finding::of("ports", &self.shut, || {
                let all = self.all.iter().map(|(field, address)| format!("{field} {address}"));
                all.collect::<Vec<_>>().join("，")
            }),
        }
    }
}

fn runs_at(address: SocketAddr) -> String {
    format!("mingluo 正在 {address} 运行 mingluo is running there already")
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
async fn logins(config: &Config, doors: &Doors) -> Vec<Finding> {
    let clock: SharedClock = SystemClock::shared();
    let knocked = knock(config, &clock).await;
    let mut findings =
        vec![Finding::of("logins", &knocked.shut_out, || what_is_known(&knocked, doors.held_by_us))];
    if !knocked.unready.is_empty() {
        findings.push(Finding::of("templates", &knocked.unready, String::new));
    }
    findings
}

/// Who was let in; and apart from them those of whom less is known.
fn what_is_known(knocked: &Knocked, held_by_us: Option<SocketAddr>) -> String {
    let names =
        |accounts: &[AccountName]| accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join("，");
    let why = held_by_us.map_or_else(|| "端口被占用 their ports are taken".to_owned(), runs_at);
    let said = [
        (&knocked.let_in, String::new()),
        (&knocked.reached, "可连通，无登录可试 reached, have no login to try: ".to_owned()),
        (&knocked.untried, format!("未试 not tried, {why}: ")),
    ];
    let said = said.iter().filter(|(accounts, _)| !accounts.is_empty());
    said.map(|(accounts, how)| format!("{how}{}", names(accounts))).collect::<Vec<_>>().join("；")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_that_was_not_tried_is_not_said_to_be_good() {
        let names = |name: &str| vec![AccountName(name.to_owned())];
        let knocked = Knocked {
            let_in: names("mobile"),
            reached: names("kannel"),
            untried: names("unicom"),
            ..Knocked::default()
        };
        let said = what_is_known(&knocked, Some(([127, 0, 0, 1], 8080).into()));
        assert_eq!(
            said,
            "mobile；可连通，无登录可试 reached, have no login to try: kannel；未试 not tried, mingluo 正在 \
             127.0.0.1:8080 运行 mingluo is running there already: unicom"
        );
        assert_eq!(what_is_known(&Knocked { let_in: names("mobile"), ..Knocked::default() }, None), "mobile");
    }
}
