//! What each target does with one input, and how an input becomes a stream. The fuzzer calls it, and so does a story of the
//! channels that replays the whole corpus: an ordinary test, without a fuzzer.

use bytes::{BufMut, Bytes, BytesMut};

mod cmpp;
mod segment;
mod sgip;
mod smgp;
mod smpp;

pub use cmpp::cmpp;
pub use segment::segment;
pub use sgip::sgip;
pub use smgp::smgp;
pub use smpp::smpp;

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
