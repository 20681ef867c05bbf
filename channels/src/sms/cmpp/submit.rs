//! One message on its way to phones (clause 8.4.3).

use bytes::{BufMut, BytesMut};

use super::{
    super::{
        segment::Part,
        wire::{Coding, DecodeError, Fields, List, Octets, Padded},
    },
    CommandResult, MsgId, Terminal, Version,
    result::{put_result, take_result},
    time::TimeText,
};

/// Fee_UserType: the sender pays (对SP计费).
pub const SP_PAYS: u8 = 2;

/// FeeType: free to the phone's owner (对“计费用户号码”免费).
pub const FREE: &str = "01";

/// The numbers of one submit: fewer than a hundred (小于100个用户).
pub type Destinations = List<Terminal, 99>;

/// CMPP_SUBMIT (clause 8.4.3.1). `Debug` hides numbers and text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submit {
    /// 0 from an SP; the gateway names it.
    pub msg_id: MsgId,
    /// Parts of the message, 1 when it travels alone.
    pub pk_total: u8,
    /// This part's number, from 1.
    pub pk_number: u8,
    /// 1 asks for a status report; 2.0 also knew 2, a billing record.
    pub registered_delivery: u8,
    /// The message's level.
    pub msg_level: u8,
    /// The service code (业务代码) agreed with the carrier.
    pub service_id: Padded<10>,
    /// Who pays: 0 the recipient, 1 the source, 2 the sender, 3 [`Self::fee_terminal`]; see [`SP_PAYS`].
    pub fee_user_type: u8,
    /// The number that pays when the type is 3.
    pub fee_terminal: Terminal,
    /// 0 a real number, 1 a pseudonym. 3.0 only.
    pub fee_terminal_type: u8,
    /// GSM protocol identifier.
    pub tp_pid: u8,
    /// 1 when the content starts with a user data header.
    pub tp_udhi: u8,
    /// The content's alphabet.
    pub msg_fmt: Coding,
    /// The enterprise code, as at login.
    pub msg_src: Padded<6>,
    /// "01" free, "02" by message, "03" by month; see [`FREE`].
    pub fee_type: Padded<2>,
    /// The price in fen, as digits.
    pub fee_code: Padded<6>,
    /// Until when the gateway should try; empty is its own default. See [`super::time::absolute`].
    pub valid_time: TimeText,
    /// When the gateway should send; empty is at once.
    pub at_time: TimeText,
    /// The access code with its extension: what phones show as the sender.
    pub src_id: Padded<21>,
    /// Who receives; one bad number makes a gateway refuse them all.
    pub destinations: Destinations,
    /// 0 real numbers, 1 pseudonyms. 3.0 only.
    pub destination_type: u8,
    /// Header and text, at most 140 octets on the networks.
    pub content: Octets<255>,
    /// Ties an answer on demand to its request (点播); empty in a push. 3.0 only.
    pub link_id: Padded<20>,
}

impl Submit {
    /// One part of a warning, asking for the status report unless it is an addition, free to who receives it.
    ///
    /// # Panics
    /// Never: the fee fields fit.
    pub fn of_part(msg_src: Padded<6>, src_id: Padded<21>, part: &Part) -> Self {
        let [pk_total, pk_number] = part.udh.map_or([1, 1], |udh| [udh[4], udh[5]]);
        Self {
            pk_total,
            pk_number,
            registered_delivery: u8::from(!part.is_flash()),
            fee_user_type: SP_PAYS,
            tp_udhi: u8::from(part.udh.is_some()),
            msg_fmt: part.coding,
            msg_src,
            fee_type: Padded::new("FeeType", FREE).expect("two digits fit"),
            fee_code: Padded::new("FeeCode", "0").expect("one digit fits"),
            src_id,
            content: Octets::bounded(part.user_data()),
            ..Self::default()
        }
    }

