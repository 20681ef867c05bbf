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
    channel::{ReceiptToken, SendError},
    clock::{Clock, within},
};
use tokio::{io::AsyncWriteExt, net::tcp::OwnedWriteHalf, sync::Notify};

use super::keys::Keys;
use crate::sms::smpp::{Body, CommandStatus, Pdu};

/// Octets that may wait to leave: more than the largest run. A peer that lets so many wait does not read.
const MOST_WAITING: usize = 64 << 20;

/// The sending side of one session.
pub(super) struct Link {
    /// The session's wire keys; our own requests take theirs here as well.
    pub(super) keys: Keys,
    /// Wakes the inlet for [`Self::refuse`].
    pub(super) wake: Notify,
    /// Told when the far side has agreed to part.
    pub(super) parted: Notify,
    // Guards what is to leave; held for an append or a swap.
    outgoing: Mutex<BytesMut>,
    // Guards keys of parts that never left; held for an append or a swap.
    refused: Mutex<Vec<u64>>,
    half: tokio::sync::Mutex<Half>,
}

struct Half {
    socket: OwnedWriteHalf,
    /// What is on its way into the socket.
    leaving: BytesMut,
}

impl Link {
    pub(super) fn new(socket: OwnedWriteHalf) -> Self {
        Self {
            keys: Keys::default(),
            wake: Notify::new(),
            parted: Notify::new(),
            outgoing: Mutex::default(),
            refused: Mutex::default(),
            half: tokio::sync::Mutex::new(Half { socket, leaving: BytesMut::new() }),
        }
    }

    /// Puts one PDU behind what waits already.
    pub(super) fn put(&self, pdu: &Pdu) {
        pdu.encode(&mut self.outgoing());
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

    /// Answers these receipts.
    pub(super) fn answer_receipts(&self, receipts: &[ReceiptToken]) {
        let mut outgoing = self.outgoing();
        for ReceiptToken(sequence) in receipts {
            let response = Pdu::response(*sequence as u32, CommandStatus::ROK, Body::DeliverSmResp);
            response.encode(&mut outgoing);
        }
    }

    /// These parts cannot leave at all; the inlet is to say so.
    pub(super) fn refuse(&self, keys: &mut Vec<u64>) {
        if !keys.is_empty() {
            self.refused.lock().unwrap_or_else(PoisonError::into_inner).append(keys);
            self.wake.notify_one();
        }
    }

    /// The parts that could not leave, once.
    pub(super) fn take_refused(&self) -> Vec<u64> {
        std::mem::take(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether so much waits that the peer cannot be reading.
    pub(super) fn is_stuck(&self) -> bool {
        self.outgoing().len() > MOST_WAITING
    }

    /// Writes until nothing waits. Safe to cancel.
    pub(super) async fn flush(&self) -> io::Result<()> {
        let mut half = self.half.lock().await;
        let Half { socket, leaving } = &mut *half;
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
        let Half { socket, leaving } = &mut *half;
        while self.refill(leaving) {
            match socket.try_write(leaving) {
                Ok(written) if written > 0 => leaving.advance(written),
                _ => return,
            }
        }
    }

    /// Ends our side of the connection.
    pub(super) async fn shut(&self) {
        // What cannot be shut is broken, and so just as ended.
        let _broken = self.half.lock().await.socket.shutdown().await;
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

/// The session cannot go on.
pub(super) fn unreachable(detail: impl Into<String>) -> SendError {
    SendError::Unreachable { detail: detail.into() }
}
