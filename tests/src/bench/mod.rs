//! The measurements (基准). `tests/bench` runs each by its name.
//!
//! [`dispatch`] sends the same texts to the same pretend centre in another process, once out of the log that Mingluo
//! keeps ([`log_way`]) and once out of a good table with a row per delivery ([`row_way`]); both use the product's own
//! SMPP channel, so that what differs is the engine. Every [`Heat`] is a process of its own on a database of its own;
//! what counts is what the centre received and when it got its last answer. [`sms`] puts Mingluo beside Kannel at the
//! same centre, with one listener for the receipts that both hand on. [`boxes()`] sends one bulletin to thousands of
//! village boxes, beside a plain hub and Mosquitto; [`lone_box()`] looks at a single one as a real program. [`mail()`] puts the
//! mail channel beside Postfix's own load generator, and [`wechat()`] sends template messages to the pretend platform. Beside
//! the figures stand the machine, its
//! load and what its disk can do ([`floor`]), without which they mean nothing.
//!
//! [`kill`] rehearses with a program that is killed half way, many times over. [`licence`] and [`faults`] let the
//! product's engine run in a process of its own ([`rig`]) towards centres of all four protocols: the one for the pace
//! that the centres see, the other with every fault that they have, held against their logs id by id.

mod boxes;
mod contest;
mod dispatch;
mod faults;
mod floor;
mod gateway;
mod ground;
mod heat;
mod kill;
mod licence;
mod log_way;
mod lone_box;
mod machine;
mod mail;
mod options;
mod place;
mod report;
mod rig;
mod row_way;
mod sms;
mod town;
mod unpacked;
mod wechat;

pub use boxes::{BoxesOptions, CrowdOptions, HubOptions, boxes, crowd, hub};
pub use dispatch::dispatch;
pub use faults::{FaultsOptions, faults};
pub use heat::{Heat, run as run_heat};
pub use licence::{LicenceOptions, licence};
pub use lone_box::{BoxOptions, lone_box};
pub use mail::{MailOptions, mail};
pub use options::{DispatchOptions, Engine};
pub use rig::{RigOrder, run as run_rig};
pub use sms::{EarOptions, SmsOptions, listen, sms};
pub use wechat::{WeChatOptions, wechat};

/// The word for a bar.
const fn verdict(kept: bool) -> &'static str {
    if kept { "达到 kept" } else { "未达到 MISSED" }
}
