//! Cutting a byte stream into frames whose first four octets are their own length.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::DecodeError;

/// A length field no honest peer sends. The stream has lost its step: close the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame length {length} is outside {min}..={max}: the stream is out of step, close the link")]
pub struct LengthError {
    /// The length the peer stated, in octets.
    pub length: u32,
    /// The protocol's header length, the least a frame can be.
    pub min: u32,
    /// The most this side accepts.
    pub max: u32,
}

/// What a peer sent and cannot have meant. `S` is the protocol's sequence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError<S: fmt::Debug + fmt::Display> {
    /// The stream has lost its step; the buffer is left and the link must be closed.
    #[error(transparent)]
    Length(#[from] LengthError),
    /// One frame's body does not hold its fields; it is dropped and the next may be read.
    #[error("command {command_id:#010x} with sequence {sequence} cannot be read")]
    Body {
        /// Its command id.
        command_id: u32,
        /// Its sequence.
        sequence: S,
        /// The field at fault.
        source: DecodeError,
    },
}

impl<S: fmt::Debug + fmt::Display> FrameError<S> {
    /// Whether the link must be closed.
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Length(_))
    }
}

/// Takes the next whole frame, its length field included, off the front of `buffer`.
///
/// `None` means the frame is not complete yet. Nothing is reserved for what has not arrived, so a
/// stated length costs the peer its own octets and us none.
///
/// # Errors
/// [`LengthError`] as soon as the first four octets name a length outside `min..=max`; the buffer
/// is left as it was.
pub fn cut_frame(buffer: &mut BytesMut, min: u32, max: u32) -> Result<Option<Bytes>, LengthError> {
    let Some(head) = buffer.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*head);
    if !(min..=max).contains(&length) {
        return Err(LengthError { length, min, max });
    }
    if buffer.len() < length as usize {
        return Ok(None);
    }
    Ok(Some(buffer.split_to(length as usize).freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_over_two_reads_comes_out_once_it_is_whole() {
        let mut buffer = BytesMut::from(&[0, 0, 0, 6, 1][..]);
        assert_eq!(cut_frame(&mut buffer, 4, 8), Ok(None));

        buffer.extend_from_slice(&[2, 0, 0]);

        assert_eq!(cut_frame(&mut buffer, 4, 8), Ok(Some(Bytes::from_static(&[0, 0, 0, 6, 1, 2]))));
        assert_eq!(&buffer[..], [0, 0]);
    }

    #[test]
    fn a_length_that_lies_is_refused_before_its_body_arrives() {
        for length in [0, 3, 9, u32::MAX] {
            let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
            assert_eq!(cut_frame(&mut buffer, 4, 8), Err(LengthError { length, min: 4, max: 8 }));
        }
    }
}
