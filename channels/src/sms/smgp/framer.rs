//! From a byte stream to PDUs.

use bytes::{Buf, BytesMut};

use super::super::wire::{self, cut_frame};
use super::{Body, HEADER_LENGTH, MAX_LENGTH, Pdu};

/// What a peer sent and cannot have meant; [`Pdu::refusal`] is the answer to it.
pub type FrameError = wire::FrameError<u32>;

/// Takes PDUs off the front of a read buffer. It keeps nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Framer;

impl Framer {
    /// The next PDU, or `None` until more octets have arrived. Call it until it says `None`: one
    /// read may hold several PDUs, one PDU may need several reads.
    ///
    /// # Errors
    /// [`FrameError::Length`] when the stream is out of step; the buffer is left and the link must be
    /// closed. [`FrameError::Body`] when one PDU makes no sense; it is dropped and the next may be read.
    pub fn push(self, buffer: &mut BytesMut) -> Result<Option<Pdu>, FrameError> {
        let Some(mut frame) = cut_frame(buffer, HEADER_LENGTH, MAX_LENGTH)? else {
            return Ok(None);
        };
        frame.advance(4);
        let (command_id, sequence) = (frame.get_u32(), frame.get_u32());
        let body = Body::decode(command_id, frame);
        body.map(|body| Some(Pdu { sequence, body })).map_err(|source| FrameError::Body {
            command_id,
            sequence,
            source,
        })
    }
}
