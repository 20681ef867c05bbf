//! Robots of groups (群机器人) in WeCom (企业微信), DingTalk (钉钉) and Feishu (飞书): each posts into one group chat of duty
//! officers. A robot is a recipient of the roster under the name that the configuration gives it; its key stays in a file.
//!
//! - The robots of an account are in groups of one platform. What platforms decide differently is in [`Platform`] and its
//!   three files; how a run becomes calls is the same for all.
//! - DingTalk's and Feishu's robots sign each call with the time in it, which must be right to the hour. A robot of theirs
//!   without a signature is not used: whoever came to know its address could warn the group.
//! - A platform counts by the robot. All robots of an account share one licence, which is less than one is granted, so that
//!   none can be too fast by us alone; a robot that others use as well may.
//! - There are no receipts. Signature, keyword and list of addresses (安全设置) are the account's fault and say nothing of the
//!   group ([`Verdict::Closed`](mingluo_model::channel::Verdict::Closed)).

mod channel;
mod config;
mod dingtalk;
mod feishu;
mod platform;
mod wecom;

pub use self::{channel::RobotChannel, config::RobotConfig, platform::Platform};
