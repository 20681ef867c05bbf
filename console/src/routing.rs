//! From accounts with their carriers and turns to the lines of dispatch (号码分流), and what an operator must not leave open:
//! a carrier without an account, two accounts whose turn it would be at once, numbers that nobody is named for.

use crate::config::{Accounts, Config, ConfigError, Fix, RoutingConfig};
use mingluo_dispatch::routes::Routes;
use mingluo_model::{audience::ChannelKind, carrier::Carrier, plan::AccountName};
use mingluo_targeting::carriers::{NumberPlan, PortedError, PortedNumbers};
use std::{collections::BTreeMap, fs::File, sync::Arc};

pub(crate) mod lines;

/// The turns that there are.
const LAST_RANK: u32 = 99;

/// The pack's table of prefixes.
const PREFIXES: &str = "carriers.csv";

/// Bad rows of a list that are told; whoever mends these runs `mingluo check` again.
const MOST_ROWS: usize = 20;

/// Who carries whom, in both modes.
#[derive(Debug, Default)]
pub struct Routing {
    /// Real warnings' accounts.
    pub live: Routes,
    /// Drills' accounts.
    pub drill: Routes,
    /// Whose network a number is in; `None` where no account names carriers.
    pub numbers: Option<Arc<NumberPlan>>,
}

impl Routing {
    /// Reads what a configuration says of it, the region pack's prefixes and the ported numbers.
    ///
    /// # Errors
    /// Every [`ConfigError`] that there is.
    pub fn read(config: &Config) -> Result<Self, Vec<ConfigError>> {
        let mut wrong = Vec::new();
        let modes = [("live", &config.live), ("drill", &config.drill)];
        let [live, drill] =
            modes.map(|(table, accounts)| with_mass(lines(table, accounts, &mut wrong), accounts));
        let names_carriers = modes.iter().any(|(_, accounts)| names_carriers(accounts));
        let numbers = numbers(config, names_carriers, &mut wrong);
        if wrong.is_empty() { Ok(Self { live, drill, numbers }) } else { Err(wrong) }
    }
}

/// Where there is a mass send, the account's template messages stand in for it.
fn with_mass(routes: Routes, accounts: &Accounts) -> Routes {
    let Some(wechat) = &accounts.wechat else { return routes };
    let Some(mass) = &wechat.mass else { return routes };
    routes.with_line(ChannelKind::WeChat, vec![mass.name.clone(), wechat.name.clone()])
}

/// One SMS account as far as its turn is concerned.
struct Candidate<'a> {
    kind: &'static str,
    name: &'a AccountName,
    carriers: &'a [Carrier],
    rank: u32,
    pretend: bool,
}

fn candidates(accounts: &Accounts) -> Vec<Candidate<'_>> {
    macro_rules! of {
        ($($kind:ident),*) => {
            [$(accounts.$kind.iter().map(|one| Candidate {
                kind: stringify!($kind), name: &one.name, carriers: &one.carriers, rank: one.rank, pretend: one.pretend,
            }).collect::<Vec<_>>()),*].into_iter().flatten().collect()
        };
    }
    of!(sms, cmpp, smgp, sgip, alibaba, tencent, http_sms)
}

fn names_carriers(accounts: &Accounts) -> bool {
    candidates(accounts).iter().any(|one| !one.carriers.is_empty())
}

fn lines(table: &'static str, accounts: &Accounts, wrong: &mut Vec<ConfigError>) -> Routes {
    let candidates = candidates(accounts);
    if candidates.is_empty() {
        return Routes::default();
    }
    for one in candidates.iter().filter(|one| !(1..=LAST_RANK).contains(&one.rank)) {
        let field = format!("{table}.{}.rank", one.kind);
        wrong.push(ConfigError::value(field, one.rank, Fix::Rank { most: LAST_RANK }));
    }
    // Who takes over from a real account must be one as well: nobody hears a pretend one.
    let (pretend, real): (Vec<_>, Vec<_>) = candidates.iter().partition(|one| one.pretend);
    if let (Some(pretend), Some(real)) = (pretend.first(), real.first()) {
        let fix = Fix::MixedPretend { pretend: pretend.name.to_string(), real: real.name.to_string() };
        wrong.push(ConfigError::value(format!("{table}.{}.pretend", pretend.kind), true, fix));
    }
    let unknown = unknown_line(table, accounts, &candidates, wrong);
    let (mut lines, mut without) = (BTreeMap::new(), Vec::new());
    for carrier in Carrier::ALL {
        // Who names the carrier goes before who takes what no other takes.
        let mut line =
            in_turn(table, carrier.zh(), &candidates, |one| one.carriers.contains(&carrier), wrong);
        line.extend(in_turn(table, "", &candidates, |one| one.carriers.is_empty(), &mut Vec::new()));
        if line.is_empty() {
            without.push(carrier);
        }
        lines.insert(carrier, line);
    }
    if !without.is_empty() {
        let words = |word: fn(Carrier) -> &'static str, between| {
            without.iter().map(|carrier| word(*carrier)).collect::<Vec<_>>().join(between)
        };
        let named = words(Carrier::zh, "、");
        let fix = Fix::NoCarrier { carriers: words(Carrier::word, ", ") };
        wrong.push(ConfigError::value(format!("{table}.*.carriers"), named, fix));
    }
    Routes::new(lines, unknown)
}

