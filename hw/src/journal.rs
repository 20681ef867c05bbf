//! What the box remembers across power cuts: an append-only file, forced to the card before anything is done.
//! [`book`] is what the records add up to, [`diary`] what of it people may want to read, `frame` how they stand in the file, [`medium`] where that is.

pub mod book;
pub mod diary;
mod frame;
pub mod medium;

pub use book::{Book, Entry, Phase, Record};
pub use diary::{Diary, Happening, Note};
pub use medium::{FileMedium, Medium, MemoryMedium};
use mingluo_model::clock::Timestamp;

/// Below this many bytes the journal is never rewritten while running.
const SMALL: usize = 1 << 20;

/// Records of a rewritten journal in one frame: the longest, a bulletin of 16 KiB in hexadecimal, are far below a frame's bound
/// together.
const MOST_IN_A_FRAME: usize = 16;

/// Why nothing can be remembered. A box that cannot remember must not act.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read at start.
    #[error(
        "日志读不了，请核对 box.state_dir 的权限和存储卡 / the journal cannot be read; check the rights of box.state_dir and the card"
    )]
    Read(#[source] std::io::Error),
    /// The file cannot be written or forced to the card.
    #[error(
        "日志写不了，不能记录就不能播发：存储卡是否已满或只读，请清理或更换 / the journal cannot be written; is the card full or read-only?"
    )]
    Write(#[source] std::io::Error),
}

/// The box's memory.
pub struct Journal {
    medium: Box<dyn Medium>,
    book: Book,
    length: usize,
    // Length after the last rewriting; twice that asks for the next.
    compact_length: usize,
}

/// What the bytes of a journal add up to, for whoever only looks. What is torn or damaged is passed over.
pub fn peek(bytes: &[u8]) -> Book {
    let mut book = Book::default();
    frame::read_all(bytes).0.into_iter().for_each(|record| book.apply(record));
    book
}

impl Journal {
    /// Reads what there is, forgets what is long over, and writes the rest anew.
    ///
    /// A torn frame (power was cut while writing, or the card was full) and a damaged one are passed over, what stands after
    /// them counts; the medium keeps a copy of a damaged journal.
    ///
    /// # Errors
    /// [`JournalError`] when the medium fails.
    pub fn open(mut medium: Box<dyn Medium>, now: Timestamp) -> Result<Self, JournalError> {
        let bytes = medium.read().map_err(JournalError::Read)?;
        let (records, unreadable) = frame::read_all(&bytes);
        if unreadable > 0 {
            tracing::warn!(
                n_bytes = unreadable,
                "the journal was torn or damaged; what stood there is forgotten"
            );
            medium.keep_damaged().map_err(JournalError::Write)?;
        }
        let mut book = Book::default();
        for record in records {
            book.apply(record);
        }
        let mut journal = Self { medium, book, length: 0, compact_length: 0 };
        journal.compact(now)?;
        Ok(journal)
    }

    /// What all records add up to.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Writes records as one frame, so that all or none of them survive, and forces it to the card.
    ///
    /// # Errors
    /// [`JournalError::Write`]; nothing of it counts then, and the caller must not act on it.
    pub fn append(&mut self, records: Vec<Record>, now: Timestamp) -> Result<(), JournalError> {
        if records.is_empty() {
            return Ok(());
        }
        let bytes = frame::write(&records);
        self.medium.append(&bytes).map_err(JournalError::Write)?;
        self.length += bytes.len();
        for record in records {
            self.book.apply(record);
        }
        if self.length > SMALL && self.length > 2 * self.compact_length { self.compact(now) } else { Ok(()) }
    }

    fn compact(&mut self, now: Timestamp) -> Result<(), JournalError> {
        self.book.forget_over(now);
        let bytes: Vec<u8> = self.book.records().chunks(MOST_IN_A_FRAME).flat_map(frame::write).collect();
        self.medium.replace(&bytes).map_err(JournalError::Write)?;
        (self.length, self.compact_length) = (bytes.len(), bytes.len());
        Ok(())
    }
}

#[cfg(test)]
#[path = "journal/tests.rs"]
mod tests;
