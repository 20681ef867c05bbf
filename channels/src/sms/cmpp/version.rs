//! The two versions in the field and what differs between them.

use super::super::wire::{Padded, TextError};

/// A phone's number. 3.0 has room for 32 octets, because a pseudonym (伪码) may stand in its place; 2.0 has
/// 21. [`Version::terminal`] keeps to what the wire takes.
pub type Terminal = Padded<32>;

/// The layout that both sides agreed on at login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Version {
    /// CMPP 2.0 and 2.1: numbers of 21 octets, results of one.
    #[default]
    V20,
    /// CMPP 3.0: numbers of 32 octets, results of four, a LinkID.
    V30,
}

impl Version {
    /// The version a Version field asks for: the upper half octet is the major number (clause 8.4.1.1).
    pub const fn from_wire(version: u8) -> Option<Self> {
        match version >> 4 {
            2 => Some(Self::V20),
            3 => Some(Self::V30),
            _ => None,
        }
    }

    /// What to put into the Version field.
    pub const fn wire(self) -> u8 {
        match self {
            Self::V20 => 0x20,
            Self::V30 => 0x30,
        }
    }

    /// Takes a number that this version can carry, for the field called `field`.
    ///
    /// # Errors
    /// [`TextError`] when it is too long or no ASCII.
    pub fn terminal(self, field: &'static str, number: &str) -> Result<Terminal, TextError> {
        let max = self.number_width();
        if number.len() > max {
            return Err(TextError::TooLong { field, length: number.len(), max });
        }
        Terminal::new(field, number)
    }

    /// Octets of a number.
    pub(super) const fn number_width(self) -> usize {
        match self {
            Self::V20 => 21,
            Self::V30 => 32,
        }
    }

    /// Octets of a Result or Status.
    pub(super) const fn result_width(self) -> usize {
        match self {
            Self::V20 => 1,
            Self::V30 => 4,
        }
    }
}
