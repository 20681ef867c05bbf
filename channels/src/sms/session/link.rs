//! The sending side of one socket, shared by the session's three hands.
//!
//! Whole PDUs are appended to one buffer and leave in that order. Whoever flushes writes what all have put there,
//! and may be cancelled in the middle of a PDU: the next one to flush goes on at the same octet.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use mingluo_model::{
    channel::{Report, SendError},
    clock::{Clock, within},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, tcp::OwnedWriteHalf},
    sync::Notify,
};

use super::{keys::Keys, rest::Rest};

/// How long the last words on a connection may take.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Octets that may wait to leave: more than the largest run. A peer that lets so many wait does not read.
const MOST_WAITING: usize = 64 << 20;

/// The sending side of one session.
pub(in crate::sms) struct Link {
    /// The session's wire keys; our own requests take theirs here as well.
    pub(super) keys: Keys,
    /// Wakes the inlet for [`Self::tell`] and for a connection that was opened again.
    pub(super) wake: Notify,
    /// Told when the far side has agreed to part.
    pub(super) parted: Notify,
    // Guards what is to leave; held for an append or a swap.
    outgoing: Mutex<BytesMut>,
    // Guards what the inlet is to report; held for an append or a swap.
    told: Mutex<Told>,
    // Guards whether there is a connection; held for a look.
    rest: Mutex<Rest>,
    half: tokio::sync::Mutex<Half>,
}

struct Half {
    /// `None` while the connection sleeps.
    socket: Option<OwnedWriteHalf>,
    /// What is on its way into the socket.
    leaving: BytesMut,
}

/// A connection that is being let go; the session stays.
pub(super) struct Parting {
    socket: Option<OwnedWriteHalf>,
    words: BytesMut,
}

#[derive(Default)]
struct Told {
    reports: Vec<Report>,
    end: Option<SendError>,
}

impl Link {
    pub(super) fn new(socket: OwnedWriteHalf, keys: Keys) -> Self {
        Self {
            keys,
            wake: Notify::new(),
            parted: Notify::new(),
            outgoing: Mutex::default(),
            told: Mutex::default(),
            rest: Mutex::default(),
            half: tokio::sync::Mutex::new(Half { socket: Some(socket), leaving: BytesMut::new() }),
        }
    }

    /// Puts whole PDUs behind what waits already.
    pub(super) fn say(&self, words: impl FnOnce(&mut BytesMut)) {
        words(&mut self.outgoing());
    }

    /// Puts an encoded run behind what waits already and leaves an empty buffer in its place.
    pub(super) fn put_run(&self, run: &mut BytesMut) {
        let mut outgoing = self.outgoing();
        if outgoing.is_empty() {
            std::mem::swap(&mut *outgoing, run);
        } else {
            outgoing.extend_from_slice(run);
        }
        run.clear();
    }

    /// The inlet is to report this, and then the end if there is one.
    pub(super) fn tell(&self, reports: impl Iterator<Item = Report>, end: Option<SendError>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.reports.len();
        told.reports.extend(reports);
        let news = told.reports.len() > before || end.is_some();
        told.end = told.end.take().or(end);
        if news {
            self.wake.notify_one();
        }
    }

    /// Appends what was told, once, and gives the end.
    pub(super) fn take_told(&self, reports: &mut Vec<Report>) -> Option<SendError> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        reports.append(&mut told.reports);
        told.end.take()
    }

    /// Whether there is a connection just now. Never hold it across an await.
    pub(super) fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether so much waits that the peer cannot be reading.
    pub(super) fn is_stuck(&self) -> bool {
        self.outgoing().len() > MOST_WAITING
    }

    /// Writes until nothing waits. Safe to cancel.
    pub(super) async fn flush(&self) -> io::Result<()> {
        let mut half = self.half.lock().await;
        let Half { socket: Some(socket), leaving } = &mut *half else { return Ok(()) };
        while self.refill(leaving) {
            if socket.write_buf(leaving).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// [`Self::flush`] for as long as `limit`.
    pub(super) async fn flush_within(&self, clock: &dyn Clock, limit: Duration) -> Result<(), SendError> {
        match within(clock, limit, self.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(unreachable(error.to_string())),
            Err(late) => Err(unreachable(format!("the gateway took nothing within {:?}", late.limit))),
        }
    }

    /// Writes what the socket takes at once. What it does not take, and what another hand is just writing, is
    /// left to the next flush; a broken socket shows when it is read.
    pub(super) fn flush_now(&self) {
        let Ok(mut half) = self.half.try_lock() else { return };
        let Half { socket: Some(socket), leaving } = &mut *half else { return };
        while self.refill(leaving) {
            match socket.try_write(leaving) {
                Ok(written) if written > 0 => leaving.advance(written),
                _ => return,
            }
        }
    }

    /// Ends our side of the connection.
    pub(super) async fn shut(&self) {
        if let Some(socket) = &mut self.half.lock().await.socket {
            // What cannot be shut is broken, and so just as ended.
            let _broken = socket.shutdown().await;
        }
    }

    /// Lets the connection go, with what waits to leave by it; `None` when parts wait for their answer. A run that
    /// comes meanwhile has another connection opened, which this does not take.
    pub(super) async fn fall_asleep(&self) -> Option<Parting> {
        let mut half = self.half.lock().await;
        if !self.rest().fall_asleep() {
            return None;
        }
        let mut words = std::mem::take(&mut half.leaving);
        words.unsplit(self.outgoing().split());
        Some(Parting { socket: half.socket.take(), words })
    }

    /// There is a connection again.
    pub(super) async fn connect(&self, socket: TcpStream, heard: BytesMut) {
        let (read, write) = socket.into_split();
        let mut half = self.half.lock().await;
        half.socket = Some(write);
        half.leaving.clear();
        drop(half);
        self.rest().wake(read, heard);
        self.wake.notify_one();
    }

    fn refill(&self, leaving: &mut BytesMut) -> bool {
        if leaving.is_empty() {
            leaving.clear();
            std::mem::swap(leaving, &mut *self.outgoing());
        }
        !leaving.is_empty()
    }

    fn outgoing(&self) -> MutexGuard<'_, BytesMut> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parting {
    /// Says the last words and ends our side.
    pub(super) async fn say(mut self, clock: &dyn Clock, last: impl FnOnce(&mut BytesMut)) {
        let Some(mut socket) = self.socket else { return };
        last(&mut self.words);
        let parting = async {
            socket.write_all_buf(&mut self.words).await?;
            socket.shutdown().await
        };
        // Nothing is owed on either side: a connection that does not take it is let go all the same.
        let _silent = within(clock, LAST_WORDS, parting).await;
    }
}

/// The session cannot go on.
pub(in crate::sms) fn unreachable(detail: impl Into<String>) -> SendError {
    SendError::Unreachable { detail: detail.into() }
}
