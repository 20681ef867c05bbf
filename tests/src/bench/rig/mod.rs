//! The rig (试验台): the product's engine in a process of its own, with an account for each centre that it is given, and
//! the same process as its director sees it. Everything is durable and goes over the product's own channels.

mod account;
mod director;
mod engine;
mod posting;
mod pushes;
mod reading;

pub(super) use account::Account;
pub(super) use director::{Centre, Rig, free_door, knobs, open_ledger, secret_file, until};
pub(super) use engine::{Progress, Spent};
pub use engine::{RigOrder, run};
pub(super) use posting::{Posting, Wire};
pub(super) use reading::{retold, states_on_disk};
