//! The command ids this codec speaks (clause 5.1).

/// Set in the id of every response.
pub const RESPONSE: u32 = 0x8000_0000;
/// Opens a session.
pub const BIND: u32 = 0x0000_0001;
/// Ends it.
pub const UNBIND: u32 = 0x0000_0002;
/// Hands one message to the gateway.
pub const SUBMIT: u32 = 0x0000_0003;
/// Brings a citizen's message.
pub const DELIVER: u32 = 0x0000_0004;
/// Brings a status report.
pub const REPORT: u32 = 0x0000_0005;
