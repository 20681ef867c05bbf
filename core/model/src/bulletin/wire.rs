//! Bytes in and out: big-endian numbers, texts behind their length. Reading believes no length and no text.

use super::Malformed;
use std::str::FromStr;

/// Appends values in the wire's order of bytes.
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// Texts here are bounded far below 64 KiB by [`Bulletin::check`] and by their types.
    pub(super) fn text(&mut self, value: &str) {
        self.u16(value.len() as u16);
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(super) fn optional<T>(&mut self, value: Option<&T>, write: impl Fn(&mut Self, &T)) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Takes values from the front of what is left.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, field: &'static str, length: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.0.split_at_checked(length).ok_or_else(|| {
            Malformed::new(field, format!("cut short: {length} bytes needed, {} left", self.0.len()))
        })?;
        self.0 = rest;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Malformed> {
        let bytes = self.take(field, N)?;
        Ok(bytes.try_into().expect("take gave exactly N bytes"))
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, Malformed> {
        self.array(field).map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, Malformed> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, Malformed> {
        self.array(field).map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self, field: &'static str) -> Result<u64, Malformed> {
        self.array(field).map(u64::from_be_bytes)
    }

    pub(super) fn i64(&mut self, field: &'static str) -> Result<i64, Malformed> {
        self.array(field).map(i64::from_be_bytes)
    }

    pub(super) fn count(&mut self, field: &'static str, most: usize) -> Result<usize, Malformed> {
        let count = usize::from(self.u16(field)?);
        if count > most {
            return Err(Malformed::new(field, format!("{count} of them, at most {most}")));
        }
        Ok(count)
    }

    pub(super) fn text(&mut self, field: &'static str, longest: usize) -> Result<&'a str, Malformed> {
        let length = usize::from(self.u16(field)?);
        if length > longest {
            return Err(Malformed::new(field, format!("{length} bytes, at most {longest}")));
        }
        std::str::from_utf8(self.take(field, length)?).map_err(|_| Malformed::new(field, "no valid UTF-8"))
    }

    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        field: &'static str,
    ) -> Result<T, Malformed> {
        let text = self.text(field, 64)?;
        text.parse().map_err(|error: T::Err| Malformed::new(field, error.to_string()))
    }

    pub(super) fn optional<T>(
        &mut self,
        field: &'static str,
        read: impl Fn(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        match self.u8(field)? {
            0 => Ok(None),
            1 => read(self).map(Some),
            other => Err(Malformed::new(field, format!("presence mark {other}, must be 0 or 1"))),
        }
    }
}
