//! `mingluo user`: officers and their API keys. Passwords come from files, never from the command line.

mod change;
mod key;
mod role;

use super::{ConfigFile, Table, Told as _, say};
use crate::{
    app::open_store,
    config::{Config, ConfigError, Fix, read_text},
    office::OfficeError,
    people,
    region::Region,
};
use anyhow::{Context, bail};
use change::{Disable, Enable, Password, Roles};
use clap::Subcommand;
use mingluo_ledger::{
    Store,
    audit::AuditLine,
    store::{OfficerRow, OrgRow},
};
use mingluo_model::{
    clock::{Clock, Timestamp, system::SystemClock},
    id::{OfficerId, OrgId},
    owner::{Officer, Owner, Role},
};
use rand::{SeedableRng, rngs::StdRng};
use role::{RoleWord, role_word};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The shortest password that is taken (等级保护 2.0 and NIST SP 800-63B ask for eight and more).
const SHORTEST_PASSWORD: usize = 10;

/// The longest sign-in name, in characters.
const LONGEST_LOGIN: usize = 32;

/// 值班员。
#[derive(Debug, clap::Args)]
pub(super) struct User {
    #[command(flatten)]
    file: ConfigFile,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 添加值班员。 Add an officer.
    #[command(
        after_help = "例 Examples:\n  mingluo user --config mingluo.toml add --login li --name 李明 --roles author --password-file pw --region 2104\n  mingluo user --config mingluo.toml add --login zhao --name 赵敏 --roles approver,releaser --password-file pw --region 2104 --api-key-file zhao.key"
    )]
    Add(Add),
    /// 列出值班员。 List the officers.
    #[command(
        after_help = "例 Examples:\n  mingluo user --config mingluo.toml list\n  mingluo user --config mingluo.toml list --json"
    )]
    List(List),
    /// 更换口令；其浏览器立即全部退出，接口密钥不变。 Change an officer's password; every browser is signed out at once, API keys
    /// stay.
    #[command(
        after_help = "例 Example:\n  mingluo user --config mingluo.toml password --login li --password-file li.password"
    )]
    Password(Password),
    /// 停用：不能登录，浏览器立即全部退出，接口密钥立即被拒。 Disable an officer: no sign-in, every browser is signed out and every API
    /// key refused at once.
    #[command(after_help = "例 Example:\n  mingluo user --config mingluo.toml disable --login li")]
    Disable(Disable),
    /// 重新启用，口令与接口密钥照旧；退出的浏览器须重新登录。 Enable an officer again, with the same password and API keys.
    #[command(after_help = "例 Example:\n  mingluo user --config mingluo.toml enable --login li")]
    Enable(Enable),
    /// 换成这些权限；其浏览器立即全部退出，重新登录即按新权限。 Give an officer these roles instead; every browser is signed out at
    /// once.
    #[command(
        after_help = "例 Example:\n  mingluo user --config mingluo.toml roles --login li --roles author,approver"
    )]
    Roles(Roles),
    /// 接口密钥：列出、增发、撤销；撤销立即生效，不用重启。 API keys: list, add, revoke; a revoked key is refused at once, without a
    /// restart.
    #[command(
        subcommand,
        after_help = "例 Examples:\n  mingluo user --config mingluo.toml key list\n  mingluo user --config mingluo.toml key revoke 3fa9c1d2"
    )]
    Key(key::Key),
}

