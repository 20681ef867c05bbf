//! The box among others: a city over the network, and the service manager that watches over it.
#![expect(clippy::unwrap_used, reason = "a pretend world that breaks should say where")]

mod city;
mod clips;
mod deploy;
mod enrol;
mod errors;
mod hostile;
mod link;
mod page;
mod poll;
#[path = "../../src/pretend_clips.rs"]
mod pretend_clips;
mod renew;
mod sound;
mod supervised;
