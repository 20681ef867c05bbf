//! The configuration of the robots of one mode, and what it becomes once it is checked.

use super::platform::{Platform, Terms};
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
    path::{Path, PathBuf},
    time::Duration,
};

/// The robots, as an operator writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotConfig {
    /// The account's name in plans and on pages.
    pub name: AccountName,
    /// The platform in whose groups all of them are: `wecom`, `dingtalk` or `feishu`; WeCom where it is left out.
    #[serde(default)]
    pub platform: Platform,
    /// A rehearsal's account: the platform must be on this machine.
    #[serde(default)]
    pub pretend: bool,
    /// Where the platform is called, its own address where it is left out; bare `http` only for a pretend one.
    pub api_base: Option<String>,
    /// Each robot's file by the name that the roster has it under. The first line is what ends its webhook address: the
    /// `key`, the `access_token`, or what stands behind `hook/`. DingTalk's and Feishu's have their signing secret on the
    /// second.
    pub key_files: BTreeMap<String, PathBuf>,
    /// A keyword (自定义关键词) that each message must hold: put into those that lack it. 1 to 32 characters.
    pub keyword: Option<String>,
    /// The licence: messages a minute over all robots; 1 to what the platform grants each (20, 20, 100), somewhat less than
    /// that where it is left out (18, 16, 90).
    pub per_minute: Option<u32>,
    /// How long to wait for an answer, in seconds; 1 to 60.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u32,
}

const fn answer_seconds() -> u32 {
    10
}

/// The longest keyword, in characters: it is a word, and stands in every message.
const LONGEST_KEYWORD: usize = 32;

/// Calls under way at most.
pub(super) const CALLS: u32 = 4;

/// The checked robots.
pub(super) struct Account {
    pub(super) name: AccountName,
    pub(super) platform: Platform,
    pub(super) api_base: Url,
    pub(super) robots: BTreeMap<String, Keys>,
    pub(super) keyword: Option<String>,
    pub(super) limits: Limits,
    pub(super) answer: Duration,
}

/// What a robot proves itself with.
pub(super) enum Keys {
    WeCom(Secret),
    DingTalk(Signed),
    Feishu(Signed),
}

/// The keys of a robot that signs.
pub(super) struct Signed {
    pub(super) token: Secret,
    pub(super) secret: Secret,
}

impl RobotConfig {
    /// Checks every key and reads the files that they name.
    pub(super) fn check(self) -> Result<Account, ConfigError> {
        let is_name = |name: &String| (1..=64).contains(&name.len()) && name.bytes().all(is_plain);
        if self.key_files.is_empty() || !self.key_files.keys().all(is_name) {
            let names = self.key_files.keys().cloned().collect::<Vec<_>>().join(", ");
            let fix = "name at least one robot by letters, digits, - and _, each with the file of its key";
            return Err(ConfigError::new("key_files", names, fix));
        }
        let is_keyword = |word: &String| {
            (1..=LONGEST_KEYWORD).contains(&word.trim().chars().count()) && !word.contains(char::is_control)
        };
        if let Some(word) = self.keyword.as_ref().filter(|word| !is_keyword(word)) {
            let fix = "use the keyword of the robots' security settings, of 1 to 32 characters, in one line";
            return Err(ConfigError::new("keyword", word, fix));
        }
        let &Terms { api_base, most_a_minute, per_minute, window, .. } = self.platform.terms();
        let per_minute = in_range("per_minute", self.per_minute.unwrap_or(per_minute), 1..=most_a_minute)?;
        let mut robots = BTreeMap::new();
        for (name, file) in self.key_files {
            robots.insert(name, Keys::read(self.platform, &file)?);
        }
        let given = self.api_base.as_deref().unwrap_or(api_base);
        if self.platform.is_of_another(given) {
            let fix =
                format!("use {api_base}, or name its platform: keys are shown to their own platform only");
            return Err(ConfigError::new("api_base", given, fix));
        }
        Ok(Account {
            api_base: platform(given, self.pretend, api_base)?,
            platform: self.platform,
            robots,
            keyword: self.keyword.map(|word| word.trim().to_owned()),
            limits: Limits {
                rate: Rate::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN)),
                window,
                batch: window,
                sessions: NonZeroU16::MIN,
                answer_within: None,
            },
            answer: Duration::from_secs(in_range("answer_seconds", self.answer_seconds, 1..=60)?.into()),
            name: self.name,
        })
    }
}

