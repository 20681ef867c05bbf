//! The hot road: the same text to a million numbers.

use bytes::BytesMut;

use super::{super::wire::Stencil, Body, Pdu, Sequence, Submit, UserNumber, UserNumbers};

/// The offset of UserNumber (clause 4.2.3.3.1), the header counted.
const NUMBER: usize = 63;

/// One part of a message, encoded once but for its one number and its sequence.
#[derive(Clone)]
pub struct SubmitTemplate(Stencil);

impl SubmitTemplate {
    /// Encodes all of `submit` but its numbers.
    pub fn new(submit: &Submit) -> Self {
        let submit = Submit { user_numbers: UserNumbers::one(UserNumber::default()), ..submit.clone() };
        let mut frame = BytesMut::new();
        Pdu { sequence: Sequence::default(), body: Body::Submit(submit.into()) }.encode(&mut frame);
        Self(Stencil::new(frame, NUMBER))
    }

    /// Appends a submit to `number` under `sequence`.
    pub fn encode(&self, number: &UserNumber, sequence: Sequence, out: &mut BytesMut) {
        self.0.stamp(&sequence.to_bytes(), number.as_bytes(), out);
    }
}
