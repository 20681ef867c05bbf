//! Blocks of an edition as they are stored: the addresses of 4,096 recipients, one column for each channel. A
//! column is plain here; who stores it encrypts it.

use mingluo_model::audience::ChannelKind;
use std::{collections::BTreeMap, fmt};

/// Recipients of a block; the last one of an edition may hold fewer.
pub const BLOCK: usize = 4096;

/// The addresses of a stretch of ordinals.
#[derive(Clone, PartialEq, Eq)]
pub struct BlockPlain {
    /// Place among the edition's blocks, from 0.
    pub block_no: u32,
    /// Its first ordinal, `block_no` x [`BLOCK`].
    pub first_ordinal: u32,
    /// Recipients, 1 to [`BLOCK`].
    pub n: u32,
    /// Twelve-digit number of its first village.
    pub region_min: u64,
    /// Twelve-digit number of its last village.
    pub region_max: u64,
    /// For each recipient a byte of length and the address, length 0 for none; a channel on which nobody of the
    /// block has an address is no key.
    pub columns: BTreeMap<ChannelKind, Vec<u8>>,
}

impl fmt::Debug for BlockPlain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("BlockPlain");
        shown.field("block_no", &self.block_no).field("n", &self.n).finish_non_exhaustive()
    }
}

/// Bytes that are no column. Never tells what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// The bytes end inside an entry or before all entries.
    #[error("column: the bytes end at entry {at} of {n}; read the block again from a good copy")]
    TooShort {
        /// The entry, from 0.
        at: usize,
        /// Entries that there should be.
        n: usize,
    },
    /// Bytes are left over.
    #[error("column: {left} bytes are left after {n} entries; read the block again from a good copy")]
    TooLong {
        /// Bytes left.
        left: usize,
        /// Entries that there should be.
        n: usize,
    },
    /// An address is no text.
    #[error("column: entry {at} is not UTF-8; read the block again from a good copy")]
    NotText {
        /// The entry, from 0.
        at: usize,
    },
}

/// The addresses of a column of `n` recipients, in the order of ordinals.
///
/// # Errors
/// [`ColumnError`] when the bytes are not exactly `n` entries.
pub fn decode_column(bytes: &[u8], n: usize) -> Result<Vec<Option<&str>>, ColumnError> {
    let mut rest = bytes;
    // Each entry takes a byte at least, so the bytes bound what a false count can reserve.
    let mut addresses = Vec::with_capacity(n.min(bytes.len()));
    for at in 0..n {
        let short = ColumnError::TooShort { at, n };
        let (length, after) = rest.split_first().ok_or(short)?;
        let (address, after) = after.split_at_checked(usize::from(*length)).ok_or(short)?;
        let text = std::str::from_utf8(address).map_err(|_| ColumnError::NotText { at })?;
        addresses.push((!text.is_empty()).then_some(text));
        rest = after;
    }
    if rest.is_empty() { Ok(addresses) } else { Err(ColumnError::TooLong { left: rest.len(), n }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_column_of_other_length_is_refused() {
        let column = b"\x02ab\x00\x01c";
        assert_eq!(decode_column(column, 3), Ok(vec![Some("ab"), None, Some("c")]));
        assert_eq!(decode_column(column, 2), Err(ColumnError::TooLong { left: 2, n: 2 }));
        assert_eq!(decode_column(column, 4), Err(ColumnError::TooShort { at: 3, n: 4 }));
        assert_eq!(decode_column(b"\x05ab", 1), Err(ColumnError::TooShort { at: 0, n: 1 }));
        assert_eq!(decode_column(b"\x01\xff", 1), Err(ColumnError::NotText { at: 0 }));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(junk in proptest::collection::vec(any::<u8>(), 0..99), n: usize) {
            let _ = decode_column(&junk, n);
            let _ = decode_column(&junk, n % 100);
        }
    }
}
