//! The request ids this codec speaks (clause 6.1.2).

/// Set in the id of every response.
pub const RESPONSE: u32 = 0x8000_0000;
/// Opens a session.
pub const LOGIN: u32 = 0x0000_0001;
/// Hands one message to the gateway.
pub const SUBMIT: u32 = 0x0000_0002;
/// Brings a status report or a citizen's message.
pub const DELIVER: u32 = 0x0000_0003;
/// Asks whether the other side lives.
pub const ACTIVE_TEST: u32 = 0x0000_0004;
/// Ends the session.
pub const EXIT: u32 = 0x0000_0006;
