//! What an operator may set of dispatch, and what holds where nothing is set.

use crate::retry::RetryPolicy;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Settings of dispatch (发送设置).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DispatchConfig {
    /// When to try again.
    pub retry: RetryPolicy,
    /// Seconds after which an accepted delivery without a receipt is given up as such. SP practice is 48 hours.
    pub receipts_within_s: NonZeroU32,
    /// Seconds after which a submitted delivery that nobody answered is unknown.
    pub answers_within_s: NonZeroU32,
    /// Seconds between two looks for failures that a reserve channel can take over.
    pub fallback_every_s: NonZeroU32,
    /// Seconds without a session, or with a refused login, after which what an account has not sent goes to the next one in
    /// line.
    pub account_down_s: NonZeroU32,
    /// Seconds after which a job for many of which nobody told the end has failed. WeChat gives an account's administrator
    /// 30 minutes to confirm a mass send and says then that it failed (微信开放文档, 群发接口); five more for the way. One of which
    /// the far side says, when it is asked, that it is under way gets twice the time.
    pub jobs_within_s: NonZeroU32,
    /// Seconds that a settled plan stays in memory, so that late and double receipts find it.
    pub close_after_s: u32,
    /// Milliseconds between two looks of the sweeper for expiry and settled plans.
    pub sweep_ms: NonZeroU32,
    /// Milliseconds that a lease holds without being renewed; the longest gap after a node dies.
    pub lease_ms: NonZeroU32,
}

impl Default for DispatchConfig {
    fn default() -> Self {
        let number = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        Self {
            retry: RetryPolicy::default(),
            receipts_within_s: number(48 * 3600),
            answers_within_s: number(600),
            fallback_every_s: number(5),
            account_down_s: number(30),
            jobs_within_s: number(35 * 60),
            close_after_s: 3600,
            sweep_ms: number(250),
            lease_ms: number(3_000),
        }
    }
}
