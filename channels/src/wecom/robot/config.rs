//! The configuration of the robots of one mode, and what it becomes once it is checked.

use super::super::{PLATFORM, answer_seconds, api_base};
use crate::{
    account::{ConfigError, Secret, in_range},
    weixin::server::platform,
};
use mingluo_model::{
    channel::{Limits, Rate},
    plan::AccountName,
};
use reqwest::Url;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    num::{NonZeroU16, NonZeroU32},
    path::PathBuf,
    time::Duration,
};

/// The robots, as an operator writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotConfig {
    /// The account's name in plans and on pages.
    pub name: AccountName,
    /// A rehearsal's account: the platform must be on this machine.
    #[serde(default)]
    pub pretend: bool,
    /// The platform: `https://qyapi.weixin.qq.com`; bare `http` only for a pretend one.
    #[serde(default = "api_base")]
    pub api_base: String,
    /// Each robot's file, whose first line is the `key` of its webhook address, by the name that the roster has it under.
    pub key_files: BTreeMap<String, PathBuf>,
    /// The licence: messages a minute over all robots; 1 to 20, which is what the platform grants each.
    #[serde(default = "per_minute")]
    pub per_minute: u32,
    /// How long to wait for an answer, in seconds; 1 to 60.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u32,
}

/// Two less than the platform grants: its minute is not ours.
const fn per_minute() -> u32 {
    18
}

/// Messages a minute that the platform takes from one robot (企业微信开发者中心, 群机器人配置说明, 消息发送频率限制).
const MOST_A_MINUTE: u32 = 20;

/// Messages under way: no more than leave in a minute are promised at once, so that a graver warning need not wait for them.
const WINDOW: NonZeroU32 = NonZeroU32::new(4 * MOST_A_MINUTE).expect("it is not zero");

/// Calls under way at most.
pub(super) const CALLS: u32 = 4;

/// The checked robots.
pub(super) struct Account {
    pub(super) name: AccountName,
    pub(super) api_base: Url,
    pub(super) keys: BTreeMap<String, Secret>,
    pub(super) limits: Limits,
    pub(super) answer: Duration,
}

impl RobotConfig {
    /// Checks every key and reads the files that they name.
    pub(super) fn check(self) -> Result<Account, ConfigError> {
        let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_name = |name: &String| (1..=64).contains(&name.len()) && name.bytes().all(alphabet);
        if self.key_files.is_empty() || !self.key_files.keys().all(is_name) {
            let names = self.key_files.keys().cloned().collect::<Vec<_>>().join(", ");
            let fix = "name at least one robot by letters, digits, - and _, each with the file of its key";
            return Err(ConfigError::new("key_files", names, fix));
        }
        let per_minute = in_range("per_minute", self.per_minute, 1..=MOST_A_MINUTE)?;
        let mut keys = BTreeMap::new();
        for (name, file) in self.key_files {
            keys.insert(name, Secret::read("key_files", &file)?);
        }
        Ok(Account {
            api_base: platform(&self.api_base, self.pretend, PLATFORM)?,
            keys,
            limits: Limits {
                rate: Rate::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN)),
                window: WINDOW,
                batch: WINDOW,
                sessions: NonZeroU16::MIN,
                answer_within: None,
            },
            answer: Duration::from_secs(in_range("answer_seconds", self.answer_seconds, 1..=60)?.into()),
            name: self.name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn each_wrong_key_is_named_with_its_value() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "693a91f6\n").unwrap();
        let fault = |key: &str, value: Value| {
            let mut keys = json!({"name": "robots", "key_files": {"duty": file.path()}});
            keys[key] = value;
            let error = serde_json::from_value::<RobotConfig>(keys).unwrap().check().err().unwrap();
            (error.field, error.value)
        };
        assert_eq!(fault("key_files", json!({})), ("key_files", String::new()));
        assert_eq!(fault("key_files", json!({"值班": file.path()})), ("key_files", "值班".into()));
        assert_eq!(fault("key_files", json!({"duty": "/nowhere/key"})), ("key_files", "/nowhere/key".into()));
        assert_eq!(fault("per_minute", json!(21)), ("per_minute", "21".into()));
        assert_eq!(fault("pretend", json!(true)).0, "api_base");
    }
}
