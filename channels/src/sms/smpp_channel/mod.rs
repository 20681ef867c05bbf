//! One account at one SMPP 3.4 centre (短信中心): the words of a [`session`](super::session) on the codec of
//! [`super::smpp`].
//!
//! Knows the bind, which answer belongs to which part, and what a status or a receipt means. What residents write back
//! (上行) is answered at once and counted: nothing takes it in yet.

mod config;
mod login;
mod talk;
mod verdict;

pub use super::session::SignatureConfig;
pub use config::{IdForm, SmppConfig};

use std::sync::Arc;

use mingluo_model::{
    channel::SendError,
    clock::{Clock, SharedClock},
    mode::Mode,
};

use crate::account::ConfigError;
use crate::sms::{
    session::{Account, Carrier, Opened, SmsChannel},
    smpp::{Address, Bind, MessageIdForm},
};
use talk::SmppTalk;

/// An SMPP account as a way out.
pub type SmppChannel<M> = SmsChannel<Smpp, M>;

/// A checked SMPP account.
pub struct Smpp {
    account: Account,
    bind: Bind,
    source: Address,
    offset_minutes: i16,
    id_form: MessageIdForm,
}

impl SmppConfig {
    /// Checks every key, reads the password's file and makes the channel. Opens no connection.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that cannot be used.
    pub fn build<M: Mode>(self, clock: SharedClock) -> Result<SmppChannel<M>, ConfigError> {
        Ok(SmsChannel::new(self.check()?, clock))
    }
}

impl Carrier for Smpp {
    type Talk = SmppTalk;

    fn account(&self) -> &Account {
        &self.account
    }

    async fn open(self: &Arc<Self>, clock: &dyn Clock) -> Result<Opened<SmppTalk>, SendError> {
        let (socket, heard) = login::bind(self, clock).await?;
        let keys = self.account.openings.keys(clock.now());
        Ok(Opened { socket, heard, talk: SmppTalk::new(Arc::clone(self)), keys })
    }
}

#[cfg(test)]
mod tests;
