//! The port behind which every way out lives. A channel speaks its wire and classifies the answers; it never
//! retries, schedules or stores. Dispatch drives it through one [`Session`] at a time per connection:
//!
//! 1. [`Outlet::prepare`] encodes a run and hands out its wire keys; dispatch makes the intent durable;
//! 2. [`Outlet::send`] puts the prepared run on the wire;
//! 3. [`Inlet::next`] yields answers (by wire key) and receipts (by provider id), now or much later;
//! 4. dispatch makes them durable, frees the window, and tells [`Answerer::committed`], which answers the
//!    far side's receipts. A far side that was not answered keeps what we have not stored.
//!
//! The shape was tried on SMPP (many parts in flight on one socket), SMTP (a session is a set of sockets),
//! WeChat (a session is a set of concurrent calls, receipts come by callback), and the village link (a session
//! is the hub of all boxes, an answer may take until the box is back).

use crate::{
    address::Address,
    audience::ChannelKind,
    clock::Timestamp,
    delivery::Reason,
    id::PlanId,
    message::Message,
    misfit::Misfit,
    mode::Mode,
    plan::AccountName,
    priority::Occasion,
    receipt::{ProviderId, Receipt},
    reply::Reply,
};
use async_trait::async_trait;
use std::{
    num::{NonZeroU16, NonZeroU32},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The most parts one message may have: a part set is sixteen bits, one of them is the [`ADDITION`]'s, and nobody reads
/// more.
pub const MOST_PARTS: u16 = 15;

/// The place of an addition (闪信) in a part set: a unit that leaves beside the parts of a message. It is counted and paid
/// like any, but nothing hangs on it: whatever becomes of it, the delivery stands as its parts do.
pub const ADDITION: u8 = 15;

/// In what a gateway counts (限速周期).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// By the second: what is sent is spread over it.
    Second,
    /// By the minute: what it allows may leave at once.
    Minute,
}

/// A licence (限速许可): so many units in any sliding second, or minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Units.
    pub units: NonZeroU32,
    /// In which time.
    pub per: Per,
}

impl Rate {
    /// So many units a second.
    pub const fn per_second(units: NonZeroU32) -> Self {
        Self { units, per: Per::Second }
    }

    /// So many units a minute.
    pub const fn per_minute(units: NonZeroU32) -> Self {
        Self { units, per: Per::Minute }
    }

    /// The time in which so many may leave.
    pub const fn period(self) -> Duration {
        match self.per {
            Per::Second => Duration::from_secs(1),
            Per::Minute => Duration::from_mins(1),
        }
    }

    /// How long so many units take, to the millisecond.
    pub fn time_for(self, units: u64) -> Duration {
        let period = self.period().as_secs() * 1000;
        Duration::from_millis(units.saturating_mul(period) / u64::from(self.units.get()))
    }
}

/// What a gateway allows one account (限额). Units are what the gateway counts: SMS parts, mails, calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The licence over the whole account.
    pub rate: Rate,
    /// Unanswered units a session may have; also the most that can be doubled when this node dies.
    pub window: NonZeroU32,
    /// Units that one run may hold at most.
    pub batch: NonZeroU32,
    /// Sessions that may be open at once.
    pub sessions: NonZeroU16,
    /// After this long without an answer a unit is in doubt and its place in the window is free again; `None` where the
    /// channel itself ends what is not answered, or where an answer may take as long as the plan holds.
    pub answer_within: Option<Duration>,
}

/// What sending the same thing again does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// The far side knows it by its key and acts once (boxes, WeChat's `client_msg_id`).
    ActsOnce,
    /// The recipient may get it twice (SMS, mail).
    MayDouble,
}

/// What one receipt speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptFor {
    /// For one part: a message has arrived when each of its parts has.
    EachPart,
    /// For the whole message, whatever number of parts it was counted as (the clouds).
    AllParts,
    /// For the whole message. Messages to the same person have one name, and are told of in the order in which they left
    /// (WeChat's subscription notices, whose answer has no number).
    InTurn,
    /// For the whole message, and only where it went wrong: silence is good news, and bad news may come until the
    /// message's end (mail without notices of success).
    BadNews,
    /// For everybody of one call at once, and only where nobody got it (WeChat's mass send): what is known otherwise are
    /// totals, which say nothing of one of them.
    Job,
    /// For nothing, since none ever comes: the answer is all that will be known (mail where nobody hears what comes
    /// back).
    Nothing,
}

/// Whether a plan was called back (撤回): set when it is stopped, so that what waits inside a session for its turn does
/// not begin any more.
#[derive(Debug, Clone, Default)]
pub struct Recall(Arc<AtomicBool>);

