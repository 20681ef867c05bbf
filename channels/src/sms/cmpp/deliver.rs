//! What comes from phones and about them (clause 8.4.5).

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use mingluo_model::reply::Portion;

use super::{
    super::wire::{Coding, DecodeError, Fields, Octets, Padded, portion},
    CommandResult, MsgId, Terminal, Version,
    result::{put_result, take_result},
    submit::{content, link_id, only_30, put_link_id, put_only_30},
};

/// CMPP_DELIVER (clause 8.4.5.1): a citizen's message or a status report. `Debug` hides numbers and text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deliver {
    /// The id of this very message, to be echoed; never the id that a report is about.
    pub msg_id: MsgId,
    /// The access code that was written to.
    pub dest_id: Padded<21>,
    /// The service code.
    pub service_id: Padded<10>,
    /// GSM protocol identifier.
    pub tp_pid: u8,
    /// 1 when the content starts with a user data header.
    pub tp_udhi: u8,
    /// The content's alphabet.
    pub msg_fmt: Coding,
    /// Who wrote; in a report the recipient of the message it is about.
    pub src_terminal: Terminal,
    /// 0 a real number, 1 a pseudonym. 3.0 only.
    pub src_terminal_type: u8,
    /// 1 for a status report; see [`super::Report::read`].
    pub registered_delivery: u8,
    /// Text or report.
    pub content: Octets<255>,
    /// To be given back in an answer on demand (点播). 3.0 only.
    pub link_id: Padded<20>,
}

impl Deliver {
    /// Whether this is a status report rather than something a person wrote.
    pub const fn is_report(&self) -> bool {
        self.registered_delivery == 1
    }

    /// Which part of a longer message this is, as its user data header says.
    pub fn portion(&self) -> Option<Portion> {
        if self.tp_udhi & 1 == 1 { portion(self.content.as_bytes()) } else { None }
    }

    /// The text a person wrote, without its user data header.
    pub fn to_text(&self) -> Cow<'_, str> {
        self.msg_fmt.read_behind_header(self.tp_udhi, self.content.as_bytes())
    }

    pub(super) fn decode(mut fields: Fields, version: Version) -> Result<Self, DecodeError> {
        let f = &mut fields;
        Ok(Self {
            msg_id: MsgId(f.u64("Msg_Id")?),
            dest_id: f.padded("Dest_Id")?,
            service_id: f.padded("Service_Id")?,
            tp_pid: f.u8("TP_pid")?,
            tp_udhi: f.u8("TP_udhi")?,
            msg_fmt: Coding(f.u8("Msg_Fmt")?),
            src_terminal: f.padded_in("Src_terminal_Id", version.number_width())?,
            src_terminal_type: only_30(f, version, "Src_terminal_type")?,
            registered_delivery: f.u8("Registered_Delivery")?,
            content: content(f)?,
            link_id: link_id(fields, version)?,
        })
    }

    pub(super) fn put(&self, version: Version, out: &mut BytesMut) {
        out.put_u64(self.msg_id.0);
        self.dest_id.put(out);
        self.service_id.put(out);
        out.put_slice(&[self.tp_pid, self.tp_udhi, self.msg_fmt.0]);
        self.src_terminal.put_width(version.number_width(), out);
        put_only_30(self.src_terminal_type, version, out);
        out.put_slice(&[self.registered_delivery, self.content.as_bytes().len() as u8]);
        out.put_slice(self.content.as_bytes());
        put_link_id(&self.link_id, version, out);
    }
}

/// CMPP_DELIVER_RESP (clause 8.4.5.2): takes it off the gateway's hands, which never sends it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliverResp {
    /// The DELIVER's own id.
    pub msg_id: MsgId,
    /// The outcome.
    pub result: CommandResult,
}

impl DeliverResp {
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
