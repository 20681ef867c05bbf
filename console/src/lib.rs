//! What people see, and the one place that names every crate.
//!
//! The cast: [`config::Config`] is the one file an operator writes; [`app::City`] wires it into a running city; an
//! [`office::Office`] holds the verbs of officers, the same for pages and API; [`render::Renderer`] makes the exact
//! words of each channel, [`speech::Speech`] says them for loudspeakers; [`people::People`] knows who is at
//! the door; [`call::Calling`] says who is called and answers; [`signer`] is the process that holds keys.
//!
//! The promises: no door goes around the policy; every refusal has a code, both languages and the values; the
//! click returns when the release is durable; a number typed wrong releases nothing.

pub mod anchor;
pub mod api;
pub mod app;
pub mod call;
pub mod cli;
pub mod complaint;
pub mod config;
pub mod desk;
pub mod examine;
pub mod feed;
pub mod fit;
pub mod fleet;
pub mod forward;
pub mod inquiry;
mod knock;
mod mail_back;
pub mod office;
pub mod people;
pub mod region;
pub mod render;
pub mod roster;
pub mod routing;
mod secrets;
pub mod signer;
pub mod speech;
mod status;
pub mod tongue;
pub mod web;
pub mod webhook;
