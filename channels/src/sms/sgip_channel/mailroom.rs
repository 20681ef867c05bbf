//! What the gateway brought to the door, until a session takes it up and dispatch has made it durable.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use mingluo_model::{
    channel::{ReceiptToken, Report},
    receipt::Receipt,
    reply::Reply,
};
use tokio::sync::Notify;

use crate::sms::{
    session::Dues,
    sgip::{Body, CommandResult, Pdu, Sequence},
};

/// Receipts and replies that may wait to be taken up. When full the door's connections are not read on, and the gateway keeps the
/// rest.
const MOST_WAITING: usize = 4_096;

/// What is to be said on one of the gateway's connections.
#[derive(Default)]
pub(super) struct Words {
    // Guards whole PDUs that wait; held for an append or a swap.
    octets: Mutex<BytesMut>,
    pub(super) stir: Notify,
}

impl Words {
    pub(super) fn say(&self, sequence: Sequence, body: Body) {
        Pdu { sequence, body }.encode(&mut self.octets.lock().unwrap_or_else(PoisonError::into_inner));
        self.stir.notify_one();
    }

    /// All that waits.
    pub(super) fn take(&self) -> BytesMut {
        self.octets.lock().unwrap_or_else(PoisonError::into_inner).split()
    }
}

/// A receipt or a reply that the gateway must be answered.
struct Due {
    sequence: Sequence,
    answer: Body,
    words: Arc<Words>,
}

/// The receipts of one account.
#[derive(Default)]
pub(super) struct Mailroom {
    // Guards what waits and what is owed; held for one receipt or one batch.
    shelf: Mutex<Shelf>,
    /// Told when something was put here.
    pub(super) stir: Notify,
    /// Told when something was taken up.
    pub(super) room: Notify,
}

#[derive(Default)]
struct Shelf {
    waiting: Vec<Report>,
    dues: Dues<Due>,
}

impl Mailroom {
    /// A receipt that `words` will answer under `sequence` once it is durable.
    pub(super) fn put_receipt(&self, receipt: Receipt, sequence: Sequence, words: &Arc<Words>) {
        let answer = Body::ReportResp(CommandResult::OK);
        self.put(Due { sequence, answer, words: Arc::clone(words) }, |token| Report::Receipt {
            receipt,
            token: Some(token),
        });
    }

    /// What a resident wrote, likewise.
    pub(super) fn put_reply(&self, reply: Reply, sequence: Sequence, words: &Arc<Words>) {
        let answer = Body::DeliverResp(CommandResult::OK);
        let due = Due { sequence, answer, words: Arc::clone(words) };
        self.put(due, |token| Report::Reply { reply, token });
    }

    fn put(&self, due: Due, report: impl FnOnce(ReceiptToken) -> Report) {
        let mut kept = self.shelf();
        let token = kept.dues.owe(due);
        kept.waiting.push(report(token));
        drop(kept);
        self.stir.notify_one();
    }

    /// Whether more may be put here.
    pub(super) fn has_room(&self) -> bool {
        self.shelf().waiting.len() < MOST_WAITING
    }

    /// Takes up all that waits.
    pub(super) fn take(&self, reports: &mut Vec<Report>) {
        let mut kept = self.shelf();
        if !kept.waiting.is_empty() {
            reports.append(&mut kept.waiting);
            drop(kept);
            self.room.notify_waiters();
        }
    }

    /// These are durable: the gateway may forget them, on the connections where it told them.
    pub(super) fn answer(&self, receipts: &[ReceiptToken]) {
        let mut kept = self.shelf();
        for due in receipts.iter().filter_map(|token| kept.dues.settle(*token)) {
            due.words.say(due.sequence, due.answer);
        }
    }

    /// A connection is gone: nothing can be answered on it. The gateway will tell what is owed again.
    pub(super) fn forget(&self, gone: &Arc<Words>) {
        self.shelf().dues.forget(|due| Arc::ptr_eq(&due.words, gone));
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
