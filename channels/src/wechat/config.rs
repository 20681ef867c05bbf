//! The configuration of one WeChat service account, and what it becomes once it is checked.

use crate::{
    account::{ConfigError, Secret, in_range, limits_of_calls},
    weixin::{cipher::Cipher, server::platform},
};
use mingluo_model::{channel::Limits, plan::AccountName};
use reqwest::Url;
use serde::Deserialize;
use std::{collections::BTreeSet, path::PathBuf, time::Duration};

/// One service account, as an operator writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeChatConfig {
    /// The account's name in plans and on pages.
    pub name: AccountName,
    /// A rehearsal's account: the platform must be on this machine.
    #[serde(default)]
    pub pretend: bool,
    /// The platform: `https://api.weixin.qq.com`; bare `http` only for a pretend one.
    #[serde(default = "api_base")]
    pub api_base: String,
    /// The account's `AppID`.
    pub app_id: String,
    /// The file whose first line is the account's `AppSecret`.
    pub secret_file: PathBuf,
    /// The file whose first line is the callback's token (令牌), as set in the account's console.
    pub token_file: PathBuf,
    /// The file whose first line is the EncodingAESKey (消息加解密密钥) of 43 characters, where callbacks are enciphered
    /// (兼容模式, 安全模式). With it, bare ones are refused.
    pub aes_key_file: Option<PathBuf>,
    /// The ids of the templates that the account holds; at most 25.
    pub templates: Vec<String>,
    /// Calls under way at most; 1 to 64.
    pub calls: u32,
    /// Calls a second over the account; 1 to 10,000. The platform publishes no figure; 200 is careful.
    pub per_second: u32,
    /// How long to wait for an answer, in seconds; 1 to 60.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u32,
}

fn api_base() -> String {
    "https://api.weixin.qq.com".into()
}

const fn answer_seconds() -> u32 {
    10
}

/// Messages that are under way for each call, from the intent to the durable answer: no call waits for the disk. What is
/// sent again after a crash acts once.
const WINDOW: u32 = 8;

/// The most templates an account can hold (微信公众平台, 模板消息运营规范).
const MOST_TEMPLATES: usize = 25;

/// A checked account.
pub(super) struct Account {
    pub(super) name: AccountName,
    pub(super) api_base: Url,
    pub(super) app_id: String,
    pub(super) secret: Secret,
    pub(super) callback_token: Secret,
    pub(super) cipher: Option<Cipher>,
    pub(super) templates: BTreeSet<String>,
    pub(super) limits: Limits,
    pub(super) calls: u32,
    pub(super) answer: Duration,
}

impl WeChatConfig {
    /// Checks every key and reads the files that they name.
    pub(super) fn check(self) -> Result<Account, ConfigError> {
        if self.app_id.is_empty() || !self.app_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(ConfigError::new(
                "app_id",
                &self.app_id,
                "use the AppID of the account, like wx0123456789abcdef",
            ));
        }
        Ok(Account {
            api_base: platform(&self.api_base, self.pretend, "https://api.weixin.qq.com")?,
            secret: Secret::read("secret_file", &self.secret_file)?,
            callback_token: Secret::read("token_file", &self.token_file)?,
            cipher: self.cipher()?,
            limits: self.limits()?,
            calls: self.calls,
            answer: Duration::from_secs(in_range("answer_seconds", self.answer_seconds, 1..=60)?.into()),
            templates: self.templates()?,
            name: self.name,
            app_id: self.app_id,
        })
    }

    fn cipher(&self) -> Result<Option<Cipher>, ConfigError> {
        let read = |file| Cipher::read("aes_key_file", file, &self.app_id);
        self.aes_key_file.as_deref().map(read).transpose()
    }

    fn templates(&self) -> Result<BTreeSet<String>, ConfigError> {
        let listed = &self.templates;
        if listed.is_empty() || listed.len() > MOST_TEMPLATES || listed.iter().any(String::is_empty) {
            let fix = format!("list 1 to {MOST_TEMPLATES} template ids of the account");
            return Err(ConfigError::new("templates", listed.join(", "), fix));
        }
        Ok(listed.iter().cloned().collect())
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        let calls = in_range("calls", self.calls, 1..=64)?;
        let per_second = in_range("per_second", self.per_second, 1..=10_000)?;
        Ok(limits_of_calls(calls * WINDOW, per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn fault(changes: &Value) -> (&'static str, String) {
        let mut keys = json!({
            "name": "oa", "app_id": "wx0123", "secret_file": "/nowhere/secret", "token_file": "/nowhere/token",
            "templates": ["T1"], "calls": 16, "per_second": 200,
        });
        for (key, value) in changes.as_object().unwrap() {
            keys[key] = value.clone();
        }
        let error = serde_json::from_value::<WeChatConfig>(keys).unwrap().check().err().unwrap();
        (error.field, error.value)
    }

    #[test]
    fn each_wrong_key_is_named_with_its_value() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\n").unwrap();
        let files = json!({"secret_file": file.path(), "token_file": file.path()});
        let with = |key: &str, value: Value| {
            let mut changes = files.clone();
            changes[key] = value;
            fault(&changes)
        };
        assert_eq!(with("app_id", json!("wx 1")), ("app_id", "wx 1".into()));
        assert_eq!(with("templates", json!([])), ("templates", String::new()));
        assert_eq!(with("calls", json!(65)), ("calls", "65".into()));
        assert_eq!(with("token_file", json!("/nowhere/token")), ("token_file", "/nowhere/token".into()));
        let short = with("aes_key_file", json!(file.path()));
        assert_eq!(short, ("aes_key_file", file.path().display().to_string()), "43 characters it must have");
    }

    #[test]
    fn bare_http_is_for_a_pretend_platform_on_this_machine() {
        assert_eq!(fault(&json!({"api_base": "http://api.weixin.qq.com"})).0, "api_base");
        assert_eq!(fault(&json!({"api_base": "http://127.0.0.1:9"})).0, "api_base");
        assert_eq!(fault(&json!({"pretend": true})).0, "api_base");
        let pretend = json!({"pretend": true, "api_base": "http://127.0.0.1:9"});
        assert_eq!(fault(&pretend).0, "secret_file", "the next check");
    }
}
