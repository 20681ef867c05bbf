//! Mingluo's side: one warning to everybody by the product's engine and mail channel, until every answer is durable.

use super::{Arena, report::Score};
use crate::bench::{
    rig::{Posting, Rig, RigOrder, Wire, states_on_disk, until},
    town::DOMAIN,
};
use anyhow::ensure;
use mingluo_dispatch::engine::DispatchConfig;
use mingluo_model::channel::ReceiptFor;
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

/// A licence that binds nobody: the most that an account may have.
const NO_LICENCE: u32 = 100_000;

/// Mails under way for each connection: what leaves while the disk commits.
const WINDOW: u32 = 256;

/// What every mail is signed with here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signed {
    Not,
    Ed25519,
    Rsa,
}

impl Arena<'_> {
    /// Sends so many mails to a port.
    pub(super) async fn mingluo(&self, port: u16, count: u32, signed: Signed) -> anyhow::Result<Score> {
        let folder = self.fresh()?;
        let posting =
            Posting { wire: Wire::Email, keys: self.keys(&folder, port, signed)?, door: None, who: 0..count };
        let database = folder.join("rig.db");
        let dispatch = DispatchConfig::default();
        let order = RigOrder { database: database.clone(), accounts: vec![posting], dispatch };
        let mut rig = Rig::start(&self.programs, &order, self.clock)?;
        let spent = until(&mut rig, &["accepted", "delivered"], count, self.clock).await?;
        rig.close().await?;
        let kept = states_on_disk(&database, ReceiptFor::BadNews, 0..count).await?;
        let taken: u32 = ["accepted", "delivered"].iter().filter_map(|state| kept.get(state)).sum();
        ensure!(taken == count, "of {count} mails the ledger has {kept:?}");
        let count = f64::from(count);
        Ok(Score { per_s: count / spent.seconds, cpu_us: Some(spent.cpu_s * 1e6 / count) })
    }

    fn keys(&self, folder: &Path, port: u16, signed: Signed) -> anyhow::Result<Value> {
        let tag = folder.join("tag");
        fs::write(&tag, "a pretend secret\n")?;
        let sockets = self.options.sockets;
        let mut keys = json!({
            "name": "mail", "pretend": true, "relay": "127.0.0.1", "port": port, "security": "none",
            "from": format!("抚顺市应急管理局 <warn@{DOMAIN}>"), "sockets": sockets,
            "window": (sockets * WINDOW).min(10_000), "per_second": NO_LICENCE,
            "helo_name": format!("town.{DOMAIN}"), "tag_key_file": tag,
            "bounces": { "return_to": format!("b@back.{DOMAIN}"), "listen": "127.0.0.1:0" },
        });
        if let Some(algorithm) = signed.openssl() {
            let key = folder.join("dkim.pem");
            let made =
                Command::new("openssl").arg("genpkey").args(algorithm).arg("-out").arg(&key).output()?;
            ensure!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
            keys["dkim"] = json!([{ "selector": "s1", "key_file": key }]);
        }
        Ok(keys)
    }
}

impl Signed {
    /// How a key of the kind is made.
    const fn openssl(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Not => None,
            Self::Ed25519 => Some(&["-algorithm", "ed25519"]),
            Self::Rsa => Some(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Not => "鸣锣 mingluo",
            Self::Ed25519 => "鸣锣 mingluo, Ed25519",
            Self::Rsa => "鸣锣 mingluo, RSA 2048",
        }
    }
}
