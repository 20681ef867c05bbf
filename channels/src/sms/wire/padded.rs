//! The fixed strings of the Chinese carriers' protocols.

use std::{borrow::Cow, fmt};

use bytes::{BufMut, BytesMut};

use super::TextError;

/// An Octet String of exactly `N` octets: left-aligned, filled up with NUL, which it does not need
/// when it is full (CMPP 3.0 clause 8.1, SMGP 3.0 clause 5.1.1, SGIP 1.2 clause 4.2.1).
///
/// Held inline. `Debug` hides the content: it may be a number or a password.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Padded<const N: usize>([u8; N]);

impl<const N: usize> Padded<N> {
    /// Takes `text` for the field called `field`.
    ///
    /// # Errors
    /// [`TextError::TooLong`] beyond `N` octets, [`TextError::NotAscii`] for a NUL or a character
    /// outside ASCII.
    pub fn new(field: &'static str, text: &str) -> Result<Self, TextError> {
        if text.len() > N {
            return Err(TextError::TooLong { field, length: text.len(), max: N });
        }
        if let Some((at, octet)) = text.bytes().enumerate().find(|(_, o)| *o == 0 || !o.is_ascii()) {
            return Err(TextError::NotAscii { field, at, octet });
        }
        Ok(Self::until_nul(text.as_bytes()))
    }

    /// The octets before the first NUL.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0[..self.0.iter().position(|octet| *octet == 0).unwrap_or(N)]
    }

    /// The whole field, filled up with NUL.
    pub(in crate::sms) const fn whole(&self) -> &[u8; N] {
        &self.0
    }

    /// The text; octets that are no UTF-8 become U+FFFD.
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    /// Whether the field was left empty.
    pub const fn is_empty(&self) -> bool {
        N == 0 || self.0[0] == 0
    }

    /// What stands before the first NUL of at most `N` octets; what some gateways leave behind it is dropped.
    pub(in crate::sms) fn until_nul(octets: &[u8]) -> Self {
        let mut padded = [0; N];
        for (slot, octet) in padded.iter_mut().zip(octets.iter().take_while(|octet| **octet != 0)) {
            *slot = *octet;
        }
        Self(padded)
    }

    pub(in crate::sms) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.0);
    }

    /// Puts the first `width` octets: one field may be narrower in an older version.
    pub(in crate::sms) fn put_width(&self, width: usize, out: &mut BytesMut) {
        out.put_slice(&self.0[..width.min(N)]);
    }
}

impl<const N: usize> Default for Padded<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Debug for Padded<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} octets>", self.as_bytes().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_field_needs_no_nul() {
        let id = Padded::<6>::new("Source_Addr", "900001").unwrap();
        assert_eq!(id.as_bytes(), b"900001");
        let wanted = TextError::TooLong { field: "Source_Addr", length: 7, max: 6 };
        assert_eq!(Padded::<6>::new("Source_Addr", "9000011"), Err(wanted));
    }

    #[test]
    fn rubbish_behind_the_nul_is_dropped() {
        assert_eq!(Padded::<6>::until_nul(b"12\0xyz"), Padded::new("any", "12").unwrap());
        assert!(Padded::<6>::until_nul(b"\0xyz").is_empty());
    }

    #[test]
    fn debug_shows_no_number() {
        let number = Padded::<21>::new("Dest_terminal_Id", "13900000001").unwrap();
        assert_eq!(format!("{number:?}"), "<11 octets>");
        assert!(Padded::<21>::new("Dest_terminal_Id", "1３9").is_err());
    }
}
