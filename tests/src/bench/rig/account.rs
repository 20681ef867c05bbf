//! An account of the rig: which protocol, which centre, and how many it is to warn.

use crate::sim_smsc::Protocol;
use mingluo_channels::sms::{
    cmpp_channel::CmppConfig, sgip_channel::SgipConfig, smgp_channel::SmgpConfig, smpp_channel::SmppConfig,
};
use mingluo_model::{channel::Channel, clock::SharedClock, mode::Live};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{net::SocketAddr, ops::Range, path::Path, sync::Arc};

/// The password or shared secret at every centre, and of every centre at our door: eight letters, the most that SMPP has.
pub(in crate::bench) const SECRET: &str = "pretend8";

/// Unanswered parts for each session's second of licence: a window spans the way there and back and two commits.
const WINDOW_SHARE: u32 = 20;

/// One account.
#[derive(Debug, Clone, Serialize, Deserialize)]
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

    /// The product's own channel, built from the keys that an operator would write.
    pub(super) fn channel(
        &self,
        secret: &Path,
        clock: SharedClock,
    ) -> anyhow::Result<Arc<dyn Channel<Live>>> {
        let keys = self.keys(secret);
        Ok(match self.protocol {
            Protocol::Smpp => Arc::new(serde_json::from_value::<SmppConfig>(keys)?.build::<Live>(clock)?),
            Protocol::Cmpp => Arc::new(serde_json::from_value::<CmppConfig>(keys)?.build::<Live>(clock)?),
            Protocol::Smgp => Arc::new(serde_json::from_value::<SmgpConfig>(keys)?.build::<Live>(clock)?),
            Protocol::Sgip => Arc::new(serde_json::from_value::<SgipConfig>(keys)?.build::<Live>(clock)?),
        })
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
