//! Those who are told of warnings by webhook (推送订阅): media desks, schools, other platforms. It knows where each is, how
//! requests to it are signed and what it wants; whom it is told of and when is not its business.

mod config;

pub use config::{WebhookConfig, WebhookTarget};
