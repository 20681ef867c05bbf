//! The stories: a whole city in one process, and the rules of the house.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "all of this is tests: a panic is how they fail"
)]

mod browser;
mod calls;
mod clouds;
mod feed;
mod house;
mod inquiry;
mod interop;
mod leash;
mod mail;
mod mass;
mod robots;
mod routing;
mod stories;
mod webhooks;
mod wechat;
mod wecom;