/// What names and keys are made of.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

impl Keys {
    /// Reads a robot's file. Where the platform has signatures, a robot without one is refused: its address alone would let
    /// anybody warn the group.
    fn read(platform: Platform, file: &Path) -> Result<Self, ConfigError> {
        let (token, secret) = Secret::read_two("key_files", file)?;
        if !token.expose().bytes().all(is_plain) {
            let fix = "put on the file's first line only what ends the webhook's address: what stands behind \
                       key=, access_token= or hook/";
            return Err(ConfigError::new("key_files", file.display(), fix).with_fault("robot-token", []));
        }
        let signed = |token| {
            if let Some(secret) = secret {
                return Ok(Signed { token, secret });
            }
            let fix = "put the robot's signing secret on the file's second line, and switch signatures on in its \
                       security settings; a robot without a signature is not used";
            Err(ConfigError::new("key_files", file.display(), fix).with_fault("robot-secret", []))
        };
        match platform {
            Platform::WeCom => Ok(Self::WeCom(token)),
            Platform::DingTalk => signed(token).map(Self::DingTalk),
            Platform::Feishu => signed(token).map(Self::Feishu),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// An account with one robot, whose file holds these words.
    fn with(words: &str, changes: &Value) -> Result<Account, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), words).unwrap();
        let mut keys = json!({"name": "robots", "key_files": {"duty": file.path()}});
        for (key, value) in changes.as_object().unwrap() {
            keys[key] = value.clone();
        }
        serde_json::from_value::<RobotConfig>(keys).unwrap().check()
    }

    #[test]
    fn each_wrong_key_is_named_with_its_value() {
        let fault = |key: &str, value: Value| {
            let error = with("693a91f6\n", &json!({ key: value })).err().unwrap();
            (error.field, error.value)
        };
        assert_eq!(fault("key_files", json!({})), ("key_files", String::new()));
        assert_eq!(fault("key_files", json!({"值班": "key"})), ("key_files", "值班".into()));
        assert_eq!(fault("key_files", json!({"duty": "/nowhere/key"})), ("key_files", "/nowhere/key".into()));
        assert_eq!(fault("per_minute", json!(21)), ("per_minute", "21".into()));
        assert_eq!(fault("keyword", json!(" ")), ("keyword", " ".into()));
        assert_eq!(fault("keyword", json!("预\n警")).0, "keyword");
        assert_eq!(fault("pretend", json!(true)).0, "api_base");
        assert_eq!(fault("api_base", json!("http://qyapi.weixin.qq.com")).0, "api_base");
        assert_eq!(fault("api_base", json!("https://open.feishu.cn/")).0, "api_base");
    }

    #[test]
    fn a_robot_of_a_platform_with_signatures_is_refused_without_one() {
        for platform in ["dingtalk", "feishu"] {
            let platform = json!({ "platform": platform });
            for words in ["693a91f6\n", "693a91f6\n \n"] {
                let error = with(words, &platform).err().unwrap();
                assert_eq!((error.field, error.fault), ("key_files", "robot-secret"));
                assert!(!format!("{error:?}").contains("693a"), "no key in any error");
            }
            assert!(with("693a91f6\nSECtest0123456789\n", &platform).is_ok());
        }
        assert!(with("693a91f6", &json!({"platform": "wecom"})).is_ok());
    }

    #[test]
    fn a_whole_address_is_no_key() {
        let error = with("https://open.feishu.cn/open-apis/bot/v2/hook/a\ns", &json!({"platform": "feishu"}));
        assert_eq!(error.err().unwrap().fault, "robot-token");
    }

    #[test]
    fn each_platform_has_its_own_address_and_its_own_licence() {
        let of = |platform: &str| {
            let account = with("693a91f6\nSECtest0123456789", &json!({ "platform": platform })).unwrap();
            (account.api_base.host_str().unwrap().to_owned(), account.limits.rate.units.get())
        };
        assert_eq!(of("wecom"), ("qyapi.weixin.qq.com".into(), 18));
        assert_eq!(of("dingtalk"), ("oapi.dingtalk.com".into(), 16));
        assert_eq!(of("feishu"), ("open.feishu.cn".into(), 90));
    }
}
