//! The command ids this codec speaks (clause 8.7.1).

/// Set in the id of every response.
pub const RESPONSE: u32 = 0x8000_0000;
/// Opens a session.
pub const CONNECT: u32 = 0x0000_0001;
/// Ends it.
pub const TERMINATE: u32 = 0x0000_0002;
/// Hands one message to the gateway.
pub const SUBMIT: u32 = 0x0000_0004;
/// Brings a status report or a citizen's message.
pub const DELIVER: u32 = 0x0000_0005;
/// Asks for the day's counts.
pub const QUERY: u32 = 0x0000_0006;
/// Takes a message back.
pub const CANCEL: u32 = 0x0000_0007;
/// Asks whether the other side lives.
pub const ACTIVE_TEST: u32 = 0x0000_0008;
