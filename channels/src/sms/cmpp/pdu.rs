//! A protocol data unit: header and body, both ways.

use bytes::{BufMut, Bytes, BytesMut};

use super::super::wire::{DecodeError, Fields, Octets};
use super::{
    CancelResp, CommandResult, Connect, ConnectResp, ConnectStatus, Deliver, DeliverResp, FrameError,
    HEADER_LENGTH, MAX_LENGTH, MsgId, Query, QueryResp, Submit, SubmitResp, Version,
    command::{ACTIVE_TEST, CANCEL, CONNECT, DELIVER, QUERY, RESPONSE, SUBMIT, TERMINATE},
};

/// One PDU (clause 8.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// Counted up by the asker, echoed in the answer.
    pub sequence: u32,
    /// What is asked or answered.
    pub body: Body,
}

/// The commands between an SP and its gateway (clause 8.7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Opens a session.
    Connect(Connect),
    /// Answers it.
    ConnectResp(ConnectResp),
    /// Ends the session.
    Terminate,
    /// Agrees.
    TerminateResp,
    /// One message to the gateway.
    Submit(Box<Submit>),
    /// Answers it.
    SubmitResp(SubmitResp),
    /// A status report or a citizen's message.
    Deliver(Box<Deliver>),
    /// Takes it off the gateway's hands.
    DeliverResp(DeliverResp),
    /// Asks for the counts of a day.
    Query(Query),
    /// Gives them.
    QueryResp(QueryResp),
    /// Takes the message of this id back.
    Cancel(MsgId),
    /// Says whether that could be.
    CancelResp(CancelResp),
    /// Asks for a sign of life (链路检测).
    ActiveTest,
    /// Gives it.
    ActiveTestResp,
    /// A command outside this codec. The standard has no answer to it.
    Unknown {
        /// Its id.
        command_id: u32,
        /// Its body, unread.
        body: Octets<{ (MAX_LENGTH - HEADER_LENGTH) as usize }>,
    },
}

impl Pdu {
    /// Appends the PDU to `out` in the layout of `version`. What 3.0 alone has is left out of a 2.0 PDU, and a
    /// number that is too long for it, which [`Version::terminal`] does not let pass, is cut.
    pub fn encode(&self, version: Version, out: &mut BytesMut) {
        let start = out.len();
        for field in [0, self.body.command_id(), self.sequence] {
            out.put_u32(field);
        }
        self.body.put(version, out);
        let length = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    /// The refusal of a request that could not be read. `None` for a response, which is never answered,
    /// and where the standard has no refusal.
    pub fn refusal(error: &FrameError, version: Version) -> Option<Self> {
        let FrameError::Body { command_id, sequence, source } = error else {
            return None;
        };
        let (msg_id, result) = (MsgId::default(), result_for(source));
        let body = match *command_id {
            CONNECT => Body::ConnectResp(ConnectResp::refuse(ConnectStatus::STRUCTURE, version)),
            SUBMIT => Body::SubmitResp(SubmitResp { msg_id, result }),
            DELIVER => Body::DeliverResp(DeliverResp { msg_id, result }),
            CANCEL => Body::CancelResp(CancelResp { success_id: 1 }),
            _ => return None,
        };
        Some(Self { sequence: *sequence, body })
    }
}

const fn result_for(source: &DecodeError) -> CommandResult {
    match source {
        DecodeError::TooLong { .. } => CommandResult::TOO_LONG,
        DecodeError::Trailing { .. } => CommandResult::LENGTH,
        _ => CommandResult::STRUCTURE,
    }
}

impl Body {
    /// The id on the wire.
    pub const fn command_id(&self) -> u32 {
        match self {
            Self::Connect(_) => CONNECT,
            Self::ConnectResp(_) => CONNECT | RESPONSE,
            Self::Terminate => TERMINATE,
            Self::TerminateResp => TERMINATE | RESPONSE,
            Self::Submit(_) => SUBMIT,
            Self::SubmitResp(_) => SUBMIT | RESPONSE,
            Self::Deliver(_) => DELIVER,
            Self::DeliverResp(_) => DELIVER | RESPONSE,
            Self::Query(_) => QUERY,
            Self::QueryResp(_) => QUERY | RESPONSE,
            Self::Cancel(_) => CANCEL,
            Self::CancelResp(_) => CANCEL | RESPONSE,
            Self::ActiveTest => ACTIVE_TEST,
            Self::ActiveTestResp => ACTIVE_TEST | RESPONSE,
            Self::Unknown { command_id, .. } => *command_id,
        }
    }

    pub(super) fn decode(command_id: u32, body: Bytes, version: Version) -> Result<Self, DecodeError> {
        let mut fields = Fields::new(body);
        Ok(match command_id {
            CONNECT => Self::Connect(Connect::decode(fields)?),
            SUBMIT => Self::Submit(Box::new(Submit::decode(fields, version)?)),
            DELIVER => Self::Deliver(Box::new(Deliver::decode(fields, version)?)),
            QUERY => Self::Query(Query::decode(fields)?),
            CANCEL => {
                let id = MsgId(fields.u64("Msg_Id")?);
                fields.end("Msg_Id")?;
                Self::Cancel(id)
            }
            // What stands behind a bare header is none of ours and does no harm.
            TERMINATE => Self::Terminate,
            ACTIVE_TEST => Self::ActiveTest,
            _ if command_id & RESPONSE != 0 => return Self::decode_response(command_id, fields),
            _ => Self::Unknown { command_id, body: Octets::bounded(fields.rest()) },
        })
    }

    fn decode_response(command_id: u32, fields: Fields) -> Result<Self, DecodeError> {
        Ok(match command_id & !RESPONSE {
            CONNECT => Self::ConnectResp(ConnectResp::decode(fields)?),
            SUBMIT => Self::SubmitResp(SubmitResp::decode(fields)?),
            DELIVER => Self::DeliverResp(DeliverResp::decode(fields)?),
            QUERY => Self::QueryResp(QueryResp::decode(fields)?),
            CANCEL => Self::CancelResp(CancelResp::decode(fields)?),
            TERMINATE => Self::TerminateResp,
            ACTIVE_TEST => Self::ActiveTestResp,
            _ => Self::Unknown { command_id, body: Octets::bounded(fields.rest()) },
        })
    }

    fn put(&self, version: Version, out: &mut BytesMut) {
        match self {
            Self::Connect(connect) => connect.put(out),
            Self::ConnectResp(resp) => resp.put(out),
            Self::Submit(submit) => submit.put(version, out),
            Self::SubmitResp(resp) => resp.put(version, out),
            Self::Deliver(deliver) => deliver.put(version, out),
            Self::DeliverResp(resp) => resp.put(version, out),
            Self::Query(query) => query.put(out),
            Self::QueryResp(resp) => resp.put(out),
            Self::Cancel(id) => out.put_u64(id.0),
            Self::CancelResp(resp) => resp.put(version, out),
            // One octet for nothing, in the response alone (clause 8.4.7.2).
            Self::ActiveTestResp => out.put_u8(0),
            Self::Unknown { body, .. } => out.put_slice(body.as_bytes()),
            Self::Terminate | Self::TerminateResp | Self::ActiveTest => {}
        }
    }
}
