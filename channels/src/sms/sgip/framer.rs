//! From a byte stream to PDUs.

use bytes::{Buf, BytesMut};

use super::super::wire::{self, Stamp, cut_frame};
use super::{Body, HEADER_LENGTH, MAX_LENGTH, Pdu, Sequence};

/// What a peer sent and cannot have meant. The standard has the link closed for either kind (clause 3.7.2.4.2);
/// [`Pdu::refusal`] says why first.
pub type FrameError = wire::FrameError<Sequence>;

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
        let command_id = frame.get_u32();
        let [node, stamp, counter] = [(); 3].map(|()| frame.get_u32());
        let sequence = Sequence { node, stamp: Stamp(stamp), counter };
        let body = Body::decode(command_id, frame);
        body.map(|body| Some(Pdu { sequence, body })).map_err(|source| FrameError::Body {
            command_id,
            sequence,
            source,
        })
    }
}
