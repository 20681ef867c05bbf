//! What comes back from the readers of one account's mails: to whom a returned mail went, and who unsubscribed. It
//! knows deliveries by their tags and no person.

use super::{
    config::{Account, Bounces},
    tag::{Purpose, Tag, Tagger},
};
use mingluo_model::plan::AccountName;
use std::net::SocketAddr;

/// The way back of one account.
pub struct EmailDoor {
    account: AccountName,
    bounces: Option<Bounces>,
    tagger: Option<Tagger>,
}

impl EmailDoor {
    pub(super) fn of(account: &Account) -> Self {
        let (bounces, tagger) = (account.bounces.clone(), account.tagger.clone());
        Self { account: account.name.clone(), bounces, tagger }
    }

    /// The account's name.
    pub const fn account(&self) -> &AccountName {
        &self.account
    }

    /// Where the relay hands over what comes back, if anywhere.
    pub fn listen(&self) -> Option<SocketAddr> {
        self.bounces.as_ref().map(|bounces| bounces.listen)
    }

    /// The delivery that an unsubscribe address names; `None` for what this account never wrote.
    pub fn unsubscribed(&self, tag: &str) -> Option<Tag> {
        self.tagger.as_ref()?.read(Purpose::Unsubscribe, tag)
    }

    /// The delivery whose return path this is.
    pub(super) fn returned_to(&self, mailbox: &str) -> Option<Tag> {
        let (local, domain) = mailbox.rsplit_once('@')?;
        let bounces = self.bounces.as_ref()?;
        let (own, tag) = local.split_once('+')?;
        let ours = own.eq_ignore_ascii_case(&bounces.local) && domain.eq_ignore_ascii_case(&bounces.domain);
        ours.then(|| self.tagger.as_ref()?.read(Purpose::Bounce, tag)).flatten()
    }
}
