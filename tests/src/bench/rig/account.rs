//! An account at a centre: which protocol, which centre, and how many it is to warn.

use super::posting::{Posting, Wire};
use crate::sim_smsc::Protocol;
use serde_json::{Value, json};
use std::{net::SocketAddr, ops::Range, path::Path};

/// The password or shared secret at every centre, and of every centre at our door: eight letters, the most that SMPP has.
pub(in crate::bench) const SECRET: &str = "pretend8";

/// Unanswered parts for each session's second of licence: a window spans the way there and back and two commits.
const WINDOW_SHARE: u32 = 20;

/// One account.
#[derive(Debug, Clone)]
pub(in crate::bench) struct Account {
    pub(in crate::bench) name: String,
    pub(in crate::bench) protocol: Protocol,
    /// The centre's port on this machine.
    pub(in crate::bench) port: u16,
    /// Where SGIP's reports come in.
    pub(in crate::bench) door: SocketAddr,
    /// Parts a second.
    pub(in crate::bench) licence: u32,
    pub(in crate::bench) sessions: u32,
    /// The recipients that it warns.
    pub(in crate::bench) who: Range<u32>,
}

impl Account {
    /// Unanswered parts that a session may have.
    pub(in crate::bench) fn window(&self) -> u32 {
        (self.licence / self.sessions / WINDOW_SHARE).max(16)
    }

    /// As the engine is told of it; `secret` is the file with the secret of every centre.
    pub(in crate::bench) fn posting(&self, secret: &Path) -> Posting {
        let wire = match self.protocol {
            Protocol::Smpp => Wire::Smpp,
            Protocol::Cmpp => Wire::Cmpp,
            Protocol::Smgp => Wire::Smgp,
            Protocol::Sgip => Wire::Sgip,
        };
        Posting { wire, keys: self.keys(secret), door: None, who: self.who.clone() }
    }

    fn keys(&self, secret: &Path) -> Value {
        let mut keys = json!({
            "name": self.name, "pretend": true, "host": "127.0.0.1", "port": self.port,
            "source_address": "106900012379", "sessions": self.sessions, "window": self.window(),
            "per_second": self.licence, "signature": { "placement": "none" },
        });
        let own = match self.protocol {
            Protocol::Smpp => json!({ "system_id": "bench", "password_file": secret }),
            Protocol::Cmpp => json!({ "sp_id": "900001", "secret_file": secret }),
            Protocol::Smgp => json!({ "client_id": "10690001", "secret_file": secret }),
            Protocol::Sgip => json!({
                "login_name": "bench", "password_file": secret, "area_code": "024", "corp_id": "12345",
                "listen": self.door, "gateway_login_name": "sim-smsc", "gateway_password_file": secret,
            }),
        };
        if let (Some(keys), Value::Object(own)) = (keys.as_object_mut(), own) {
            keys.extend(own);
        }
        keys
    }
}
