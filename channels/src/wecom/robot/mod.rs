//! Robots of groups (群机器人): each posts into one group chat of duty officers. A robot is a recipient of the roster under the
//! name that the configuration gives it; its key stays in a file.

mod channel;
mod config;

pub use self::{channel::RobotChannel, config::RobotConfig};
