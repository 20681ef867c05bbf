//! Which account of a channel somebody is reached by.

use super::{Engine, EngineError};
use crate::post::Post;
use mingluo_model::{
    audience::ChannelKind,
    channel::Channel,
    grade::Grade,
    id::EditionId,
    mode::Mode,
    plan::AccountName,
    priority::{Occasion, Withdraws},
};
use roaring::RoaringBitmap;
use std::{collections::BTreeMap, sync::Arc};

impl<M: Mode> Engine<M> {
    /// Splits recipients of a channel over the accounts that are meant for the occasion: short messages by whose network
    /// their number is in, so that nobody is in two shares and all together are the set. Nothing where the channel has no
    /// account.
    ///
    /// # Errors
    /// [`EngineError::Store`] when there is no such edition.
    pub async fn shares(
        &self,
        channel: ChannelKind,
        edition: EditionId,
        set: &RoaringBitmap,
        occasion: Occasion,
    ) -> Result<BTreeMap<AccountName, RoaringBitmap>, EngineError> {
        self.shares_of(channel, edition, set, |post| post.channel.is_for(occasion)).await
    }

    /// The same, over those accounts only that `may` take a share; whose accounts all may not are in none.
    pub(crate) async fn shares_of(
        &self,
        channel: ChannelKind,
        edition: EditionId,
        set: &RoaringBitmap,
        may: impl Fn(&Post<M>) -> bool + Send,
    ) -> Result<BTreeMap<AccountName, RoaringBitmap>, EngineError> {
        let may = |account: &AccountName| self.posts.get(account).is_some_and(|post| may(post));
        let mut of_channel = self.accounts().filter(|account| account.kind() == channel);
        let first = of_channel.find(|account| may(account.account()));
        let Some(first) = first.map(|account| account.account().clone()) else { return Ok(BTreeMap::new()) };
        if self.routes.of_channel(channel).is_empty() {
            return Ok(BTreeMap::from([(first, set.clone())]));
        }
        let map = self.map(edition).await?;
        Ok(self.routes.split(channel, &map, set, may))
    }

    /// An account that can send, by its name.
    pub fn account(&self, name: &AccountName) -> Option<&Arc<dyn Channel<M>>> {
        let post = self.posts.get(name).filter(|_| !self.absent.contains(name));
        post.map(|post| &post.channel)
    }

    /// The account that a channel's words are made for when nobody is counted yet: that of unknown numbers for short
    /// messages, and one that is meant for every occasion.
    pub fn first_account(&self, channel: ChannelKind) -> Option<&Arc<dyn Channel<M>>> {
        let calmest = Occasion { grade: Grade::Blue, withdraws: Withdraws::Yes };
        let named = self.routes.of_channel(channel).iter().filter_map(|name| self.account(name));
        let mut of_channel = named.chain(self.accounts()).filter(|account| account.kind() == channel);
        of_channel.find(|account| account.is_for(calmest))
    }
}
