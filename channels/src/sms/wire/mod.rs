//! What the carriers' binary protocols share: SMPP, CMPP, SMGP and SGIP all frame a stream by a
//! big-endian length and fill the frame with integers and octet strings.
//!
//! Knows lengths and octets. Does not know any command, field name or meaning.

mod fields;
mod frame;
mod octets;

pub use fields::DecodeError;
pub(in crate::sms) use fields::Fields;
pub use frame::{LengthError, cut_frame};
pub use octets::{COctets, Octets, TextError};
