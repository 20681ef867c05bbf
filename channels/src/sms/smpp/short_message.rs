//! The body that submit_sm and deliver_sm share (clauses 4.4.1 and 4.6.1).

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use mingluo_model::reply::Portion;

use super::super::segment::Part;
use super::super::wire::{COctets, Coding, DecodeError, Fields, Octets, behind_header, portion};
use super::{Address, Tlvs, time::TimeText};

/// `esm_class`: the text begins with a user data header (clause 5.2.12).
pub const ESM_UDHI: u8 = 0x40;
/// `esm_class` of a deliver_sm: the text is a final receipt (clause 5.2.12).
pub const ESM_RECEIPT: u8 = 0x04;
/// `esm_class` of a deliver_sm: the text is an intermediate notification (clause 5.2.12).
pub const ESM_INTERMEDIATE: u8 = 0x20;
/// The bits of `esm_class` that hold the message type.
const ESM_TYPE: u8 = 0x3C;

/// `registered_delivery`: a receipt of the final outcome, good or bad (clause 5.2.17).
pub const RECEIPT_FINAL: u8 = 1;

/// One message to or from the centre. `Debug` hides addresses and text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShortMessage {
    /// The application service; mostly empty.
    pub service_type: COctets<6>,
    /// Who sends.
    pub source: Address,
    /// Who receives.
    pub destination: Address,
    /// Message mode, type and features; see [`ESM_UDHI`], [`ESM_RECEIPT`].
    pub esm_class: u8,
    /// GSM protocol identifier.
    pub protocol_id: u8,
    /// 0 lowest to 3 highest.
    pub priority_flag: u8,
    /// When the centre should send; empty is at once.
    pub schedule_delivery_time: TimeText,
    /// Until when the centre should try; empty is its own default.
    pub validity_period: TimeText,
    /// Which receipts are wanted; see [`RECEIPT_FINAL`].
    pub registered_delivery: u8,
    /// 1 replaces an earlier message of the same service type.
    pub replace_if_present_flag: u8,
    /// The alphabet of the text (clause 5.2.19), numbered as [`Coding`]; 0 is the centre's default.
    pub data_coding: u8,
    /// A text kept in the centre; 0 for none.
    pub sm_default_msg_id: u8,
    /// The text, header included.
    pub short_message: Octets<254>,
    /// Optional parameters.
    pub tlvs: Tlvs,
}

impl ShortMessage {
    /// One part of a warning from `source` to `destination`, asking for the final receipt unless it is an addition.
    pub fn of_part(source: Address, destination: Address, part: &Part) -> Self {
        Self {
            source,
            destination,
            esm_class: if part.udh.is_some() { ESM_UDHI } else { 0 },
            registered_delivery: if part.is_flash() { 0 } else { RECEIPT_FINAL },
            data_coding: part.coding.0,
            short_message: Octets::bounded(part.user_data()),
            ..Self::default()
        }
    }

    /// Whether this is a report about an earlier message rather than something a person wrote.
    /// The id TLV counts as well: some centres leave `esm_class` at 0.
    pub fn is_receipt(&self) -> bool {
        matches!(self.esm_class & ESM_TYPE, ESM_RECEIPT | ESM_INTERMEDIATE)
            || self.tlvs.receipted_message_id().is_some()
    }

    /// Whether the centre says that more reports will follow.
    pub const fn is_intermediate(&self) -> bool {
        self.esm_class & ESM_TYPE == ESM_INTERMEDIATE
    }

    /// Which part of a longer message this is: its user data header says so, or the `sar_` parameters do.
    pub fn portion(&self) -> Option<Portion> {
        let by_header = if self.has_header() { portion(self.payload()) } else { None };
        by_header.or_else(|| self.tlvs.portion())
    }

