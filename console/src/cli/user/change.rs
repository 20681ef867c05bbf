//! What becomes of an officer after the first day (值班员变更): another password, other roles, leave and return. Each change
//! signs out the officer's browsers in the same transaction and leaves an audit line.

use super::{RoleWord, line, named, password_hash, role_word};
use crate::cli::say;
use mingluo_ledger::{Store, store::OfficerRow};
use mingluo_model::{
    clock::{Clock, system::SystemClock},
    owner::Role,
};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Password {
    /// 登录名。 The sign-in name.
    #[arg(long)]
    login: String,
    /// 新口令的文件（第一行）。 The file whose first line is the new password.
    #[arg(long)]
    password_file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(super) struct Disable {
    /// 登录名。 The sign-in name.
    #[arg(long)]
    login: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Enable {
    /// 登录名。 The sign-in name.
    #[arg(long)]
    login: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Roles {
    /// 登录名。 The sign-in name.
    #[arg(long)]
    login: String,
    /// 今后的全部权限，逗号分隔，互不包含。 All the rights from now on; none follows from another.
    #[arg(long, value_delimiter = ',', required = true)]
    roles: Vec<RoleWord>,
}

impl Password {
    pub(super) async fn run(self, store: &dyn Store) -> anyhow::Result<()> {
        let officers = store.officers().await?;
        let before = named(&officers, &self.login)?;
        let after = OfficerRow { password_hash: password_hash(&self.password_file)?, ..before.clone() };
        keep(store, &after, "officer.password", json!({ "login": self.login })).await?;
        let login = &self.login;
        say(format_args!("已更换口令，其浏览器已全部退出 password changed, signed out everywhere: {login}"));
        Ok(())
    }
}

impl Disable {
    pub(super) async fn run(self, store: &dyn Store) -> anyhow::Result<()> {
        let (officers, login) = (store.officers().await?, &self.login);
        let before = named(&officers, login)?;
        if !before.enabled {
            say(format_args!("本已停用 was disabled already: {login}"));
            return Ok(());
        }
        let after = OfficerRow { enabled: false, ..before.clone() };
        keep(store, &after, "officer.disable", json!({ "login": login })).await?;
        say(format_args!(
            "已停用，浏览器已全部退出，接口密钥不再接受 disabled, signed out everywhere, API keys refused: {login}"
        ));
        warn_without_releaser(&officers, &after);
        Ok(())
    }
}

impl Enable {
    pub(super) async fn run(self, store: &dyn Store) -> anyhow::Result<()> {
        let (officers, login) = (store.officers().await?, &self.login);
        let before = named(&officers, login)?;
        if before.enabled {
            say(format_args!("本已启用 was enabled already: {login}"));
            return Ok(());
        }
        let after = OfficerRow { enabled: true, ..before.clone() };
        keep(store, &after, "officer.enable", json!({ "login": login })).await?;
        say(format_args!("已启用，口令与接口密钥照旧 enabled, with the same password and API keys: {login}"));
        Ok(())
    }
}

impl Roles {
    pub(super) async fn run(self, store: &dyn Store) -> anyhow::Result<()> {
        let (officers, login) = (store.officers().await?, &self.login);
        let before = named(&officers, login)?;
        let mut after = before.clone();
        after.officer.roles = self.roles.into_iter().map(Role::from).collect();
        let (was, roles) = (&before.officer.roles, &after.officer.roles);
        keep(store, &after, "officer.roles", json!({ "login": login, "before": was, "roles": roles }))
            .await?;
        let told: Vec<&str> = roles.iter().map(|role| role_word(*role)).collect();
        say(format_args!(
            "权限已换，其浏览器已全部退出 roles changed, signed out everywhere: {login}: {}",
            told.join("，")
        ));
        warn_without_releaser(&officers, &after);
        Ok(())
    }
}

async fn keep(store: &dyn Store, row: &OfficerRow, action: &str, detail: Value) -> anyhow::Result<()> {
    let now = SystemClock::shared().now();
    Ok(store.change_officer(row, line(now, action, row.officer.id, detail)).await?)
}

/// A city in which nobody may release is told so, and left so: who is dismissed must not stay for want of a successor.
fn warn_without_releaser(before: &[OfficerRow], changed: &OfficerRow) {
    let can = |row: &OfficerRow| row.enabled && row.officer.may(Role::Releaser);
    let others = before.iter().filter(|row| row.officer.id != changed.officer.id);
    if !can(changed) && !others.into_iter().any(can) && before.iter().any(can) {
        say("注意：现在没有人能签发预警。请用 user roles 或 user add 指定一名签发人（releaser）。");
        say(
            "    Beware: nobody may release a warning now. Give somebody the role releaser with user roles or user add.",
        );
    }
}
