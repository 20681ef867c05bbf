//! The box among others: a city over the network, and the service manager that watches over it.
#![expect(clippy::unwrap_used, reason = "a pretend world that breaks should say where")]

mod city;
mod deploy;
mod link;
mod page;
mod sound;
mod supervised;
