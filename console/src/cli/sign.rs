//! `mingluo signer`: the process that holds the key.

use super::{ConfigFile, say};
use crate::{
    config::{Config, ConfigError},
    signer,
};
use mingluo_model::signer::LocalSigner;
use serde_json::json;
use std::process::ExitCode;

/// 签名进程。
#[derive(Debug, clap::Args)]
pub(super) struct Sign {
    #[command(flatten)]
    file: ConfigFile,
    /// 只打印公钥后退出。 Print the public key and exit.
    #[arg(long)]
    public: bool,
}

impl Sign {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config)?.signer;
        let path = config.key_file;
        let content = std::fs::read(&path).map_err(|source| ConfigError::Unreadable {
            field: "signer.key_file",
            path: path.clone(),
            source,
        })?;
        let key_id = config
            .key_id
            .parse()
            .map_err(|error| ConfigError::value("signer.key_id", &config.key_id, format!("{error}")))?;
        let local = LocalSigner::from_file_content(key_id, &content)
            .map_err(|error| ConfigError::value("signer.key_file", path.display(), error.to_string()))?;
        let public = hex::encode(local.public());
        say(json!({ "key_id": config.key_id, "public": public }));
        if self.public {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::select! {
            served = signer::serve(&config.socket, local) => served?,
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}
