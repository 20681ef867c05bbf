//! SMPP.

use super::{settles, steered, stream};
use crate::sms::smpp::{Body, DeliveryReport, Framer, HEADER_LENGTH, Pdu};

/// Tries one input on SMPP.
pub fn smpp(input: &[u8]) {
    let Some((steer, rest)) = steered(input) else { return };
    let framer = Framer::default();
    let mut buffer = stream(steer, rest, HEADER_LENGTH as usize);
    loop {
        match framer.push(&mut buffer) {
            Ok(None) => break,
            Ok(Some(pdu)) => {
                if let Body::DeliverSm(message) = &pdu.body {
                    let _ = (DeliveryReport::read(message), message.to_text());
                }
                settles(&pdu, Pdu::encode, |wire| framer.push(wire).ok().flatten());
            }
            Err(error) if error.is_fatal() => break,
            Err(error) => drop(error.nack()),
        }
    }
}
