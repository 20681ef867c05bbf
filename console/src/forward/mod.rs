//! Hands the receipts of real warnings on to the city's own platform (回执转发).
//!
//! What is handed on is read from the log, where it is durable, in the log's order; only the place up to which the
//! platform has taken everything is kept besides. That place is kept once a second, so that after a crash the receipts of
//! the last second come twice and none is missing. Nothing here is waited for by dispatch: while the platform is away,
//! receipts stay where they are. Drills are nobody else's business.

mod lines;
mod standing;
#[cfg(test)]
mod stories;

pub use standing::{Standing, Standstill};

use lines::Writer;
use mingluo_channels::forward::{Platform, Untaken};
use mingluo_dispatch::roster::Roster;
use mingluo_ledger::{
    Store, StoreError,
    event::Event,
    store::{LogPlace, ReceiptPage},
};
use mingluo_model::{clock::SharedClock, mode::ModeKind};
use std::{convert::Infallible, error::Error, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Events read at once.
const EVENTS: u32 = 512;

/// A request ends with the batch that brings it to so many receipts: about half a megabyte.
const RECEIPTS: usize = 2_000;

/// How long it waits where.
#[derive(Debug, Clone, Copy)]
struct Pauses {
    /// After what there was, so that the next request is worth it.
    more: Duration,
    /// After the first failure; twice as long after each that follows.
    first: Duration,
    /// At most, between two failures.
    longest: Duration,
    /// Between two times that the place is kept.
    keep: Duration,
}

const PAUSES: Pauses = Pauses {
    more: Duration::from_millis(100),
    first: Duration::from_secs(1),
    longest: Duration::from_mins(1),
    keep: Duration::from_secs(1),
};

/// Hands receipts on.
pub struct Forwarder {
    store: Arc<dyn Store>,
    platform: Platform,
    clock: SharedClock,
    standing: Arc<Standing>,
    pauses: Pauses,
    /// Everything up to here is taken.
    taken: LogPlace,
    /// What is kept of that, and since when on the clock's ticks.
    kept: (LogPlace, Duration),
}

impl Forwarder {
    /// Finds out where to go on. To be called before the lease of live dispatch is taken: where nothing was ever handed
    /// on, it begins with what comes under that lease.
    ///
    /// # Errors
    /// [`StoreError`] when the place cannot be read or kept.
    pub async fn open(
        platform: Platform,
        store: Arc<dyn Store>,
        clock: SharedClock,
    ) -> Result<Self, StoreError> {
        let taken = store.receipt_cursor(ModeKind::Live).await?;
        let kept = (taken, clock.ticks());
        Ok(Self { store, platform, clock, standing: Arc::default(), pauses: PAUSES, taken, kept })
    }

    /// How it stands, for pages and for health.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// Hands on until it is stopped, and keeps how far it came.
    pub async fn run(mut self, roster: Arc<Roster>, stop: CancellationToken) {
        let mut writer = Writer::new(Arc::clone(&self.store), roster);
        tokio::select! {
            () = stop.cancelled() => {}
            never = self.hand_on(&mut writer) => match never {},
        }
        self.keep().await;
    }

    async fn hand_on(&mut self, writer: &mut Writer) -> Infallible {
        let mut pause = self.pauses.first;
        loop {
            match self.read_on(writer).await {
                Ok(()) => pause = self.pauses.first,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn Error,
                        "receipts for the platform cannot be read yet"
                    );
                    self.clock.sleep(pause).await;
                    pause = (2 * pause).min(self.pauses.longest);
                }
            }
            if self.clock.ticks().saturating_sub(self.kept.1) >= self.pauses.keep {
                self.keep().await;
            }
        }
    }

    /// Hands on one page of the log.
    async fn read_on(&mut self, writer: &mut Writer) -> Result<(), StoreError> {
        let page = self.store.receipts(ModeKind::Live, self.taken, EVENTS).await?;
        let count = page.receipts.iter().map(|(_, event)| lines::count(event)).sum::<usize>();
        let ReceiptPage { receipts, read_to } = page;
        let mut rest = receipts.as_slice();
        while let Some((last, _)) = rest.get(some(rest)) {
            let (now, later) = rest.split_at(some(rest) + 1);
            let body = writer.write(now).await?;
            if !body.is_empty() {
                self.hand_over(body).await;
            }
            (self.taken, rest) = (*last, later);
        }
        self.taken = read_to;
        if count < RECEIPTS {
            self.clock.sleep(self.pauses.more).await;
        }
        Ok(())
    }

    /// Returns when the platform has taken it.
    async fn hand_over(&self, body: Vec<u8>) {
        let mut pause = self.pauses.first;
        let mut tries: u32 = 1;
        while let Err(error) = self.platform.hand_over(body.clone()).await {
            let pause_s = pause.as_secs();
            self.standing.failed(self.clock.now(), error);
            if matches!(error, Untaken::Status(400..500)) {
                tracing::error!(%error, tries, pause_s, "平台拒收回执，请核对其配置 the platform refuses receipts: see its side; they wait in the log");
            } else {
                tracing::warn!(%error, tries, pause_s, "the platform does not take receipts; they wait in the log");
            }
            self.clock.sleep(pause).await;
            pause = (2 * pause).min(self.pauses.longest);
            tries += 1;
        }
        self.standing.taken();
        if tries > 1 {
            tracing::info!(tries, "the platform takes receipts again");
        }
    }

    async fn keep(&mut self) {
        if self.kept.0 != self.taken
            && let Err(error) = self.store.move_receipt_cursor(ModeKind::Live, self.taken).await
        {
            let error = &error as &dyn Error;
            tracing::warn!(error, "it is not kept how far receipts were handed on; they may come twice");
            return;
        }
        self.kept = (self.taken, self.clock.ticks());
    }
}

/// The index of the batch with which a request is full, or of the last one.
fn some(batches: &[(LogPlace, Event)]) -> usize {
    let mut receipts = 0;
    let full = batches.iter().position(|(_, event)| {
        receipts += lines::count(event);
        receipts >= RECEIPTS
    });
    full.unwrap_or(batches.len().saturating_sub(1))
}
