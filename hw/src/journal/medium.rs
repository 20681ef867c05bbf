//! Where the journal's bytes lie: a file on the card, or memory for rehearsals of many boxes.

use crate::files::replace;
use std::{
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// The rights of a new file, less what the process' mask takes away.
const AS_THE_MASK_HAS_IT: u32 = 0o666;

/// Bytes that survive what they are meant to survive once a call has returned.
pub trait Medium: Send {
    /// All bytes.
    ///
    /// # Errors
    /// The system's; a journal that does not exist yet is empty.
    fn read(&mut self) -> io::Result<Vec<u8>>;

    /// Adds bytes at the end and forces them to the medium.
    ///
    /// # Errors
    /// The system's; what was added may be torn then.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Puts these bytes in the place of all others, wholly or not at all.
    ///
    /// # Errors
    /// The system's; the old bytes still stand then.
    fn replace(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Sets a copy of the present bytes aside for those who look into the damage.
    ///
    /// # Errors
    /// The system's.
    fn keep_damaged(&mut self) -> io::Result<()>;
}

/// A file that is appended to; rewriting goes through a new file and a rename.
#[derive(Debug)]
pub struct FileMedium {
    path: PathBuf,
    file: Option<File>,
}

impl FileMedium {
    /// A journal at this path; its directory must exist.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }
}

impl Medium for FileMedium {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        match std::fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            outcome => outcome,
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(File::options().create(true).append(true).open(&self.path)?);
        }
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        file.write_all(bytes)?;
        file.sync_data()
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        replace(&self.path, bytes, AS_THE_MASK_HAS_IT)?;
        self.file = None;
        Ok(())
    }

    fn keep_damaged(&mut self) -> io::Result<()> {
        std::fs::copy(&self.path, self.path.with_extension("damaged")).map(|_| ())
    }
}

/// Bytes in memory; clones share them, so that a pretend box can be switched off and on again.
#[derive(Debug, Clone, Default)]
pub struct MemoryMedium {
    // Guards the bytes; held while they are copied, never across an await.
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl MemoryMedium {
    /// Fault knob: the last `count` bytes never reached the card.
    pub fn tear(&self, count: usize) {
        self.with(|bytes| bytes.truncate(bytes.len().saturating_sub(count)));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        work(&mut self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Medium for MemoryMedium {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.with(|bytes| bytes.clone()))
    }

    fn append(&mut self, more: &[u8]) -> io::Result<()> {
        self.with(|bytes| bytes.extend_from_slice(more));
        Ok(())
    }

    fn replace(&mut self, fresh: &[u8]) -> io::Result<()> {
        self.with(|bytes| *bytes = fresh.to_vec());
        Ok(())
    }

    fn keep_damaged(&mut self) -> io::Result<()> {
        Ok(())
    }
}
