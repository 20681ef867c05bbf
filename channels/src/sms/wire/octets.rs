//! The two string types of a wire. Both hide their content from `Debug`: a field may be a phone
//! number, a password or what a citizen wrote.

use std::{borrow::Cow, fmt};

use bytes::{BufMut, Bytes, BytesMut};

/// Text that does not fit the field it is meant for. The text itself may be a secret and is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// More octets than the field takes.
    #[error("{field} has {length} octets, shorten it to {max}")]
    TooLong {
        /// The field's name.
        field: &'static str,
        /// Octets given.
        length: usize,
        /// Octets allowed.
        max: usize,
    },
    /// A NUL or a character outside ASCII, where the standard has ASCII only.
    #[error("{field} may hold ASCII without NUL only, octet {at} is {octet:#04x}")]
    NotAscii {
        /// The field's name.
        field: &'static str,
        /// Where, counted from 0.
        at: usize,
        /// The octet found.
        octet: u8,
    },
}

/// A C-Octet String (SMPP 3.4 clause 3.1) of at most `MAX` octets with its NUL.
///
/// Held inline, so that reading one neither allocates nor keeps the read buffer alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct COctets<const MAX: usize> {
    length: u8,
    octets: [u8; MAX],
}

impl<const MAX: usize> COctets<MAX> {
    const FITS: () = assert!(MAX > 0 && MAX <= 256, "the length is kept in one octet");

    /// Takes `text` for the field called `field`.
    ///
    /// # Errors
    /// [`TextError::TooLong`] beyond `MAX - 1` octets, [`TextError::NotAscii`] for anything a
    /// C-Octet String cannot carry.
    pub fn new(field: &'static str, text: &str) -> Result<Self, TextError> {
        if text.len() >= MAX {
            return Err(TextError::TooLong { field, length: text.len(), max: MAX - 1 });
        }
        if let Some((at, octet)) = text.bytes().enumerate().find(|(_, o)| *o == 0 || !o.is_ascii()) {
            return Err(TextError::NotAscii { field, at, octet });
        }
        Ok(Self::copied(text.as_bytes()))
    }

    /// The octets without the NUL.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }

    /// The text; octets that are no UTF-8 become U+FFFD.
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    /// Whether the field was left empty (the standard's NULL).
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Octets on the wire, the NUL included.
    pub fn wire_length(&self) -> usize {
        usize::from(self.length) + 1
    }

    pub(in crate::sms) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.octets[..self.wire_length()]);
    }

    pub(super) fn until_nul(octets: &[u8]) -> Option<Self> {
        let window = &octets[..octets.len().min(MAX)];
        let length = window.iter().position(|octet| *octet == 0)?;
        Some(Self::copied(&window[..length]))
    }

    fn copied(text: &[u8]) -> Self {
        let () = Self::FITS;
        let mut octets = [0; MAX];
        octets[..text.len()].copy_from_slice(text);
        Self { length: text.len() as u8, octets }
    }
}

impl<const MAX: usize> Default for COctets<MAX> {
    fn default() -> Self {
        Self::copied(&[])
    }
}

impl<const MAX: usize> fmt::Debug for COctets<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} octets>", self.length)
    }
}

/// An Octet String (SMPP 3.4 clause 3.1): free octets, at most `MAX`, shared with the read buffer.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Octets<const MAX: usize>(Bytes);

impl<const MAX: usize> Octets<MAX> {
    /// Takes `octets` for the field called `field`.
    ///
    /// # Errors
    /// [`TextError::TooLong`] beyond `MAX` octets.
    pub fn new(field: &'static str, octets: impl Into<Bytes>) -> Result<Self, TextError> {
        let octets = octets.into();
        if octets.len() > MAX {
            return Err(TextError::TooLong { field, length: octets.len(), max: MAX });
        }
        Ok(Self(octets))
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(in crate::sms) const fn bounded(octets: Bytes) -> Self {
        Self(octets)
    }

    /// The octets as a body to be read, without a copy.
    pub(in crate::sms) fn share(&self) -> Bytes {
        self.0.clone()
    }
}

impl<const MAX: usize> fmt::Debug for Octets<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} octets>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_nine_letters_is_refused_without_being_shown() {
        let error = COctets::<9>::new("password", "ninechars").unwrap_err();
        assert_eq!(error.to_string(), "password has 9 octets, shorten it to 8");
    }

    #[test]
    fn full_width_digits_are_no_number() {
        let wanted = TextError::NotAscii { field: "destination_addr", at: 1, octet: 0xEF };
        assert_eq!(COctets::<21>::new("destination_addr", "1３9"), Err(wanted));
    }

    #[test]
    fn debug_shows_no_number() {
        let number = COctets::<21>::new("destination_addr", "8613900000001").unwrap();
        assert_eq!(format!("{number:?}"), "<13 octets>");
    }
}
