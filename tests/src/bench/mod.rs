//! The measurements (基准). `tests/bench` runs each by its name.
//!
//! [`dispatch`] sends the same texts to the same pretend centre in another process, once out of the log that Mingluo
//! keeps ([`log_way`]) and once out of a good table with a row per delivery ([`row_way`]); both use the product's own
//! SMPP channel, so that what differs is the engine. Every [`Heat`] is a process of its own on a database of its own;
//! what counts is what the centre received and when it got its last answer. [`sms`] puts Mingluo beside Kannel at the
//! same centre, with one listener for the receipts that both hand on. [`boxes()`] sends one bulletin to thousands of
//! village boxes. Beside the figures stand the machine, its
//! load and what its disk can do ([`floor`]), without which they mean nothing.

mod boxes;
mod contest;
mod dispatch;
mod floor;
mod gateway;
mod heat;
mod log_way;
mod machine;
mod options;
mod place;
mod report;
mod row_way;
mod sms;

pub use boxes::{BoxesOptions, boxes};
pub use dispatch::dispatch;
pub use heat::{Heat, run as run_heat};
pub use options::{DispatchOptions, Engine};
pub use sms::{EarOptions, SmsOptions, listen, sms};
