//! The stories.

pub(crate) mod audit;
pub(crate) mod call;
pub(crate) mod change;
pub(crate) mod edition;
pub(crate) mod fleet;
pub(crate) mod job;
pub(crate) mod log;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod receipts;
pub(crate) mod schema;
pub(crate) mod scribe;
pub(crate) mod speech;
pub(crate) mod webhook;
