//! Short messages (短信).
//!
//! Knows how a warning's text becomes the parts a phone puts together again, how each carrier's protocol writes
//! such a part on the wire, and how a session with a centre lives and ends. The codecs are pure: bytes go in,
//! values come out. Sockets are opened by [`session`] alone, by the calls of [`cloud`], and by the door of [`sgip_channel`],
//! through which that protocol's gateway comes to us. Nothing here retries or paces.

pub mod cloud;
pub mod cmpp;
pub mod cmpp_channel;
mod number;
#[cfg(test)]
mod replay;
pub mod segment;
pub mod session;
pub mod sgip;
pub mod sgip_channel;
pub mod smgp;
pub mod smgp_channel;
pub mod smpp;
pub mod smpp_channel;
pub mod wire;
