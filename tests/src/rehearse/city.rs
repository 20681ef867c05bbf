//! The city's own programs: configured, migrated, peopled and started as an operator would, through `mingluo`'s
//! commands.

use super::{
    api::{Door, Key},
    far::{FarSide, Scene},
    program::Program,
    stage::Stage,
};
use anyhow::Context;
use mingluo_model::{audience::ChannelKind, clock::SharedClock};
use serde_json::{Value, json};
use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The name of the city's signing key.
pub(super) const KEY_ID: &str = "rehearsal-1";

/// Milliseconds between release and first byte; the city's own policy has ten seconds.
pub(super) const HOLD_MS: u64 = 3_000;

/// The officers: login, name, rights.
const OFFICERS: [(&str, &str, &str); 3] = [
    ("author", "拟稿员", "author"),
    ("approver", "审核员", "approver"),
    ("releaser", "签发员", "approver,releaser,operator"),
];

/// The programs of the city and where they are.
pub(super) struct City {
    pub(super) stage: Arc<Stage>,
    pub(super) mingluo: PathBuf,
    /// Whether the programs log everything that they can.
    pub(super) logs_all: bool,
    pub(super) clock: SharedClock,
}

/// The officers of a rehearsal, with their keys and passwords.
pub(super) struct Officers {
    pub(super) keys: [Key; 3],
    pub(super) sign_ins: Vec<(String, String)>,
}

/// What a configuration is made of besides the scene.
pub(super) struct Plan<'a> {
    /// Where the store is.
    pub(super) store: &'a str,
    pub(super) pack: &'a Path,
    /// Seconds until a missing receipt is given up.
    pub(super) receipts_within_s: u32,
}

impl City {
    /// Writes the configuration with an account for each far side.
    pub(super) fn configure(
        &self,
        plan: &Plan<'_>,
        scene: &Scene,
        sides: &[(&dyn FarSide, Vec<SocketAddr>)],
    ) -> anyhow::Result<()> {
        let mut live = serde_json::Map::new();
        let mut render = json!({
            "issuer": "清原满族自治县气象台",
            "cap_sender": "rehearsal.pretend.invalid",
            "platform": "42104000000000103010101",
        });
        for (side, addresses) in sides {
            live.extend(side.accounts(scene, addresses)?);
            if let Some(template) = side.template() {
                render[side.kind().word()] = template;
            }
        }
        let rule = |people: u8| json!({ "people": people, "hold_ms": HOLD_MS, "longest_hours": 24 });
        let withdrawal = json!({ "people": 1, "hold_ms": 0, "longest_hours": 24 });
        let config = json!({
            "node": { "name": "rehearsal", "time_zone": "Asia/Shanghai" },
            "store": { "address": plan.store, "keys_file": self.stage.path("store-keys") },
            "console": { "listen": scene.console.to_string() },
            "region": { "pack": plan.pack },
            "policy": {
                "blue": rule(2), "yellow": rule(2), "orange": rule(3), "red": rule(3),
                "withdrawal": withdrawal, "without_hold": [],
            },
            "dispatch": { "receipts_within_s": plan.receipts_within_s, "answers_within_s": plan.receipts_within_s },
            "signer": {
                "socket": self.stage.path("signer.sock"), "key_file": self.stage.path("signer-seed"), "key_id": KEY_ID,
            },
            "render": render,
            "live": live,
        });
        self.stage.write("mingluo.toml", &toml::to_string(&config).context("the configuration as TOML")?)?;
        Ok(())
    }

    /// The secrets that must be there before anything starts; a few lines of configuration for the signer alone.
    pub(super) fn seal(&self) -> anyhow::Result<()> {
        self.stage.write("store-keys", &format!("rehearsal {}\n", super::stage::random_hex(32)))?;
        self.stage.secret("signer-seed", 32)?;
        Ok(())
    }

    /// Makes the schema, the officers and their keys.
    pub(super) async fn found(&self) -> anyhow::Result<Officers> {
        self.run("migrate", &[]).await?;
        let (mut keys, mut sign_ins) = (Vec::new(), Vec::new());
        for (login, name, roles) in OFFICERS {
            let (password_file, password) = self.stage.secret(&format!("password-{login}"), 8)?;
            let key = self.stage.path(&format!("key-{login}"));
            let (password_file, key_file) = (password_file.display().to_string(), key.display().to_string());
            let options = ["--login", login, "--name", name, "--roles", roles, "--region", "2104"];
            let files = ["--password-file", &password_file, "--api-key-file", &key_file];
            self.run("user", &[&["add"], &options[..], &files[..]].concat()).await?;
            keys.push(Key::read(&key)?);
            sign_ins.push((login.to_owned(), password));
        }
        let keys = keys.try_into().ok().context("there are three officers")?;
        Ok(Officers { keys, sign_ins })
    }

    /// Imports the roster; gives how many it has.
    pub(super) async fn import(&self, roster: &Path) -> anyhow::Result<u64> {
        let roster = roster.display().to_string();
        let options = ["--mode", "live", "--pretend", "--json", "--recipients", &roster];
        let said = self.run("import", &options).await?;
        let told: Value = serde_json::from_str(&said).context("mingluo import: no JSON")?;
        told["recipients"].as_u64().context("mingluo import: told no number of recipients")
    }

    /// Starts the signing process; gives the public half of its key in hexadecimal.
    pub(super) async fn signer(&self) -> anyhow::Result<(Program, String)> {
        let (program, ready) = self.start("signer", "public").await?;
        let public = ready["public"].as_str().context("mingluo signer: told no public key")?;
        Ok((program, public.to_owned()))
    }

    /// Starts the city; gives its door.
    pub(super) async fn serve(&self) -> anyhow::Result<(Program, Door)> {
        let (program, ready) = self.start("serve", "listening").await?;
        let listening = ready["listening"].as_str().context("mingluo serve: told no address")?;
        Ok((program, Door::at(listening)?))
    }

    async fn start(&self, command: &str, field: &str) -> anyhow::Result<(Program, Value)> {
        let log = self.stage.path(&format!("mingluo-{command}.log"));
        Program::start(&self.mingluo, &self.words(command, &[]), &log, field, &self.clock).await
    }

    async fn run(&self, command: &str, options: &[&str]) -> anyhow::Result<String> {
        let log = self.stage.path(&format!("mingluo-{command}.log"));
        Program::run(&self.mingluo, &self.words(command, options), &log).await
    }

    fn words(&self, command: &str, options: &[&str]) -> Vec<String> {
        let config = self.stage.path("mingluo.toml").display().to_string();
        let words = [command, "--config", &config];
        let log: &[&str] = if self.logs_all { &["--log", "trace"] } else { &[] };
        words
            .into_iter()
            .chain(log.iter().copied())
            .chain(options.iter().copied())
            .map(str::to_owned)
            .collect()
    }
}

/// A port of this machine that is free now. Somebody else may take it before we do; then the city says so.
pub(super) fn free_port() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Where a simulator listens, from the line that it said.
pub(super) fn listening(kind: ChannelKind, ready: &Value) -> anyhow::Result<SocketAddr> {
    let said = ready["listening"].as_str().and_then(|address| address.parse().ok());
    said.with_context(|| format!("the {} simulator told no address: {ready}", kind.word()))
}