#[derive(Debug, clap::Args)]
struct List {
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Add {
    /// 登录名，1 至 32 个英文字母、数字、点、下划线或连字符。 The sign-in name: 1 to 32 of letters, digits, `.`, `_` and `-`.
    #[arg(long)]
    login: String,
    /// 姓名。 The name on pages.
    #[arg(long)]
    name: String,
    /// 权限，逗号分隔，互不包含。 The rights; none follows from another.
    #[arg(long, value_delimiter = ',', required = true)]
    roles: Vec<RoleWord>,
    /// 口令文件（第一行）。 The file whose first line is the password.
    #[arg(long)]
    password_file: PathBuf,
    /// 管辖区域代码。 The region that bounds the officer.
    #[arg(long)]
    region: String,
    /// 单位名称；首次使用时建立。 The organisation; made on first use.
    #[arg(long, default_value = "值班单位")]
    org: String,
    /// 生成接口密钥并写入该文件。 Make an API key and write it to this file.
    #[arg(long)]
    api_key_file: Option<PathBuf>,
}

impl User {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config).told()?;
        let store = open_store(&config).await.told()?;
        match self.verb {
            Verb::Add(add) => add.run(&config, store.as_ref()).await?,
            Verb::Password(password) => password.run(store.as_ref()).await?,
            Verb::Disable(disable) => disable.run(store.as_ref()).await?,
            Verb::Enable(enable) => enable.run(store.as_ref()).await?,
            Verb::Roles(roles) => roles.run(store.as_ref()).await?,
            Verb::Key(key) => key.run(&config, store.as_ref()).await?,
            Verb::List(list) => list.tell(&store.orgs().await?, &store.officers().await?),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    fn tell(&self, orgs: &[OrgRow], officers: &[OfficerRow]) {
        let org = |row: &OfficerRow| {
            let known = orgs.iter().find(|org| org.id == row.officer.owner.org);
            known.map_or(String::new(), |org| org.name.clone())
        };
        if self.json {
            let told = officers.iter().map(|row| {
                json!({
                    "officer": row.officer.id, "login": row.login, "name": row.name, "org": org(row),
                    "region": row.officer.owner.scope, "roles": row.officer.roles, "enabled": row.enabled,
                })
            });
            return say(json!(told.collect::<Vec<_>>()));
        }
        table(officers, org).iter().for_each(say);
    }
}

fn table(officers: &[OfficerRow], org: impl Fn(&OfficerRow) -> String) -> Vec<String> {
    let heads =
        ["登录名\nlogin", "姓名\nname", "单位\norganisation", "辖区\nregion", "权限\nroles", "状态\nstate"];
    let mut table = Table::new(heads);
    for row in officers {
        let roles: Vec<&str> = row.officer.roles.iter().map(|role| role_word(*role)).collect();
        let state = if row.enabled { "启用 enabled" } else { "停用 disabled" };
        let region = row.officer.owner.scope.to_string();
        table.row([
            row.login.clone(),
            row.name.clone(),
            org(row),
            region,
            roles.join("，"),
            state.to_owned(),
        ]);
    }
    table.lines()
}

impl Add {
    async fn run(self, config: &Config, store: &dyn Store) -> anyhow::Result<()> {
        if !is_login(&self.login) {
            let fix = Fix::Login { most: LONGEST_LOGIN };
            return Err(ConfigError::value("--login", &self.login, fix).into());
        }
        let clock = SystemClock::shared();
        let mut chance = StdRng::from_os_rng();
        let region = Region::read(config).told()?;
        let scope = region.gazetteer.resolve(&self.region).map_err(OfficeError::from).told();
        let scope = scope.context("--region")?;
        let password_hash = password_hash(&self.password_file)?;
        if store.officers().await?.iter().any(|row| row.login == self.login) {
            bail!("--login {:?}: 已存在，请换一个\n    this name is taken; choose another", self.login);
        }
        let now = clock.now();
        let org = self.org_row(store, now, scope, &mut chance).await?;
        let officer = Officer {
            id: OfficerId::new(now, &mut chance),
            owner: org.owner,
            roles: self.roles.iter().copied().map(Role::from).collect(),
        };
        let id = officer.id;
        let row = OfficerRow {
            officer,
            login: self.login.clone(),
            name: self.name.clone(),
            password_hash,
            enabled: true,
        };
        enrol(store, org, row, self.api_key_file.as_deref(), &mut chance).await?;
        say(json!({ "officer": id, "login": self.login }));
        Ok(())
    }

