//! What an operator writes of mass send, and what it becomes.

use super::body::MOST_IN_A_CALL;
use crate::account::{ConfigError, in_range};
use mingluo_model::plan::AccountName;
use serde::Deserialize;
use std::num::NonZeroU32;

/// Mass send (高级群发) for red warnings; without this table there is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MassConfig {
    /// The name of this way in plans and on pages; another than the account's.
    pub name: AccountName,
    /// Calls a minute; 1 to 60. The platform takes 60 (微信开放文档, 群发接口).
    #[serde(default = "calls_per_minute")]
    pub calls_per_minute: u32,
    /// Followers in one call; 2 to 10,000, as many as the platform takes (根据OpenID列表群发).
    #[serde(default = "followers_per_call")]
    pub followers_per_call: u32,
}

const fn calls_per_minute() -> u32 {
    50
}

const fn followers_per_call() -> u32 {
    MOST_IN_A_CALL.get()
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(in crate::wechat) struct MassAccount {
    pub(in crate::wechat) name: AccountName,
    pub(in crate::wechat) calls_per_minute: u32,
    pub(in crate::wechat) followers_per_call: NonZeroU32,
}

impl MassConfig {
    /// Checks every key against the account that it belongs to.
    pub(in crate::wechat) fn check(self, account: &AccountName) -> Result<MassAccount, ConfigError> {
        if self.name == *account {
            let fix = "use another name than the account's own, like wechat-mass";
            return Err(ConfigError::new("mass.name", &self.name, fix));
        }
        let calls_per_minute = in_range("mass.calls_per_minute", self.calls_per_minute, 1..=60)?;
        let most = MOST_IN_A_CALL.get();
        let followers = in_range("mass.followers_per_call", self.followers_per_call, 2..=most)?;
        let followers_per_call = NonZeroU32::new(followers).unwrap_or(MOST_IN_A_CALL);
        Ok(MassAccount { name: self.name, calls_per_minute, followers_per_call })
    }
}
