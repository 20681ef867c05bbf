//! WeCom (企业微信), by which officials are reached: application messages (应用消息) to members by their `UserID`. The robots of
//! its groups are with those of other platforms.
//!
//! - A message is two calls: the words, and a card with a button (按钮交互型模板卡片). Each carries as many members as a run
//!   has, at most a thousand. The answer names those who are not members or have no licence; all others have it.
//! - There are no receipts. Who presses the button has read it: the console is told by a signed and enciphered push, hands it
//!   to [`Callback`] and, when that is durable, answers with [`Callback::confirmed`], which changes that member's button.
//! - The button names its plan, so that it does not matter whether the send was answered yet.
//! - The platform takes an equal call twice within half an hour for one. What is sent again after a crash is mostly put
//!   together otherwise, so a repeat may be read twice.
//! - A member gets at most 30 messages a minute and 1,000 an hour of one application; more are dropped without a word
//!   (企业微信开发者中心, 发送应用消息). No warning comes near it.

mod call;
mod callback;
mod channel;
mod config;
pub(crate) mod errcode;
mod letter;

pub use self::{
    callback::{Callback, Heard},
    channel::WeComChannel,
    config::WeComConfig,
};
pub use crate::weixin::push::CallbackError;

/// The platform of corporations.
pub(crate) const PLATFORM: &str = "https://qyapi.weixin.qq.com";

/// For `serde`.
fn api_base() -> String {
    PLATFORM.into()
}

/// How long an answer is waited for, in seconds, where the configuration does not say.
const fn answer_seconds() -> u32 {
    10
}

/// The longest text message of an application, in bytes: what is longer is cut (发送应用消息).
const LONGEST_TEXT: usize = 2048;

/// Whether a text may be sent.
///
/// # Errors
/// [`Unfit`] when it is empty or too long.
fn fits(field: &str, text: &str) -> Result<(), mingluo_model::channel::Unfit> {
    use mingluo_model::{channel::Unfit, misfit::Misfit};
    if text.trim().is_empty() {
        return Err(Unfit::Wrong { field: field.to_owned(), problem: Misfit::Empty });
    }
    if text.len() > LONGEST_TEXT {
        let (field, length) = (field.to_owned(), text.len());
        return Err(Unfit::TooLong { field, length, longest: LONGEST_TEXT, unit: "bytes" });
    }
    Ok(())
}
