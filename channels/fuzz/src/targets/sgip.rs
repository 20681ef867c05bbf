//! SGIP.

use super::{settles, steered, stream};
use crate::sms::sgip::{Body, Framer, HEADER_LENGTH, Pdu};

/// Tries one input on SGIP.
pub fn sgip(input: &[u8]) {
    let Some((steer, rest)) = steered(input) else { return };
    let mut buffer = stream(steer, rest, HEADER_LENGTH as usize);
    loop {
        match Framer.push(&mut buffer) {
            Ok(None) => break,
            Ok(Some(pdu)) => {
                match &pdu.body {
                    Body::Deliver(deliver) => drop(deliver.to_text()),
                    Body::Report(report) => drop(report.state()),
                    _ => {}
                }
                settles(&pdu, Pdu::encode, |wire| Framer.push(wire).ok().flatten());
            }
            Err(error) if error.is_fatal() => break,
            Err(error) => drop(Pdu::refusal_of(&error)),
        }
    }
}
