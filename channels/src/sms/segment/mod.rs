//! Cutting a text into the parts (分段) of one long short message.
//!
//! Knows the alphabets, the user data header and where a signature (签名) goes. Knows no protocol and no price. What
//! [`segment`] returns is both the preview and what is sent.

mod alphabet;

use std::num::NonZeroU8;

use bytes::{BufMut, Bytes, BytesMut};

use super::wire::Coding;

pub use alphabet::Alphabet;

/// The longest signature in UTF-16 units: the first part must keep room for one surrogate pair.
pub const SIGNATURE_UNITS: usize = Alphabet::Ucs2.part() - 2;

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
    /// The alphabet of the octets, as the wire numbers it.
    pub coding: Coding,
    /// The text without the header.
    pub octets: Bytes,
    /// The same text to show.
    pub text: String,
}

impl Part {
    /// Header and text together: the content of a submit. At most 140 octets of UCS-2, or 160 where each is a septet on
    /// the networks.
    pub fn user_data(&self) -> Bytes {
        let Some(udh) = self.udh else {
            return self.octets.clone();
        };
        let mut data = BytesMut::with_capacity(udh.len() + self.octets.len());
        data.put_slice(&udh);
        data.put_slice(&self.octets);
        data.freeze()
    }

    /// Whether it shows at once and is not kept (闪信).
    pub fn is_flash(&self) -> bool {
        self.coding == Coding::UCS2_FLASH
    }
}

/// A message cut into its parts, in order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// The parts, to leave in this order over one connection.
    pub parts: Vec<Part>,
    /// Units of the whole, a signature the gateway adds included: UTF-16 units, or septets.
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
        /// UTF-16 units or septets, with the signature.
        units: usize,
        /// Such units that the allowed parts hold.
        longest: usize,
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

/// Cuts `text` with its `signature` into at most `max_parts` parts, in `alphabet` where that can write it.
///
/// `reference` ties the parts together on the phone: the same for every recipient of one message,
/// another for the next message to the same people.
///
/// # Errors
/// See [`SegmentError`]; each says what to change.
pub fn segment(
    text: &str,
    signature: &Signature,
    alphabet: Alphabet,
    reference: u8,
    max_parts: NonZeroU8,
) -> Result<Segments, SegmentError> {
    let Signed { text, reserved, alphabet } = sign(text, signature, alphabet)?;
    let units = alphabet.units(&text) + reserved;
    let pieces =
        if units <= alphabet.single() { vec![text.as_str()] } else { cut(&text, reserved, alphabet) };
    let total = u8::try_from(pieces.len()).ok().filter(|total| *total <= max_parts.get());
    let Some(total) = total else {
        let max_parts = max_parts.get();
        let longest =
            if max_parts == 1 { alphabet.single() } else { alphabet.part() * usize::from(max_parts) };
        return Err(SegmentError::TooLong { units, longest, parts: pieces.len(), max_parts });
    };
    let udh = |number| (total > 1).then_some([5, 0, 3, reference, total, number]);
    let parts = pieces.into_iter().zip(1..=total);
    let parts = parts.map(|(piece, number)| part(piece, udh(number), alphabet, alphabet.coding()));
    Ok(Segments { parts: parts.collect(), units })
}

/// The beginning of `text` with its `signature` as one message that shows at once and is not kept (闪信, class 0 of 3GPP
/// TS 23.038 clause 4), where it is cut short with an ellipsis.
///
/// # Errors
/// See [`SegmentError`].
pub fn flash(text: &str, signature: &Signature) -> Result<Part, SegmentError> {
    let ucs2 = Alphabet::Ucs2;
    let Signed { mut text, reserved, .. } = sign(text, signature, ucs2)?;
    let room = ucs2.single() - reserved;
    if ucs2.units(&text) > room {
        let ellipsis = '…';
        let mut left = room - ucs2.width(ellipsis);
        let fits = |character: &char| {
            let width = ucs2.width(*character);
            left.checked_sub(width).inspect(|rest| left = *rest).is_some()
        };
        text = text.chars().take_while(fits).collect();
        text.push(ellipsis);
    }
    Ok(part(&text, None, ucs2, Coding::UCS2_FLASH))
}

/// A text as it leaves.
struct Signed {
    /// With the signature that we add.
    text: String,
    /// Units to keep free for one that the gateway adds.
    reserved: usize,
    alphabet: Alphabet,
}

fn sign(text: &str, signature: &Signature, alphabet: Alphabet) -> Result<Signed, SegmentError> {
    if text.is_empty() {
        return Err(SegmentError::Empty);
    }
    let (signed, room) = match signature {
        Signature::InFront(name) if name.contains(['【', '】']) => {
            return Err(SegmentError::SignatureBrackets { name: name.clone() });
        }
        Signature::InFront(name) => (format!("【{name}】{text}"), Alphabet::Ucs2.units(name) + 2),
        Signature::GatewayAdds { units } => (text.to_owned(), usize::from(*units)),
        Signature::None => (text.to_owned(), 0),
    };
    if room > SIGNATURE_UNITS {
        return Err(SegmentError::SignatureTooLong { units: room });
    }
    Ok(match signature {
        // Its brackets are in no other alphabet.
        Signature::GatewayAdds { .. } => Signed { text: signed, reserved: room, alphabet: Alphabet::Ucs2 },
        Signature::InFront(_) | Signature::None => {
            let alphabet = alphabet.of(&signed);
            Signed { text: signed, reserved: 0, alphabet }
        }
    })
}

/// Fills part after part with whole characters, so that no surrogate pair and no escape is parted.
fn cut(text: &str, reserved: usize, alphabet: Alphabet) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut used) = (0, reserved);
    for (at, character) in text.char_indices() {
        let width = alphabet.width(character);
        if used + width > alphabet.part() {
            pieces.push(&text[start..at]);
            (start, used) = (at, 0);
        }
        used += width;
    }
    pieces.push(&text[start..]);
    pieces
}

fn part(text: &str, udh: Option<[u8; 6]>, alphabet: Alphabet, coding: Coding) -> Part {
    let mut octets = BytesMut::with_capacity(2 * text.len());
    alphabet.put(text, &mut octets);
    Part { udh, coding, octets: octets.freeze(), text: text.to_owned() }
}

#[cfg(test)]
mod tests;
