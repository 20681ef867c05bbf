//! Addresses of people, hidden from every log: what they are shows only where a channel puts them on a wire.

use compact_str::CompactString;
use std::fmt;

/// Where one recipient is reached on one channel: an E.164 number, an open id, a mailbox, a box's code. Up to 24
/// octets of it need no memory of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(CompactString);

impl Address {
    /// Wraps the text of an address.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(CompactString::new(text))
    }

    /// The bare address, for the wire only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Address(…)")
    }
}
