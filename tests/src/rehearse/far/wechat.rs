//! WeChat: the pretend platform `sim-wechat` over HTTP, which calls the city back with receipts.

use super::{Ear, FarSide, Scene, pages::JournalPages};
use crate::residents::Person;
use anyhow::Context;
use mingluo_model::audience::ChannelKind;
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path};

/// The account's name in the city.
const ACCOUNT: &str = "wechat-pretend";

/// The template that the pretend account holds.
const TEMPLATE: &str = "pretend-warning";

/// Calls under way at once, and messages that the channel has under way for each of them.
const CALLS: u64 = 32;
const WINDOW: u64 = 8 * CALLS;

/// The pretend platform's secrets as its own program has them: they open nothing outside of a rehearsal.
const SECRETS: [(&str, &str); 3] =
    [("wechat-secret", "pretend-secret"), ("wechat-token", "pretend-token"), ("wechat-aes", AES_KEY)];

/// The key that the pretend platform's pushes are enciphered with.
const AES_KEY: &str = "pretendkeypretendkeypretendkeypretendkey123";

/// The WeChat side.
pub(super) struct WeChat;

impl FarSide for WeChat {
    fn kind(&self) -> ChannelKind {
        ChannelKind::WeChat
    }

    fn binary(&self) -> &'static str {
        "sim-wechat"
    }

    fn args(&self, scene: &Scene) -> Vec<String> {
        let callback = format!("http://{}/callback/wechat/{ACCOUNT}", scene.console);
        let seed = scene.seed.to_string();
        let knobs =
            ["--callback", &callback, "--block-percent", "2", "--silent-percent", "1", "--seed", &seed];
        let safe = ["--aes-key", AES_KEY];
        let knobs = [&knobs[..], &safe].concat().into_iter();
        knobs.map(str::to_owned).collect()
    }

    fn account(&self, scene: &Scene, address: Option<SocketAddr>) -> anyhow::Result<Value> {
        let address = address.context("sim-wechat told no address")?;
        let [secret, token, aes_key] =
            SECRETS.map(|(file, secret)| scene.stage.write(file, &format!("{secret}\n")));
        Ok(json!({
            "name": ACCOUNT,
            "pretend": true,
            "api_base": format!("http://{address}"),
            "app_id": "wx-pretend",
            "secret_file": secret?,
            "token_file": token?,
            "aes_key_file": aes_key?,
            "templates": [TEMPLATE],
            "calls": CALLS,
            "per_second": 2_000,
        }))
    }

    fn template(&self) -> Option<Value> {
        let fields =
            json!({ "thing1": "{event}", "thing2": "{area}", "time3": "{time}", "thing4": "{advice}" });
        Some(json!({ "id": TEMPLATE, "fields": fields }))
    }

    fn gives_receipts(&self) -> bool {
        true
    }

    fn window(&self) -> u64 {
        WINDOW
    }

    fn address(&self, person: &Person) -> Option<Box<str>> {
        person.wechat.as_deref().map(Into::into)
    }

    fn ear(&self, log: &Path) -> Ear {
        Ear::new(JournalPages::new(log, "success"))
    }
}
