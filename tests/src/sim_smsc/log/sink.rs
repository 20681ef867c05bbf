//! Writes the log on a thread of its own, in batches, so that no session waits for the disk.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use super::{HEADING, LogError, Tail};

/// How long a record may stay in memory.
const FLUSH_EVERY: Duration = Duration::from_millis(100);

/// Octets that are written at once, whatever the time.
const EAGER: usize = 1 << 20;

/// Octets that may wait for the disk; who brings more waits too.
const FULL: usize = 64 << 20;

/// The writing end of a log.
pub(in crate::sim_smsc) struct Sink {
    shared: Arc<Shared>,
    // Guards the thread, to be waited for once.
    writer: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

#[derive(Default)]
struct Shared {
    // Guards what waits; held for an append or a swap.
    waiting: Mutex<Waiting>,
    work: Condvar,
    room: Condvar,
}

#[derive(Default)]
struct Waiting {
    octets: Vec<u8>,
    closing: bool,
    /// The disk refused: records are dropped, and [`Sink::close`] says why.
    broken: bool,
}

impl Sink {
    /// Begins a log, or goes on with one: records stand alone, and ids of another run are others. What a killed run
    /// wrote of its last record is cut off.
    ///
    /// # Errors
    /// [`LogError`] when the file cannot be opened, or is no log of ours: that is left as it is.
    pub(in crate::sim_smsc) fn append_to(path: &Path) -> Result<Self, LogError> {
        let mut earlier = Tail::new(path);
        earlier.read(|_| {})?;
        Self::open(path, earlier.whole())
            .map_err(|source| LogError::Unwritable { path: path.to_owned(), source })
    }

    fn open(path: &Path, whole: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.set_len(whole)?;
        if whole == 0 {
            file.write_all(HEADING)?;
        }
        let shared = Arc::<Shared>::default();
        let writer = std::thread::Builder::new().name("smsc-log".into());
        let writer = writer.spawn({
            let shared = Arc::clone(&shared);
            move || shared.write(file)
        })?;
        Ok(Self { shared, writer: Mutex::new(Some(writer)) })
    }

    /// Takes records over; `records` is empty then.
    pub(in crate::sim_smsc) fn append(&self, records: &mut Vec<u8>) {
        let mut waiting = self.shared.waiting();
        while waiting.octets.len() > FULL && !waiting.broken {
            waiting = self.shared.room.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.broken {
            records.clear();
        }
        waiting.octets.append(records);
        if waiting.octets.len() > EAGER {
            self.shared.work.notify_one();
        }
    }

    /// Writes everything and ends; a second call finds nothing to do.
    ///
    /// # Errors
    /// [`io::Error`] when something could not be written.
    pub(in crate::sim_smsc) fn close(&self) -> io::Result<()> {
        self.shared.waiting().closing = true;
        self.shared.work.notify_one();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let dead = || Err(io::Error::other("the log's thread broke"));
        writer.map_or(Ok(()), |writer| writer.join().unwrap_or_else(|_| dead()))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Who wants to know calls `close` before.
        let _unheard = self.close();
    }
}

impl Shared {
    fn write(&self, mut file: File) -> io::Result<()> {
        let mut batch = Vec::new();
        loop {
            let last = self.collect(&mut batch);
            if let Err(error) = file.write_all(&batch) {
                self.waiting().broken = true;
                self.room.notify_all();
                return Err(error);
            }
            batch.clear();
            if last {
                return file.sync_data();
            }
        }
    }

    /// Waits for the time or for much, and swaps what waits into `batch`; true for the last time.
    fn collect(&self, batch: &mut Vec<u8>) -> bool {
        let mut waiting = self.waiting();
        if !waiting.closing && waiting.octets.len() <= EAGER {
            let waited = self.work.wait_timeout(waiting, FLUSH_EVERY);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(batch, &mut waiting.octets);
        self.room.notify_all();
        waiting.closing
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
