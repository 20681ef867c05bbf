//! The city's signer as it is deployed (签名进程): the program `mingluo signer` in a process of its own behind its socket, with
//! the key that the boxes believe.

use super::Field;
use crate::{
    issuer::{KEY_ID, SEED},
    rehearse::program::Program,
};
use anyhow::{Context as _, Result};
use mingluo_console::signer::SocketSigner;
use mingluo_model::signer::Signer;
use serde_json::json;
use std::{fs, path::PathBuf, sync::Arc};

/// The running process.
pub(super) struct Signing {
    program: Program,
    socket: PathBuf,
}

impl Signing {
    /// Starts it.
    ///
    /// # Errors
    /// When the program does not start; with its last words.
    pub(super) async fn start(field: &Field) -> Result<Self> {
        let at = |name: &str| field.folder.join(name);
        let (socket, key_file, config) = (at("signer.sock"), at("signer-key"), at("mingluo.toml"));
        fs::write(&key_file, hex::encode(SEED))?;
        // The signer reads the whole file and uses its own table.
        let settings = json!({
            "node": { "name": "boxes", "time_zone": "Asia/Shanghai" },
            "store": { "address": "sqlite:unused", "keys_file": "unused" },
            "console": { "listen": "127.0.0.1:0" },
            "region": { "pack": "unused" },
            "signer": { "socket": socket, "key_file": key_file, "key_id": KEY_ID },
            "render": { "issuer": "清原满族自治县气象台", "cap_sender": "bench.pretend.invalid",
                "platform": "42104000000000103010101" },
        });
        fs::write(&config, toml::to_string(&settings).context("the configuration as TOML")?)?;
        let words = ["signer".as_ref(), "--config".as_ref(), config.as_os_str()];
        let (binary, log) = (field.programs.join("mingluo"), at("signer.log"));
        let (program, _) = Program::start(&binary, &words, &log, "public", &field.clock).await?;
        Ok(Self { program, socket })
    }

    /// Whoever asks it.
    pub(super) fn client(&self, field: &Field) -> Arc<dyn Signer> {
        Arc::new(SocketSigner::new(self.socket.clone(), field.clock.clone()))
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it ended by itself before.
    pub(super) async fn end(mut self) -> Result<()> {
        self.program.check()?;
        self.program.stop().await;
        Ok(())
    }
}
