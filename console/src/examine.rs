//! Everything about a configuration that can be known to be wrong before it is needed (配置检查). `mingluo check` and
//! `mingluo serve` ask the same question, so that what the one passes the other does not refuse.

use crate::{
    app::{webhook_targets, wrong_accounts, wrong_forward},
    call::Calling,
    config::{Accounts, Config, ConfigError, Fix},
    region::Region,
    render::{SMS_GAPS, WECHAT_GAPS},
    routing::Routing,
    speech::SpeechConfig,
    tongue::tell,
};
use mingluo_model::{
    bulletin::KeyId, clock::SharedClock, plan::AccountName, region::RegionCode, template::Template,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};

/// The longest hold: ten minutes. Whoever waits longer to be sure should not release yet; the flood does not wait.
const LONGEST_HOLD_MS: u32 = 600_000;

/// A configuration without a known fault.
pub struct Examined {
    /// The region pack, read.
    pub region: Region,
    /// Who carries whom.
    pub routing: Routing,
    /// How responsible persons are called.
    pub calling: Option<Arc<Calling>>,
}

/// All that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub struct Refused {
    /// The configuration's file.
    pub file: PathBuf,
    /// At least one.
    pub problems: Vec<ConfigError>,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.file.display())?;
        for problem in &self.problems {
            let told = tell(problem);
            write!(out, "\n  {}\n    {}", told.zh, told.en)?;
        }
        Ok(())
    }
}

/// Examines a configuration; opens no store, binds no port, connects to nothing.
///
/// # Errors
/// [`Refused`] with all that is wrong, not only the first.
pub fn examine(config: &Config) -> Result<Examined, Refused> {
    let mut problems = wrong_values(config);
    let region = Region::read(config);
    let mut calling = None;
    if let Ok(region) = &region {
        problems.extend(unknown_hazards(config, region));
        problems.extend(unknown_divisions(config, region));
        match config.call.as_ref().map(|call| call.build(&region.groups)) {
            Some(Ok(built)) => calling = Some(Arc::new(built)),
            Some(Err(wrong)) => problems.extend(wrong),
            None => {}
        }
    }
    problems.extend(wrong_accounts(config));
    problems.extend(wrong_forward(config));
    problems.extend(wrong_webhooks(config));
    problems.extend(taken_names(config));
    let routing = Routing::read(config).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Routing::default()
    });
    match region {
        Ok(region) if problems.is_empty() => Ok(Examined { region, routing, calling }),
        Ok(_) => Err(Refused { file: config.file.clone(), problems }),
        Err(error) => {
            problems.push(error);
            Err(Refused { file: config.file.clone(), problems })
        }
    }
}

/// The addresses that a running city listens on, each with its key.
pub fn doors(config: &Config) -> Vec<(String, SocketAddr)> {
    let mut doors = vec![("console.listen".to_owned(), config.console.listen)];
    for (table, accounts) in [("live", &config.live), ("drill", &config.drill)] {
        let speaker = accounts.speaker.iter().map(|one| ("speaker", one.listen));
        let enrol = accounts.speaker.iter().filter_map(|one| one.enrol.as_ref());
        let enrol = enrol.map(|enrol| ("speaker.enrol", enrol.listen));
        let sgip = accounts.sgip.iter().map(|one| ("sgip", one.listen));
        let bounces = accounts.email.iter().filter_map(|one| one.bounces.as_ref());
        let bounces = bounces.map(|bounces| ("email.bounces", bounces.listen));
        doors.extend(
            speaker
                .chain(enrol)
                .chain(sgip)
                .chain(bounces)
                .map(|(kind, address)| (format!("{table}.{kind}.listen"), address)),
        );
    }
    doors
}

/// Binds every door for a moment; gives those that cannot be had.
pub fn shut_doors(doors: &[(String, SocketAddr)]) -> Vec<ConfigError> {
    let mut held = Vec::new();
    let mut shut = Vec::new();
    for (field, address) in doors {
        match std::net::TcpListener::bind(address) {
            // Held to the end, so that two keys of one port are found as well.
            Ok(listener) => held.push(listener),
            Err(cause) => shut.push(ConfigError::port(field, *address, &cause)),
        }
    }
    shut
}

fn wrong_values(config: &Config) -> Vec<ConfigError> {
    let mut wrong: Vec<ConfigError> = Vec::new();
    wrong.extend(config.zone().err());
    wrong.extend(config.render.platform().err());
    if config.signer.key_id.parse::<KeyId>().is_err() {
        wrong.push(ConfigError::value("signer.key_id", &config.signer.key_id, Fix::KeyId));
    }
    if let Some(feed) = config.feed.as_ref().filter(|feed| !feed.is_usable()) {
        wrong.push(ConfigError::value("feed.url", &feed.url, Fix::Public));
    }
    wrong.extend(config.speech.as_ref().and_then(SpeechConfig::fault));
    wrong.extend(long_holds(config));
    wrong.extend(wrong_template("render.sms", &config.render.sms, &SMS_GAPS));
    let fields = config.render.wechat.iter().flat_map(|template| &template.fields);
    for (name, words) in fields {
        wrong.extend(wrong_template(&format!("render.wechat.fields.{name}"), words, &WECHAT_GAPS));
    }
    wrong.extend(
        ["live", "drill"]
            .into_iter()
            .zip([&config.live, &config.drill])
            .filter_map(|(table, accounts)| missing_template(config, table, accounts)),
    );
    wrong
}

