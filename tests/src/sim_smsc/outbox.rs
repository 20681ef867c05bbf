//! What a session has to say, until its socket takes it. Answers may have to wait for their time.

use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::BytesMut;
use tokio::{io::AsyncWriteExt, net::tcp::OwnedWriteHalf, sync::Notify};

use super::watch::Watch;

/// Octets that may wait before the session reads no more.
const FULL: usize = 4 << 20;

/// The words of one session on their way out.
#[derive(Default)]
pub(super) struct Outbox {
    // Guards the queue; held for an append or a swap.
    queue: Mutex<Queue>,
    stir: Notify,
    room: Notify,
}

#[derive(Default)]
struct Queue {
    ready: BytesMut,
    /// Answers in the order of their time, and what they count together.
    delayed: VecDeque<(i64, BytesMut)>,
    delayed_octets: usize,
    closed: bool,
}

/// What the writer is to do.
enum Next {
    Write,
    Wait,
    WaitUntil(i64),
    Close,
}

impl Outbox {
    /// Puts whole PDUs behind what waits; `octets` is empty then.
    pub(super) fn put(&self, octets: &mut BytesMut) {
        if !octets.is_empty() {
            self.queue().ready.extend_from_slice(octets);
            octets.clear();
            self.stir.notify_one();
        }
    }

    /// Puts whole PDUs that leave at `due_us` and not before; times never go back.
    pub(super) fn put_at(&self, due_us: i64, octets: &mut BytesMut) {
        if !octets.is_empty() {
            let mut queue = self.queue();
            queue.delayed_octets += octets.len();
            queue.delayed.push_back((due_us, octets.split()));
            self.stir.notify_one();
        }
    }

    /// The session ends when all that is ready has left.
    pub(super) fn close(&self) {
        self.queue().closed = true;
        self.stir.notify_one();
    }

    /// The session ends in the middle of a frame.
    pub(super) fn cut(&self) {
        // A length that every protocol takes, and half of the header that would follow.
        self.put(&mut BytesMut::from(&[0, 0, 0, 64, 0x80, 0, 0][..]));
        self.close();
    }

    /// The session ends after a length that no protocol takes.
    pub(super) fn lie(&self) {
        self.put(&mut BytesMut::from(&[0, 0, 0, 3, 0x80, 0, 0, 0, 0, 0, 0, 0][..]));
        self.close();
    }

    /// Returns when the client has read enough for more to be said.
    pub(super) async fn has_room(&self) {
        while self.queue().len() > FULL {
            self.room.notified().await;
        }
    }

    /// Writes until the box is closed or the socket breaks.
    pub(super) async fn drain(&self, socket: &mut OwnedWriteHalf, watch: &Watch) -> io::Result<()> {
        let mut leaving = BytesMut::new();
        loop {
            let next = self.queue().take(watch.now_us(), &mut leaving);
            match next {
                Next::Write => {
                    socket.write_all_buf(&mut leaving).await?;
                    self.room.notify_one();
                }
                Next::Wait => self.stir.notified().await,
                Next::WaitUntil(due_us) => tokio::select! {
                    () = self.stir.notified() => {}
                    () = watch.until(due_us) => {}
                },
                Next::Close => return socket.shutdown().await,
            }
        }
    }

    /// Everything that would leave now.
    #[cfg(test)]
    pub(super) fn said(&self, now_us: i64) -> Vec<mingluo_channels::sms::smpp::Pdu> {
        let mut octets = BytesMut::new();
        self.queue().take(now_us, &mut octets);
        std::iter::from_fn(|| mingluo_channels::sms::smpp::Framer::default().push(&mut octets).unwrap())
            .collect()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn take(&mut self, now_us: i64, leaving: &mut BytesMut) -> Next {
        while let Some((_, octets)) = self.delayed.pop_front_if(|(due_us, _)| *due_us <= now_us) {
            self.delayed_octets -= octets.len();
            self.ready.extend_from_slice(&octets);
        }
        if !self.ready.is_empty() {
            leaving.clear();
            std::mem::swap(leaving, &mut self.ready);
            return Next::Write;
        }
        match self.delayed.front() {
            _ if self.closed => Next::Close,
            Some((due_us, _)) => Next::WaitUntil(*due_us),
            None => Next::Wait,
        }
    }

    fn len(&self) -> usize {
        self.ready.len() + self.delayed_octets
    }
}
