//! What the fuzz targets share: the codecs, and how an input becomes a stream.
//!
//! The codecs are compiled from their own source and without the rest of the crate, so that the fuzzer counts the
//! branches of what it is to break and not those of the TLS beside it.

use bytes::{BufMut, Bytes, BytesMut};

pub mod sms;

/// An input's first octet with this bit is followed by a stream as a peer would send it.
pub const STREAM: u8 = 0x80;

/// One octet that steers, and the octets behind it.
pub fn steered(input: &[u8]) -> Option<(u8, &[u8])> {
    input.split_first().map(|(steer, rest)| (*steer, rest))
}

/// The stream that an input stands for: as it is, or, so that the fuzzer need not guess a length, one frame
/// with its right length, the command in the low half octet of `steer`, a response when bit 0x40 is set,
/// and `header` octets before the body.
pub fn stream(steer: u8, rest: &[u8], header: usize) -> BytesMut {
    if steer & STREAM != 0 {
        return BytesMut::from(rest);
    }
    let command = u32::from(steer & 0xF) | u32::from(steer & 0x40) << 25;
    let mut out = BytesMut::with_capacity(header + rest.len());
    out.put_u32((header + rest.len()) as u32);
    out.put_u32(command);
    out.put_bytes(0, header - 8);
    out.put_slice(rest);
    out
}

/// Written again, what was read must be the same octets: nothing is lost or made up between two encodings.
pub fn settles<P>(
    first: &P,
    encode: impl Fn(&P, &mut BytesMut),
    decode: impl Fn(&mut BytesMut) -> Option<P>,
) {
    let (mut once, mut twice) = (BytesMut::new(), BytesMut::new());
    encode(first, &mut once);
    let written: Bytes = once.clone().freeze();
    let second = decode(&mut once).expect("what we wrote can be read");
    assert!(once.is_empty(), "a frame of ours has the length it states");
    encode(&second, &mut twice);
    assert_eq!(written, twice);
}
