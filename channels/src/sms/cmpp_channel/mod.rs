//! One account at one CMPP gateway (中国移动互联网短信网关): the words of a [`session`](super::session) on the codec of
//! [`super::cmpp`].
//!
//! Knows the login with its proofs both ways and the way back from version 3.0 to 2.0, which answer belongs to which
//! part, and what a result or a report means. One number a submit: so every part has an id of its own. What residents
//! write back (上行) is answered at once and counted: nothing takes it in yet.

mod config;
mod login;
mod talk;
mod verdict;

pub use config::{CmppConfig, VersionChoice};

use std::sync::Arc;

use mingluo_model::{
    channel::SendError,
    clock::{Clock, SharedClock},
    mode::Mode,
};

use crate::account::{ConfigError, Secret};
use crate::sms::{
    session::{Account, Carrier, NumberForm, Opened, SmsChannel},
    wire::Padded,
};
use talk::CmppTalk;

/// A CMPP account as a way out.
pub type CmppChannel<M> = SmsChannel<Cmpp, M>;

/// A checked CMPP account.
pub struct Cmpp {
    account: Account,
    sp_id: Padded<6>,
    secret: Secret,
    service_id: Padded<10>,
    src_id: Padded<21>,
    version: VersionChoice,
    check_digest: bool,
    number_form: NumberForm,
    offset_minutes: i16,
}

impl CmppConfig {
    /// Checks every key, reads the secret's file and makes the channel. Opens no connection.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that cannot be used.
    pub fn build<M: Mode>(self, clock: SharedClock) -> Result<CmppChannel<M>, ConfigError> {
        Ok(SmsChannel::new(self.check()?, clock))
    }
}

impl Carrier for Cmpp {
    type Talk = CmppTalk;

    fn account(&self) -> &Account {
        &self.account
    }

    async fn open(self: &Arc<Self>, clock: &dyn Clock) -> Result<Opened<CmppTalk>, SendError> {
        let (socket, version, heard) = login::connect(self, clock).await?;
        let keys = self.account.openings.keys(clock.now());
        Ok(Opened { socket, heard, talk: CmppTalk::new(Arc::clone(self), version), keys })
    }
}

#[cfg(test)]
mod tests;
