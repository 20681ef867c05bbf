//! The page on the box (本机页面): what it does, for people in the village office, with the net cut as well. Reading is open to
//! whoever reaches the address; stopping and testing ask for a PIN. It knows the box by its window only, so nothing that
//! happens here can hold the agent up, and it is off unless it is configured.
//!
//! It speaks HTTP without TLS, since no browser knows the box's certificate: the address belongs on the box itself or on a
//! cable, not on a network with strangers.

mod door;
mod gate;
mod html;
pub mod pin;
mod words;

pub use door::{Page, serve};
