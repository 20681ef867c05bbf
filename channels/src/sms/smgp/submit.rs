//! One message on its way to phones (clause 5.2.2.2).

use bytes::{BufMut, BytesMut};

use super::{
    super::{
        segment::Part,
        wire::{Coding, DecodeError, Fields, List, Octets, Padded, TextError},
    },
    MsgId, Options, Status,
    option::{CHARGE_USER_TYPE, PK_NUMBER, PK_TOTAL, TP_UDHI},
    time::TimeText,
};

/// A number or access code.
pub type TermId = Padded<21>;

/// MsgType: from an SP to a phone (clause 6.2.9).
pub const MOBILE_TERMINATED: u8 = 6;

/// FeeType: free (clause 6.2.13).
pub const FREE: &str = "00";

/// ChargeUserType: the SP pays (clause 6.3.5).
const SP_PAYS: u8 = 2;

/// The numbers of one submit (clause 6.2.21).
pub type DestTermIds = List<TermId, 100>;

/// Submit (clause 5.2.2.2.1). `Debug` hides numbers and text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submit {
    /// Which way the message goes; see [`MOBILE_TERMINATED`].
    pub msg_type: u8,
    /// 1 asks for a status report.
    pub need_report: u8,
    /// 0 lowest to 3 highest.
    pub priority: u8,
    /// The service code (业务代码) on the fixed network; that of the mobile one is an option.
    pub service_id: Padded<10>,
    /// "00" free, "01" by message, "02" by month, "03" up to a limit; see [`FREE`].
    pub fee_type: Padded<2>,
    /// The price of a message in fen, as digits.
    pub fee_code: Padded<6>,
    /// The price of a month, or the limit, in fen, as digits.
    pub fixed_fee: Padded<6>,
    /// The content's alphabet. The standard demands GB 18030 for text; gateways take UCS-2 as well.
    pub msg_format: Coding,
    /// Until when the gateway should try; empty is its own default. See [`super::time::absolute`].
    pub valid_time: TimeText,
    /// When the gateway should send; empty is at once.
    pub at_time: TimeText,
    /// The access code with its extension: what phones show as the sender.
    pub src_term_id: TermId,
    /// The number that pays; empty for each recipient, unless the options say that the SP does.
    pub charge_term_id: TermId,
    /// Who receives.
    pub dest_term_ids: DestTermIds,
    /// Header and text, at most 140 octets on the networks.
    pub content: Octets<255>,
    /// Optional parameters. A part of a long message needs TP_udhi, PkTotal and PkNumber together.
    pub options: Options,
}

impl Submit {
    /// One part of a warning, asking for the status report unless it is an addition, free to who receives it, with the account's own
    /// optional parameters behind ours.
    ///
    /// # Errors
    /// [`TextError::TooLong`] when the account's parameters fill more than a PDU.
    ///
    /// # Panics
    /// Never: the fee fields fit.
    pub fn of_part(src_term_id: TermId, part: &Part, account: &[(u16, &[u8])]) -> Result<Self, TextError> {
        let [total, number] = part.udh.map_or([1, 1], |udh| [udh[4], udh[5]]);
        let tied: &[(u16, &[u8])] = &[(TP_UDHI, &[1]), (PK_TOTAL, &[total]), (PK_NUMBER, &[number])];
        let tied = if part.udh.is_some() { tied } else { &[] };
        let ours = [(CHARGE_USER_TYPE, &[SP_PAYS][..])];
        let options =
            Options::new(ours.into_iter().chain(tied.iter().copied()).chain(account.iter().copied()))?;
        let nothing = Padded::new("FeeCode", "0").expect("one digit fits");
        Ok(Self {
            msg_type: MOBILE_TERMINATED,
            need_report: u8::from(!part.is_flash()),
            fee_type: Padded::new("FeeType", FREE).expect("two digits fit"),
            fee_code: nothing,
            fixed_fee: nothing,
            msg_format: part.coding,
            src_term_id,
            content: Octets::bounded(part.user_data()),
            options,
            ..Self::default()
        })
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let f = &mut fields;
        Ok(Self {
            msg_type: f.u8("MsgType")?,
            need_report: f.u8("NeedReport")?,
            priority: f.u8("Priority")?,
            service_id: f.padded("ServiceID")?,
            fee_type: f.padded("FeeType")?,
            fee_code: f.padded("FeeCode")?,
            fixed_fee: f.padded("FixedFee")?,
            msg_format: Coding(f.u8("MsgFormat")?),
            valid_time: f.padded("ValidTime")?,
            at_time: f.padded("AtTime")?,
            src_term_id: f.padded("SrcTermID")?,
            charge_term_id: f.padded("ChargeTermID")?,
            dest_term_ids: f.padded_list(["DestTermIDCount", "DestTermID"], 21)?,
            content: content(f)?,
            options: Options::decode(fields)?,
        })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&[self.msg_type, self.need_report, self.priority]);
        self.service_id.put(out);
        self.fee_type.put(out);
        self.fee_code.put(out);
        self.fixed_fee.put(out);
        out.put_u8(self.msg_format.0);
        self.valid_time.put(out);
        self.at_time.put(out);
        self.src_term_id.put(out);
        self.charge_term_id.put(out);
        out.put_u8(self.dest_term_ids.len() as u8);
        self.dest_term_ids.iter().for_each(|number| number.put(out));
        put_content(&self.content, out);
        self.options.put(out);
    }
}

/// The content and the reserved field behind it, which peers leave out where no options follow.
pub(super) fn content(fields: &mut Fields) -> Result<Octets<255>, DecodeError> {
    let length = fields.u8("MsgLength")?;
    let content = fields.octets("MsgContent", usize::from(length))?;
    if !fields.is_empty() {
        fields.array::<8>("Reserve")?;
    }
    Ok(content)
}

pub(super) fn put_content(content: &Octets<255>, out: &mut BytesMut) {
    out.put_u8(content.as_bytes().len() as u8);
    out.put_slice(content.as_bytes());
    out.put_u64(0);
}

/// Submit_Resp (clause 5.2.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubmitResp {
    /// The id of the first recipient; see [`MsgId::of_recipient`].
    pub msg_id: MsgId,
    /// The outcome.
    pub status: Status,
}

impl SubmitResp {
    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let resp = Self { msg_id: MsgId(fields.array("MsgID")?), status: Status(fields.u32("Status")?) };
        fields.end("Status")?;
        Ok(resp)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.msg_id.0);
        out.put_u32(self.status.0);
    }
}
