//! What a simulator saw and did, one JSON line for each: the other side's truth, that a rehearsal holds against the
//! ledger. Lines are only ever added.

use mingluo_model::clock::SharedClock;
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long a line may stay in memory.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// Flushes after which the disk is made to keep up, so that the kernel has no half minute of lines to write while the program
/// under test syncs.
const SYNC_EVERY: u32 = 5;

/// What happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Taken.
    Accepted,
    /// Not taken; the detail says why.
    Refused,
    /// A receipt was given, and answered.
    Receipt,
    /// An answer or a receipt that a good server would have given was kept back.
    Withheld,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The message's name: Message-ID, msgid; empty where it was refused before it had one.
    pub id: String,
    /// To whom.
    pub to: String,
    /// What happened.
    pub what: What,
    /// The particulars.
    pub detail: String,
}

enum Sheet {
    File(BufWriter<File>),
    Memory(Vec<Entry>),
}

/// The lines of one simulator.
pub struct Journal {
    clock: SharedClock,
    /// Guards the sheet; held for the writing of one line.
    sheet: Mutex<Sheet>,
    /// The same file, to be synced without the sheet.
    disk: Option<Arc<File>>,
}

impl Journal {
    /// A journal that appends to a file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn append_to(file: &Path, clock: SharedClock) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(file)?;
        let disk = Some(Arc::new(file.try_clone()?));
        Ok(Self { clock, sheet: Mutex::new(Sheet::File(BufWriter::new(file))), disk })
    }

    /// A journal that only [`Self::entries`] reads.
    pub fn in_memory(clock: SharedClock) -> Self {
        Self { clock, sheet: Mutex::new(Sheet::Memory(Vec::new())), disk: None }
    }

    /// Adds a line.
    pub fn note(&self, what: What, id: &str, to: &str, detail: &str) {
        let at_ms = self.clock.now().0;
        let entry = Entry { at_ms, id: id.into(), to: to.into(), what, detail: detail.into() };
        match &mut *self.sheet() {
            Sheet::Memory(entries) => entries.push(entry),
            Sheet::File(file) => {
                let line = serde_json::to_writer(&mut *file, &entry).map_err(io::Error::from);
                // A full disk must not stop the server that it would have told of; the rehearsal misses the line.
                let _written = line.and_then(|()| file.write_all(b"\n"));
            }
        }
    }

    /// The lines so far, of a journal in memory.
    pub fn entries(&self) -> Vec<Entry> {
        match &*self.sheet() {
            Sheet::Memory(entries) => entries.clone(),
            Sheet::File(_) => Vec::new(),
        }
    }

    /// Writes out what is in memory.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&self) -> io::Result<()> {
        match &mut *self.sheet() {
            Sheet::Memory(_) => Ok(()),
            Sheet::File(file) => file.flush(),
        }
    }

    /// Flushes again and again, until it is dropped.
    pub async fn keep_flushed(self: Arc<Self>) {
        loop {
            for _ in 0..SYNC_EVERY {
                self.clock.sleep(FLUSH_EVERY).await;
                let _refused = self.flush();
            }
            if let Some(disk) = self.disk.clone() {
                let _refused = tokio::task::spawn_blocking(move || disk.sync_data()).await;
            }
        }
    }

    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::system::SystemClock;

    #[test]
    fn a_second_run_adds_to_the_file_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        for id in ["1", "2"] {
            let journal = Journal::append_to(&file, SystemClock::shared()).unwrap();
            journal.note(What::Withheld, id, "o1", "silent");
            journal.flush().unwrap();
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let entries: Vec<Entry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(entries.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert!(text.contains(r#""what":"withheld","detail":"silent""#));
    }
}
