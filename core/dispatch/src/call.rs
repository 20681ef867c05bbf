//! What the ladder of a call asks of the engine: who carries a question, how the message to somebody fares, and that a step
//! is durable before its message leaves.

use crate::{
    engine::{Engine, EngineError},
    ladder::Sent,
    post::Post,
    progress::Progress,
    roster::Lookup,
};
use mingluo_ledger::store::Change;
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    delivery::DeliveryState,
    id::{EditionId, PlanId},
    message::Message,
    mode::Mode,
    plan::{AccountName, Plan},
};
use roaring::RoaringBitmap;

/// What became of one message under one account.
enum Fate {
    Open,
    Lost,
    HandedOver,
}

/// States in which a message will not arrive.
const LOST: [DeliveryState; 3] = [DeliveryState::Failed, DeliveryState::Expired, DeliveryState::Withdrawn];

impl<M: Mode> Engine<M> {
    /// The account by which somebody can be sent a message, and where it goes; `None` where none that may carries it, or the
    /// person is not written to any more.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the edition cannot be read.
    pub async fn way_to(
        &self,
        edition: EditionId,
        ordinal: u32,
        message: &Message<M>,
        may: impl Fn(&AccountName) -> bool + Send + Sync,
    ) -> Result<Option<(AccountName, Address)>, EngineError> {
        let channel: ChannelKind = message.body.channel();
        let carries = |post: &Post<M>| may(post.channel.account()) && post.carries(message);
        let one = RoaringBitmap::from_iter([ordinal]);
        let shares = self.shares_of(channel, edition, &one, carries).await?;
        let Some((account, _)) = shares.into_iter().find(|(_, share)| share.contains(ordinal)) else {
            return Ok(None);
        };
        let found = self.roster().addresses(edition, channel, std::iter::once(ordinal)).await?;
        Ok(found.into_iter().next().and_then(|lookup| match lookup {
            Lookup::Found(address) => Some((account, address)),
            Lookup::OptedOut(_) | Lookup::StruckOff(_) | Lookup::Missing => None,
        }))
    }

    /// How the message of a plan to one person fares, whichever account took it over.
    pub fn fares(&self, plan: PlanId) -> Sent {
        let mut at = Some(plan);
        while let Some(plan) = at {
            match self.fate(plan) {
                Fate::Lost => return Sent::Failed,
                Fate::Open => break,
                Fate::HandedOver => at = self.successor(plan),
            }
        }
        Sent::MayArrive
    }

    /// What a plan that is in memory has come to. One that was folded long ago was waited for long enough.
    fn fate(&self, plan: PlanId) -> Fate {
        let of = |progress: &mut Progress<M>| {
            let counts = progress.tally().total();
            let lost: u32 = LOST.into_iter().map(|state| counts.of(state)).sum();
            match counts.handed_over() {
                handed_over if lost > handed_over => Fate::Lost,
                0 => Fate::Open,
                _ => Fate::HandedOver,
            }
        };
        self.posts.values().find_map(|post| post.desk().find(plan).map(of)).unwrap_or(Fate::Open)
    }

    /// The plan that took over from another.
    fn successor(&self, plan: PlanId) -> Option<PlanId> {
        self.posts.values().find_map(|post| {
            let desk = post.desk();
            let next = desk.plans().iter().find(|progress| progress.plan().instead_of == Some(plan));
            next.map(|progress| progress.plan().id)
        })
    }

    /// Makes steps of calls durable, under this node's lease, and lets their messages leave.
    ///
    /// # Errors
    /// [`EngineError::Store`] where nothing is kept; [`EngineError::Undecided`]; as for [`Self::admit`].
    pub async fn call(&self, change: Change, plans: Vec<Plan<M>>) -> Result<(), EngineError> {
        self.decide_alone(change).await?;
        self.admit(plans).await
    }
}
