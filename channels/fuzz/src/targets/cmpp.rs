//! CMPP in both versions: bit 0x20 of the first octet chooses 3.0.

use super::{settles, steered, stream};
use crate::sms::cmpp::{Body, Framer, HEADER_LENGTH, Pdu, Report, Version};

/// Tries one input on CMPP.
pub fn cmpp(input: &[u8]) {
    let Some((steer, rest)) = steered(input) else { return };
    let version = if steer & 0x20 == 0 { Version::V20 } else { Version::V30 };
    let framer = Framer::new(version);
    let mut buffer = stream(steer, rest, HEADER_LENGTH as usize);
    loop {
        match framer.push(&mut buffer) {
            Ok(None) => break,
            Ok(Some(pdu)) => {
                if let Body::Deliver(deliver) = &pdu.body {
                    let _ = (Report::read(deliver), deliver.to_text());
                }
                settles(&pdu, |pdu, out| pdu.encode(version, out), |wire| framer.push(wire).ok().flatten());
            }
            Err(error) if error.is_fatal() => break,
            Err(error) => drop(Pdu::refusal(&error, version)),
        }
    }
}
