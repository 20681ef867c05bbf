//! What comes from phones and about them (clause 5.2.2.3).

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use mingluo_model::reply::Portion;

use super::{
    super::wire::{Coding, DecodeError, Fields, Octets, Padded, portion},
    MsgId, Options, SubmitResp, TermId,
    option::{PK_NUMBER, PK_TOTAL, TP_UDHI},
    submit::{content, put_content},
};

/// Deliver (clause 5.2.2.3.1): a citizen's message or a status report. `Debug` hides numbers and text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deliver {
    /// The id of this very message, to be echoed; never the id that a report is about.
    pub msg_id: MsgId,
    /// 1 for a status report; see [`super::Report::read`].
    pub is_report: u8,
    /// The content's alphabet.
    pub msg_format: Coding,
    /// When the gateway took it, YYYYMMDDHHMMSS in its local time.
    pub recv_time: Padded<14>,
    /// Who wrote; in a report the recipient of the message it is about.
    pub src_term_id: TermId,
    /// The access code that was written to.
    pub dest_term_id: TermId,
    /// Text or report.
    pub content: Octets<255>,
    /// Optional parameters.
    pub options: Options,
}

impl Deliver {
    /// Whether this is a status report rather than something a person wrote.
    pub const fn is_report(&self) -> bool {
        self.is_report == 1
    }

    /// Which part of a longer message this is: its user data header says so, or the parameters do, without a reference.
    pub fn portion(&self) -> Option<Portion> {
        let by_header = if self.udhi() & 1 == 1 { portion(self.content.as_bytes()) } else { None };
        by_header.or_else(|| {
            let total = self.options.octet(PK_TOTAL)?;
            Portion::of(0, self.options.octet(PK_NUMBER).unwrap_or(0), total)
        })
    }

    /// 1 when the content starts with a user data header.
    fn udhi(&self) -> u8 {
        self.options.octet(TP_UDHI).unwrap_or(0)
    }

    /// The text a person wrote, without its user data header.
    pub fn to_text(&self) -> Cow<'_, str> {
        self.msg_format.read_behind_header(self.udhi(), self.content.as_bytes())
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let f = &mut fields;
        Ok(Self {
            msg_id: MsgId(f.array("MsgID")?),
            is_report: f.u8("IsReport")?,
            msg_format: Coding(f.u8("MsgFormat")?),
            recv_time: f.padded("RecvTime")?,
            src_term_id: f.padded("SrcTermID")?,
            dest_term_id: f.padded("DestTermID")?,
            content: content(f)?,
            options: Options::decode(fields)?,
        })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.msg_id.0);
        out.put_slice(&[self.is_report, self.msg_format.0]);
        self.recv_time.put(out);
        self.src_term_id.put(out);
        self.dest_term_id.put(out);
        put_content(&self.content, out);
        self.options.put(out);
    }
}

/// Deliver_Resp (clause 5.2.2.3.2): takes it off the gateway's hands, under the Deliver's own id. The layout
/// is that of a Submit_Resp.
pub type DeliverResp = SubmitResp;
