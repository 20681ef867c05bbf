//! SGIP 1.2 (中国联通短消息网关系统接口协议), China Unicom's protocol, as bytes: the codec of both sides, the
//! service provider (SP) and the gateway (SMG) that a rehearsal pretends to be.
//!
//! There are two directions of TCP: the SP binds to the gateway to submit, the gateway binds to the SP's own
//! listener to deliver and report. The PDUs are the same. A [`Framer`] takes [`Pdu`]s out of what a socket gave;
//! [`Pdu::encode`] and, for the one hot road, [`SubmitTemplate::encode`] append to what a socket is to send.
//! A submit's answer names no message: the key of its receipt is the [`Sequence`] that we chose, with the number.
//! Knows the layout and the meaning of fields; knows no window, timer, rate or account. Clauses cited are those
//! of the protocol's edition of October 2001.

mod bind;
pub mod command;
mod deliver;
mod framer;
mod pdu;
mod report;
mod result;
mod sequence;
mod submit;
mod submit_template;
pub mod time;

pub use bind::{Bind, FROM_GATEWAY, FROM_SP};
pub use deliver::Deliver;
pub use framer::{FrameError, Framer};
pub use pdu::{Body, Pdu};
pub use report::Report;
pub use result::CommandResult;
pub use sequence::{NodeError, Sequence, sp_node};
pub use submit::{NOT_ASKED_FOR, REPORT_ALWAYS, SP_PAYS, Submit, UserNumber, UserNumbers};
pub use submit_template::SubmitTemplate;

/// Octets of the header: length, command, sequence of twelve (clause 4.2.2).
pub const HEADER_LENGTH: u32 = 20;

/// The longest PDU accepted; the longest that the standard allows has 100 numbers and stays below it.
pub const MAX_LENGTH: u32 = 8192;

#[cfg(test)]
mod tests;
