//! What the carriers' binary protocols share: SMPP, CMPP, SMGP and SGIP all frame a stream by a
//! big-endian length and fill the frame with integers and octet strings; the three of China also share
//! their fixed strings, alphabets, local times and the digest of a login.
//!
//! Knows lengths and octets. Does not know any command or layout.

mod answer;
mod coding;
mod digest;
mod fields;
mod frame;
mod list;
mod octets;
mod padded;
mod stamp;
mod stencil;
mod user_header;

pub use answer::AnswerClass;
pub(in crate::sms) use answer::answers;
pub use coding::Coding;
pub use digest::Authenticator;
pub use fields::DecodeError;
pub(in crate::sms) use fields::Fields;
pub use frame::{FrameError, LengthError, cut_frame};
pub use list::List;
pub use octets::{COctets, Octets, TextError};
pub use padded::Padded;
pub use stamp::Stamp;
pub(in crate::sms) use stamp::absolute_padded;
pub(in crate::sms) use stencil::Stencil;
pub(in crate::sms) use user_header::{behind_header, portion};
