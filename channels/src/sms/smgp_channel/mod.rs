//! One account at one SMGP gateway (中国电信短消息网关): the words of a [`session`](super::session) on the codec of
//! [`super::smgp`].
//!
//! Knows the login with its proofs both ways, which answer belongs to which part, and what a status or a report means.
//! One number a submit: so every part has an id of its own. A link sends and receives; a report may come over another
//! link of the account than its submit, and is known by its id there too. What residents write back (上行) is answered
//! at once and counted: nothing takes it in yet.

mod config;
mod login;
mod talk;
mod verdict;

pub use config::SmgpConfig;

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
use talk::SmgpTalk;

/// An SMGP account as a way out.
pub type SmgpChannel<M> = SmsChannel<Smgp, M>;

/// A checked SMGP account.
pub struct Smgp {
    account: Account,
    client_id: Padded<8>,
    secret: Secret,
    service_id: Padded<10>,
    src_term_id: Padded<21>,
    /// Optional parameters of every submit, by tag.
    options: Vec<(u16, Vec<u8>)>,
    check_digest: bool,
    number_form: NumberForm,
    offset_minutes: i16,
}

impl SmgpConfig {
    /// Checks every key, reads the secret's file and makes the channel. Opens no connection.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that cannot be used.
    pub fn build<M: Mode>(self, clock: SharedClock) -> Result<SmgpChannel<M>, ConfigError> {
        Ok(SmsChannel::new(self.check()?, clock))
    }
}

impl Carrier for Smgp {
    type Talk = SmgpTalk;

    fn account(&self) -> &Account {
        &self.account
    }

    async fn open(self: &Arc<Self>, clock: &dyn Clock) -> Result<Opened<SmgpTalk>, SendError> {
        let (socket, heard) = login::login(self, clock).await?;
        let keys = self.account.openings.keys(clock.now());
        Ok(Opened { socket, heard, talk: SmgpTalk::new(Arc::clone(self)), keys })
    }
}

#[cfg(test)]
mod tests;
