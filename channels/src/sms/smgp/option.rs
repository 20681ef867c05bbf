//! Optional parameters: tag, length, value (clauses 5.1.2 and 6.3).

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use super::super::wire::{DecodeError, Fields, TextError};

/// GSM protocol identifier, one octet.
pub const TP_PID: u16 = 0x0001;
/// 1 when the content starts with a user data header, one octet.
pub const TP_UDHI: u16 = 0x0002;
/// Ties an answer on demand to its request, 20 octets.
pub const LINK_ID: u16 = 0x0003;
/// Who pays, one octet: 0 the recipient, 1 the source, 2 the SP, 3 see ChargeTermID.
pub const CHARGE_USER_TYPE: u16 = 0x0004;
/// Parts of the message, one octet.
pub const PK_TOTAL: u16 = 0x0009;
/// This part's number from 1, one octet.
pub const PK_NUMBER: u16 = 0x000A;
/// The enterprise code on the mobile network, 8 octets.
pub const MSG_SRC: u16 = 0x0010;
/// The product's id on the mobile network, 21 octets.
pub const M_SERVICE_ID: u16 = 0x0012;

/// Octets of all optional parameters of one PDU that we build, so that it stays below [`super::MAX_LENGTH`].
const MOST_OCTETS: usize = 4096;

/// The optional parameters of one PDU, in their order, unknown ones kept. They stay in the read buffer and
/// are walked on demand. `Debug` hides the values.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Options(Bytes);

impl Options {
    /// Collects pairs of tag and value for sending.
    ///
    /// # Errors
    /// [`TextError::TooLong`] when they are more octets than fit one PDU.
    pub fn new<'a>(all: impl IntoIterator<Item = (u16, &'a [u8])>) -> Result<Self, TextError> {
        let mut out = BytesMut::new();
        for (tag, value) in all {
            let length = out.len() + 4 + value.len();
            if length > MOST_OCTETS {
                return Err(TextError::TooLong { field: "optional parameters", length, max: MOST_OCTETS });
            }
            out.put_u16(tag);
            out.put_u16(value.len() as u16);
            out.put_slice(value);
        }
        Ok(Self(out.freeze()))
    }

    /// Each tag with its value.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &[u8])> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (head, tail) = rest.split_first_chunk::<4>()?;
            let [tag, length] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_be_bytes);
            let (value, tail) = tail.split_at_checked(usize::from(length))?;
            rest = tail;
            Some((tag, value))
        })
    }

    /// The first value under `tag`.
    pub fn get(&self, tag: u16) -> Option<&[u8]> {
        self.iter().find(|(known, _)| *known == tag).map(|(_, value)| value)
    }

    /// The first value under `tag`, where it is one octet.
    pub fn octet(&self, tag: u16) -> Option<u8> {
        let &[octet] = self.get(tag)? else {
            return None;
        };
        Some(octet)
    }

    /// # Errors
    /// [`DecodeError::Short`] when the last parameter is longer than the body.
    pub(super) fn decode(fields: Fields) -> Result<Self, DecodeError> {
        let options = Self(fields.rest());
        let whole: usize = options.iter().map(|(_, value)| 4 + value.len()).sum();
        let broken = &options.0[whole..];
        if broken.is_empty() {
            return Ok(options);
        }
        let stated =
            broken.get(2..4).map_or(0, |length| usize::from(u16::from_be_bytes([length[0], length[1]])));
        Err(DecodeError::Short { field: "optional parameter", needed: 4 + stated, left: broken.len() })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.0);
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |(tag, value): (u16, &[u8])| format!("{tag:#06x} <{} octets>", value.len());
        f.debug_list().entries(self.iter().map(hidden)).finish()
    }
}
