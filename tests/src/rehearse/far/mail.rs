//! E-mail: the pretend relay `sim-mail` over SMTP. A relay's answer is all that comes back at once.

use super::{Ear, FarSide, Scene, pages::JournalPages};
use crate::residents::Person;
use anyhow::Context;
use mingluo_model::audience::ChannelKind;
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path};

/// Connections, and mails under way.
const SOCKETS: u64 = 8;
const WINDOW: u64 = 32;

/// The e-mail side.
pub(super) struct Mail;

impl FarSide for Mail {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Email
    }

    fn binary(&self) -> &'static str {
        "sim-mail"
    }

    fn args(&self, scene: &Scene) -> Vec<String> {
        ["--refuse-percent", "1", "--seed", &scene.seed.to_string()].map(str::to_owned).into()
    }

    fn account(&self, _: &Scene, address: Option<SocketAddr>) -> anyhow::Result<Value> {
        let address = address.context("sim-mail told no address")?;
        Ok(json!({
            "name": "mail-pretend",
            "pretend": true,
            "relay": address.ip().to_string(),
            "port": address.port(),
            "security": "none",
            "from": "抚顺市预警演练 <warn@pretend.invalid>",
            "sockets": SOCKETS,
            "window": WINDOW,
            "per_second": 200,
            "helo_name": "rehearsal.pretend.invalid",
        }))
    }

    fn gives_receipts(&self) -> bool {
        false
    }

    fn window(&self) -> u64 {
        WINDOW
    }

    fn address(&self, person: &Person) -> Option<Box<str>> {
        person.email.as_deref().map(Into::into)
    }

    fn ear(&self, log: &Path) -> Ear {
        Ear::new(JournalPages::new(log, ""))
    }
}
