//! A channel with a witness (见证): it passes everything on, and notes when dispatch calls a box's word "verified" durable.

use async_trait::async_trait;
use mingluo_channels::speaker::SpeakerChannel;
use mingluo_model::{
    audience::ChannelKind,
    channel::{Answerer, Channel, Inlet, Limits, ReceiptToken, Repeat, Report, SendError, Session, Unfit},
    clock::SharedClock,
    message::Message,
    mode::Live,
    plan::AccountName,
    receipt::Receipt,
};
use std::{
    collections::HashSet,
    num::NonZeroU16,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// What the witness saw.
pub(super) struct Stamps {
    clock: SharedClock,
    // Guards what was told and what is durable; held for one batch of either.
    seen: Mutex<Seen>,
    news: Notify,
}

#[derive(Default)]
struct Seen {
    told: HashSet<u64>,
    durable: Vec<Duration>,
}

impl Stamps {
    pub(super) fn new(clock: SharedClock) -> Arc<Self> {
        Arc::new(Self { clock, seen: Mutex::default(), news: Notify::new() })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so many words are durable; gives when each was, on the clock's ticks.
    pub(super) async fn durable(&self, count: usize) -> Vec<Duration> {
        loop {
            let news = self.news.notified();
            {
                let seen = self.seen();
                if seen.durable.len() >= count {
                    return seen.durable.clone();
                }
            }
            news.await;
        }
    }
}

/// The boxes' channel with its witness.
pub(super) struct Stamped {
    pub(super) channel: SpeakerChannel<Live>,
    pub(super) stamps: Arc<Stamps>,
}

#[async_trait]
impl Channel<Live> for Stamped {
    fn account(&self) -> &AccountName {
        self.channel.account()
    }

    fn kind(&self) -> ChannelKind {
        self.channel.kind()
    }

    fn limits(&self) -> Limits {
        self.channel.limits()
    }

    fn repeat(&self) -> Repeat {
        self.channel.repeat()
    }

    fn measure(&self, message: &Message<Live>) -> Result<NonZeroU16, Unfit> {
        self.channel.measure(message)
    }

    async fn open(&self) -> Result<Session<Live>, SendError> {
        let Session { outlet, inlet, answerer } = self.channel.open().await?;
        let stamps = || Arc::clone(&self.stamps);
        Ok(Session {
            outlet,
            inlet: Box::new(StampedInlet { inlet, stamps: stamps() }),
            answerer: Arc::new(StampedAnswerer { answerer, stamps: stamps() }),
        })
    }
}

struct StampedInlet {
    inlet: Box<dyn Inlet>,
    stamps: Arc<Stamps>,
}

#[async_trait]
impl Inlet for StampedInlet {
    async fn next(&mut self, reports: &mut Vec<Report>) -> Result<(), SendError> {
        let before = reports.len();
        self.inlet.next(reports).await?;
        let verified = reports[before..].iter().filter_map(|report| match report {
            Report::Receipt { receipt: Receipt { far_code, .. }, token: Some(token) } => {
                (far_code == "verified").then_some(token.0)
            }
            _ => None,
        });
        self.stamps.seen().told.extend(verified);
        Ok(())
    }
}

struct StampedAnswerer {
    answerer: Arc<dyn Answerer>,
    stamps: Arc<Stamps>,
}

#[async_trait]
impl Answerer for StampedAnswerer {
    async fn committed(&self, receipts: &[ReceiptToken]) -> Result<(), SendError> {
        let now = self.stamps.clock.ticks();
        {
            let mut seen = self.stamps.seen();
            for token in receipts {
                if seen.told.remove(&token.0) {
                    seen.durable.push(now);
                }
            }
        }
        self.stamps.news.notify_waiters();
        self.answerer.committed(receipts).await
    }
}
