//! One account at one SMPP 3.4 centre (短信中心): the port [`Channel`] on the codec of [`super::smpp`].
//!
//! Knows login, signs of life, which answer belongs to which part, and what a status or a receipt means. Does not
//! retry, pace or store. What citizens write back (上行) is answered at once and dropped: nothing takes it in yet.

mod config;
mod inlet;
mod keys;
mod letter;
mod link;
mod login;
mod outlet;
mod verdict;

pub use config::{IdForm, SignatureConfig, SmppConfig};

use std::{marker::PhantomData, num::NonZeroU16, sync::Arc};

use async_trait::async_trait;
use config::Account;
use mingluo_model::{
    audience::ChannelKind,
    channel::{Answerer, Channel, Limits, ReceiptToken, Repeat, SendError, Session, Unfit},
    clock::{SharedClock, within},
    message::Message,
    mode::Mode,
    plan::AccountName,
};

use crate::account::ConfigError;
use inlet::SmppInlet;
use link::{Link, unreachable};
use outlet::SmppOutlet;

/// An SMPP account as a way out.
pub struct SmppChannel<M: Mode> {
    account: Arc<Account>,
    clock: SharedClock,
    mode: PhantomData<M>,
}

impl SmppConfig {
    /// Checks every key, reads the password's file and makes the channel. Opens no connection.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that cannot be used.
    pub fn build<M: Mode>(self, clock: SharedClock) -> Result<SmppChannel<M>, ConfigError> {
        Ok(SmppChannel { account: Arc::new(self.check()?), clock, mode: PhantomData })
    }
}

#[async_trait]
impl<M: Mode> Channel<M> for SmppChannel<M> {
    fn account(&self) -> &AccountName {
        &self.account.name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::Sms
    }

    fn limits(&self) -> Limits {
        self.account.limits
    }

    fn repeat(&self) -> Repeat {
        Repeat::MayDouble
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        let parts = letter::parts(&self.account, message, 0)?.len();
        Ok(u16::try_from(parts).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MAX))
    }

    async fn open(&self) -> Result<Session<M>, SendError> {
        let (account, clock) = (&self.account, &self.clock);
        let connecting = login::connect(account);
        let mut socket = within(clock.as_ref(), account.connect_timeout, connecting)
            .await
            .map_err(|late| unreachable(format!("no connection within {:?}", late.limit)))??;
        let binding = login::bind(account, &mut socket);
        let heard = within(clock.as_ref(), account.response_timeout, binding)
            .await
            .map_err(|late| unreachable(format!("no answer to the bind within {:?}", late.limit)))??;
        let (read, write) = socket.into_split();
        let link = Arc::new(Link::new(write));
        Ok(Session {
            outlet: Box::new(SmppOutlet::new(Arc::clone(account), Arc::clone(clock), Arc::clone(&link))),
            inlet: Box::new(SmppInlet::new(
                Arc::clone(account),
                Arc::clone(clock),
                Arc::clone(&link),
                read,
                heard,
            )),
            answerer: Arc::new(SmppAnswerer { account: Arc::clone(account), clock: Arc::clone(clock), link }),
        })
    }
}

/// Answers receipts once they are durable.
struct SmppAnswerer {
    account: Arc<Account>,
    clock: SharedClock,
    link: Arc<Link>,
}

#[async_trait]
impl Answerer for SmppAnswerer {
    async fn committed(&self, receipts: &[ReceiptToken]) -> Result<(), SendError> {
        self.link.answer_receipts(receipts);
        self.link.flush_within(self.clock.as_ref(), self.account.response_timeout).await
    }
}

#[cfg(test)]
mod tests;
