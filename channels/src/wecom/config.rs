//! The configuration of one application of a corporation (企业微信自建应用), and what it becomes once it is checked.

use super::{PLATFORM, answer_seconds, api_base};
use crate::{
    account::{ConfigError, Secret, in_range},
    weixin::{cipher::Cipher, server::platform},
};
use mingluo_model::{
    channel::{Limits, Rate},
    plan::AccountName,
};
use reqwest::Url;
use serde::Deserialize;
use std::{
    num::{NonZeroU16, NonZeroU32},
    path::PathBuf,
    time::Duration,
};

/// One application, as an operator writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeComConfig {
    /// The account's name in plans and on pages.
    pub name: AccountName,
    /// A rehearsal's account: the platform must be on this machine.
    #[serde(default)]
    pub pretend: bool,
    /// The platform: `https://qyapi.weixin.qq.com`; bare `http` only for a pretend one.
    #[serde(default = "api_base")]
    pub api_base: String,
    /// The corporation's `CorpID` (企业ID).
    pub corp_id: String,
    /// The application's `AgentId`.
    pub agent_id: u32,
    /// The file whose first line is the application's `Secret`.
    pub secret_file: PathBuf,
    /// The file whose first line is the `Token` of the application's callbacks (接收消息).
    pub token_file: PathBuf,
    /// The file whose first line is their EncodingAESKey, of 43 characters. WeCom has no bare mode.
    pub aes_key_file: PathBuf,
    /// The licence: messages to members a minute, each warning being two; 2 to 60,000.
    pub per_minute: u32,
    /// How long to wait for an answer, in seconds; 1 to 60.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u32,
}

/// Members that one call may carry (企业微信开发者中心, 发送应用消息).
pub(super) const MOST_MEMBERS: usize = 1_000;
/// Calls of a message: its words, and its card.
pub(super) const PARTS: u32 = 2;
/// Calls under way at most.
pub(super) const CALLS: u32 = 4;

/// Messages in a run: what two full calls carry.
const BATCH: NonZeroU32 = NonZeroU32::new(PARTS * MOST_MEMBERS as u32).expect("it is not zero");
/// Messages under way: a run is at most a quarter of it.
const WINDOW: NonZeroU32 = NonZeroU32::new(4 * BATCH.get()).expect("it is not zero");

/// A checked account.
pub(super) struct Account {
    pub(super) name: AccountName,
    pub(super) api_base: Url,
    pub(super) corp_id: String,
    pub(super) agent_id: u32,
    pub(super) secret: Secret,
    pub(super) callback_token: Secret,
    pub(super) cipher: Cipher,
    pub(super) limits: Limits,
    pub(super) answer: Duration,
}

impl WeComConfig {
    /// Checks every key and reads the files that they name.
    pub(super) fn check(self) -> Result<Account, ConfigError> {
        if self.corp_id.is_empty() || !self.corp_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let fix = "use the CorpID of the corporation, like ww0123456789abcdef";
            return Err(ConfigError::new("corp_id", &self.corp_id, fix));
        }
        if self.agent_id == 0 {
            let fix = "use the AgentId of the application, a number like 1000002";
            return Err(ConfigError::new("agent_id", self.agent_id, fix));
        }
        let per_minute = in_range("per_minute", self.per_minute, PARTS..=60_000)?;
        let rate = Rate::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Ok(Account {
            api_base: platform(&self.api_base, self.pretend, PLATFORM)?,
            secret: Secret::read("secret_file", &self.secret_file)?,
            callback_token: Secret::read("token_file", &self.token_file)?,
            cipher: Cipher::read("aes_key_file", &self.aes_key_file, &self.corp_id)?,
            limits: Limits {
                rate,
                window: WINDOW,
                batch: BATCH,
                sessions: NonZeroU16::MIN,
                answer_within: None,
            },
            answer: Duration::from_secs(in_range("answer_seconds", self.answer_seconds, 1..=60)?.into()),
            name: self.name,
            corp_id: self.corp_id,
            agent_id: self.agent_id,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    /// A checked account, whose platform nobody calls.
    pub(in crate::wecom) fn account() -> Account {
        with(&json!({})).unwrap()
    }

    fn with(changes: &Value) -> Result<Account, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, words: &str| {
            std::fs::write(folder.path().join(name), format!("{words}\n")).unwrap();
            folder.path().join(name)
        };
        let mut keys = json!({
            "name": "wecom", "corp_id": "ww1", "agent_id": 1_000_002, "secret_file": file("secret", "s"),
            "token_file": file("token", "pamtest"), "aes_key_file": file("aes", AES_KEY), "per_minute": 2_000,
        });
        for (key, value) in changes.as_object().unwrap() {
            keys[key] = value.clone();
        }
        serde_json::from_value::<WeComConfig>(keys).unwrap().check()
    }

    #[test]
    fn each_wrong_key_is_named_with_its_value() {
        let fault = |key: &str, value: Value| {
            let error = with(&json!({ key: value })).err().unwrap();
            (error.field, error.value)
        };
        assert_eq!(fault("corp_id", json!("ww 1")), ("corp_id", "ww 1".into()));
        assert_eq!(fault("agent_id", json!(0)), ("agent_id", "0".into()));
        assert_eq!(fault("per_minute", json!(1)), ("per_minute", "1".into()));
        assert_eq!(fault("answer_seconds", json!(61)), ("answer_seconds", "61".into()));
        assert_eq!(fault("api_base", json!("http://qyapi.weixin.qq.com")).0, "api_base");
        assert_eq!(fault("pretend", json!(true)).0, "api_base");
        assert_eq!(fault("aes_key_file", json!("/nowhere/aes")).0, "aes_key_file");
    }

    #[test]
    fn a_run_fills_two_calls() {
        let limits = account().limits;
        assert_eq!((limits.batch.get(), limits.window.get() / 4), (2_000, 2_000));
    }
}
