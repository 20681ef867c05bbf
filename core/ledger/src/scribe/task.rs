//! The writing task.

use super::{Counters, Entry, Order, RawId, ScribeError, WAITING};
use crate::store::{Append, Lease, Store, StoreError};
use mingluo_model::clock::{Clock, SharedClock};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// How often all who are ready are let go first. Ours to choose: receipts that come each by a call of its own are taken in, and
/// handed on, within two such turns.
const ROUNDS: usize = 3;

/// How often the store may tidy up while something is being written.
const TIDY_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Parts {
    pub(super) store: Arc<dyn Store>,
    pub(super) lease: Lease,
    pub(super) ttl: Duration,
    pub(super) clock: SharedClock,
    pub(super) inbox: mpsc::Receiver<Order>,
    pub(super) report: watch::Sender<Option<ScribeError>>,
    pub(super) counters: Arc<Counters>,
}

/// Writes until the last handle is gone or the store fails; tidies beside it, so that neither waits for the other.
pub(super) async fn run(parts: Parts) {
    let Parts { store, lease, ttl, clock, mut inbox, report, counters } = parts;
    let tidying = tidy(&*store, &*clock, &counters);
    let mut writer = Writer { store: &*store, clock: &*clock, lease, ttl, last_seq: 0, counters: &counters };
    let ended = tokio::select! {
        ended = writer.write(&mut inbox) => ended,
        never = tidying => match never {},
    };
    if let Err(error) = ended {
        tracing::error!(%error, "the log cannot be written; dispatch halts");
        report.send_replace(Some(error.clone()));
        refuse(inbox, &error).await;
    } else if let Err(error) = writer.give_back().await {
        tracing::warn!(%error, "the lease was not given back; it will run out");
    }
}

/// Answers everybody who still waits.
async fn refuse(mut inbox: mpsc::Receiver<Order>, error: &ScribeError) {
    inbox.close();
    while let Some(order) = inbox.recv().await {
        answer(order.answer, Err(error.clone()));
    }
}

/// Lets whoever is about to write as well put his in first. Under load those are many, and a turn of the disk less for each;
/// at rest it is nobody, and takes no time.
async fn gather(inbox: &mut mpsc::Receiver<Order>, orders: &mut Vec<Order>) {
    for _ in 0..ROUNDS {
        tokio::task::yield_now().await;
        while orders.len() < WAITING {
            let Ok(order) = inbox.try_recv() else { break };
            orders.push(order);
        }
    }
}

/// A caller that went away needs no answer.
fn answer(
    waiter: oneshot::Sender<Result<Vec<RawId>, ScribeError>>,
    outcome: Result<Vec<RawId>, ScribeError>,
) {
    drop(waiter.send(outcome));
}

/// Lets the store tidy when something was written since the last time.
async fn tidy(store: &dyn Store, clock: &dyn Clock, counters: &Counters) -> Infallible {
    let mut tidied = 0;
    loop {
        clock.sleep(TIDY_EVERY).await;
        let commits = counters.commits();
        if commits != tidied {
            if let Err(error) = store.tidy().await {
                tracing::warn!(%error, "the store could not tidy up");
            }
            tidied = commits;
        }
    }
}

struct Writer<'a> {
    store: &'a dyn Store,
    clock: &'a dyn Clock,
    lease: Lease,
    ttl: Duration,
    last_seq: i64,
    counters: &'a Counters,
}

impl Writer<'_> {
    async fn write(&mut self, inbox: &mut mpsc::Receiver<Order>) -> Result<(), ScribeError> {
        let mut orders = Vec::with_capacity(WAITING);
        let mut alarm = self.clock.sleep(self.ttl / 3);
        loop {
            // The lease comes first: after a long stall it must be ours again before anything is written.
            tokio::select! {
                biased;
                () = &mut alarm => alarm = self.clock.sleep(self.renew().await?),
                count = inbox.recv_many(&mut orders, WAITING) => {
                    if count == 0 {
                        return Ok(());
                    }
                    gather(inbox, &mut orders).await;
                    self.write_group(&mut orders).await?;
                }
            }
        }
    }

    /// Renews and says when to renew next. While the lease still holds, a store that does not answer is asked again.
    async fn renew(&mut self) -> Result<Duration, ScribeError> {
        match self.store.renew(&self.lease, self.ttl, self.clock.now()).await {
            Ok(lease) => {
                self.lease = lease;
                Ok(self.ttl / 3)
            }
            Err(StoreError::Database { operation, source }) if self.clock.now() < self.lease.until => {
                tracing::warn!(operation, error = %source, "the lease was not renewed, trying again");
                Ok(self.ttl / 12)
            }
            Err(error) => Err(ScribeError::Failed(Arc::new(error))),
        }
    }

    /// One transaction for all orders, then every waiter is told.
    async fn write_group(&mut self, orders: &mut Vec<Order>) -> Result<(), ScribeError> {
        // The wall clock may have been set forward, while the alarm goes by time passed: it is still ours until somebody
        // takes it.
        if self.clock.now() >= self.lease.until {
            self.renew().await?;
        }
        let mut append = Append::default();
        let waiters: Vec<_> = orders
            .drain(..)
            .map(|order| {
                (order.answer, order.entries.into_iter().filter_map(|e| self.place(e, &mut append)).collect())
            })
            .collect();
        let outcome = self.commit(&append).await;
        for (waiter, raws) in waiters {
            answer(waiter, outcome.clone().map(|()| raws));
        }
        outcome
    }

    /// Gives an entry its number; the id of a raw receipt.
    fn place(&mut self, entry: Entry, append: &mut Append) -> Option<RawId> {
        match entry {
            Entry::Event(event) => append.events.push((self.next_seq(), event)),
            Entry::Matched(id) => append.matched.push(id),
            Entry::Raw(raw) => {
                let seq = self.next_seq();
                append.raws.push((seq, raw));
                return Some(RawId { epoch: self.lease.epoch, seq });
            }
        }
        None
    }

    const fn next_seq(&mut self) -> i64 {
        self.last_seq += 1;
        self.last_seq
    }

    async fn commit(&self, append: &Append) -> Result<(), ScribeError> {
        let begun = self.clock.ticks();
        let entries = append.events.len() + append.raws.len() + append.matched.len();
        self.store
            .append(&self.lease, self.clock.now(), append)
            .await
            .map_err(|error| ScribeError::Failed(Arc::new(error)))?;
        self.counters.add(entries as u64, self.clock.ticks().saturating_sub(begun));
        Ok(())
    }

    /// Ends the lease now, so that another node need not wait for it to run out.
    async fn give_back(&self) -> Result<(), StoreError> {
        self.store.renew(&self.lease, Duration::ZERO, self.clock.now()).await.map(|_| ())
    }
}