    pub(super) fn decode(mut fields: Fields, version: Version) -> Result<Self, DecodeError> {
        let f = &mut fields;
        Ok(Self {
            msg_id: MsgId(f.u64("Msg_Id")?),
            pk_total: f.u8("Pk_total")?,
            pk_number: f.u8("Pk_number")?,
            registered_delivery: f.u8("Registered_Delivery")?,
            msg_level: f.u8("Msg_level")?,
            service_id: f.padded("Service_Id")?,
            fee_user_type: f.u8("Fee_UserType")?,
            fee_terminal: f.padded_in("Fee_terminal_Id", version.number_width())?,
            fee_terminal_type: only_30(f, version, "Fee_terminal_type")?,
            tp_pid: f.u8("TP_pId")?,
            tp_udhi: f.u8("TP_udhi")?,
            msg_fmt: Coding(f.u8("Msg_Fmt")?),
            msg_src: f.padded("Msg_src")?,
            fee_type: f.padded("FeeType")?,
            fee_code: f.padded("FeeCode")?,
            valid_time: f.padded("ValId_Time")?,
            at_time: f.padded("At_Time")?,
            src_id: f.padded("Src_Id")?,
            destinations: f.padded_list(["DestUsr_tl", "Dest_terminal_Id"], version.number_width())?,
            destination_type: only_30(f, version, "Dest_terminal_type")?,
            content: content(f)?,
            link_id: link_id(fields, version)?,
        })
    }

    pub(super) fn put(&self, version: Version, out: &mut BytesMut) {
        self.put_head(version, out);
        out.put_u8(self.destinations.len() as u8);
        for destination in self.destinations.iter() {
            destination.put_width(version.number_width(), out);
        }
        put_only_30(self.destination_type, version, out);
        out.put_u8(self.content.as_bytes().len() as u8);
        out.put_slice(self.content.as_bytes());
        put_link_id(&self.link_id, version, out);
    }

    /// Everything before the count of numbers.
    fn put_head(&self, version: Version, out: &mut BytesMut) {
        out.put_u64(self.msg_id.0);
        out.put_slice(&[self.pk_total, self.pk_number, self.registered_delivery, self.msg_level]);
        self.service_id.put(out);
        out.put_u8(self.fee_user_type);
        self.fee_terminal.put_width(version.number_width(), out);
        put_only_30(self.fee_terminal_type, version, out);
        out.put_slice(&[self.tp_pid, self.tp_udhi, self.msg_fmt.0]);
        self.msg_src.put(out);
        self.fee_type.put(out);
        self.fee_code.put(out);
        self.valid_time.put(out);
        self.at_time.put(out);
        self.src_id.put(out);
    }
}

pub(super) fn content(fields: &mut Fields) -> Result<Octets<255>, DecodeError> {
    let length = fields.u8("Msg_Length")?;
    fields.octets("Msg_Content", usize::from(length))
}

pub(super) fn only_30(fields: &mut Fields, version: Version, field: &'static str) -> Result<u8, DecodeError> {
    if version == Version::V30 { fields.u8(field) } else { Ok(0) }
}

pub(super) fn put_only_30(octet: u8, version: Version, out: &mut BytesMut) {
    if version == Version::V30 {
        out.put_u8(octet);
    }
}

/// The field that ends a submit and a deliver: LinkID, where 2.0 has eight octets for nothing.
pub(super) fn link_id(fields: Fields, version: Version) -> Result<Padded<20>, DecodeError> {
    match version {
        Version::V20 => fields.last::<8>("Reserve").map(|_nothing| Padded::default()),
        Version::V30 => fields.last("LinkID"),
    }
}

pub(super) fn put_link_id(link_id: &Padded<20>, version: Version, out: &mut BytesMut) {
    match version {
        Version::V20 => out.put_u64(0),
        Version::V30 => link_id.put(out),
    }
}

/// CMPP_SUBMIT_RESP (clause 8.4.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubmitResp {
    /// The id of the first recipient; see [`MsgId::of_recipient`].
    pub msg_id: MsgId,
    /// The outcome.
    pub result: CommandResult,
}

impl SubmitResp {
    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let msg_id = MsgId(fields.u64("Msg_Id")?);
        let (result, _) = take_result(fields, "Result")?;
        Ok(Self { msg_id, result: CommandResult(result) })
    }

    pub(super) fn put(&self, version: Version, out: &mut BytesMut) {
        out.put_u64(self.msg_id.0);
        put_result(self.result.0, version, out);
    }
}
