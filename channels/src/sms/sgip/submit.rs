//! One message on its way to phones (clause 4.2.3.3).

use bytes::{BufMut, BytesMut};

use super::{
    super::{
        segment::Part,
        wire::{Coding, DecodeError, Fields, List, Octets, Padded},
    },
    time::TimeText,
};

/// A phone's number with `86` in front; without it the gateway refuses (code 6 of clause 5.2).
pub type UserNumber = Padded<21>;

/// ChargeNumber: the sender pays.
pub const SP_PAYS: &str = "000000000000000000000";

/// MorelatetoMTFlag: nobody's message asked for this one.
pub const NOT_ASKED_FOR: u8 = 2;

/// ReportFlag: report success as well as failure. Mind that 0 means on failure only.
pub const REPORT_ALWAYS: u8 = 1;

/// ReportFlag: report nothing.
const REPORT_NEVER: u8 = 2;

/// FeeType: free to the phone's owner (clause 5.3).
const FREE: u8 = 1;

/// The numbers of one submit.
pub type UserNumbers = List<UserNumber, 100>;

/// Submit (clause 4.2.3.3.1). `Debug` hides numbers and text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submit {
    /// The access code with its extension: what phones show as the sender.
    pub sp_number: Padded<21>,
    /// Who pays: a number, empty for each recipient, [`SP_PAYS`].
    pub charge_number: Padded<21>,
    /// Who receives, 1 to 100.
    pub user_numbers: UserNumbers,
    /// The enterprise code, five digits.
    pub corp_id: Padded<5>,
    /// The service code, the SP's own.
    pub service_type: Padded<10>,
    /// 1 free to the charged number, 2 by message, 3 by month.
    pub fee_type: u8,
    /// The price in fen, as digits.
    pub fee_value: Padded<6>,
    /// A gift in fen to the recipient, as digits.
    pub given_value: Padded<6>,
    /// 0 receivable, 1 received.
    pub agent_flag: u8,
    /// What caused the message; see [`NOT_ASKED_FOR`].
    pub more_late_to_mt_flag: u8,
    /// 0 lowest to 9 highest.
    pub priority: u8,
    /// Until when to try; empty is the centre's own default. See [`super::time::absolute`].
    pub expire_time: TimeText,
    /// When to send; empty is at once.
    pub schedule_time: TimeText,
    /// Which reports are wanted: 0 of failure, 1 of any end, 2 none, 3 a fee without a message; see
    /// [`REPORT_ALWAYS`].
    pub report_flag: u8,
    /// GSM protocol identifier.
    pub tp_pid: u8,
    /// 1 when the content starts with a user data header.
    pub tp_udhi: u8,
    /// The content's alphabet.
    pub message_coding: Coding,
    /// 0 for a short message.
    pub message_type: u8,
    /// Header and text, at most 140 octets on the networks.
    pub content: Octets<255>,
}

impl Submit {
    /// One part of a warning, asking for every report unless it is an addition, free to who receives it, at
    /// the lowest priority.
    ///
    /// # Panics
    /// Never: the fee fields fit.
    pub fn of_part(sp_number: Padded<21>, corp_id: Padded<5>, part: &Part) -> Self {
        let nothing = Padded::new("FeeValue", "0").expect("one digit fits");
        Self {
            sp_number,
            charge_number: Padded::new("ChargeNumber", SP_PAYS).expect("21 digits fit"),
            corp_id,
            fee_type: FREE,
            fee_value: nothing,
            given_value: nothing,
            more_late_to_mt_flag: NOT_ASKED_FOR,
            report_flag: if part.is_flash() { REPORT_NEVER } else { REPORT_ALWAYS },
            tp_udhi: u8::from(part.udh.is_some()),
            message_coding: part.coding,
            content: Octets::bounded(part.user_data()),
            ..Self::default()
        }
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let f = &mut fields;
        let submit = Self {
            sp_number: f.padded("SPNumber")?,
            charge_number: f.padded("ChargeNumber")?,
            user_numbers: f.padded_list(["UserCount", "UserNumber"], 21)?,
            corp_id: f.padded("CorpId")?,
            service_type: f.padded("ServiceType")?,
            fee_type: f.u8("FeeType")?,
            fee_value: f.padded("FeeValue")?,
            given_value: f.padded("GivenValue")?,
            agent_flag: f.u8("AgentFlag")?,
            more_late_to_mt_flag: f.u8("MorelatetoMTFlag")?,
            priority: f.u8("Priority")?,
            expire_time: f.padded("ExpireTime")?,
            schedule_time: f.padded("ScheduleTime")?,
            report_flag: f.u8("ReportFlag")?,
            tp_pid: f.u8("TP_pid")?,
            tp_udhi: f.u8("TP_udhi")?,
            message_coding: Coding(f.u8("MessageCoding")?),
            message_type: f.u8("MessageType")?,
            content: content(f)?,
        };
        fields.last::<8>("Reserve")?;
        Ok(submit)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.sp_number.put(out);
        self.charge_number.put(out);
        out.put_u8(self.user_numbers.len() as u8);
        self.user_numbers.iter().for_each(|number| number.put(out));
        self.corp_id.put(out);
        self.service_type.put(out);
        out.put_u8(self.fee_type);
        self.fee_value.put(out);
        self.given_value.put(out);
        out.put_slice(&[self.agent_flag, self.more_late_to_mt_flag, self.priority]);
        self.expire_time.put(out);
        self.schedule_time.put(out);
        out.put_slice(&[self.report_flag, self.tp_pid, self.tp_udhi]);
        out.put_slice(&[self.message_coding.0, self.message_type]);
        put_content(&self.content, out);
    }
}

pub(super) fn content(fields: &mut Fields) -> Result<Octets<255>, DecodeError> {
    let length = fields.u32("MessageLength")?;
    fields.octets("MessageContent", length as usize)
}

/// The content, its length in four octets in front, eight octets for nothing behind.
pub(super) fn put_content(content: &Octets<255>, out: &mut BytesMut) {
    out.put_u32(content.as_bytes().len() as u32);
    out.put_slice(content.as_bytes());
    out.put_u64(0);
}