/// The accounts for numbers of no known carrier: the one that is named for them, then who takes what no other takes.
fn unknown_line(
    table: &'static str,
    accounts: &Accounts,
    candidates: &[Candidate<'_>],
    wrong: &mut Vec<ConfigError>,
) -> Vec<AccountName> {
    let mut line = in_turn(table, "", candidates, |one| one.carriers.is_empty(), wrong);
    let field = || format!("{table}.sms_default");
    let known = || candidates.iter().map(|one| one.name.0.as_str()).collect::<Vec<_>>().join(", ");
    match &accounts.sms_default {
        Some(name) if candidates.iter().all(|one| one.name != name) => {
            wrong.push(ConfigError::value(field(), name, Fix::NoSuchAccount { known: known() }));
        }
        Some(name) => {
            line.retain(|one| one != name);
            line.insert(0, name.clone());
        }
        None if line.is_empty() => {
            wrong.push(ConfigError::value(field(), "", Fix::NoDefault { known: known() }));
        }
        None => {}
    }
    line
}

/// The accounts that are wanted, in the order of their turns; two of one turn are refused.
fn in_turn(
    table: &str,
    carrier: &str,
    candidates: &[Candidate<'_>],
    wanted: impl Fn(&Candidate<'_>) -> bool,
    wrong: &mut Vec<ConfigError>,
) -> Vec<AccountName> {
    let mut line: Vec<_> = candidates.iter().filter(|one| wanted(one)).collect();
    line.sort_by_key(|one| one.rank);
    for pair in line.windows(2).filter(|pair| pair[0].rank == pair[1].rank) {
        let fix = Fix::EqualRank {
            account: pair[1].name.to_string(),
            other: pair[0].name.to_string(),
            carrier: if carrier.is_empty() { "any" } else { carrier }.to_owned(),
        };
        wrong.push(ConfigError::value(format!("{table}.{}.rank", pair[1].kind), pair[1].rank, fix));
    }
    line.into_iter().map(|one| one.name.clone()).collect()
}

/// The prefixes and the ported numbers, where they are needed.
fn numbers(config: &Config, needed: bool, wrong: &mut Vec<ConfigError>) -> Option<Arc<NumberPlan>> {
    let RoutingConfig { ported_file } = &config.routing;
    let ported = ported_file.as_ref().map(|path| (path, ported(path)));
    let ported = match ported {
        None => PortedNumbers::default(),
        Some((_, Ok(ported))) => ported,
        Some((_, Err(problems))) => {
            wrong.extend(problems);
            return None;
        }
    };
    if !needed {
        // Whoever keeps such a list believes that it is heeded.
        wrong.extend(
            ported_file
                .as_ref()
                .map(|path| ConfigError::value("routing.ported_file", path.display(), Fix::PortedInVain)),
        );
        return None;
    }
    let path = config.region.pack.join(PREFIXES);
    let read = File::open(&path).map_err(|source| ConfigError::Unreadable {
        field: "region.pack",
        path: path.clone(),
        source,
    });
    let plan = read.and_then(|file| {
        NumberPlan::read(file).map_err(|error| ConfigError::Pack { path, detail: error.to_string() })
    });
    match plan {
        Ok(plan) => Some(Arc::new(plan.with_ported(ported))),
        Err(problem) => {
            wrong.push(problem);
            None
        }
    }
}

fn ported(path: &std::path::Path) -> Result<PortedNumbers, Vec<ConfigError>> {
    let field = "routing.ported_file";
    let unreadable = |source| vec![ConfigError::Unreadable { field, path: path.to_owned(), source }];
    let file = File::open(path).map_err(unreadable)?;
    PortedNumbers::read(std::io::BufReader::new(file)).map_err(|error| {
        let wrong = |detail| ConfigError::Ported { path: path.to_owned(), detail };
        match error {
            PortedError::Rows(rows) => {
                rows.iter().take(MOST_ROWS).map(|row| wrong(row.to_string())).collect()
            }
            PortedError::Sheet(error) => vec![wrong(error.to_string())],
        }
    })
}

#[cfg(test)]
mod tests;