impl Recall {
    /// Nothing of the plan is to begin any more.
    pub fn call(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// The stop was taken back.
    pub fn undo(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether it was called back.
    pub fn is_called(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// One recipient in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The recipient's ordinal in the plan's edition.
    pub ordinal: u32,
    /// Which try this is, from 1.
    pub attempt: u8,
    /// Which parts of the message are to leave, bit 0 for the first: all on a first try, later what is missing. Bit
    /// [`ADDITION`] for what leaves beside them.
    pub part_set: u16,
    /// Where to.
    pub to: Address,
}

/// A few recipients of one plan that leave together, in order.
#[derive(Debug, Clone)]
pub struct Run<M: Mode> {
    /// The plan.
    pub plan: PlanId,
    /// What is said to all of them.
    pub message: Arc<Message<M>>,
    /// The end of the plan, passed on as validity where the wire has one.
    pub not_after: Timestamp,
    /// Asked before each call by a session in which what was sent may wait for its turn.
    pub recall: Recall,
    /// Which of the plan's calls it is, where one call is for many ([`ReceiptFor::Job`]): the same number for the same
    /// people again, though some may have left since. `None` where it is neither a new one nor all that is left of one.
    pub call: Option<u32>,
    /// To whom.
    pub parcels: Vec<Parcel>,
}

/// The wire keys of a prepared run: consecutive numbers, one for each part that leaves, parcel by parcel in order.
/// They are unique in the session's life and go into the durable intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireKeys {
    /// The key of the first part of the first parcel.
    pub first: u64,
}

/// What the far side said to one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken; receipts will name it so. A channel without receipts gives no id.
    Accepted(Option<ProviderId>),
    /// Not now: slow down and send again; costs no attempt.
    Busy {
        /// How long to hold the account back; zero for what we did not begin ourselves.
        retry_after: Duration,
    },
    /// Not this time; another try may help and costs an attempt.
    Temporary(Refusal),
    /// Never; trying again cannot help. It says nothing of the next message to the same address.
    Permanent(Refusal),
    /// Never, since nobody has this address (查无此人), and so plainly that it is not to be written to any more. Mail alone says
    /// so: who has no number this year may be another next year, and SMS gateways say it lightly.
    NoSuchAddress {
        /// The far side's own code, at most 64 bytes, without any address.
        far_code: String,
    },
    /// The account may send nothing just now (forbidden hours, a used-up quota): it says nothing of this recipient, and
    /// another account may reach them.
    Closed(Refusal),
    /// It left, and no answer will come any more (the connection broke after the last byte).
    Lost,
}

/// Why the far side refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Our class for it.
    pub reason: Reason,
    /// Its own code or words, at most 64 bytes, without any address.
    pub far_code: String,
}

/// Names one receipt or reply to its session, so that it can be answered once it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiptToken(pub u64);

/// What comes in on a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The answer to one part.
    Answer {
        /// The part's wire key.
        key: u64,
        /// What was said.
        verdict: Verdict,
    },
    /// A receipt; to be answered after it is durable.
    Receipt {
        /// The fact.
        receipt: Receipt,
        /// How to answer it; `None` when the wire wants no answer.
        token: Option<ReceiptToken>,
    },
    /// A resident wrote back; to be answered after it is durable.
    Reply {
        /// What was written.
        reply: Reply,
        /// How to answer it.
        token: ReceiptToken,
    },
}

/// How sending can go wrong for a whole session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The far side asks for a pause.
    #[error("the gateway is busy for {retry_after:?}")]
    Busy {
        /// How long.
        retry_after: Duration,
    },
    /// No connection, or it broke; what was sent may or may not have left.
    #[error("the gateway cannot be reached: {detail}")]
    Unreachable {
        /// What happened, without addresses.
        detail: String,
    },
    /// The login or the account was refused; trying again soon would lock it.
    #[error("the gateway refuses the account: {detail}")]
    Refused {
        /// The far side's words, for the operator.
        detail: String,
    },
}

/// Why a message cannot be sent on a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Too long for the channel.
    #[error("{field}: {length} {unit}, the channel takes {longest}")]
    TooLong {
        /// Which part of the message.
        field: String,
        /// How long it is.
        length: usize,
        /// How long it may be.
        longest: usize,
        /// In which unit (characters, parts, bytes).
        unit: &'static str,
    },
    /// Something the channel cannot carry or its account lacks.
    #[error("{field}: {problem}")]
    Wrong {
        /// Which part of the message.
        field: String,
        /// What is wrong.
        problem: Misfit,
    },
}

/// What the far side says of a job when it is asked (群发状态).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It is not over: it is being sent, or waits for somebody there.
    UnderWay,
    /// It was sent.
    Sent,
    /// Nobody got it.
    NotSent,
    /// The far side does not say.
    Unsaid,
}

