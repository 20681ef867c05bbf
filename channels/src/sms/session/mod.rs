//! What the sessions of all carriers share: one connection with its buffers, keys, signs of life and goodbye, behind
//! the port [`Channel`].
//!
//! A carrier adds its words: [`Carrier`] logs in, [`Talk`] writes and reads the session's octets. Nothing here knows a
//! layout, and nothing here retries, paces or stores.

mod account;
mod dial;
mod dues;
mod ear;
mod inlet;
mod keys;
mod letter;
mod link;
mod meaning;
mod outlet;
mod references;
mod rest;
#[cfg(test)]
pub(in crate::sms) mod stage;

pub(in crate::sms) use account::{
    Account, Protocol, Shared, gateway_config, seconds, signature, source_code, text, zone,
};
pub use account::{AlphabetConfig, NumberForm, SignatureConfig};
pub(in crate::sms) use dial::{meet, unexpected};
pub(in crate::sms) use dues::Dues;
pub(in crate::sms) use ear::Ear;
pub(in crate::sms) use keys::{Keys, LOGIN_SEQUENCE};
pub(in crate::sms) use link::unreachable;
pub(in crate::sms) use meaning::{THROTTLED, no_number, of_class, receipt_status, refusal, words};

#[cfg(test)]
pub(in crate::sms) use {letter::Letter, outlet::leaving};

use std::{future::Future, marker::PhantomData, num::NonZeroU16, sync::Arc};

use async_trait::async_trait;
use bytes::BytesMut;
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    channel::{Answerer, Channel, Limits, ReceiptToken, Repeat, Report, SendError, Session, Unfit},
    clock::{Clock, SharedClock, Timestamp},
    message::Message,
    mode::Mode,
    plan::AccountName,
};
use tokio::net::TcpStream;

use crate::sms::{segment::Part, smpp::time::TimeError};
use inlet::SmsInlet;
use link::Link;
use outlet::SmsOutlet;

/// One account in one carrier's protocol.
pub(in crate::sms) trait Carrier: Send + Sync + 'static {
    /// A session of it.
    type Talk: Talk;

    /// What all carriers' accounts have.
    fn account(&self) -> &Account;

    /// Connects and logs in.
    fn open(
        self: &Arc<Self>,
        clock: &dyn Clock,
    ) -> impl Future<Output = Result<Opened<Self::Talk>, SendError>> + Send;
}

/// A connection that is logged in.
pub(in crate::sms) struct Opened<T> {
    pub(in crate::sms) socket: TcpStream,
    /// What came behind the answer to the login.
    pub(in crate::sms) heard: BytesMut,
    pub(in crate::sms) talk: T,
    pub(in crate::sms) keys: Keys,
}

/// What holds for all parts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sms) struct Terms {
    /// Until when the gateway should try.
    pub(in crate::sms) not_after: Timestamp,
    /// See [`Account::priority_of`].
    pub(in crate::sms) priority: u8,
}

/// The words of one session. Sequences are the low 31 bits of wire keys.
pub(in crate::sms) trait Talk: Send + Sync + 'static {
    /// One part of a message, encoded but for number and sequence.
    type Template: Send;

    /// A number as it stands in a submit.
    type Number;

    /// Whether the connection may end between two runs and be opened again for the next.
    const SLEEPS: bool = false;

    /// Encodes a part for everybody.
    fn template(&self, part: &Part, terms: Terms) -> Result<Self::Template, TimeError>;

    /// The number for the wire; `None` for what the gateway could not take.
    fn number(&self, to: &Address) -> Option<Self::Number>;

    /// Appends a submit.
    fn submit(&self, template: &Self::Template, number: &Self::Number, sequence: u32, out: &mut BytesMut);

    /// Appends the question for a sign of life. Never asked of a protocol that sleeps.
    fn probe(&self, sequence: u32, out: &mut BytesMut);

    /// Appends the goodbye.
    fn goodbye(&self, sequence: u32, out: &mut BytesMut);

    /// Answers receipts that are durable.
    fn answer(&self, receipts: &[ReceiptToken], out: &mut BytesMut);

    /// Takes one whole PDU off the front of what was heard; false when there is none.
    fn take(&self, heard: &mut BytesMut, ear: &mut Ear<'_>) -> bool;

    /// Appends what came in by another door than this connection.
    fn overhear(&self, _reports: &mut Vec<Report>) {}

    /// Returns when [`Self::overhear`] has something; may also return for nothing. Safe to cancel.
    fn stirred(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Connects and logs in again for a session that slept.
    fn wake_up(
        &self,
        _clock: &dyn Clock,
    ) -> impl Future<Output = Result<(TcpStream, BytesMut), SendError>> + Send {
        std::future::ready(Err(unreachable("this protocol's connections do not sleep")))
    }
}

/// An account at a carrier's gateway as a way out.
pub struct SmsChannel<C, M: Mode> {
    carrier: Arc<C>,
    clock: SharedClock,
    mode: PhantomData<M>,
}

impl<C, M: Mode> SmsChannel<C, M> {
    pub(in crate::sms) fn new(carrier: C, clock: SharedClock) -> Self {
        Self { carrier: Arc::new(carrier), clock, mode: PhantomData }
    }

    pub(in crate::sms) fn carrier(&self) -> &C {
        &self.carrier
    }
}

#[async_trait]
impl<C: Carrier, M: Mode> Channel<M> for SmsChannel<C, M> {
    fn account(&self) -> &AccountName {
        &self.carrier.account().name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::Sms
    }

    fn limits(&self) -> Limits {
        self.carrier.account().limits
    }

    fn repeat(&self) -> Repeat {
        Repeat::MayDouble
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        let parts = letter::parts(self.carrier.account(), message, 0)?.len();
        Ok(u16::try_from(parts).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MAX))
    }

    fn has_addition(&self, message: &Message<M>) -> bool {
        self.carrier.account().flashes(message.grade)
    }

    async fn open(&self) -> Result<Session<M>, SendError> {
        let Opened { socket, heard, talk, keys } = self.carrier.open(self.clock.as_ref()).await?;
        let (read, write) = socket.into_split();
        let shared = Line {
            carrier: Arc::clone(&self.carrier),
            clock: Arc::clone(&self.clock),
            talk,
            link: Link::new(write, keys),
        };
        let shared = Arc::new(shared);
        Ok(Session {
            outlet: Box::new(SmsOutlet::new(Arc::clone(&shared))),
            inlet: Box::new(SmsInlet::new(Arc::clone(&shared), read, heard)),
            answerer: shared,
        })
    }
}

/// What the three hands of a session share.
pub(in crate::sms) struct Line<C: Carrier> {
    carrier: Arc<C>,
    clock: SharedClock,
    talk: C::Talk,
    link: Link,
}

impl<C: Carrier> Line<C> {
    fn account(&self) -> &Account {
        self.carrier.account()
    }

    /// Writes all that waits, for as long as a peer that reads may take.
    async fn flush(&self) -> Result<(), SendError> {
        self.link.flush_within(self.clock.as_ref(), self.account().response_timeout).await
    }
}

#[async_trait]
impl<C: Carrier> Answerer for Line<C> {
    async fn committed(&self, receipts: &[ReceiptToken]) -> Result<(), SendError> {
        self.link.say(|out| self.talk.answer(receipts, out));
        self.flush().await
    }
}
