//! Cutting a text into the parts (分段) of one long short message.
//!
//! Knows UCS-2 counting, the user data header and where a signature (签名) goes. Always UCS-2: one
//! Chinese character forces it, and every carrier takes it for plain Latin text as well. Knows no
//! protocol and no price. What [`segment`] returns is both the preview and what is sent.

use std::num::NonZeroU8;

use bytes::{BufMut, Bytes, BytesMut};

/// UTF-16 units of a message that travels alone: 140 octets (3GPP TS 23.040 clause 9.2.3.24).
pub const SINGLE_UNITS: usize = 70;

/// UTF-16 units of one part of several: 140 octets less the 6 of the header
/// (3GPP TS 23.040 clause 9.2.3.24.1).
pub const PART_UNITS: usize = 67;

/// The longest signature: the first part must keep room for one surrogate pair.
pub const SIGNATURE_UNITS: usize = PART_UNITS - 2;

/// Who puts the sender's registered name 【…】 into the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// We do, in front; the name without its brackets.
    InFront(String),
    /// The gateway does, in front of the first part, which must keep room for it
    /// or the phone shows a cut text.
    GatewayAdds {
        /// UTF-16 units of the signature with its brackets.
        units: u16,
    },
    /// Nobody, or the provider as a parameter beside the text.
    None,
}

/// One part as it is sent and as the phone shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The user data header `05 00 03 RR TT NN` (reference, total, number from 1);
    /// none when the message travels alone.
    pub udh: Option<[u8; 6]>,
    /// The text in UCS-2, big-endian, without the header.
    pub text_utf16be: Bytes,
    /// The same text to show.
    pub text: String,
}

impl Part {
    /// Header and text together, at most 140 octets: the content of a submit.
    pub fn user_data(&self) -> Bytes {
        let Some(udh) = self.udh else {
            return self.text_utf16be.clone();
        };
        let mut data = BytesMut::with_capacity(udh.len() + self.text_utf16be.len());
        data.put_slice(&udh);
        data.put_slice(&self.text_utf16be);
        data.freeze()
    }
}

/// A message cut into its parts, in order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// The parts, to leave in this order over one connection.
    pub parts: Vec<Part>,
    /// UTF-16 units of the whole, a signature the gateway adds included.
    pub units: usize,
}

/// A text that cannot be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// There is nothing to send.
    #[error("the text is empty, write one")]
    Empty,
    /// The text needs more parts than the account or the rule allows.
    #[error("the text of {units} units needs {parts} parts, shorten it to {max_parts}")]
    TooLong {
        /// UTF-16 units with the signature.
        units: usize,
        /// Parts it would take.
        parts: usize,
        /// Parts allowed.
        max_parts: u8,
    },
    /// The signature leaves no room in the first part.
    #[error("the signature has {units} units, shorten it to {SIGNATURE_UNITS}")]
    SignatureTooLong {
        /// UTF-16 units with the brackets.
        units: usize,
    },
    /// The signature was given with its brackets, which would be sent twice.
    #[error("the signature {name:?} holds 【 or 】, give the registered name alone")]
    SignatureBrackets {
        /// The name as configured.
        name: String,
    },
}

/// Cuts `text` with its `signature` into at most `max_parts` parts.
///
/// `reference` ties the parts together on the phone: the same for every recipient of one message,
/// another for the next message to the same people.
///
/// # Errors
/// See [`SegmentError`]; each says what to change.
pub fn segment(
    text: &str,
    signature: &Signature,
    reference: u8,
    max_parts: NonZeroU8,
) -> Result<Segments, SegmentError> {
    if text.is_empty() {
        return Err(SegmentError::Empty);
    }
    let (signed, reserved) = sign(text, signature)?;
    let units = units(&signed) + reserved;
    let pieces = if units <= SINGLE_UNITS { vec![signed.as_str()] } else { cut(&signed, reserved) };
    let total = u8::try_from(pieces.len()).ok().filter(|total| *total <= max_parts.get());
    let Some(total) = total else {
        return Err(SegmentError::TooLong { units, parts: pieces.len(), max_parts: max_parts.get() });
    };
    let parts =
        pieces.into_iter().zip(1..=total).map(|(piece, number)| part(piece, reference, total, number));
    Ok(Segments { parts: parts.collect(), units })
}

/// The text with the signature that we add, and the units to keep free for one that we do not.
fn sign(text: &str, signature: &Signature) -> Result<(String, usize), SegmentError> {
    let (signed, room) = match signature {
        Signature::InFront(name) if name.contains(['【', '】']) => {
            return Err(SegmentError::SignatureBrackets { name: name.clone() });
        }
        Signature::InFront(name) => (format!("【{name}】{text}"), units(name) + 2),
        Signature::GatewayAdds { units } => (text.to_owned(), usize::from(*units)),
        Signature::None => (text.to_owned(), 0),
    };
    if room > SIGNATURE_UNITS {
        return Err(SegmentError::SignatureTooLong { units: room });
    }
    let reserved = if matches!(signature, Signature::GatewayAdds { .. }) { room } else { 0 };
    Ok((signed, reserved))
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Fills part after part with whole characters, so that no surrogate pair is parted.
fn cut(text: &str, reserved: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut used) = (0, reserved);
    for (at, character) in text.char_indices() {
        if used + character.len_utf16() > PART_UNITS {
            pieces.push(&text[start..at]);
            (start, used) = (at, 0);
        }
        used += character.len_utf16();
    }
    pieces.push(&text[start..]);
    pieces
}

fn part(text: &str, reference: u8, total: u8, number: u8) -> Part {
    let mut utf16be = BytesMut::with_capacity(2 * units(text));
    text.encode_utf16().for_each(|unit| utf16be.put_u16(unit));
    Part {
        udh: (total > 1).then_some([5, 0, 3, reference, total, number]),
        text_utf16be: utf16be.freeze(),
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
