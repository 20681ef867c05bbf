//! CMPP 2.0 and 3.0 (中国移动通信互联网短信网关接口协议), China Mobile's protocol, as bytes: the codec of both
//! sides, the service provider (SP) that submits and the gateway (ISMG) that a rehearsal pretends to be.
//!
//! A [`Framer`] takes [`Pdu`]s out of what a socket gave; [`Pdu::encode`] and, for the one hot road,
//! [`SubmitTemplate::encode`] append to what a socket is to send. Status reports are read by [`Report::read`].
//! Knows the layout and the meaning of fields; knows no window, timer, rate or account. Clauses cited are
//! those of CMPP 3.0.0 (QB-GF-028-2003); layouts of 2.0 agree with the implementation gocmpp.

mod cancel;
pub mod command;
mod connect;
mod deliver;
mod framer;
mod msg_id;
mod pdu;
mod query;
mod report;
mod result;
mod submit;
mod submit_template;
pub mod time;
mod version;

pub use cancel::CancelResp;
pub use connect::{Connect, ConnectResp};
pub use deliver::{Deliver, DeliverResp};
pub use framer::{FrameError, Framer};
pub use msg_id::{MsgId, MsgIdParts};
pub use pdu::{Body, Pdu};
pub use query::{Query, QueryResp};
pub use report::{Report, ReportError};
pub use result::{CommandResult, ConnectStatus};
pub use submit::{Destinations, FREE, SP_PAYS, Submit, SubmitResp};
pub use submit_template::SubmitTemplate;
pub use version::{Terminal, Version};

/// Octets of the header: length, command, sequence (clause 8.3).
pub const HEADER_LENGTH: u32 = 12;

/// The longest PDU accepted. The longest that the standard allows has 99 numbers and stays below it.
pub const MAX_LENGTH: u32 = 8192;

#[cfg(test)]
mod tests;
