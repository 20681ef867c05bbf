//! Optional parameters: tag, length, value (clause 5.3).

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use mingluo_model::reply::Portion;

use super::super::wire::{DecodeError, Fields, TextError};
use super::MessageState;

/// `receipted_message_id`, clause 5.3.2.12.
pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
/// `sar_msg_ref_num`, clause 5.3.2.22: what the parts of a message have in common.
pub const SAR_MSG_REF_NUM: u16 = 0x020C;
/// `sar_total_segments`, clause 5.3.2.23.
pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
/// `sar_segment_seqnum`, clause 5.3.2.24: from 1.
pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
/// `sc_interface_version`, clause 5.3.2.25.
pub const SC_INTERFACE_VERSION: u16 = 0x0210;
/// `network_error_code`, clause 5.3.2.31.
pub const NETWORK_ERROR_CODE: u16 = 0x0423;
/// `message_payload`, clause 5.3.2.32: a text too long for `short_message`.
pub const MESSAGE_PAYLOAD: u16 = 0x0424;
/// `message_state`, clause 5.3.2.35.
pub const MESSAGE_STATE: u16 = 0x0427;

/// Octets of all optional parameters of one PDU that we build, so that it stays below [`super::MAX_LENGTH`].
const MAX_TLVS: usize = 7168;

/// One optional parameter. `Debug` hides the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// What it is.
    pub tag: u16,
    /// Its octets.
    pub value: &'a [u8],
}

impl Tlv<'_> {
    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_u16(self.tag);
        out.put_u16(self.value.len() as u16);
        out.put_slice(self.value);
    }

    const fn wire_length(&self) -> usize {
        4 + self.value.len()
    }
}

impl fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x} <{} octets>", self.tag, self.value.len())
    }
}

/// The optional parameters of one PDU, in their order, unknown ones kept.
///
/// They stay in the read buffer and are walked on demand.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Tlvs(Bytes);

impl Tlvs {
    /// Collects `tlvs` for sending.
    ///
    /// # Errors
    /// [`TextError::TooLong`] when they are more octets than fit one PDU.
    pub fn new<'a>(tlvs: impl IntoIterator<Item = Tlv<'a>>) -> Result<Self, TextError> {
        let mut out = BytesMut::new();
        for tlv in tlvs {
            let length = out.len() + tlv.wire_length();
            if length > MAX_TLVS {
                return Err(TextError::TooLong { field: "optional parameters", length, max: MAX_TLVS });
            }
            tlv.put(&mut out);
        }
        Ok(Self(out.freeze()))
    }

    /// Each parameter in turn.
    pub fn iter(&self) -> impl Iterator<Item = Tlv<'_>> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (head, tail) = rest.split_first_chunk::<4>()?;
            let [tag, length] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_be_bytes);
            let (value, tail) = tail.split_at_checked(usize::from(length))?;
            rest = tail;
            Some(Tlv { tag, value })
        })
    }

    /// The first value under `tag`.
    pub fn get(&self, tag: u16) -> Option<&[u8]> {
        self.iter().find(|tlv| tlv.tag == tag).map(|tlv| tlv.value)
    }

    /// The id of the message a receipt is about; centres send it with and without its NUL.
    pub fn receipted_message_id(&self) -> Option<&[u8]> {
        let id = self.get(RECEIPTED_MESSAGE_ID)?.split(|octet| *octet == 0).next()?;
        (!id.is_empty()).then_some(id)
    }

    /// The state a receipt reports, if it is one of the standard's.
    pub fn message_state(&self) -> Option<MessageState> {
        self.get(MESSAGE_STATE)?.first().copied().and_then(MessageState::from_wire)
    }

    /// What the radio network said about a failure.
    pub fn network_error_code(&self) -> Option<NetworkError> {
        let &[network, high, low] = self.get(NETWORK_ERROR_CODE)? else {
            return None;
        };
        Some(NetworkError { network, code: u16::from_be_bytes([high, low]) })
    }

    /// Which part of a longer message it is, by the `sar_` parameters; unnumbered where one of them is missing.
    pub fn portion(&self) -> Option<Portion> {
        let all = [SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM].map(|tag| self.get(tag));
        match all {
            [None, None, None] => None,
            [Some(&[high, low]), Some(&[total]), Some(&[number])] => {
                Portion::of(u16::from_be_bytes([high, low]), number, total)
            }
            _ => Some(Portion::UNNUMBERED),
        }
    }

    /// The text of a message whose `short_message` is empty.
    pub fn message_payload(&self) -> Option<&[u8]> {
        self.get(MESSAGE_PAYLOAD)
    }

    /// # Errors
    /// [`DecodeError::Short`] when the last parameter is longer than the body.
    pub(super) fn decode(fields: Fields) -> Result<Self, DecodeError> {
        let tlvs = Self(fields.rest());
        let whole: usize = tlvs.iter().map(|tlv| tlv.wire_length()).sum();
        let broken = &tlvs.0[whole..];
        if broken.is_empty() {
            return Ok(tlvs);
        }
        let stated =
            broken.get(2..4).map_or(0, |length| usize::from(u16::from_be_bytes([length[0], length[1]])));
        Err(DecodeError::Short { field: "optional parameter", needed: 4 + stated, left: broken.len() })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.0);
    }
}

impl fmt::Debug for Tlvs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A network's own error (clause 5.3.2.31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkError {
    /// 1 ANSI-136, 2 IS-95, 3 GSM; others are the vendor's.
    pub network: u8,
    /// The code within that network.
    pub code: u16,
}
