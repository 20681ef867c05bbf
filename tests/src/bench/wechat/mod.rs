//! Template messages (微信模板消息) to the pretend platform in another process: a call and a signed, enciphered callback for
//! each of them, by the product's engine and channel. What counts is that the last receipt is durable, and the platform's
//! journal must name each message once.

mod options;
mod report;

pub use options::WeChatOptions;

use super::{
    floor,
    gateway::Gateway,
    machine::{self, Machine},
    rig::{Posting, Rig, RigOrder, Spent, Wire, free_door, knobs, states_on_disk, until},
    town::TEMPLATE,
};
use crate::sim_journal::{Entry, What};
use anyhow::{Context, ensure};
use mingluo_dispatch::engine::DispatchConfig;
use mingluo_model::{channel::ReceiptFor, clock::SharedClock};
use report::Findings;
use serde_json::json;
use std::{collections::BTreeSet, fs, net::SocketAddr, path::Path};

/// A licence that binds nobody: the most that an account may have.
const NO_LICENCE: u32 = 10_000;

/// What the pretend platform and the account share.
const SECRET: &str = "pretend-secret";
const TOKEN: &str = "pretend-token";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// Callbacks that the platform has under way at once: as many as a large one would.
const CALLBACKS: &str = "512";

/// Where it is measured and with what.
struct Arena<'a> {
    options: &'a WeChatOptions,
    programs: &'a Path,
    clock: &'a SharedClock,
}

/// Measures and tells; whether the bar was kept.
///
/// # Errors
/// When a program or the disk fails, or a message or a receipt was lost or came twice.
pub async fn wechat(options: WeChatOptions, clock: SharedClock) -> anyhow::Result<bool> {
    let options = options.settled();
    let folder = options.ground.folder()?;
    let machine = Machine::ready(folder.path());
    let floors = floor::measure(folder.path(), &*clock)?;
    let programs = options.ground.programs()?;
    let arena = Arena { options: &options, programs: &programs, clock: &clock };
    let mut spent = Vec::new();
    for run in 1..=options.runs {
        report::progress(run, options.runs);
        let run = folder.path().join(run.to_string());
        fs::create_dir(&run)?;
        spent.push(arena.run(&run).await?);
    }
    let load_after = machine::load()[0];
    let findings = Findings::of(&options, machine, floors, &spent, load_after);
    report::tell(&findings, options.ground.json)?;
    Ok(findings.kept != Some(false))
}

impl Arena<'_> {
    async fn run(&self, folder: &Path) -> anyhow::Result<Spent> {
        let (count, door) = (self.options.count, free_door()?);
        let callback = format!("http://{door}/");
        let faults = knobs(&[
            ("callback", &callback),
            ("secret", SECRET),
            ("token", TOKEN),
            ("aes-key", AES_KEY),
            ("callbacks", CALLBACKS),
        ]);
        let log = folder.join("wechat.log");
        let platform = Gateway::with(&self.programs.join("sim-wechat"), &log, faults, self.clock).await?;
        let posting = self.posting(folder, platform.port, door)?;
        let database = folder.join("rig.db");
        let dispatch = DispatchConfig::default();
        let order = RigOrder { database: database.clone(), accounts: vec![posting], dispatch };
        let mut rig = Rig::start(self.programs, &order, self.clock)?;
        let spent = until(&mut rig, &["delivered"], count, self.clock).await?;
        rig.close().await?;
        platform.close().await?;
        let kept = states_on_disk(&database, ReceiptFor::EachPart, 0..count).await?;
        ensure!(kept.get("delivered") == Some(&count), "of {count} messages the ledger has {kept:?}");
        agrees(&log, count as usize)?;
        Ok(spent)
    }

    fn posting(&self, folder: &Path, port: u16, door: SocketAddr) -> anyhow::Result<Posting> {
        let file = |name: &str, words: &str| {
            let path = folder.join(name);
            fs::write(&path, format!("{words}\n")).map(|()| path)
        };
        let keys = json!({
            "name": "oa", "pretend": true, "api_base": format!("http://127.0.0.1:{port}"), "app_id": "wx-pretend",
            "secret_file": file("secret", SECRET)?, "token_file": file("token", TOKEN)?,
            "aes_key_file": file("aes-key", AES_KEY)?, "templates": [TEMPLATE], "calls": self.options.calls,
            "per_second": NO_LICENCE,
        });
        Ok(Posting { wire: Wire::WeChat, keys, door: Some(door), who: 0..self.options.count })
    }
}

/// Demands that the platform took each message once and gave each receipt once.
fn agrees(log: &Path, count: usize) -> anyhow::Result<()> {
    let text = fs::read_to_string(log)?;
    let entries: Vec<Entry> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("the platform's journal")?;
    for what in [What::Accepted, What::Receipt] {
        let ids: Vec<&str> =
            entries.iter().filter(|entry| entry.what == what).map(|entry| entry.id.as_str()).collect();
        let distinct = ids.iter().collect::<BTreeSet<_>>().len();
        ensure!(
            (ids.len(), distinct) == (count, count),
            "{what:?}: {} lines, {distinct} messages",
            ids.len()
        );
    }
    Ok(())
}
