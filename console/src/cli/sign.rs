//! `mingluo signer`: the process that holds the key.

use super::{ConfigFile, Told as _, say, stdin_closed};
use crate::{
    config::{Config, ConfigError, Fix},
    signer,
};
use mingluo_model::{
    clock::system::SystemClock,
    signer::{BadKeyFile, LocalSigner},
};
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
    /// 标准输入一关闭就退出。 End when standard input closes.
    #[arg(long)]
    until_stdin_closes: bool,
}

impl Sign {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config).told()?.signer;
        let path = config.key_file;
        let content = std::fs::read(&path).map_err(|source| ConfigError::Unreadable {
            field: "signer.key_file",
            path: path.clone(),
            source,
        });
        let content = content.told()?;
        let key_id = config
            .key_id
            .parse()
            .map_err(|_| ConfigError::value("signer.key_id", &config.key_id, Fix::KeyId))
            .told()?;
        let local = LocalSigner::from_file_content(key_id, &content)
            .map_err(|bad| ConfigError::value("signer.key_file", path.display(), fix(bad)))
            .told()?;
        let key = local.public();
        let public = json!({ "key_id": config.key_id, "alg": key.alg(), "public": hex::encode(&key) });
        if self.public {
            say(public);
            return Ok(ExitCode::SUCCESS);
        }
        let listener = signer::listen(&config.socket).await.told()?;
        // Who reads this may connect.
        say(public);
        tokio::select! {
            served = signer::serve(listener, local, SystemClock::shared()) => served?,
            _ = tokio::signal::ctrl_c() => {}
            () = stdin_closed(), if self.until_stdin_closes => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}

const fn fix(bad: BadKeyFile) -> Fix {
    match bad {
        BadKeyFile::NoKey { .. } => Fix::Seed,
        BadKeyFile::NoSm2Key => Fix::Sm2Key,
        BadKeyFile::WithoutSm2 => Fix::WithoutSm2,
    }
}
