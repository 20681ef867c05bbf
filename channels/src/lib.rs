//! How a message leaves: one module for each kind of gateway.
//!
//! A channel speaks its gateway's wire and says what an answer means. It never retries, schedules or
//! stores.

pub mod account;
mod crew;
pub mod email;
pub mod forward;
mod https;
mod leave;
#[cfg(test)]
mod oracle;
mod pace;
pub mod robot;
pub mod sms;
pub mod speaker;
pub mod webhook;
pub mod wechat;
pub mod wecom;
mod weixin;
