//! Writes the log on a thread of its own, in batches, so that no session waits for the disk. A durable centre writes at
//! once instead: what it answered is then in the file, whenever it is killed.

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

/// Octets after which the disk is made to keep up, while they come in a steady stream. Left alone, the kernel collects half a
/// minute of a log and writes it in one go; whoever syncs then waits for all of it, and that is the program under test
/// (measured: 110 ms). In a flood, which is over sooner than that, our own syncs would be what it waits for.
const SYNC_EVERY: usize = 1 << 20;

/// Octets that may wait for the disk; who brings more waits too.
const FULL: usize = 64 << 20;

/// The writing end of a log.
pub(in crate::sim_smsc) enum Sink {
    /// Records wait for their thread.
    Later {
        /// What waits.
        shared: Arc<Shared>,
        // Guards the thread, to be waited for once.
        writer: Mutex<Option<JoinHandle<io::Result<()>>>>,
    },
    /// Records are in the file when [`Sink::append`] returns. The kernel has them then, not yet the disk: they outlive
    /// the program and not the machine, which is what is killed here.
    // Guards the file, and the error that it gave first; held for a write.
    AtOnce(Mutex<(File, Option<io::Error>)>),
}

#[derive(Default)]
pub(in crate::sim_smsc) struct Shared {
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
        let unwritable = |source| LogError::Unwritable { path: path.to_owned(), source };
        let mut file = opened(path, earlier.whole()).map_err(unwritable)?;
        let shared = Arc::<Shared>::default();
        let writer = std::thread::Builder::new().name("smsc-log".into());
        let writer = writer.spawn({
            let shared = Arc::clone(&shared);
            move || shared.write(&mut file)
        });
        Ok(Self::Later { shared, writer: Mutex::new(Some(writer.map_err(unwritable)?)) })
    }

    /// A log that is written at once, from `end` on, where its last whole record ends; 0 for a new one.
    ///
    /// # Errors
    /// [`LogError`] when the file cannot be opened.
    pub(in crate::sim_smsc) fn at_once(path: &Path, end: u64) -> Result<Self, LogError> {
        let file =
            opened(path, end).map_err(|source| LogError::Unwritable { path: path.to_owned(), source })?;
        Ok(Self::AtOnce(Mutex::new((file, None))))
    }

    /// Takes records over; `records` is empty then.
    pub(in crate::sim_smsc) fn append(&self, records: &mut Vec<u8>) {
        if records.is_empty() {
            return;
        }
        match self {
            Self::Later { shared, .. } => shared.append(records),
            Self::AtOnce(file) => {
                let (file, broken) = &mut *file.lock().unwrap_or_else(PoisonError::into_inner);
                if broken.is_none() {
                    *broken = file.write_all(records).err();
                }
                records.clear();
            }
        }
    }

    /// Writes everything and ends; a second call finds nothing to do.
    ///
    /// # Errors
    /// [`io::Error`] when something could not be written.
    pub(in crate::sim_smsc) fn close(&self) -> io::Result<()> {
        let (shared, writer) = match self {
            Self::Later { shared, writer } => (shared, writer),
            Self::AtOnce(file) => {
                let broken = file.lock().unwrap_or_else(PoisonError::into_inner).1.take();
                return broken.map_or(Ok(()), Err);
            }
        };
        shared.waiting().closing = true;
        shared.work.notify_one();
        let writer = writer.lock().unwrap_or_else(PoisonError::into_inner).take();
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

/// A log cut off where its whole records end, with its heading.
fn opened(path: &Path, whole: u64) -> io::Result<File> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.set_len(whole)?;
    if whole == 0 {
        file.write_all(HEADING)?;
    }
    Ok(file)
}

impl Shared {
    fn append(&self, records: &mut Vec<u8>) {
        let mut waiting = self.waiting();
        while waiting.octets.len() > FULL && !waiting.broken {
            waiting = self.room.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.broken {
            records.clear();
        }
        waiting.octets.append(records);
        if waiting.octets.len() > EAGER {
            self.work.notify_one();
        }
    }

    fn write(&self, file: &mut File) -> io::Result<()> {
        let mut batch = Vec::new();
        let mut unsynced = 0;
        loop {
            let last = self.collect(&mut batch);
            unsynced += batch.len();
            let mut written = file.write_all(&batch);
            if last || (unsynced > SYNC_EVERY && batch.len() <= EAGER) {
                written = written.and_then(|()| file.sync_data());
                unsynced = 0;
            }
            if let Err(error) = written {
                self.waiting().broken = true;
                self.room.notify_all();
                return Err(error);
            }
            batch.clear();
            if last {
                return Ok(());
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
