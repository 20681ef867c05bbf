//! The hot road: the same text to a million numbers.

use bytes::{BufMut, Bytes, BytesMut};

use super::{AddressDigits, CommandStatus, HEADER_LENGTH, ShortMessage, command, pdu::header};

/// One part of a message, encoded once but for the number and the sequence.
#[derive(Clone)]
pub struct SubmitTemplate {
    /// The body before the destination's digits.
    head: Bytes,
    /// The body after them.
    tail: Bytes,
}

impl SubmitTemplate {
    /// Encodes all of `message` but the digits of its destination, whose type and plan are kept.
    pub fn new(message: &ShortMessage) -> Self {
        let (mut head, mut tail) = (BytesMut::new(), BytesMut::new());
        message.put_head(&mut head);
        message.put_tail(&mut tail);
        Self { head: head.freeze(), tail: tail.freeze() }
    }

    /// Appends a submit_sm to `destination` under `sequence` (1..=0x7FFF_FFFF, clause 3.2).
    pub fn encode(&self, destination: &AddressDigits, sequence: u32, out: &mut BytesMut) {
        let length = HEADER_LENGTH as usize + self.head.len() + destination.wire_length() + self.tail.len();
        out.reserve(length);
        out.put_slice(&header(length, command::SUBMIT_SM, CommandStatus::ROK, sequence));
        out.put_slice(&self.head);
        destination.put(out);
        out.put_slice(&self.tail);
    }
}