/// A way out: one account at one gateway.
#[async_trait]
pub trait Channel<M: Mode>: Send + Sync + 'static {
    /// The account's configured name.
    fn account(&self) -> &AccountName;

    /// Which channel this is.
    fn kind(&self) -> ChannelKind;

    /// What the gateway allows.
    fn limits(&self) -> Limits;

    /// What sending the same again does.
    fn repeat(&self) -> Repeat;

    /// What one receipt speaks for.
    fn receipts(&self) -> ReceiptFor {
        ReceiptFor::EachPart
    }

    /// Whether messages on this occasion leave by this account at all, where its channel has others.
    fn is_for(&self, _occasion: Occasion) -> bool {
        true
    }

    /// Units that are best sent in one run, where that is not what the licence grants in a hundredth of a second: one call
    /// may be for thousands.
    fn run(&self) -> Option<NonZeroU32> {
        None
    }

    /// How long after the last byte an answer may still come, for an orderly stop to wait; `None` where nobody knows.
    fn may_answer_within(&self) -> Option<Duration> {
        self.limits().answer_within
    }

    /// Units (SMS parts, at most [`MOST_PARTS`]) that this message costs for each recipient; the code that sends is
    /// the code that counts.
    ///
    /// # Errors
    /// [`Unfit`] when the channel cannot carry the message.
    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit>;

    /// Whether an addition (see [`ADDITION`]) leaves with the first try of such a message: one more unit for each
    /// recipient.
    fn has_addition(&self, _message: &Message<M>) -> bool {
        false
    }

    /// Whether the far side would take such a message just now, as far as it is known without asking: a template may be
    /// under examination. Asked while the message is being written, when there is time to choose another way.
    ///
    /// # Errors
    /// [`Unfit`] naming what is not ready there.
    fn stands(&self, _message: &Message<M>) -> Result<(), Unfit> {
        Ok(())
    }

    /// What the far side said is not ready there (a template under examination), as far as it is known without asking:
    /// nothing that needs it will leave.
    fn unready(&self) -> Vec<Unfit> {
        Vec::new()
    }

    /// Connects and logs in. Called again after a session ended.
    ///
    /// # Errors
    /// [`SendError`] when no session could be had.
    async fn open(&self) -> Result<Session<M>, SendError>;

    /// Asks how a job stands whose end was not told ([`ReceiptFor::Job`]).
    ///
    /// # Errors
    /// [`SendError`] when there is no answer.
    async fn ask_job(&self, _id: &ProviderId) -> Result<JobState, SendError> {
        Ok(JobState::Unsaid)
    }

    /// Whether the far side lets us in, and nothing more: for somebody who only wants to know, perhaps while another
    /// process sends. A channel whose session takes more than a login (what the far side tells but once, a door of ours)
    /// knocks without it.
    ///
    /// # Errors
    /// As [`Self::open`].
    async fn knock(&self) -> Result<(), SendError> {
        let mut session = self.open().await?;
        session.outlet.close().await;
        Ok(())
    }
}

/// One open connection (or set of them) to a gateway, in its three hands.
pub struct Session<M: Mode> {
    /// Sends.
    pub outlet: Box<dyn Outlet<M>>,
    /// Hears.
    pub inlet: Box<dyn Inlet>,
    /// Answers receipts.
    pub answerer: Arc<dyn Answerer>,
}

/// The sending hand of a session.
#[async_trait]
pub trait Outlet<M: Mode>: Send {
    /// Encodes a run, keeps it for [`Self::send`], and hands out its wire keys. A second call forgets the first.
    ///
    /// # Errors
    /// [`Unfit`] when the message cannot be encoded; nothing of the run is kept then.
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit>;

    /// Waits until the prepared run could begin at once. The licence is taken after it, so that what waits for a free
    /// hand holds none.
    ///
    /// # Errors
    /// [`SendError`] when the session is over; nothing left then.
    async fn ready(&mut self) -> Result<(), SendError> {
        Ok(())
    }

    /// Puts the prepared run on the wire. The intent is durable by now.
    ///
    /// # Errors
    /// [`SendError`]; whether anything left is unknown then.
    async fn send(&mut self) -> Result<(), SendError>;

    /// An orderly stop begins: nothing of what still waits inside the session is to begin; it is answered busy.
    fn hold_back(&mut self) {}

    /// Says goodbye in the wire's own way. It is heard on meanwhile. Unanswered parts stay unknown.
    async fn close(&mut self);
}

/// The hearing hand of a session.
#[async_trait]
pub trait Inlet: Send {
    /// Waits for the next reports and appends all that are at hand (at most a few thousand). Safe to cancel.
    ///
    /// # Errors
    /// [`SendError::Unreachable`] when the session is over.
    async fn next(&mut self, reports: &mut Vec<Report>) -> Result<(), SendError>;
}

/// The answering hand of a session.
#[async_trait]
pub trait Answerer: Send + Sync {
    /// These receipts are durable: answer them.
    ///
    /// # Errors
    /// [`SendError`]; the far side will send them again, and they will be known then.
    async fn committed(&self, receipts: &[ReceiptToken]) -> Result<(), SendError>;
}
