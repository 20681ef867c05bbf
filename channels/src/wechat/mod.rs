//! Template messages of a WeChat service account (微信服务号模板消息): one HTTPS call for each follower, one signed
//! callback for each call. Disaster warnings are among the few kinds that may be pushed unprompted.
//!
//! - A session is a set of at most `calls` calls under way. They share one token (`stable_token`), fetched by one of
//!   them at a time; a call that hears that its token is dead fetches once and calls once more, never in a loop.
//! - `client_msg_id` is made of plan and ordinal and not of the attempt: the platform sends the same one once. It
//!   remembers for about ten minutes only, so a repeat after a timeout must come soon.
//! - Receipts come by callback to the console, which hands query and body to [`Callback`]. A platform that was not
//!   answered `success` within five seconds asks again, three times in all: store first, then answer.
//! - Followers who take leave, or write that they want no more, are told as [`mingluo_model::reply::Reply`], like what
//!   residents write by telephone.
//! - Templates may be of the other kind, subscription notices (订阅通知): another call, whose answer has no number and whose
//!   repeat may double. Their event is known by follower and template, in the order in which they left.
//! - Red warnings may go out as mass sends ([`mass`]), a way of its own.
//! - Who writes may be answered in full for a while ([`CustomService`]): no warning leaves so, only answers.
//! - There is no receipt for reading.

mod call;
mod callback;
mod channel;
mod config;
mod custom;
mod errcode;
mod fields;
mod mass;
mod template;

pub use self::{
    callback::{Callback, Heard},
    channel::WeChatChannel,
    config::WeChatConfig,
    custom::{CustomService, LONGEST_TEXT, Untold},
    mass::{MassChannel, MassConfig},
};
pub use crate::weixin::push::CallbackError;
