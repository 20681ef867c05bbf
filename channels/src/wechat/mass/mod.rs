//! Mass send (高级群发) of the same service account: the words whole, to thousands of followers in one call, for red
//! warnings only and only where the operator says so. An account of its own to dispatch, since its limits, its answers and
//! its receipts have nothing in common with those of template messages; it shares their token.
//!
//! - A call carries 2 to 10,000 open ids of one run. One that is left over alone is refused here,
//!   and told by the account's template messages.
//! - `clientmsgid` is made of the plan and of the call's number in it: the same call again is 45065, "sent before", which is
//!   success. Dispatch keeps who is in which call; one that goes again is never filled up with others.
//! - The answer says "submitted" and nothing more. How it ended comes as one event for all, with totals; who got it,
//!   nobody says ([`ReceiptFor::Job`]). Where the event does not come, the platform says when it is asked
//!   (mass/get) whether it was sent, without totals.
//! - A follower gets at most four a calendar month; the platform drops the fifth without a word and counts it as filtered.
//! - Used-up quotas and a want of rights are the account's ([`Verdict::Closed`]): template messages take over.
//! - A text cannot be called back, and a lift would cost another of the four: lifts and corrections go as template
//!   messages ([`MassChannel::is_for`]).
//!
//! [`ReceiptFor::Job`]: mingluo_model::channel::ReceiptFor::Job
//! [`Verdict::Closed`]: mingluo_model::channel::Verdict::Closed
//! [`MassChannel::is_for`]: mingluo_model::channel::Channel::is_for

mod body;
mod config;
mod pace;
mod session;

pub(super) use config::MassAccount;
pub use config::MassConfig;

use self::{body::words, pace::CallPace, session::session};
use super::{
    call::{Endpoint, Far, ask},
    errcode::job_state,
    template::Template,
};
use async_trait::async_trait;
use mingluo_model::{
    audience::ChannelKind,
    channel::{Channel, JobState, Limits, Rate, ReceiptFor, Repeat, SendError, Session, Unfit},
    clock::SharedClock,
    grade::Grade,
    message::Message,
    mode::Mode,
    plan::AccountName,
    priority::{Occasion, Withdraws},
    receipt::ProviderId,
};
use std::{
    marker::PhantomData,
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
    time::Duration,
};

/// The mass send of a service account.
pub struct MassChannel<M: Mode> {
    far: Far,
    account: MassAccount,
    pace: Arc<CallPace>,
    clock: SharedClock,
    mode: PhantomData<M>,
}

impl<M: Mode> MassChannel<M> {
    pub(super) fn new(far: Far, account: MassAccount, clock: SharedClock) -> Self {
        let pace = Arc::new(CallPace::new(account.calls_per_minute, Arc::clone(&clock)));
        Self { far, account, pace, clock, mode: PhantomData }
    }
}

#[async_trait]
impl<M: Mode> Channel<M> for MassChannel<M> {
    fn account(&self) -> &AccountName {
        &self.account.name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::WeChat
    }

    /// Followers a second, as full calls would reach them; the calls themselves keep to their own pace.
    fn limits(&self) -> Limits {
        let call = self.account.followers_per_call;
        let per_second = call.get() * self.account.calls_per_minute / 60;
        Limits {
            rate: Rate::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN)),
            // Several runs fit into it.
            window: call.saturating_mul(NonZeroU32::MIN.saturating_add(3)),
            batch: call,
            sessions: NonZeroU16::MIN,
            answer_within: None,
        }
    }

    fn repeat(&self) -> Repeat {
        Repeat::ActsOnce
    }

    fn receipts(&self) -> ReceiptFor {
        ReceiptFor::Job
    }

    /// Red warnings and their updates.
    fn is_for(&self, occasion: Occasion) -> bool {
        occasion.grade == Grade::Red && occasion.withdraws == Withdraws::No
    }

    fn run(&self) -> Option<NonZeroU32> {
        Some(self.account.followers_per_call)
    }

    fn may_answer_within(&self) -> Option<Duration> {
        Some(self.far.server.reports_within())
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        words(message)?;
        // Whom a job does not reach the account's template messages tell.
        Template::of(&self.far.account, message).map(|_| NonZeroU16::MIN)
    }

    async fn ask_job(&self, id: &ProviderId) -> Result<JobState, SendError> {
        let msg_id = String::from_utf8_lossy(id.bytes());
        let body = serde_json::json!({ "msg_id": msg_id }).to_string().into_bytes();
        let said = ask(&self.far, Endpoint::MassGet, body).await?;
        let unreachable = |detail: String| SendError::Unreachable { detail };
        let said = said.map_err(|error| unreachable(error.to_string()))?;
        job_state(&said).ok_or_else(|| unreachable(format!("errcode {}", said.errcode)))
    }

    async fn open(&self) -> Result<Session<M>, SendError> {
        self.far.tokens.token().await?;
        Ok(session(self.far.clone(), Arc::clone(&self.pace), Arc::clone(&self.clock)))
    }
}