    async fn org_row(
        &self,
        store: &dyn Store,
        now: Timestamp,
        scope: mingluo_model::region::RegionCode,
        chance: &mut StdRng,
    ) -> anyhow::Result<OrgRow> {
        let known =
            store.orgs().await?.into_iter().find(|row| row.name == self.org && row.owner.scope == scope);
        Ok(known.unwrap_or_else(|| {
            let id = OrgId::new(now, chance);
            OrgRow { id, name: self.org.clone(), owner: Owner { org: id, scope, level: scope.level() } }
        }))
    }
}

/// Adds an officer, with a key where one is wanted. The key's file comes first: where it cannot be made, nobody is added.
async fn enrol(
    store: &dyn Store,
    org: OrgRow,
    row: OfficerRow,
    key_file: Option<&Path>,
    chance: &mut StdRng,
) -> anyhow::Result<()> {
    let id = row.officer.id;
    let key = key_file.map(|file| key::make(id, "command line", file, chance)).transpose()?;
    let added = line(SystemClock::shared().now(), "officer.add", id, json!({ "login": row.login }));
    if let Err(error) = store.save_people(&[org], &[row], &[added]).await {
        // A key that opens nothing would only stand in the way of the next try.
        key_file.map(std::fs::remove_file).transpose().ok();
        return Err(error.into());
    }
    match &key {
        Some(key) => key::keep(store, key).await.context(
            "值班员已添加，密钥没有：请用 user key add 增发 the officer is there, the key is not: make one with `user key add`",
        ),
        None => Ok(()),
    }
}

fn is_login(word: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    (1..=LONGEST_LOGIN).contains(&word.chars().count()) && word.chars().all(fits)
}

/// The hash of the password on a file's first line.
fn password_hash(file: &Path) -> anyhow::Result<String> {
    let text = read_text("--password-file", file).told()?;
    let password = text.lines().next().unwrap_or_default();
    if password.chars().count() < SHORTEST_PASSWORD {
        let fix = Fix::Password { least: SHORTEST_PASSWORD };
        return Err(ConfigError::value("--password-file", file.display(), fix).into());
    }
    people::hash_password(password).map_err(|error| anyhow::anyhow!("{error}"))
}

/// The officer of a sign-in name.
fn named<'a>(officers: &'a [OfficerRow], login: &str) -> anyhow::Result<&'a OfficerRow> {
    let found = officers.iter().find(|row| row.login == login);
    found.ok_or_else(|| ConfigError::value("--login", login, Fix::NoOfficer).into())
}

fn line(at: Timestamp, action: &str, officer: OfficerId, detail: serde_json::Value) -> AuditLine {
    let (actor, action) = (AuditLine::SYSTEM.to_owned(), action.to_owned());
    AuditLine { at, actor, action, subject: officer.to_string(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_a_short_word_that_can_be_typed() {
        assert!(["w", "li.ming_2-a", &"x".repeat(32)].into_iter().all(is_login));
        assert!(!["", "w u", "李", "a/b", "a\u{202e}b", &"x".repeat(33)].into_iter().any(is_login));
    }

    #[tokio::test]
    async fn a_key_file_that_is_there_already_leaves_no_officer_half_made() {
        use mingluo_ledger::vault::Vault;
        let home = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", home.path().join("town.db").display());
        mingluo_ledger::migrate(&address).await.unwrap();
        let mut chance = StdRng::seed_from_u64(7);
        let vault = Vault::read("keys", &Vault::generate(&mut chance)).unwrap();
        let store = mingluo_ledger::open(&address, std::sync::Arc::new(vault)).await.unwrap();
        let file = home.path().join("zhao.key");
        std::fs::write(&file, "another's").unwrap();

        let scope: mingluo_model::region::RegionCode = "2104".parse().unwrap();
        let owner = Owner { org: OrgId(uuid::Uuid::nil()), scope, level: scope.level() };
        let org = OrgRow { id: owner.org, name: "值班单位".into(), owner };
        let row = OfficerRow {
            officer: Officer { id: OfficerId(uuid::Uuid::nil()), owner, roles: vec![Role::Author] },
            login: "zhao".into(),
            name: "赵敏".into(),
            password_hash: String::new(),
            enabled: true,
        };
        let mut enrol = async |file: &Path| {
            super::enrol(store.as_ref(), org.clone(), row.clone(), Some(file), &mut chance).await
        };
        let error = enrol(&file).await.unwrap_err();
        let told = crate::tongue::tell(error.downcast_ref::<ConfigError>().unwrap());
        assert!(told.zh.contains("已有这个文件") && told.en.contains("is there already"), "{told:?}");
        assert!(store.officers().await.unwrap().is_empty());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "another's");

        enrol(&home.path().join("new.key")).await.unwrap();
        assert_eq!((store.officers().await.unwrap().len(), store.api_keys().await.unwrap().len()), (1, 1));
    }

    #[test]
    fn officers_are_told_in_words_and_not_as_a_program_writes_them() {
        let org = OrgId(uuid::Uuid::nil());
        let scope: mingluo_model::region::RegionCode = "2104".parse().unwrap();
        let owner = Owner { org, scope, level: scope.level() };
        let roles = vec![Role::Approver, Role::Releaser];
        let officer = Officer { id: OfficerId(uuid::Uuid::nil()), owner, roles };
        let row = OfficerRow {
            officer,
            login: "zhao".into(),
            name: "赵敏".into(),
            password_hash: "$argon2id$secret".into(),
            enabled: true,
        };
        let lines = table(&[row], |_| "值班单位".into()).join("\n");
        assert!(lines.contains("审核 approver，签发 releaser") && lines.contains("值班单位"), "{lines}");
        assert!(!lines.contains('[') && !lines.contains("argon2"), "{lines}");
    }
}
