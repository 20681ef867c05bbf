//! The hot road: the same text to a million numbers.

use bytes::BytesMut;

use super::{super::wire::Stencil, Body, Destinations, Pdu, Submit, Terminal, Version};

/// One part of a message, encoded once but for its one number and its sequence.
#[derive(Clone)]
pub struct SubmitTemplate {
    stencil: Stencil,
    width: usize,
}

impl SubmitTemplate {
    /// Encodes all of `submit` but its destinations.
    pub fn new(submit: &Submit, version: Version) -> Self {
        let submit = Submit { destinations: Destinations::one(Terminal::default()), ..submit.clone() };
        let mut frame = BytesMut::new();
        Pdu { sequence: 0, body: Body::Submit(Box::new(submit)) }.encode(version, &mut frame);
        // The offset of Dest_terminal_Id (clause 8.4.3.1), the header counted.
        let number = match version {
            Version::V20 => 129,
            Version::V30 => 141,
        };
        Self { stencil: Stencil::new(frame, number), width: version.number_width() }
    }

    /// Appends a submit to `destination` under `sequence`. A number of more octets than the version has, which
    /// [`Version::terminal`] does not let pass, is cut.
    pub fn encode(&self, destination: &Terminal, sequence: u32, out: &mut BytesMut) {
        let number = destination.as_bytes();
        self.stencil.stamp(&sequence.to_be_bytes(), &number[..number.len().min(self.width)], out);
    }
}
