//! What a provider pushes to our server (状态报告推送, 上行推送): receipts, and what residents wrote back, as each provider
//! writes them. No provider signs its pushes; a secret in the path of the address that it was given is the proof. Parses
//! and proves; stores nothing, so the same push twice gives the same facts twice.

use mingluo_model::{
    clock::{SharedClock, Timestamp},
    delivery::Reason,
    receipt::{Receipt, ReceiptStatus},
    reply::Reply,
};
use serde::de::DeserializeOwned;

use crate::account::Secret;
use crate::sms::{session::receipt_status, smpp::MessageState};

/// The longest body that is read, in bytes: a push of Alibaba's has some hundred receipts of 300 bytes.
const LONGEST: usize = 1 << 20;

/// What a push brought. Facts, to be kept before the push is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Push {
    /// What became of messages.
    pub receipts: Vec<Receipt>,
    /// What residents wrote back (上行短信).
    pub replies: Vec<Reply>,
}

/// One report of a push: about a message, as its provider writes that, or what a resident wrote.
#[derive(Debug)]
pub(super) enum Told<R> {
    Report(R),
    Reply(Reply),
}

impl Push {
    /// Sorts what was told; `hear` makes a receipt of a report.
    pub(super) fn of<R>(told: Vec<Told<R>>, hear: impl Fn(R) -> Receipt) -> Self {
        let mut push = Self::default();
        for one in told {
            match one {
                Told::Report(report) => push.receipts.push(hear(report)),
                Told::Reply(reply) => push.replies.push(reply),
            }
        }
        push
    }
}

/// Why a push was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The secret in the path is not ours: not the provider, or another secret in its console.
    #[error(
        "the secret in the path is not the one in callback_token_file; \
         the address in the provider's console must end in it"
    )]
    NotKnown,
    /// The body is too long.
    #[error("the body has {length} bytes, at most {LONGEST} are read")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// It has reports, and none of them can be read: perhaps a push of another kind. Answered as received it would be
    /// gone.
    #[error(
        "none of the {told} reports can be read; this address takes receipts and residents' replies only"
    )]
    NothingRead {
        /// Reports in it.
        told: usize,
    },
    /// It is no push of this provider.
    #[error("{field}: {problem}")]
    Malformed {
        /// Where it is wrong.
        field: &'static str,
        /// How.
        problem: String,
    },
}

impl CallbackError {
    pub(super) fn malformed(field: &'static str, problem: impl std::fmt::Display) -> Self {
        Self::Malformed { field, problem: problem.to_string() }
    }
}

/// What reads one provider's pushes: query, body, and when they came.
type Read = Box<dyn Fn(&str, &[u8], Timestamp) -> Result<Push, CallbackError> + Send + Sync>;

/// The parser of one account's pushes (回调). It also tells the account's session which calls they prove to be taken.
pub struct CloudCallback {
    token: Secret,
    clock: SharedClock,
    answer: &'static str,
    read: Read,
}

impl CloudCallback {
    pub(super) fn new(
        token: Secret,
        clock: SharedClock,
        answer: &'static str,
        read: impl Fn(&str, &[u8], Timestamp) -> Result<Push, CallbackError> + Send + Sync + 'static,
    ) -> Self {
        Self { token, clock, answer, read: Box::new(read) }
    }

    /// What is in a push, which came under `secret` in its path. Give [`Self::answer`] once all of it is durable.
    ///
    /// # Errors
    /// [`CallbackError`]; answer 403 to one that is not known, 400 to the others.
    pub fn parse(&self, secret: &str, query: &str, body: &[u8]) -> Result<Push, CallbackError> {
        if !self.token.is(secret) {
            return Err(CallbackError::NotKnown);
        }
        if body.len() > LONGEST {
            return Err(CallbackError::TooLong { length: body.len() });
        }
        (self.read)(query, body, self.clock.now())
    }

    /// What the provider wants to hear; one that does not hear it pushes again. JSON, but for plain gateways.
    pub const fn answer(&self) -> &'static str {
        self.answer
    }
}

/// What one report says.
pub(super) enum Heard<R> {
    Fact(R),
    /// A step on the way, which nobody waits for.
    Step,
    Unread,
}

impl<R> Heard<R> {
    /// The fact made into another.
    pub(super) fn and<S>(self, make: impl FnOnce(R) -> S) -> Heard<S> {
        match self {
            Self::Fact(fact) => Heard::Fact(make(fact)),
            Self::Step => Heard::Step,
            Self::Unread => Heard::Unread,
        }
    }
}

/// Reads a push report by report: one that cannot be read is told and left out, or it would keep the others from being
/// heard, push after push. A push of which nothing can be read is refused, so that it is not gone.
pub(super) fn each<T: DeserializeOwned, R>(
    reports: Vec<serde_json::Value>,
    read: impl Fn(T) -> Heard<R>,
) -> Result<Vec<R>, CallbackError> {
    let told = reports.len();
    let (facts, unread) = one_by_one(reports, read);
    if unread > 0 && unread == told { Err(CallbackError::NothingRead { told }) } else { Ok(facts) }
}

/// Reads reports one by one; those that cannot be read are counted and left out.
pub(super) fn one_by_one<T: DeserializeOwned, R>(
    reports: Vec<serde_json::Value>,
    read: impl Fn(T) -> Heard<R>,
) -> (Vec<R>, usize) {
    let told = reports.len();
    let (mut facts, mut unread) = (Vec::with_capacity(told), 0);
    for report in reports {
        match serde_json::from_value(report).map_or(Heard::Unread, &read) {
            Heard::Fact(fact) => facts.push(fact),
            Heard::Step => {}
            Heard::Unread => unread += 1,
        }
    }
    if unread > 0 {
        tracing::warn!(told, unread, "回执无法读懂 reports could not be read and were left out");
    }
    (facts, unread)
}

/// The reports of a push that is a JSON array.
pub(super) fn array(body: &[u8]) -> Result<Vec<serde_json::Value>, CallbackError> {
    serde_json::from_slice(body).map_err(|cause| CallbackError::malformed("body", cause))
}

/// What became of a message. Providers hand on what the carrier said, mostly in the words of SMPP's `stat`.
pub(super) fn carrier_status(arrived: bool, words: &str) -> ReceiptStatus {
    if arrived {
        return ReceiptStatus::Delivered;
    }
    match receipt_status(MessageState::from_stat(words)) {
        ReceiptStatus::Delivered => ReceiptStatus::Failed(Reason::Other),
        other => other,
    }
}
