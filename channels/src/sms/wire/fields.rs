//! Reading one frame's body field by field, with an error that names the field.

use bytes::{Buf, Bytes};

use super::{COctets, Octets};

/// A body that does not hold the fields its command promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The body ended before or inside the field.
    #[error("{field} needs {needed} octets, the body has {left} left")]
    Short {
        /// The field's name in the standard.
        field: &'static str,
        /// Octets the field takes.
        needed: usize,
        /// Octets left in the body.
        left: usize,
    },
    /// A C-Octet String had no NUL within its greatest size.
    #[error("{field} has no NUL within its {max} octets")]
    Unterminated {
        /// The field's name in the standard.
        field: &'static str,
        /// The field's size with its NUL, by the standard.
        max: usize,
    },
    /// A counted field was longer than the standard allows.
    #[error("{field} has {length} octets, the standard allows {max}")]
    TooLong {
        /// The field's name in the standard.
        field: &'static str,
        /// Octets stated by the peer.
        length: usize,
        /// Octets allowed.
        max: usize,
    },
}

/// A cursor over one body; every read is bounded by what is there.
pub(in crate::sms) struct Fields {
    rest: Bytes,
}

impl Fields {
    pub(in crate::sms) const fn new(body: Bytes) -> Self {
        Self { rest: body }
    }

    pub(in crate::sms) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(in crate::sms) fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.has(field, 1)?;
        Ok(self.rest.get_u8())
    }

    pub(in crate::sms) fn c_octets<const MAX: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<COctets<MAX>, DecodeError> {
        let text = COctets::until_nul(&self.rest).ok_or(DecodeError::Unterminated { field, max: MAX })?;
        self.rest.advance(text.wire_length());
        Ok(text)
    }

    pub(in crate::sms) fn octets<const MAX: usize>(
        &mut self,
        field: &'static str,
        length: usize,
    ) -> Result<Octets<MAX>, DecodeError> {
        if length > MAX {
            return Err(DecodeError::TooLong { field, length, max: MAX });
        }
        self.has(field, length)?;
        Ok(Octets::bounded(self.rest.split_to(length)))
    }

    pub(in crate::sms) fn rest(self) -> Bytes {
        self.rest
    }

    fn has(&self, field: &'static str, needed: usize) -> Result<(), DecodeError> {
        let left = self.rest.len();
        if left < needed {
            return Err(DecodeError::Short { field, needed, left });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_without_an_end_is_named() {
        let mut fields = Fields::new(Bytes::from_static(b"abcdef"));
        let wanted = DecodeError::Unterminated { field: "system_id", max: 4 };
        assert_eq!(fields.c_octets::<4>("system_id"), Err(wanted));
    }

    #[test]
    fn a_count_beyond_the_body_takes_nothing() {
        let mut fields = Fields::new(Bytes::from_static(b"abc"));
        let wanted = DecodeError::Short { field: "short_message", needed: 9, left: 3 };
        assert_eq!(fields.octets::<254>("short_message", 9), Err(wanted));
        assert_eq!(fields.rest(), Bytes::from_static(b"abc"));
    }
}
