//! A protocol data unit: header and body, both ways.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::super::wire::{DecodeError, Fields, Octets};
use super::{
    Bind, BindResp, CommandStatus, HEADER_LENGTH, MAX_LENGTH, MessageId, ShortMessage,
    command::{
        BIND_RECEIVER, BIND_TRANSCEIVER, BIND_TRANSMITTER, DELIVER_SM, ENQUIRE_LINK, GENERIC_NACK, RESPONSE,
        SUBMIT_SM, UNBIND,
    },
};

/// One PDU (clause 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// Chosen by the asker in 1..=0x7FFF_FFFF, echoed in the answer.
    pub sequence: u32,
    /// The outcome in a response, 0 in a request.
    pub status: CommandStatus,
    /// What is asked or answered.
    pub body: Body,
}

/// The commands of SMPP 3.4 that a client and a centre of warnings need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Opens a link that receives only.
    BindReceiver(Bind),
    /// Answers it.
    BindReceiverResp(BindResp),
    /// Opens a link that submits only.
    BindTransmitter(Bind),
    /// Answers it.
    BindTransmitterResp(BindResp),
    /// Opens a link that does both.
    BindTransceiver(Bind),
    /// Answers it.
    BindTransceiverResp(BindResp),
    /// One message to the centre.
    SubmitSm(ShortMessage),
    /// The id under which the centre took it; empty in a refusal.
    SubmitSmResp(MessageId),
    /// A receipt or a citizen's message.
    DeliverSm(ShortMessage),
    /// Takes it off the centre's hands.
    DeliverSmResp,
    /// Asks for a sign of life.
    EnquireLink,
    /// Gives it.
    EnquireLinkResp,
    /// Ends the session.
    Unbind,
    /// Agrees.
    UnbindResp,
    /// Answers what could not be understood.
    GenericNack,
    /// A command outside this codec, to be answered by [`Pdu::nack`].
    Unknown {
        /// Its id.
        command_id: u32,
        /// Its body, unread.
        body: Octets<{ (MAX_LENGTH - HEADER_LENGTH) as usize }>,
    },
}

impl Pdu {
    /// A request.
    pub const fn request(sequence: u32, body: Body) -> Self {
        Self { sequence, status: CommandStatus::ROK, body }
    }

    /// A response.
    pub const fn response(sequence: u32, status: CommandStatus, body: Body) -> Self {
        Self { sequence, status, body }
    }

    /// The generic_nack to the PDU of `sequence`; 0 when that is not known (clause 4.3).
    pub const fn nack(sequence: u32, status: CommandStatus) -> Self {
        Self::response(sequence, status, Body::GenericNack)
    }

    /// Appends the PDU to `out`.
    pub fn encode(&self, out: &mut BytesMut) {
        let start = out.len();
        out.put_slice(&header(0, self.body.command_id(), self.status, self.sequence));
        self.body.put(self.status, out);
        let length = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    /// Reads a body behind its header, which the framer has taken apart.
    pub(super) fn decode(header: Header, body: Bytes) -> Result<Self, DecodeError> {
        let Header { command_id, status, sequence } = header;
        Ok(Self { sequence, status, body: Body::decode(command_id, body)? })
    }
}

impl Body {
    /// The id on the wire (clause 5.1.2.1).
    pub const fn command_id(&self) -> u32 {
        match self {
            Self::BindReceiver(_) => BIND_RECEIVER,
            Self::BindReceiverResp(_) => BIND_RECEIVER | RESPONSE,
            Self::BindTransmitter(_) => BIND_TRANSMITTER,
            Self::BindTransmitterResp(_) => BIND_TRANSMITTER | RESPONSE,
            Self::BindTransceiver(_) => BIND_TRANSCEIVER,
            Self::BindTransceiverResp(_) => BIND_TRANSCEIVER | RESPONSE,
            Self::SubmitSm(_) => SUBMIT_SM,
            Self::SubmitSmResp(_) => SUBMIT_SM | RESPONSE,
            Self::DeliverSm(_) => DELIVER_SM,
            Self::DeliverSmResp => DELIVER_SM | RESPONSE,
            Self::EnquireLink => ENQUIRE_LINK,
            Self::EnquireLinkResp => ENQUIRE_LINK | RESPONSE,
            Self::Unbind => UNBIND,
            Self::UnbindResp => UNBIND | RESPONSE,
            Self::GenericNack => GENERIC_NACK,
            Self::Unknown { command_id, .. } => *command_id,
        }
    }

