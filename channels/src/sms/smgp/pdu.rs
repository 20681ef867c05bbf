//! A protocol data unit: header and body, both ways.

use bytes::{BufMut, Bytes, BytesMut};

use super::super::wire::{DecodeError, Fields, Octets};
use super::{
    Deliver, DeliverResp, FrameError, HEADER_LENGTH, Login, LoginResp, MAX_LENGTH, MsgId, Status, Submit,
    SubmitResp,
    command::{ACTIVE_TEST, DELIVER, EXIT, LOGIN, RESPONSE, SUBMIT},
};

/// One PDU (clause 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// Counted up by the asker, echoed in the answer.
    pub sequence: u32,
    /// What is asked or answered.
    pub body: Body,
}

/// The requests between an SP and its gateway (clause 6.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Opens a session.
    Login(Login),
    /// Answers it.
    LoginResp(LoginResp),
    /// One message to the gateway.
    Submit(Box<Submit>),
    /// Answers it.
    SubmitResp(SubmitResp),
    /// A status report or a citizen's message.
    Deliver(Box<Deliver>),
    /// Takes it off the gateway's hands.
    DeliverResp(DeliverResp),
    /// Asks for a sign of life (链路检测).
    ActiveTest,
    /// Gives it.
    ActiveTestResp,
    /// Ends the session.
    Exit,
    /// Agrees.
    ExitResp,
    /// A request outside this codec. The standard has no answer to it.
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
        for field in [0, self.body.command_id(), self.sequence] {
            out.put_u32(field);
        }
        self.body.put(out);
        let length = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    /// The refusal of a request that could not be read. `None` for a response, which is never answered,
    /// and where the standard has no refusal.
    pub fn refusal(error: &FrameError) -> Option<Self> {
        let FrameError::Body { command_id, sequence, source } = error else {
            return None;
        };
        let status = match source {
            DecodeError::TooLong { .. } => Status::MSG_LENGTH,
            _ => Status::STRUCTURE,
        };
        let refused = SubmitResp { msg_id: MsgId::default(), status };
        let body = match *command_id {
            LOGIN => Body::LoginResp(LoginResp::refuse(status)),
            SUBMIT => Body::SubmitResp(refused),
            DELIVER => Body::DeliverResp(refused),
            _ => return None,
        };
        Some(Self { sequence: *sequence, body })
    }
}

impl Body {
    /// The id on the wire.
    pub const fn command_id(&self) -> u32 {
        match self {
            Self::Login(_) => LOGIN,
            Self::LoginResp(_) => LOGIN | RESPONSE,
            Self::Submit(_) => SUBMIT,
            Self::SubmitResp(_) => SUBMIT | RESPONSE,
            Self::Deliver(_) => DELIVER,
            Self::DeliverResp(_) => DELIVER | RESPONSE,
            Self::ActiveTest => ACTIVE_TEST,
            Self::ActiveTestResp => ACTIVE_TEST | RESPONSE,
            Self::Exit => EXIT,
            Self::ExitResp => EXIT | RESPONSE,
            Self::Unknown { command_id, .. } => *command_id,
        }
    }

    pub(super) fn decode(command_id: u32, body: Bytes) -> Result<Self, DecodeError> {
        let fields = Fields::new(body);
        Ok(match command_id {
            LOGIN => Self::Login(Login::decode(fields)?),
            SUBMIT => Self::Submit(Box::new(Submit::decode(fields)?)),
            DELIVER => Self::Deliver(Box::new(Deliver::decode(fields)?)),
            // What stands behind a bare header is none of ours and does no harm.
            ACTIVE_TEST => Self::ActiveTest,
            EXIT => Self::Exit,
            _ if command_id & RESPONSE != 0 => return Self::decode_response(command_id, fields),
            _ => Self::Unknown { command_id, body: Octets::bounded(fields.rest()) },
        })
    }

    fn decode_response(command_id: u32, fields: Fields) -> Result<Self, DecodeError> {
        Ok(match command_id & !RESPONSE {
            LOGIN => Self::LoginResp(LoginResp::decode(fields)?),
            SUBMIT => Self::SubmitResp(SubmitResp::decode(fields)?),
            DELIVER => Self::DeliverResp(DeliverResp::decode(fields)?),
            ACTIVE_TEST => Self::ActiveTestResp,
            EXIT => Self::ExitResp,
            _ => Self::Unknown { command_id, body: Octets::bounded(fields.rest()) },
        })
    }

    fn put(&self, out: &mut BytesMut) {
        match self {
            Self::Login(login) => login.put(out),
            Self::LoginResp(resp) => resp.put(out),
            Self::Submit(submit) => submit.put(out),
            Self::Deliver(deliver) => deliver.put(out),
            Self::SubmitResp(resp) | Self::DeliverResp(resp) => resp.put(out),
            Self::Unknown { body, .. } => out.put_slice(body.as_bytes()),
            Self::ActiveTest | Self::ActiveTestResp | Self::Exit | Self::ExitResp => {}
        }
    }
}