    /// The text without its user data header, by its coding, which Chinese centres number as the carriers do.
    pub fn to_text(&self) -> Cow<'_, str> {
        let octets = if self.has_header() { behind_header(self.payload()) } else { self.payload() };
        Coding(self.data_coding).read(octets)
    }

    const fn has_header(&self) -> bool {
        self.esm_class & ESM_UDHI != 0
    }

    fn payload(&self) -> &[u8] {
        let short = self.short_message.as_bytes();
        if short.is_empty() { self.tlvs.message_payload().unwrap_or(short) } else { short }
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        Ok(Self {
            service_type: fields.c_octets("service_type")?,
            source: Address::decode(&mut fields, "source_addr")?,
            destination: Address::decode(&mut fields, "destination_addr")?,
            esm_class: fields.u8("esm_class")?,
            protocol_id: fields.u8("protocol_id")?,
            priority_flag: fields.u8("priority_flag")?,
            schedule_delivery_time: fields.c_octets("schedule_delivery_time")?,
            validity_period: fields.c_octets("validity_period")?,
            registered_delivery: fields.u8("registered_delivery")?,
            replace_if_present_flag: fields.u8("replace_if_present_flag")?,
            data_coding: fields.u8("data_coding")?,
            sm_default_msg_id: fields.u8("sm_default_msg_id")?,
            short_message: text(&mut fields)?,
            tlvs: Tlvs::decode(fields)?,
        })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.put_head(out);
        self.destination.digits.put(out);
        self.put_tail(out);
    }

    /// Everything before the destination's digits.
    pub(super) fn put_head(&self, out: &mut BytesMut) {
        self.service_type.put(out);
        self.source.put(out);
        out.put_slice(&[self.destination.ton, self.destination.npi]);
    }

    /// Everything after the destination's digits.
    pub(super) fn put_tail(&self, out: &mut BytesMut) {
        let text = self.short_message.as_bytes();
        out.put_slice(&[self.esm_class, self.protocol_id, self.priority_flag]);
        self.schedule_delivery_time.put(out);
        self.validity_period.put(out);
        out.put_slice(&[self.registered_delivery, self.replace_if_present_flag]);
        out.put_slice(&[self.data_coding, self.sm_default_msg_id, text.len() as u8]);
        out.put_slice(text);
        self.tlvs.put(out);
    }
}

fn text(fields: &mut Fields) -> Result<Octets<254>, DecodeError> {
    let length = fields.u8("sm_length")?;
    fields.octets("short_message", usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::super::{
        Tlv,
        tlv::{SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS},
    };
    use super::*;

    fn wrote(esm_class: u8, data_coding: u8, text: &[u8], tlvs: &[(u16, &[u8])]) -> ShortMessage {
        let tlvs = tlvs.iter().map(|&(tag, value)| Tlv { tag, value });
        ShortMessage {
            esm_class,
            data_coding,
            short_message: Octets::new("short_message", text.to_vec()).unwrap(),
            tlvs: Tlvs::new(tlvs).unwrap(),
            ..ShortMessage::default()
        }
    }

    #[test]
    fn what_a_resident_writes_in_chinese_is_read_whatever_the_coding_says() {
        let gb = Coding::GB.write("退订").unwrap();
        for data_coding in [0, 1, 3, 4, 15] {
            assert_eq!(wrote(0, data_coding, &gb, &[]).to_text(), "退订", "{data_coding}");
        }
        assert_eq!(wrote(0, 0, "退订".as_bytes(), &[]).to_text(), "退订");
    }

    #[test]
    fn parts_are_known_by_their_header_or_by_their_parameters() {
        let second = Portion { reference: 0x0107, number: 2, total: 3 };
        assert_eq!(wrote(ESM_UDHI, 8, &[6, 8, 4, 1, 7, 3, 2, 0, b'T'], &[]).portion(), Some(second));
        let sar: [(u16, &[u8]); 3] =
            [(SAR_MSG_REF_NUM, &[1, 7]), (SAR_TOTAL_SEGMENTS, &[3]), (SAR_SEGMENT_SEQNUM, &[2])];
        assert_eq!(wrote(0, 0, b"TD", &sar).portion(), Some(second));
        assert_eq!(wrote(0, 0, b"TD", &sar[..1]).portion(), Some(Portion::UNNUMBERED));
        let only: [(u16, &[u8]); 3] =
            [(SAR_MSG_REF_NUM, &[1, 7]), (SAR_TOTAL_SEGMENTS, &[1]), (SAR_SEGMENT_SEQNUM, &[1])];
        assert_eq!((wrote(0, 0, b"TD", &only).portion(), wrote(0, 0, b"TD", &[]).portion()), (None, None));
    }
}
