//! An account that open plans name and nobody configures any more. It carries and opens nothing; its plans are looked
//! after as any others: counted, shown, lifted and folded.

use async_trait::async_trait;
use mingluo_ledger::store::StoredPlan;
use mingluo_model::{
    audience::ChannelKind,
    channel::{Channel, Limits, Rate, ReceiptFor, Repeat, SendError, Session, Unfit},
    message::Message,
    mode::Mode,
    plan::AccountName,
};
use std::{
    collections::BTreeMap,
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
};

/// An account without a way out.
pub(crate) struct Absent {
    account: AccountName,
    kind: ChannelKind,
}

impl Absent {
    /// The accounts of these plans that are not among `channels`.
    pub(crate) fn of<M: Mode>(
        plans: &[StoredPlan],
        channels: &[Arc<dyn Channel<M>>],
    ) -> BTreeMap<AccountName, Arc<dyn Channel<M>>> {
        let mut gone: BTreeMap<AccountName, Arc<dyn Channel<M>>> = BTreeMap::new();
        for plan in plans.iter().map(StoredPlan::fields) {
            if channels.iter().all(|channel| *channel.account() != plan.account) {
                let absent = Self { account: plan.account.clone(), kind: plan.channel };
                gone.insert(plan.account.clone(), Arc::new(absent));
            }
        }
        gone
    }
}

#[async_trait]
impl<M: Mode> Channel<M> for Absent {
    fn account(&self) -> &AccountName {
        &self.account
    }

    fn kind(&self) -> ChannelKind {
        self.kind
    }

    fn limits(&self) -> Limits {
        Limits {
            rate: Rate::per_second(NonZeroU32::MIN),
            window: NonZeroU32::MIN,
            batch: NonZeroU32::MIN,
            sessions: NonZeroU16::MIN,
            answer_within: None,
        }
    }

    fn repeat(&self) -> Repeat {
        match self.kind {
            ChannelKind::Sms | ChannelKind::Email | ChannelKind::WeCom | ChannelKind::Robot => {
                Repeat::MayDouble
            }
            ChannelKind::WeChat | ChannelKind::Speaker => Repeat::ActsOnce,
        }
    }

    /// Of mail nothing needs to be heard, and whoever heard what comes back is gone with the account; WeCom gives no
    /// receipts.
    fn receipts(&self) -> ReceiptFor {
        match self.kind {
            ChannelKind::Email | ChannelKind::WeCom | ChannelKind::Robot => ReceiptFor::Nothing,
            ChannelKind::Sms | ChannelKind::WeChat | ChannelKind::Speaker => ReceiptFor::EachPart,
        }
    }

    fn measure(&self, _message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        let problem = format!("{} is not configured any more", self.account);
        Err(Unfit::Wrong { field: "account".to_owned(), problem: problem.into() })
    }

    async fn open(&self) -> Result<Session<M>, SendError> {
        std::future::pending().await
    }
}
