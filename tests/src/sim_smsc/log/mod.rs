//! The simulator's own record of what it saw and did: the far side's truth, by which a rehearsal is judged.
//!
//! A file of fixed-size records behind a heading, only ever added to, that may be read while it grows.
//! [`Sink`] writes it, [`read`] makes a [`Ledger`] of it. Numbers in it are pretend numbers.

mod ledger;
mod record;
mod sink;
mod sums;
mod tail;

pub use ledger::{Ledger, LogError, Taken, read};
pub use record::{Arrived, Posted, PostedAs, Record, Verdict};
pub(super) use sink::Sink;
pub use sums::busiest_second;
pub use tail::Tail;

/// What a log begins with.
const HEADING: &[u8; 8] = b"MLSMSC3\n";
