//! The command ids this codec speaks (clause 5.1.2.1).

/// Set in the id of every response.
pub const RESPONSE: u32 = 0x8000_0000;
/// Opens a link that receives only.
pub const BIND_RECEIVER: u32 = 0x0000_0001;
/// Opens a link that submits only.
pub const BIND_TRANSMITTER: u32 = 0x0000_0002;
/// Hands one message to the centre.
pub const SUBMIT_SM: u32 = 0x0000_0004;
/// Brings a receipt or a citizen's message from the centre.
pub const DELIVER_SM: u32 = 0x0000_0005;
/// Ends the session.
pub const UNBIND: u32 = 0x0000_0006;
/// Opens a link that does both.
pub const BIND_TRANSCEIVER: u32 = 0x0000_0009;
/// Asks whether the other side lives.
pub const ENQUIRE_LINK: u32 = 0x0000_0015;
/// Answers what could not be understood; it answers no command of its own.
pub const GENERIC_NACK: u32 = 0x8000_0000;
