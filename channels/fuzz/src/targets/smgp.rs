//! SMGP.

use super::{settles, steered, stream};
use crate::sms::smgp::{Body, Framer, HEADER_LENGTH, Pdu, Report};

/// Tries one input on SMGP.
pub fn smgp(input: &[u8]) {
    let Some((steer, rest)) = steered(input) else { return };
    let mut buffer = stream(steer, rest, HEADER_LENGTH as usize);
    loop {
        match Framer.push(&mut buffer) {
            Ok(None) => break,
            Ok(Some(pdu)) => {
                if let Body::Deliver(deliver) = &pdu.body {
                    let _ = (Report::read(deliver), deliver.to_text());
                }
                settles(&pdu, Pdu::encode, |wire| Framer.push(wire).ok().flatten());
            }
            Err(error) if error.is_fatal() => break,
            Err(error) => drop(Pdu::refusal(&error)),
        }
    }
}
