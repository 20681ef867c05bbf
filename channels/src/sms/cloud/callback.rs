//! What a provider pushes to our server (状态报告推送): receipts, as each provider writes them. No provider signs its
//! pushes; a secret in the path of the address that it was given is the proof. Parses and proves; stores nothing, so the
//! same push twice gives the same receipts twice.

use mingluo_model::{
    clock::{SharedClock, Timestamp},
    delivery::Reason,
    receipt::{Receipt, ReceiptStatus},
};
use serde::de::DeserializeOwned;

use crate::account::Secret;
use crate::sms::{session::receipt_status, smpp::MessageState};

/// The longest body that is read, in bytes: a push of Alibaba's has some hundred receipts of 300 bytes.
const LONGEST: usize = 1 << 20;

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
type Read = Box<dyn Fn(&str, &[u8], Timestamp) -> Result<Vec<Receipt>, CallbackError> + Send + Sync>;

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
        read: impl Fn(&str, &[u8], Timestamp) -> Result<Vec<Receipt>, CallbackError> + Send + Sync + 'static,
    ) -> Self {
        Self { token, clock, answer, read: Box::new(read) }
    }

    /// The receipts in a push, which came under `secret` in its path. Give [`Self::answer`] once they are durable.
    ///
    /// # Errors
    /// [`CallbackError`]; answer 403 to one that is not known, 400 to the others.
    pub fn parse(&self, secret: &str, query: &str, body: &[u8]) -> Result<Vec<Receipt>, CallbackError> {
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

/// Reads a push that is a JSON array, report by report: one that cannot be read is told and left out, or it would keep
/// the others from being heard, push after push.
pub(super) fn each<T: DeserializeOwned, R>(
    body: &[u8],
    read: impl Fn(T) -> Option<R>,
) -> Result<Vec<R>, CallbackError> {
    let reports = serde_json::from_slice(body).map_err(|cause| CallbackError::malformed("body", cause))?;
    Ok(one_by_one(reports, read))
}

/// Reads reports one by one; those that cannot be read are counted and left out.
pub(super) fn one_by_one<T: DeserializeOwned, R>(
    reports: Vec<serde_json::Value>,
    read: impl Fn(T) -> Option<R>,
) -> Vec<R> {
    let told = reports.len();
    let read = |report| serde_json::from_value(report).ok().and_then(&read);
    let known: Vec<R> = reports.into_iter().filter_map(read).collect();
    if known.len() < told {
        tracing::warn!(
            told,
            unread = told - known.len(),
            "回执无法读懂 reports could not be read and were left out"
        );
    }
    known
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
