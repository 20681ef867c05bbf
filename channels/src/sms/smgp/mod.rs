//! SMGP 3.0 (中国电信集团公司专用短消息网关协议), China Telecom's protocol, as bytes: the codec of both sides, the
//! service provider (SP) and the gateway (SMGW) that a rehearsal pretends to be.
//!
//! A [`Framer`] takes [`Pdu`]s out of what a socket gave; [`Pdu::encode`] and, for the one hot road,
//! [`SubmitTemplate::encode`] append to what a socket is to send. Status reports are read by [`Report::read`].
//! A report may come over another link than its submit, because a login may send only or receive only. Knows the
//! layout and the meaning of fields; knows no window, timer, rate or account, nor version 1.3, which has no
//! FixedFee. Clauses cited are those of SMGP V3.0.3 (SN RC1).

pub mod command;
mod deliver;
mod framer;
mod login;
mod msg_id;
pub mod option;
mod pdu;
mod report;
mod report_text;
mod status;
mod submit;
mod submit_template;
pub mod time;

pub use deliver::{Deliver, DeliverResp};
pub use framer::{FrameError, Framer};
pub use login::{Login, LoginMode, LoginResp, VERSION};
pub use msg_id::MsgId;
pub use option::Options;
pub use pdu::{Body, Pdu};
pub use report::{Report, ReportError};
pub use status::Status;
pub use submit::{DestTermIds, FREE, MOBILE_TERMINATED, Submit, SubmitResp, TermId};
pub use submit_template::SubmitTemplate;

/// Octets of the header: length, request, sequence (clause 5.2.1).
pub const HEADER_LENGTH: u32 = 12;

/// The longest PDU accepted; the longest that the standard's fields fill has 100 numbers and stays below it.
pub const MAX_LENGTH: u32 = 8192;

#[cfg(test)]
mod tests;
