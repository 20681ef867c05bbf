//! The hub behind the port that dispatch drives.

use super::{
    config::SpeakerConfig,
    hub::{SpeakerHub, closed},
    order::SealedOrder,
};
use crate::account::ConfigError;
use async_trait::async_trait;
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    channel::{
        Answerer, Channel, Inlet, Limits, Outlet, Parcel, ReceiptToken, Repeat, Report, Run, SendError,
        Session, Unfit, WireKeys,
    },
    clock::SharedClock,
    message::Message,
    mode::Mode,
    plan::AccountName,
    signer::Signer,
};
use std::{marker::PhantomData, num::NonZeroU16, sync::Arc};

/// The speakers of one mode (大喇叭).
pub struct SpeakerChannel<M: Mode> {
    config: SpeakerConfig,
    limits: Limits,
    hub: Arc<SpeakerHub>,
    mode: PhantomData<M>,
}

impl<M: Mode> SpeakerChannel<M> {
    /// Checks the configuration; opens no socket and reads no file. The signer signs the time for boxes that have no
    /// clock of their own.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key, its value and what to write instead.
    pub fn new(
        config: SpeakerConfig,
        clock: SharedClock,
        signer: Option<Arc<dyn Signer>>,
    ) -> Result<Self, ConfigError> {
        let limits = config.check()?;
        let hub = SpeakerHub::new(M::KIND, clock, signer);
        Ok(Self { config, limits, hub, mode: PhantomData })
    }

    /// The hub, for the listener and for pages.
    pub fn hub(&self) -> Arc<SpeakerHub> {
        Arc::clone(&self.hub)
    }

    /// The checked configuration: where to listen and with which certificates.
    pub const fn config(&self) -> &SpeakerConfig {
        &self.config
    }
}

#[async_trait]
impl<M: Mode> Channel<M> for SpeakerChannel<M> {
    fn account(&self) -> &AccountName {
        &self.config.name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::Speaker
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn repeat(&self) -> Repeat {
        Repeat::ActsOnce
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        SealedOrder::of(message).map(|_| NonZeroU16::MIN)
    }

    /// Never fails: whether a box is there shows box by box.
    async fn open(&self) -> Result<Session<M>, SendError> {
        let session = self.hub.book().open();
        self.hub.tell_news();
        let hub = || Arc::clone(&self.hub);
        Ok(Session {
            outlet: Box::new(HubOutlet { hub: hub(), session, prepared: None }),
            inlet: Box::new(HubInlet { hub: hub(), session }),
            answerer: Arc::new(HubAnswerer { hub: hub() }),
        })
    }
}

struct HubOutlet {
    hub: Arc<SpeakerHub>,
    session: u64,
    prepared: Option<Prepared>,
}

/// A run with its wire keys.
struct Prepared {
    order: Arc<SealedOrder>,
    parcels: Vec<(u64, Address)>,
}

#[async_trait]
impl<M: Mode> Outlet<M> for HubOutlet {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.prepared = None;
        let order = SealedOrder::of(&run.message)?.until(run.not_after);
        // A bulletin has one part; a parcel that lacks none of it has no key.
        let parcels = run.parcels.iter().filter(|parcel| parcel.part_set & 1 != 0);
        let parcels: Vec<&Parcel> = parcels.collect();
        let first = self.hub.book().take_keys(parcels.len() as u64);
        let parcels = (first..).zip(parcels).map(|(key, parcel)| (key, parcel.to.clone())).collect();
        self.prepared = Some(Prepared { order: Arc::new(order), parcels });
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        if let Some(Prepared { order, parcels }) = self.prepared.take() {
            let mut book = self.hub.book();
            if !book.is_open(self.session) {
                return Err(closed());
            }
            book.post(&order, parcels);
        }
        self.hub.tell_news();
        Ok(())
    }

    async fn close(&mut self) {
        self.end();
    }
}

impl HubOutlet {
    fn end(&self) {
        self.hub.book().close(self.session);
        self.hub.tell_news();
    }
}

impl Drop for HubOutlet {
    fn drop(&mut self) {
        self.end();
    }
}

struct HubInlet {
    hub: Arc<SpeakerHub>,
    session: u64,
}

#[async_trait]
impl Inlet for HubInlet {
    async fn next(&mut self, reports: &mut Vec<Report>) -> Result<(), SendError> {
        self.hub.next(self.session, reports).await
    }
}

struct HubAnswerer {
    hub: Arc<SpeakerHub>,
}

#[async_trait]
impl Answerer for HubAnswerer {
    async fn committed(&self, receipts: &[ReceiptToken]) -> Result<(), SendError> {
        self.hub.book().commit(receipts);
        Ok(())
    }
}
