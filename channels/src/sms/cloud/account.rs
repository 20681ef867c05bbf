//! The keys that the accounts of all providers share, and what they become once they are checked.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mingluo_model::{
    channel::{Limits, Refusal},
    clock::Timestamp,
    plan::AccountName,
};
use reqwest::Url;

use super::unanswered::Unanswered;
use crate::account::{ConfigError, Secret, in_range, is_loopback, limits_of_calls};
use crate::sms::session::seconds;

/// The fewest characters of the secret in a callback's path: 96 bits in base64, since it is all that proves the sender.
const SHORTEST_TOKEN: usize = 16;

/// Declares an account's configuration: the keys that all providers share, each with its meaning, and its own.
macro_rules! cloud_config {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The account's name in plans, on pages and in the callback's path.
            pub name: mingluo_model::plan::AccountName,
            /// A rehearsal's account: the provider must be on this machine.
            #[serde(default)]
            pub pretend: bool,
            /// The carriers (运营商) whose numbers it takes; without any it takes what no other account takes.
            #[serde(default)]
            pub carriers: Vec<mingluo_model::carrier::Carrier>,
            /// Its turn among the accounts of one carrier, 1 first; 1 to 99. The next one sends when it cannot.
            #[serde(default = "rank")]
            pub rank: u32,
            /// The file whose first line is the secret in the callback's path: 16 or more letters, digits, `-` or `_`.
            pub callback_token_file: std::path::PathBuf,
            /// Calls under way at most; 1 to 256.
            pub calls: u32,
            /// Unanswered parts at most; 1 to 100,000 and at least 16. A run holds a quarter of it at most.
            pub window: u32,
            /// Parts a second over the account; 1 to 10,000,000.
            pub per_second: u32,
            /// How long to wait for an answer, in seconds; 1 to 60.
            #[serde(default = "answer_seconds")]
            pub answer_seconds: u32,
            $($(#[$about])* pub $field: $kind,)*
        }

        impl $name {
            /// The keys that all providers share.
            fn shared(&self) -> $crate::sms::cloud::account::Shared<'_> {
                $crate::sms::cloud::account::Shared {
                    name: &self.name,
                    callback_token_file: &self.callback_token_file,
                    calls: self.calls,
                    window: self.window,
                    per_second: self.per_second,
                    answer_seconds: self.answer_seconds,
                }
            }
        }

        const fn rank() -> u32 {
            50
        }

        const fn answer_seconds() -> u32 {
            10
        }
    };
}

pub(super) use cloud_config;

/// The shared keys, as an operator wrote them.
pub(super) struct Shared<'a> {
    pub(super) name: &'a AccountName,
    pub(super) callback_token_file: &'a Path,
    pub(super) calls: u32,
    pub(super) window: u32,
    pub(super) per_second: u32,
    pub(super) answer_seconds: u32,
}

/// What all checked accounts have.
pub(super) struct Account {
    pub(super) name: AccountName,
    pub(super) limits: Limits,
    pub(super) calls: u32,
    pub(super) answer: Duration,
    pub(super) token: Secret,
    pub(super) unanswered: Arc<Unanswered>,
    // Guards when it was last said that somebody must act; held for one look.
    complained: Mutex<Option<Timestamp>>,
}

impl Account {
    /// Says that the provider refuses whole calls, once a minute however many.
    pub(super) fn complain(&self, refusal: &Refusal, now: Timestamp) {
        let mut last = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now.since(last) < Duration::from_mins(1)) {
            return;
        }
        *last = Some(now);
        let (account, far_code) = (&self.name, &refusal.far_code);
        tracing::error!(%account, %far_code, "服务商拒绝整批短信，请看其控制台 the provider refuses whole calls: see its console");
    }
}

impl Shared<'_> {
    /// Checks every key and reads the token's file.
    pub(super) fn check(&self) -> Result<Account, ConfigError> {
        Ok(Account {
            name: self.name.clone(),
            limits: self.limits()?,
            calls: in_range("calls", self.calls, 1..=256)?,
            answer: seconds("answer_seconds", self.answer_seconds, 60)?,
            token: token(self.callback_token_file)?,
            unanswered: Arc::default(),
            complained: Mutex::default(),
        })
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        let window = in_range("window", self.window, 16..=100_000)?;
        let per_second = in_range("per_second", self.per_second, 1..=10_000_000)?;
        Ok(limits_of_calls(window, per_second))
    }
}

fn token(file: &Path) -> Result<Secret, ConfigError> {
    let token = Secret::read("callback_token_file", file)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if token.expose().len() < SHORTEST_TOKEN || !token.expose().chars().all(plain) {
        let fix = format!("put {SHORTEST_TOKEN} or more letters, digits, - or _ on the file's first line");
        return Err(ConfigError::new("callback_token_file", file.display(), fix));
    }
    Ok(token)
}

/// The provider's address: https, or a pretend one on this machine.
pub(super) fn api_base(base: &str, pretend: bool, usual: &str) -> Result<Url, ConfigError> {
    let wrong = |fix: String| ConfigError::new("api_base", base, fix);
    let url: Url = base.parse().map_err(|_| wrong(format!("use {usual}")))?;
    let on_this_machine = url.host_str().is_some_and(is_loopback);
    match (pretend, url.scheme()) {
        (true, "http" | "https") if on_this_machine => Ok(url),
        (true, _) => {
            let fix = "a pretend account takes http://127.0.0.1:PORT only".to_owned();
            Err(wrong(fix).with_fault("pretend-base", []))
        }
        (false, "https") => Ok(url),
        (false, _) => Err(wrong("use https; bare http is for pretend = true on this machine".into())),
    }
}

/// A word that must stand there: an id, a name.
pub(super) fn needed<'a>(field: &'static str, value: &'a str, fix: &str) -> Result<&'a str, ConfigError> {
    if value.trim().is_empty() || value.chars().any(char::is_control) {
        return Err(ConfigError::new(field, value, fix));
    }
    Ok(value)
}

/// The registered name (签名), which the provider puts in front of the text itself.
pub(super) fn sign_name(name: &str) -> Result<&str, ConfigError> {
    if name.contains(['【', '】']) {
        return Err(ConfigError::new("sign_name", name, "give the registered name alone, without 【】"));
    }
    needed("sign_name", name, "use the signature that the provider approved")
}
