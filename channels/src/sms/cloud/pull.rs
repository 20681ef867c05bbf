//! Receipts that are asked for: handed to dispatch with a token each, and the next are asked for only when those are on
//! disk, since some providers forget what they have told.

use std::time::Duration;

use async_trait::async_trait;
use mingluo_model::{
    channel::{Answerer, ReceiptToken, Report, SendError},
    clock::Clock,
    receipt::Receipt,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The hand that gives pulled receipts to a session.
pub(super) struct Handover {
    reports: mpsc::Sender<Report>,
    committed: watch::Receiver<u64>,
    ending: CancellationToken,
    given: u64,
}

impl Handover {
    /// `ending` is cancelled when the session is about to end: then nothing more is to be asked for.
    pub(super) fn new(
        reports: mpsc::Sender<Report>,
        ending: CancellationToken,
    ) -> (Self, watch::Sender<u64>) {
        let (sender, committed) = watch::channel(0);
        (Self { reports, committed, ending, given: 0 }, sender)
    }

    /// Whether the session is about to end.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Waits, but not beyond the session.
    pub(super) async fn pause(&self, clock: &dyn Clock, pause: Duration) {
        tokio::select! {
            () = clock.sleep(pause) => {}
            () = self.ending.cancelled() => {}
        }
    }

    /// Gives receipts and returns when they are durable; false when the session is over.
    pub(super) async fn give(&mut self, receipts: Vec<Receipt>) -> bool {
        for receipt in receipts {
            self.given += 1;
            let token = Some(ReceiptToken(self.given));
            if self.reports.send(Report::Receipt { receipt, token }).await.is_err() {
                return false;
            }
        }
        let given = self.given;
        self.committed.wait_for(|committed| *committed >= given).await.is_ok()
    }
}

/// Hears which receipts are durable.
pub(super) struct Committed(pub(super) watch::Sender<u64>);

#[async_trait]
impl Answerer for Committed {
    async fn committed(&self, receipts: &[ReceiptToken]) -> Result<(), SendError> {
        let last = receipts.iter().map(|token| token.0).max().unwrap_or(0);
        self.0.send_if_modified(|committed| std::mem::replace(committed, last.max(*committed)) < last);
        Ok(())
    }
}
