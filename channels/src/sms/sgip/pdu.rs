//! A protocol data unit: header and body, both ways.

use bytes::{BufMut, Bytes, BytesMut};

use super::super::wire::{DecodeError, Fields, Octets};
use super::{
    Bind, CommandResult, Deliver, FrameError, HEADER_LENGTH, MAX_LENGTH, Report, Sequence, Submit,
    command::{BIND, DELIVER, REPORT, RESPONSE, SUBMIT, UNBIND},
};

/// One PDU (clause 4.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// Chosen by the asker, repeated in the answer.
    pub sequence: Sequence,
    /// What is asked or answered.
    pub body: Body,
}

/// The commands between an SP and its gateway (clause 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Opens a session.
    Bind(Bind),
    /// Answers it.
    BindResp(CommandResult),
    /// Ends the session.
    Unbind,
    /// Agrees.
    UnbindResp,
    /// One message to the gateway.
    Submit(Box<Submit>),
    /// Says whether it was taken; names no message.
    SubmitResp(CommandResult),
    /// A citizen's message.
    Deliver(Box<Deliver>),
    /// Takes it off the gateway's hands.
    DeliverResp(CommandResult),
    /// A status report.
    Report(Report),
    /// Takes it off the gateway's hands.
    ReportResp(CommandResult),
    /// A command outside this codec; [`Pdu::refusal`] answers it.
    Unknown {
        /// Its id.
        command_id: u32,
        /// Its body, unread.
        body: Octets<{ (MAX_LENGTH - HEADER_LENGTH) as usize }>,
    },
}

impl Pdu {
    /// Appends the PDU to `out`.
    pub fn encode(&self, out: &mut BytesMut) {
        let start = out.len();
        out.put_u32(0);
        out.put_u32(self.body.command_id());
        out.put_slice(&self.sequence.to_bytes());
        self.body.put(out);
        let length = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    /// The response that refuses a command for `result` (clause 3.7.2.4.2): one that this side does not take or
    /// could not read. `None` for a response, which is never answered, and for Unbind, whose answer says nothing.
    pub fn refusal(sequence: Sequence, command_id: u32, result: CommandResult) -> Option<Self> {
        if command_id & RESPONSE != 0 || command_id == UNBIND {
            return None;
        }
        let mut body = BytesMut::new();
        result.put(&mut body);
        let body = Body::decode(command_id | RESPONSE, body.freeze()).ok()?;
        Some(Self { sequence, body })
    }

    /// The refusal of what could not be read; see [`Pdu::refusal`].
    pub fn refusal_of(error: &FrameError) -> Option<Self> {
        let FrameError::Body { command_id, sequence, source } = error else {
            return None;
        };
        let result = match source {
            DecodeError::TooLong { .. } | DecodeError::Trailing { .. } => CommandResult::LENGTH,
            _ => CommandResult::PARAMETER,
        };
        Self::refusal(*sequence, *command_id, result)
    }
}

impl Body {
    /// The id on the wire.
    pub const fn command_id(&self) -> u32 {
        match self {
            Self::Bind(_) => BIND,
            Self::BindResp(_) => BIND | RESPONSE,
            Self::Unbind => UNBIND,
            Self::UnbindResp => UNBIND | RESPONSE,
            Self::Submit(_) => SUBMIT,
            Self::SubmitResp(_) => SUBMIT | RESPONSE,
            Self::Deliver(_) => DELIVER,
            Self::DeliverResp(_) => DELIVER | RESPONSE,
            Self::Report(_) => REPORT,
            Self::ReportResp(_) => REPORT | RESPONSE,
            Self::Unknown { command_id, .. } => *command_id,
        }
    }

    pub(super) fn decode(command_id: u32, body: Bytes) -> Result<Self, DecodeError> {
        let fields = Fields::new(body);
        Ok(match command_id {
            BIND => Self::Bind(Bind::decode(fields)?),
            SUBMIT => Self::Submit(Box::new(Submit::decode(fields)?)),
            DELIVER => Self::Deliver(Box::new(Deliver::decode(fields)?)),
            REPORT => Self::Report(Report::decode(fields)?),
            UNBIND => Self::Unbind,
            _ if command_id & RESPONSE != 0 => return Self::decode_response(command_id, fields),
            _ => Self::Unknown { command_id, body: Octets::bounded(fields.rest()) },
        })
    }

    fn decode_response(command_id: u32, fields: Fields) -> Result<Self, DecodeError> {
        Ok(match command_id & !RESPONSE {
            BIND => Self::BindResp(CommandResult::decode(fields)?),
            SUBMIT => Self::SubmitResp(CommandResult::decode(fields)?),
            DELIVER => Self::DeliverResp(CommandResult::decode(fields)?),
            REPORT => Self::ReportResp(CommandResult::decode(fields)?),
            UNBIND => Self::UnbindResp,
            _ => Self::Unknown { command_id, body: Octets::bounded(fields.rest()) },
        })
    }

    fn put(&self, out: &mut BytesMut) {
        match self {
            Self::Bind(bind) => bind.put(out),
            Self::Submit(submit) => submit.put(out),
            Self::Deliver(deliver) => deliver.put(out),
            Self::Report(report) => report.put(out),
            Self::BindResp(result)
            | Self::SubmitResp(result)
            | Self::DeliverResp(result)
            | Self::ReportResp(result) => result.put(out),
            Self::Unknown { body, .. } => out.put_slice(body.as_bytes()),
            Self::Unbind | Self::UnbindResp => {}
        }
    }
}