fn long_holds(config: &Config) -> impl Iterator<Item = ConfigError> {
    let policy = &config.policy;
    let rules = [
        ("blue", policy.blue),
        ("yellow", policy.yellow),
        ("orange", policy.orange),
        ("red", policy.red),
        ("withdrawal", policy.withdrawal),
    ];
    rules.into_iter().filter(|(_, rule)| rule.hold_ms > LONGEST_HOLD_MS).map(|(name, rule)| {
        let fix = Fix::Hold { most_ms: LONGEST_HOLD_MS };
        ConfigError::value(format!("policy.{name}.hold_ms"), rule.hold_ms, fix)
    })
}

fn wrong_template(field: &str, words: &str, gaps: &[&'static str]) -> Option<ConfigError> {
    let values: BTreeMap<&str, String> = gaps.iter().map(|gap| (*gap, String::new())).collect();
    let error = Template::new(words).fill(&values).err()?;
    Some(ConfigError::value(field, words, Fix::template(error)))
}

/// A WeChat account sends nothing without a template that it holds.
fn missing_template(config: &Config, table: &str, accounts: &Accounts) -> Option<ConfigError> {
    let account = accounts.wechat.as_ref()?;
    let Some(template) = &config.render.wechat else {
        let field = format!("{table}.wechat.name");
        return Some(ConfigError::value(field, &account.name, Fix::NoTemplate));
    };
    let listed = account.templates.join(", ");
    (!account.templates.contains(&template.id))
        .then(|| ConfigError::value("render.wechat.id", &template.id, Fix::Template { listed }))
}

fn unknown_hazards(config: &Config, region: &Region) -> impl Iterator<Item = ConfigError> {
    let codes = config.policy.without_hold.iter().filter(|code| !region.hazards.by_code.contains_key(*code));
    codes.map(|code| {
        let table = config.region.pack.join("event_types.csv");
        ConfigError::value("policy.without_hold", code, Fix::Hazard { table })
    })
}

/// Divisions of webhook targets that the pack does not have: such a target would never be told of anything.
fn unknown_divisions(config: &Config, region: &Region) -> Vec<ConfigError> {
    let table = config.region.pack.join("divisions.csv");
    let is_unknown =
        |code: &&String| code.parse::<RegionCode>().is_ok_and(|code| region.gazetteer.get(code).is_none());
    let wanted = config.webhook.iter().flat_map(|target| &target.regions);
    let unknown = wanted.filter(is_unknown);
    unknown
        .map(|code| ConfigError::value("webhook.regions", code, Fix::Division { table: table.clone() }))
        .collect()
}

/// Targets of webhooks that cannot be used, or of a name that another one has: what became of a warning is kept by it.
fn wrong_webhooks(config: &Config) -> Vec<ConfigError> {
    let clock: SharedClock = mingluo_model::clock::system::SystemClock::shared();
    let mut wrong: Vec<ConfigError> = webhook_targets(config, &clock).err().into_iter().collect();
    let mut names = BTreeSet::new();
    let twice = config.webhook.iter().filter(|target| !names.insert(target.name.trim()));
    wrong.extend(twice.map(|target| {
        let fix = Fix::TakenName { by: "webhook".to_owned() };
        ConfigError::value("webhook.name", &target.name, fix)
    }));
    wrong
}

/// Plans and deliveries are kept by the account's name.
fn taken_names(config: &Config) -> Vec<ConfigError> {
    let mut owners: BTreeMap<AccountName, String> = BTreeMap::new();
    let mut taken = Vec::new();
    for (table, name) in names("live", &config.live).into_iter().chain(names("drill", &config.drill)) {
        if let Some(by) = owners.get(&name) {
            let fix = Fix::TakenName { by: by.clone() };
            taken.push(ConfigError::value(format!("{table}.name"), &name, fix));
        } else {
            owners.insert(name, table);
        }
    }
    taken
}

fn names(table: &str, accounts: &Accounts) -> Vec<(String, AccountName)> {
    let sms = accounts.sms.iter().map(|one| ("sms", &one.name));
    let cmpp = accounts.cmpp.iter().map(|one| ("cmpp", &one.name));
    let smgp = accounts.smgp.iter().map(|one| ("smgp", &one.name));
    let sgip = accounts.sgip.iter().map(|one| ("sgip", &one.name));
    let wechat = accounts.wechat.iter().map(|one| ("wechat", &one.name));
    let mass = accounts.wechat.iter().filter_map(|one| Some(("wechat.mass", &one.mass.as_ref()?.name)));
    let wecom = accounts.wecom.iter().map(|one| ("wecom", &one.name));
    let robot = accounts.robot.iter().map(|one| ("robot", &one.name));
    let email = accounts.email.iter().map(|one| ("email", &one.name));
    let speaker = accounts.speaker.iter().map(|one| ("speaker", &one.name));
    let alibaba = accounts.alibaba.iter().map(|one| ("alibaba", &one.name));
    let tencent = accounts.tencent.iter().map(|one| ("tencent", &one.name));
    let http = accounts.http_sms.iter().map(|one| ("http_sms", &one.name));
    let gateways = sms.chain(cmpp).chain(smgp).chain(sgip).chain(alibaba).chain(tencent).chain(http);
    gateways
        .chain(wechat)
        .chain(mass)
        .chain(wecom)
        .chain(robot)
        .chain(email)
        .chain(speaker)
        .map(|(kind, name)| (format!("{table}.{kind}"), name.clone()))
        .collect()
}
