//! The bytes of kept blobs: a version in front, a checksum (CRC-32, IEEE) behind, small numbers in between.
//! Knows no meaning. Trusts no length: whatever the bytes say, reading ends in a value or an error.

/// Why kept bytes cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end inside of a field.
    #[error("the bytes end inside of {field}")]
    Short {
        /// The field that is cut off.
        field: &'static str,
    },
    /// The checksum does not fit the bytes.
    #[error("the checksum does not fit")]
    Checksum,
    /// Written by a version of the program that is not known here.
    #[error("version {found} is not known here")]
    Version {
        /// The version byte.
        found: u8,
    },
    /// A number that no value of the field has.
    #[error("{field} cannot be {value}")]
    Value {
        /// The field.
        field: &'static str,
        /// What was found.
        value: u64,
    },
    /// Bytes are left over.
    #[error("{count} bytes are left over")]
    Trailing {
        /// How many.
        count: usize,
    },
}

/// The only version of every blob so far.
const VERSION: u8 = 1;
const CRC_BYTES: usize = 4;

/// Gathers a blob.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins a blob; `capacity` is a guess at its length in bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity + 1 + CRC_BYTES);
        bytes.push(VERSION);
        Self { bytes }
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// LEB128: seven bits a byte, least first.
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A step from one number to the next.
    pub(crate) fn step(&mut self, from: u64, to: u64) {
        self.number(zigzag(from, to));
    }

    /// The blob with its checksum.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let crc = crc32fast::hash(&self.bytes);
        self.bytes.extend_from_slice(&crc.to_le_bytes());
        self.bytes
    }
}

/// A step as a number that is small for small steps, forward or back: 0, -1, 1, -2, … become 0, 1, 2, 3, …
pub(crate) const fn zigzag(from: u64, to: u64) -> u64 {
    let step = to.wrapping_sub(from).cast_signed();
    ((step << 1) ^ (step >> 63)).cast_unsigned()
}

/// Where a [`zigzag`] step leads to.
pub(crate) const fn stepped(from: u64, zigzag: u64) -> u64 {
    let step = (zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed());
    from.wrapping_add(step.cast_unsigned())
}

/// Reads a blob whose version and checksum were found right.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Checks version and checksum.
    pub(crate) fn new(blob: &'a [u8]) -> Result<Self, CodecError> {
        let (body, crc) =
            blob.split_last_chunk::<CRC_BYTES>().ok_or(CodecError::Short { field: "checksum" })?;
        if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return Err(CodecError::Checksum);
        }
        match body.split_first() {
            Some((&VERSION, rest)) => Ok(Self { rest }),
            Some((&found, _)) => Err(CodecError::Version { found }),
            None => Err(CodecError::Short { field: "version" }),
        }
    }

    pub(crate) fn byte(&mut self, field: &'static str) -> Result<u8, CodecError> {
        let (&byte, rest) = self.rest.split_first().ok_or(CodecError::Short { field })?;
        self.rest = rest;
        Ok(byte)
    }

    pub(crate) fn bytes(&mut self, field: &'static str, count: usize) -> Result<&'a [u8], CodecError> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(CodecError::Short { field })?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn number(&mut self, field: &'static str) -> Result<u64, CodecError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(field)?;
            let digit = u64::from(byte & 0x7f);
            if digit << shift >> shift != digit {
                return Err(CodecError::Value { field, value: u64::MAX });
            }
            number |= digit << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(CodecError::Value { field, value: u64::MAX })
    }

    /// A number that fits a narrower type.
    pub(crate) fn narrow<T: TryFrom<u64>>(&mut self, field: &'static str) -> Result<T, CodecError> {
        let value = self.number(field)?;
        T::try_from(value).map_err(|_| CodecError::Value { field, value })
    }

    /// The number one step from `from`.
    pub(crate) fn step<T: TryFrom<u64>>(&mut self, field: &'static str, from: u64) -> Result<T, CodecError> {
        let value = stepped(from, self.number(field)?);
        T::try_from(value).map_err(|_| CodecError::Value { field, value })
    }

    /// A count of things that take a byte or more each, so a lie about it costs no memory.
    pub(crate) fn count(&mut self, field: &'static str) -> Result<usize, CodecError> {
        let value = self.number(field)?;
        let count = usize::try_from(value).map_err(|_| CodecError::Value { field, value })?;
        if count > self.rest.len() {
            return Err(CodecError::Short { field });
        }
        Ok(count)
    }

    /// All bytes that are left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Everything must have been read.
    pub(crate) const fn finish(self) -> Result<(), CodecError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CodecError::Trailing { count: self.rest.len() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_and_steps_come_back(numbers in prop::collection::vec(any::<u64>(), 0..20)) {
            let mut writer = Writer::new(0);
            let mut last = 0;
            for number in &numbers {
                writer.number(*number);
                writer.step(last, *number);
                last = *number;
            }
            let blob = writer.finish();
            let mut reader = Reader::new(&blob).unwrap();
            let mut last = 0;
            for number in numbers {
                prop_assert_eq!(reader.number("number").unwrap(), number);
                last = reader.step("step", last).unwrap();
                prop_assert_eq!(last, number);
            }
            reader.finish().unwrap();
        }
    }

    #[test]
    fn a_flipped_bit_is_seen() {
        let mut writer = Writer::new(0);
        writer.bytes(b"gong");
        let mut blob = writer.finish();
        blob[2] ^= 1;
        assert!(matches!(Reader::new(&blob), Err(CodecError::Checksum)));
    }

    #[test]
    fn a_number_of_eleven_bytes_is_refused() {
        let mut writer = Writer::new(0);
        writer.bytes(&[0xff; 10]);
        writer.byte(1);
        let blob = writer.finish();
        assert!(matches!(Reader::new(&blob).unwrap().number("n"), Err(CodecError::Value { .. })));
    }
}
