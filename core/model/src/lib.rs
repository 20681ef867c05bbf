//! What a warning is. Values and their transitions, and the ports that the rest of the house plugs into; no
//! clock of its own, no socket, no SQL, no runtime.
//!
//! The cast: an [`alert::Alert`] is written, signed by several [`owner::Officer`]s and released. Its
//! [`audience::Audience`] says who must hear it. For each channel it becomes a [`message::Message`] and a
//! [`plan::Plan`], which is a set of recipients, never rows. Each recipient's share is a delivery with a
//! [`delivery::Standing`]; [`receipt::Receipt`]s from the far side move it. A [`channel::Channel`] is the port to
//! one gateway account. Speakers obey only a signed [`bulletin::Bulletin`]. Responsible persons are asked to answer, see
//! [`call`].
//!
//! The promises: a step that the rules forbid is an error with a code and typed fields, never a panic; live and
//! drill are different types; time and chance are arguments; an address never shows in `Debug`.

pub mod acknowledgement;
pub mod address;
pub mod alert;
pub mod area;
pub mod audience;
pub mod bulletin;
pub mod call;
pub mod carrier;
pub mod channel;
pub mod clock;
pub mod delivery;
pub mod enrol;
pub mod fleet;
pub mod grade;
pub mod hazard;
pub mod hexadecimal;
pub mod id;
pub mod link;
pub mod message;
pub mod misfit;
pub mod mode;
pub mod owner;
pub mod plan;
pub mod policy;
pub mod priority;
pub mod problem;
pub mod receipt;
pub mod region;
pub mod reply;
pub mod signer;
pub mod template;
