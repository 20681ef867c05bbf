//! Short messages (短信).
//!
//! Knows how a warning's text becomes the parts a phone puts together again, how each carrier's protocol writes
//! such a part on the wire, and how a session with a centre lives and ends. The codecs are pure: bytes go in,
//! values come out. Sockets are opened by [`smpp_channel`] alone. Nothing here retries or paces.

pub mod cmpp;
mod number;
pub mod segment;
pub mod sgip;
pub mod smgp;
pub mod smpp;
pub mod smpp_channel;
pub mod wire;
