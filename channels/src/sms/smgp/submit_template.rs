//! The hot road: the same text to a million numbers.

use bytes::BytesMut;

use super::{super::wire::Stencil, Body, DestTermIds, Pdu, Submit, TermId};

/// The offset of DestTermID (clause 5.2.2.2.1), the header counted.
const NUMBER: usize = 117;

/// One part of a message, encoded once but for its one number and its sequence.
#[derive(Clone)]
pub struct SubmitTemplate(Stencil);

impl SubmitTemplate {
    /// Encodes all of `submit` but its numbers.
    pub fn new(submit: &Submit) -> Self {
        let submit = Submit { dest_term_ids: DestTermIds::one(TermId::default()), ..submit.clone() };
        let mut frame = BytesMut::new();
        Pdu { sequence: 0, body: Body::Submit(submit.into()) }.encode(&mut frame);
        Self(Stencil::new(frame, NUMBER))
    }

    /// Appends a submit to `number` under `sequence`.
    pub fn encode(&self, number: &TermId, sequence: u32, out: &mut BytesMut) {
        self.0.stamp(&sequence.to_be_bytes(), number.as_bytes(), out);
    }
}
