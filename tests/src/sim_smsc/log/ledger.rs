//! What a log amounts to, in as little memory as its sums need.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{Tail, sums::Sums};

/// Octets that a part leaves in a log as a rule: itself, its receipt sent, its receipt answered.
const OCTETS_A_PART: u64 = 96;

/// A log that cannot be read or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file is not to be had.
    #[error("记录 {0} 读不了，请核对路径和权限 / log {0} cannot be read, check path and rights", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The file cannot be opened for writing.
    #[error("记录 {0} 写不了，请用已有目录中的文件 / log {0} cannot be written, give a file in a folder that exists", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The file is no simulator's log.
    #[error(
        "记录 {0} 第 {at} 字节处不是 sim-smsc 写的，请换一个文件 / log {0} holds at octet {at} what no sim-smsc has written, give another file",
        path.display()
    )]
    Strange {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
    },
}

/// One part to one destination that was taken, however often it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken {
    /// The destination's digits as a number, without 86 before eleven digits.
    pub destination: u64,
    /// A fingerprint of header and text.
    pub text: u32,
    /// Which part, from 1.
    pub part: u8,
    /// Of how many.
    pub total: u8,
    /// How often it came: more than once is a double.
    pub times: u16,
}

/// What a log amounts to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// The parts that were taken, each once, by destination.
    pub taken: Vec<Taken>,
    /// Parts that came, whatever was answered.
    pub arrived: u64,
    /// Parts answered as over the licence.
    pub throttled: u64,
    /// Parts sent away once as busy.
    pub busy: u64,
    /// Parts refused for good.
    pub refused: u64,
    /// Ids whose receipt says DELIVRD and lies, in order.
    pub lied: Vec<u64>,
    /// Ids that will never have a receipt, in order.
    pub withheld: Vec<u64>,
    /// Ids whose receipt was sent and never answered, in order.
    pub unanswered: Vec<u64>,
    /// Ids whose receipt was sent at least once.
    pub receipted: u64,
    /// When the first part came, in microseconds since 1970.
    pub first_us: Option<i64>,
    /// When the last part came.
    pub last_us: Option<i64>,
    /// The most parts that came within any one second.
    pub busiest_second: u64,
    /// Parts that came by second since 1970; seconds without any are left out.
    pub per_second: Vec<(i64, u64)>,
}

impl Ledger {
    /// Different parts that were taken: what should equal the ledger's accepted ones.
    pub const fn distinct(&self) -> usize {
        self.taken.len()
    }

    /// Parts that came more than once.
    pub fn doubles(&self) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(|taken| taken.times > 1)
    }

    /// How many of the parts taken were one too many.
    pub fn surplus(&self) -> u64 {
        self.doubles().map(|taken| u64::from(taken.times) - 1).sum()
    }

    /// What one destination was sent.
    pub fn of(&self, destination: u64) -> &[Taken] {
        let from = self.taken.partition_point(|taken| taken.destination < destination);
        let to = self.taken.partition_point(|taken| taken.destination <= destination);
        &self.taken[from..to]
    }
}

/// Reads a log, also one that is still being written: a record that is not whole yet is left out.
///
/// # Errors
/// [`LogError`] when the file cannot be read or is none of ours.
pub fn read(path: &Path) -> Result<Ledger, LogError> {
    let unreadable = |source| LogError::Unreadable { path: path.to_owned(), source };
    let parts = std::fs::metadata(path).map_err(unreadable)?.len() / OCTETS_A_PART;
    let mut sums = Sums::sized(usize::try_from(parts).unwrap_or(0));
    Tail::new(path).read(|record| sums.take(&record))?;
    Ok(sums.into_ledger())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{HEADING, record::tests::any_record},
        *,
    };

    #[test]
    fn what_is_no_log_is_refused_with_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [&HEADING[..], b"\x09\0\0\0\0"].concat()).unwrap();
        assert!(matches!(read(file.path()), Err(LogError::Strange { at: 8, .. })));
        std::fs::write(file.path(), b"{\"at_ms\":1}").unwrap();
        assert!(matches!(read(file.path()), Err(LogError::Strange { at: 0, .. })));
        assert!(matches!(read(Path::new("/nowhere/at-all")), Err(LogError::Unreadable { .. })));
    }

    proptest! {
        #[test]
        fn a_file_read_in_pieces_is_the_sum_of_its_records(records in prop::collection::vec(any_record(), 0..60)) {
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut octets = HEADING.to_vec();
            for record in &records {
                record.put(&mut octets);
            }
            octets.push(1);
            std::fs::write(file.path(), octets).unwrap();
            let mut sums = Sums::sized(0);
            for record in &records {
                sums.take(record);
            }
            prop_assert_eq!(read(file.path()).unwrap(), sums.into_ledger());
        }
    }
}
