//! The hot road of the protocols with fixed fields: the same text to a million numbers.

use bytes::{BufMut, BytesMut};

/// Where a sequence stands in CMPP, SMGP and SGIP alike: behind length and command.
const SEQUENCE: usize = 8;

/// One frame, complete but for its sequence and its one number.
#[derive(Clone)]
pub(in crate::sms) struct Stencil {
    frame: BytesMut,
    /// Where the number's field begins.
    number: usize,
}

impl Stencil {
    /// Keeps `frame`, whose one number is empty and stands at `number`.
    pub(in crate::sms) const fn new(frame: BytesMut, number: usize) -> Self {
        Self { frame, number }
    }

    /// Appends the frame under `sequence`, the number put in its place.
    pub(in crate::sms) fn stamp(&self, sequence: &[u8], number: &[u8], out: &mut BytesMut) {
        let start = out.len();
        out.put_slice(&self.frame);
        out[start + SEQUENCE..][..sequence.len()].copy_from_slice(sequence);
        out[start + self.number..][..number.len()].copy_from_slice(number);
    }
}
