//! From a byte stream to PDUs.

use bytes::BytesMut;

use super::super::wire::{DecodeError, LengthError, cut_frame};
use super::{CommandStatus, HEADER_LENGTH, MAX_LENGTH, Pdu, command, pdu::Header};

/// Takes PDUs off the front of a read buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framer {
    max_length: u32,
}

impl Default for Framer {
    fn default() -> Self {
        Self { max_length: MAX_LENGTH }
    }
}

impl Framer {
    /// A framer that takes PDUs of at most `max_length` octets, never more than [`MAX_LENGTH`].
    pub const fn new(max_length: u32) -> Self {
        Self { max_length: if max_length < MAX_LENGTH { max_length } else { MAX_LENGTH } }
    }

    /// The next PDU, or `None` until more octets have arrived. Call it until it says `None`: one
    /// read may hold several PDUs, one PDU may need several reads.
    ///
    /// # Errors
    /// [`FrameError::Length`] when the stream is out of step; the buffer is left and the link must be
    /// closed. [`FrameError::Body`] when one PDU makes no sense; it is dropped and the next may be read.
    pub fn push(&self, buffer: &mut BytesMut) -> Result<Option<Pdu>, FrameError> {
        let Some(mut frame) = cut_frame(buffer, HEADER_LENGTH, self.max_length)? else {
            return Ok(None);
        };
        let header = Header::take(&mut frame);
        let Header { command_id, sequence, .. } = header;
        let pdu = Pdu::decode(header, frame);
        pdu.map(Some).map_err(|source| FrameError::Body { command_id, sequence, source })
    }
}

/// What a peer sent and cannot have meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The stream has lost its step.
    #[error(transparent)]
    Length(#[from] LengthError),
    /// One PDU's body does not hold its fields.
    #[error("smpp command {command_id:#010x} with sequence {sequence} cannot be read")]
    Body {
        /// Its command id.
        command_id: u32,
        /// Its sequence.
        sequence: u32,
        /// The field at fault.
        source: DecodeError,
    },
}

impl FrameError {
    /// Whether the link must be closed.
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Length(_))
    }

    /// The generic_nack to send back (clause 4.3). A response is never answered, not even a broken one.
    pub const fn nack(&self) -> Option<Pdu> {
        match self {
            Self::Length(_) => Some(Pdu::nack(0, CommandStatus::RINVCMDLEN)),
            Self::Body { command_id, .. } if *command_id & command::RESPONSE != 0 => None,
            Self::Body { sequence, source: DecodeError::TooLong { .. }, .. } => {
                Some(Pdu::nack(*sequence, CommandStatus::RINVMSGLEN))
            }
            Self::Body { sequence, .. } => Some(Pdu::nack(*sequence, CommandStatus::RINVCMDLEN)),
        }
    }
}
