//! SMPP 3.4 as bytes: the codec of both sides, the client that submits and the centre (SMSC) that
//! a rehearsal pretends to be.
//!
//! A [`Framer`] takes [`Pdu`]s out of what a socket gave; [`Pdu::encode`] and, for the one hot road,
//! [`SubmitTemplate::encode`] append to what a socket is to send. Receipts and their ids are read by
//! [`receipt`] and [`message_id`]. Knows the layout and the meaning of fields; knows no window, timer,
//! rate or account. Clauses cited are those of the SMPP Protocol Specification v3.4, issue 1.2.

mod address;
mod bind;
pub mod command;
mod framer;
pub mod message_id;
mod message_state;
mod pdu;
pub mod receipt;
mod receipt_text;
pub mod short_message;
mod status;
mod submit_template;
pub mod time;
pub mod tlv;

pub use address::{Address, AddressDigits};
pub use bind::{Bind, BindResp};
pub use framer::{FrameError, Framer};
pub use message_id::{MessageId, MessageIdForm};
pub use message_state::MessageState;
pub use pdu::{Body, Pdu};
pub use receipt::{DeliveryReport, ReceiptError};
pub use receipt_text::ReceiptText;
pub use short_message::ShortMessage;
pub use status::{CommandStatus, StatusClass};
pub use submit_template::SubmitTemplate;
pub use tlv::{NetworkError, Tlv, Tlvs};

/// Octets of the header: length, command, status, sequence (clause 3.2).
pub const HEADER_LENGTH: u32 = 16;

/// The longest PDU accepted. The standard sets no limit; a link that sends more is out of step.
pub const MAX_LENGTH: u32 = 8192;

#[cfg(test)]
mod tests;