    fn decode(command_id: u32, body: Bytes) -> Result<Self, DecodeError> {
        let mut fields = Fields::new(body);
        Ok(match command_id {
            BIND_RECEIVER => Self::BindReceiver(Bind::decode(&mut fields)?),
            BIND_TRANSMITTER => Self::BindTransmitter(Bind::decode(&mut fields)?),
            BIND_TRANSCEIVER => Self::BindTransceiver(Bind::decode(&mut fields)?),
            SUBMIT_SM => Self::SubmitSm(ShortMessage::decode(fields)?),
            DELIVER_SM => Self::DeliverSm(ShortMessage::decode(fields)?),
            ENQUIRE_LINK => Self::EnquireLink,
            UNBIND => Self::Unbind,
            _ if command_id & RESPONSE != 0 => return Self::decode_response(command_id, fields),
            _ => Self::Unknown { command_id, body: Octets::bounded(fields.rest()) },
        })
    }

    fn decode_response(command_id: u32, mut fields: Fields) -> Result<Self, DecodeError> {
        Ok(match command_id & !RESPONSE {
            BIND_RECEIVER => Self::BindReceiverResp(BindResp::decode(fields)?),
            BIND_TRANSMITTER => Self::BindTransmitterResp(BindResp::decode(fields)?),
            BIND_TRANSCEIVER => Self::BindTransceiverResp(BindResp::decode(fields)?),
            SUBMIT_SM if fields.is_empty() => Self::SubmitSmResp(MessageId::default()),
            SUBMIT_SM => Self::SubmitSmResp(fields.c_octets("message_id")?),
            DELIVER_SM => Self::DeliverSmResp,
            ENQUIRE_LINK => Self::EnquireLinkResp,
            UNBIND => Self::UnbindResp,
            // The one response that answers no command of its own.
            0 => Self::GenericNack,
            _ => Self::Unknown { command_id, body: Octets::bounded(fields.rest()) },
        })
    }

    fn put(&self, status: CommandStatus, out: &mut BytesMut) {
        match self {
            Self::BindReceiver(bind) | Self::BindTransmitter(bind) | Self::BindTransceiver(bind) => {
                bind.put(out);
            }
            Self::BindReceiverResp(resp)
            | Self::BindTransmitterResp(resp)
            | Self::BindTransceiverResp(resp) => {
                resp.put(out);
            }
            Self::SubmitSm(message) | Self::DeliverSm(message) => message.put(out),
            // A refusal has no body (clause 4.4.2).
            Self::SubmitSmResp(id) if id.is_empty() && status != CommandStatus::ROK => {}
            Self::SubmitSmResp(id) => id.put(out),
            // Its message_id is unused and NULL (clause 4.6.2).
            Self::DeliverSmResp => out.put_u8(0),
            Self::Unknown { body, .. } => out.put_slice(body.as_bytes()),
            Self::EnquireLink
            | Self::EnquireLinkResp
            | Self::Unbind
            | Self::UnbindResp
            | Self::GenericNack => {}
        }
    }
}

/// A header without its length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) command_id: u32,
    status: CommandStatus,
    pub(super) sequence: u32,
}

impl Header {
    /// Takes the header off a frame of at least [`HEADER_LENGTH`] octets.
    pub(super) fn take(frame: &mut Bytes) -> Self {
        frame.advance(4);
        Self {
            command_id: frame.get_u32(),
            status: CommandStatus(frame.get_u32()),
            sequence: frame.get_u32(),
        }
    }
}

/// The sixteen octets in front of every body.
pub(super) fn header(length: usize, command_id: u32, status: CommandStatus, sequence: u32) -> [u8; 16] {
    let mut octets = [0; 16];
    for (slot, value) in octets.chunks_exact_mut(4).zip([length as u32, command_id, status.0, sequence]) {
        slot.copy_from_slice(&value.to_be_bytes());
    }
    octets
}
