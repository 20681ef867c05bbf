//! API keys (接口密钥): which there are, one more, one fewer. A key itself is never shown again; it is named by the first
//! digits of its hash, which tell nothing of it.

use super::{line, named};
use crate::{
    cli::{Table, Told as _, say},
    config::{Config, ConfigError},
    people,
};
use anyhow::bail;
use clap::Subcommand;
use mingluo_ledger::{
    Store,
    store::{ApiKeyRow, OfficerRow},
};
use mingluo_model::{
    clock::{Clock, system::SystemClock},
    id::OfficerId,
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::json;
use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Digits of the hash that name a key; 32 bits, so that a few thousand keys share none.
const NAME: usize = 8;

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// 列出全部密钥（只列名称，不列密钥本身）。 List the keys by name, never the keys themselves.
    #[command(after_help = "例 Example:\n  mingluo user --config mingluo.toml key list")]
    List {
        /// 输出 JSON。 Answer in JSON.
        #[arg(long)]
        json: bool,
    },
    /// 为值班员增发一把密钥。 One more key for an officer.
    #[command(
        after_help = "例 Example:\n  mingluo user --config mingluo.toml key add --login li --api-key-file li-2.key --label 气象局对接"
    )]
    Add {
        /// 登录名。 The sign-in name.
        #[arg(long)]
        login: String,
        /// 写入该文件，须是新文件。 Write it to this file, which must be new.
        #[arg(long)]
        api_key_file: PathBuf,
        /// 用途。 What it is for.
        #[arg(long, default_value = "command line")]
        label: String,
    },
    /// 撤销一把密钥，立即生效。 Revoke a key; it is refused at once.
    #[command(
        after_help = "例 Example（名称见 key list as key list names it）:\n  mingluo user --config mingluo.toml key revoke 3fa9c1d2"
    )]
    Revoke {
        /// 密钥名称，如 key list 所示。 The key's name.
        key: String,
    },
}

impl Key {
    pub(super) async fn run(self, config: &Config, store: &dyn Store) -> anyhow::Result<()> {
        let officers = store.officers().await?;
        match self {
            Self::List { json } => list(&store.api_keys().await?, &officers, config, json),
            Self::Add { login, api_key_file, label } => {
                let row = named(&officers, &login)?;
                add(store, row.officer.id, &label, &api_key_file, &mut StdRng::from_os_rng()).await
            }
            Self::Revoke { key } => revoke(store, &officers, &key).await,
        }
    }
}

/// Makes a key. Its file comes first: a key that nobody has opens nothing, one that nobody knows of would.
pub(super) async fn add(
    store: &dyn Store,
    officer: OfficerId,
    label: &str,
    file: &Path,
    chance: &mut StdRng,
) -> anyhow::Result<()> {
    let row = make(officer, label, file, chance)?;
    keep(store, &row).await
}

/// A key in a new file; it opens nothing before it is kept.
pub(super) fn make(
    officer: OfficerId,
    label: &str,
    file: &Path,
    chance: &mut StdRng,
) -> anyhow::Result<ApiKeyRow> {
    let (row, key) = people::api_key(officer, label, SystemClock::shared().now(), chance);
    write_secret(file, &key).map_err(|source| ConfigError::Unwritable {
        field: "--api-key-file",
        path: file.to_owned(),
        source,
    })?;
    Ok(row)
}

pub(super) async fn keep(store: &dyn Store, row: &ApiKeyRow) -> anyhow::Result<()> {
    let now = SystemClock::shared().now();
    Ok(store.add_api_key(row, line(now, "key.add", row.officer, told(row))).await?)
}

async fn revoke(store: &dyn Store, officers: &[OfficerRow], name: &str) -> anyhow::Result<()> {
    let keys = store.api_keys().await?;
    let is_name = name.len() >= NAME;
    let named: Vec<&ApiKeyRow> =
        keys.iter().filter(|key| is_name && hex::encode(key.key_hash).starts_with(name)).collect();
    let [key] = named[..] else {
        bail!(
            "{name:?}: 没有（或不止一把）这个名称的密钥，请照 key list 所示填写\n    names no key or several; give it as `mingluo user key list` shows it"
        );
    };
    let now = SystemClock::shared().now();
    if store.revoke_api_key(key.key_hash, line(now, "key.revoke", key.officer, told(key))).await? {
        let login = login(officers, key.officer);
        say(format_args!("已撤销 revoked: {} {login} {}", self::name(key), key.label));
    }
    Ok(())
}

fn list(keys: &[ApiKeyRow], officers: &[OfficerRow], config: &Config, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let told = keys.iter().map(|key| {
            json!({
                "key": name(key), "login": login(officers, key.officer), "label": key.label, "created": key.created,
            })
        });
        say(json!(told.collect::<Vec<_>>()));
        return Ok(());
    }
    let zone = config.zone().told()?;
    let mut table = Table::new(["密钥\nkey", "登录名\nlogin", "用途\nlabel", "生成\nmade"]);
    for key in keys {
        let made = key.created.to_jiff().unwrap_or(jiff::Timestamp::MIN).to_zoned_datetime(zone.clone());
        let made = made.strftime("%Y-%m-%d %H:%M:%S").to_string();
        table.row([name(key), login(officers, key.officer), key.label.clone(), made]);
    }
    table.lines().iter().for_each(say);
    Ok(())
}

fn name(key: &ApiKeyRow) -> String {
    let mut name = hex::encode(key.key_hash);
    name.truncate(NAME);
    name
}

fn told(key: &ApiKeyRow) -> serde_json::Value {
    json!({ "key": name(key), "label": key.label })
}

fn login(officers: &[OfficerRow], officer: OfficerId) -> String {
    officers.iter().find(|row| row.officer.id == officer).map_or_else(String::new, |row| row.login.clone())
}

fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{secret}")
}
