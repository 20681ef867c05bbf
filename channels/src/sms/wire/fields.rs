//! Reading one frame's body field by field, with an error that names the field.

use bytes::{Buf, Bytes};

use super::{COctets, List, Octets, Padded};

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
    /// A count was greater than the standard allows.
    #[error("{field} is {count}, the standard allows {max}")]
    TooMany {
        /// The count's name in the standard.
        field: &'static str,
        /// Stated by the peer.
        count: usize,
        /// Allowed.
        max: usize,
    },
    /// Octets were left behind the last field; mostly the peer speaks another version.
    #[error("{left} octets are left behind {field}: does the peer speak another version?")]
    Trailing {
        /// The last field's name in the standard.
        field: &'static str,
        /// Octets left.
        left: usize,
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

    pub(in crate::sms) fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.has(field, 4)?;
        Ok(self.rest.get_u32())
    }

    pub(in crate::sms) fn u64(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        self.has(field, 8)?;
        Ok(self.rest.get_u64())
    }

    pub(in crate::sms) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        self.has(field, N)?;
        let mut array = [0; N];
        self.rest.copy_to_slice(&mut array);
        Ok(array)
    }

    pub(in crate::sms) fn padded<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<Padded<N>, DecodeError> {
        self.padded_in(field, N)
    }

    /// A string of `width` octets on this wire, at most `N`.
    pub(in crate::sms) fn padded_in<const N: usize>(
        &mut self,
        field: &'static str,
        width: usize,
    ) -> Result<Padded<N>, DecodeError> {
        self.has(field, width)?;
        Ok(Padded::until_nul(&self.rest.split_to(width)))
    }

    /// A count in one octet and as many strings of `width` octets, none taken unless all are there.
    pub(in crate::sms) fn padded_list<const N: usize, const MAX: usize>(
        &mut self,
        [counted, field]: [&'static str; 2],
        width: usize,
    ) -> Result<List<Padded<N>, MAX>, DecodeError> {
        let count = usize::from(self.u8(counted)?);
        if count > MAX {
            return Err(DecodeError::TooMany { field: counted, count, max: MAX });
        }
        self.has(field, width * count)?;
        let items: Result<_, _> = (0..count).map(|_| self.padded_in(field, width)).collect();
        List::new(counted, items?)
    }

    /// The last field, which peers leave out: all of it or nothing.
    pub(in crate::sms) fn last<const N: usize>(
        mut self,
        field: &'static str,
    ) -> Result<Padded<N>, DecodeError> {
        if self.is_empty() {
            return Ok(Padded::default());
        }
        let last = self.padded(field)?;
        self.end(field)?;
        Ok(last)
    }

    /// Nothing may follow `field`.
    pub(in crate::sms) fn end(self, field: &'static str) -> Result<(), DecodeError> {
        if self.is_empty() { Ok(()) } else { Err(DecodeError::Trailing { field, left: self.rest.len() }) }
    }

    pub(in crate::sms) const fn left(&self) -> usize {
        self.rest.len()
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

    #[test]
    fn a_list_longer_than_the_body_reserves_nothing() {
        let list = |octets: &'static [u8]| {
            Fields::new(Bytes::from_static(octets)).padded_list::<21, 99>(["count", "number"], 21)
        };
        assert_eq!(list(b"cabc"), Err(DecodeError::Short { field: "number", needed: 2079, left: 3 }));
        assert_eq!(list(b"dabc"), Err(DecodeError::TooMany { field: "count", count: 100, max: 99 }));
    }

    #[test]
    fn the_last_field_is_there_or_not_but_never_half() {
        let last = |octets: &'static [u8]| Fields::new(Bytes::from_static(octets)).last::<2>("Reserve");
        assert_eq!((last(b""), last(b"\0\0")), (Ok(Padded::default()), Ok(Padded::default())));
        assert_eq!(last(b"\0"), Err(DecodeError::Short { field: "Reserve", needed: 2, left: 1 }));
        assert_eq!(last(b"abc"), Err(DecodeError::Trailing { field: "Reserve", left: 1 }));
    }
}
