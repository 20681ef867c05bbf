//! Our SMPP channel against two centres that others wrote.

mod both;
mod npm;

use super::{NOW, peer::Peer, peers, run, script, soon};
use mingluo_channels::sms::smpp_channel::{SmppChannel, SmppConfig};
use mingluo_model::{
    channel::{Channel, Session},
    clock::{SharedClock, manual::ManualClock},
    mode::Live,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::process::Command;

/// Seconds of silence before our channel asks for a sign of life.
const QUIET: Duration = Duration::from_secs(30);

/// Which centre.
#[derive(Clone, Copy)]
enum Library {
    /// npm `smpp`.
    Npm,
    /// PyPI `smpp34`.
    Smpp34,
}

/// A centre that runs, and what our channel needs to reach it.
struct Stage {
    centre: Peer,
    address: SocketAddr,
    clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Stage {
    async fn new(library: Library, args: &[&str]) -> Option<Self> {
        let home = peers()?;
        let (mut command, file) = match library {
            Library::Npm => (Command::new("node"), "smpp_npm.js"),
            Library::Smpp34 => (Command::new(home.join("venv/bin/python")), "smpp_smpp34.py"),
        };
        command.env("NODE_PATH", home.join("npm/node_modules")).arg(script(file));
        let (centre, ready) = Peer::start(&mut command, args).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "secret\n").unwrap();
        let address = ready["listening"].as_str().unwrap().parse().unwrap();
        Some(Self { centre, address, clock: ManualClock::at(NOW), folder })
    }

    fn channel(&self, address: SocketAddr, changes: &Value) -> SmppChannel<Live> {
        let mut keys = json!({
            "name": "abroad", "pretend": true, "host": "127.0.0.1", "port": address.port(), "system_id": "fushun",
            "password_file": self.folder.path().join("password"), "source_address": "10690001", "sessions": 1,
            "window": 1000, "per_second": 1000, "signature": {"placement": "in_front", "text": "抚顺气象"},
        });
        keys.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let config: SmppConfig = serde_json::from_value(keys).unwrap();
        config.build(Arc::clone(&self.clock) as SharedClock).unwrap()
    }

    async fn bound(&mut self) -> Session<Live> {
        let session = soon(self.channel(self.address, &json!({})).open()).await.unwrap();
        assert_eq!(self.centre.heard("bind_transceiver", 1).await[0]["system_id"], "fushun");
        session
    }
}

async fn send<N: AsRef<str>>(session: &mut Session<Live>, text: &str, parts: u32, numbers: &[N]) -> u64 {
    let first = session.outlet.prepare(&run(text, parts, numbers)).unwrap().first;
    soon(session.outlet.send()).await.unwrap();
    first
}

/// A centre's view of one number's message: the texts of its parts, by their header.
fn pieces(submits: &[Value], number: &str) -> BTreeMap<String, String> {
    let own = submits.iter().filter(|submit| submit["to"] == number);
    let text = |key: &str, submit: &Value| submit[key].as_str().unwrap().to_owned();
    own.map(|submit| (text("header", submit), text("text", submit))).collect()
}
