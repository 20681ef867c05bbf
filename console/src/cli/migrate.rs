//! `mingluo migrate`: the schema.

use super::{ConfigFile, Told as _, say};
use crate::config::Config;
use std::process::ExitCode;

/// 建立或升级数据库结构。
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    file: ConfigFile,
}

impl Migrate {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config).told()?;
        let migrated = mingluo_ledger::store::migrate(&config.store.address).await;
        migrated.map_err(|source| config.no_store(source)).told()?;
        say("数据库结构已是最新。 The schema is up to date.");
        Ok(ExitCode::SUCCESS)
    }
}
