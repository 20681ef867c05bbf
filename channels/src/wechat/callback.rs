//! What the platform tells our server (消息推送): the check of an address, and events, of which one kind is a receipt.
//! Plain mode only. Parses and proves; it stores nothing, so the same event twice gives the same receipt twice.

use crate::account::Secret;
use mingluo_model::{
    address::Address,
    clock::{SharedClock, Timestamp},
    delivery::Reason,
    receipt::{ProviderId, Receipt, ReceiptStatus},
};
use roxmltree::{Document, Node};
use sha1::{Digest, Sha1};
use std::time::Duration;

/// How far a call's timestamp may be from our clock. A receipt replayed within it changes nothing.
const STALE: Duration = Duration::from_mins(10);

/// The longest body that is read, in bytes; events have a few hundred.
const LONGEST: usize = 64 * 1024;

/// Why a callback was not taken. The console answers 403 to the first three and 400 to the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// A parameter is missing in the query.
    #[error("{parameter} is missing in the query")]
    Missing {
        /// Which.
        parameter: &'static str,
    },
    /// The signature is not made with our token: not the platform, or another token in its console.
    #[error(
        "the signature does not match; the token in token_file and in the platform's console must be the same"
    )]
    NotSigned,
    /// Its timestamp lies too far from our clock.
    #[error("timestamp {seconds} lies more than 600 s from our clock; set the clock right")]
    Stale {
        /// The timestamp, in seconds since 1970.
        seconds: i64,
    },
    /// The account pushes encrypted messages.
    #[error("the callback is encrypted; choose plain mode (明文模式) in the platform's console")]
    Encrypted,
    /// The body is too long.
    #[error("the body has {length} bytes, at most {LONGEST} are read")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// The body is no event in XML.
    #[error("the body is no event: {problem}")]
    Malformed {
        /// What is wrong with it.
        problem: String,
    },
}

/// The parser of one account's callbacks (回调).
pub struct Callback {
    token: Secret,
    clock: SharedClock,
}

impl Callback {
    pub(super) fn new(token: Secret, clock: SharedClock) -> Self {
        Self { token, clock }
    }

    /// The check of our address, when the officer enters it in the platform's console: what to answer, verbatim and
    /// as plain text.
    ///
    /// # Errors
    /// [`CallbackError::Missing`], [`CallbackError::NotSigned`] or [`CallbackError::Stale`].
    pub fn verify_url(&self, query: &str) -> Result<String, CallbackError> {
        let query = Query::parse(query);
        self.check(&query)?;
        query.get("echostr").map(str::to_owned)
    }

    /// The receipts in a pushed message: one for the end of a template job, none for any other event. Answer
    /// `success` once they are durable.
    ///
    /// # Errors
    /// As [`Self::verify_url`], and [`CallbackError::Encrypted`], [`CallbackError::TooLong`] or
    /// [`CallbackError::Malformed`].
    pub fn parse(&self, query: &str, body: &[u8]) -> Result<Vec<Receipt>, CallbackError> {
        let query = Query::parse(query);
        self.check(&query)?;
        if query.get("encrypt_type").is_ok_and(|kind| kind != "raw") {
            return Err(CallbackError::Encrypted);
        }
        if body.len() > LONGEST {
            return Err(CallbackError::TooLong { length: body.len() });
        }
        let text = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
        let document = Document::parse(text).map_err(|cause| malformed(&cause.to_string()))?;
        Ok(receipt(document.root_element(), self.clock.now())?.into_iter().collect())
    }

    fn check(&self, query: &Query) -> Result<(), CallbackError> {
        let (timestamp, nonce) = (query.get("timestamp")?, query.get("nonce")?);
        let expected = sign([self.token.expose(), timestamp, nonce]);
        if !same(expected.as_bytes(), query.get("signature")?.as_bytes()) {
            return Err(CallbackError::NotSigned);
        }
        let seconds: i64 = timestamp.parse().map_err(|_| CallbackError::NotSigned)?;
        let (now, at) = (self.clock.now(), Timestamp(seconds.saturating_mul(1000)));
        if now.since(at).max(at.since(now)) > STALE {
            return Err(CallbackError::Stale { seconds });
        }
        Ok(())
    }
}

/// SHA-1 over the sorted parts, in hexadecimal (接入指南).
fn sign(mut parts: [&str; 3]) -> String {
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

/// Compares in a time that does not tell where the first difference is.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Self {
        let mut url = reqwest::Url::parse("http://callback.invalid/").expect("a constant address parses");
        url.set_query(Some(text));
        Self(url.query_pairs().into_owned().collect())
    }

    fn get(&self, parameter: &'static str) -> Result<&str, CallbackError> {
        let found = self.0.iter().find(|(name, _)| name == parameter);
        found.map(|(_, value)| value.as_str()).ok_or(CallbackError::Missing { parameter })
    }
}

/// The receipt that an event is, if it is one (事件推送: 模版消息发送任务完成).
fn receipt(event: Node<'_, '_>, at: Timestamp) -> Result<Option<Receipt>, CallbackError> {
    if field(event, "Event") != Ok("TEMPLATESENDJOBFINISH") {
        return Ok(None);
    }
    let number = field(event, "MsgID")?;
    let id: u64 = number.parse().map_err(|_| malformed(&format!("MsgID is {number:?}, not a number")))?;
    let words = field(event, "Status")?;
    Ok(Some(Receipt {
        provider_id: ProviderId::new(id.to_string().as_bytes()),
        status: status(words),
        to: Some(Address::new(field(event, "FromUserName")?)),
        far_code: words[..words.floor_char_boundary(64)].to_owned(),
        at,
    }))
}

/// `success`, `failed:user block` or `failed: system failed`; the platform is not strict with its own spaces.
fn status(words: &str) -> ReceiptStatus {
    let cause = words.strip_prefix("failed").map(|rest| rest.trim_start_matches(':').trim());
    match cause {
        _ if words == "success" => ReceiptStatus::Delivered,
        Some(cause) if cause.starts_with("user block") => ReceiptStatus::Failed(Reason::Blocked),
        Some(cause) if cause.starts_with("system failed") => ReceiptStatus::Failed(Reason::FarFault),
        _ => ReceiptStatus::Failed(Reason::Other),
    }
}

fn field<'a>(event: Node<'a, '_>, name: &str) -> Result<&'a str, CallbackError> {
    let found = event.children().find(|child| child.has_tag_name(name)).and_then(|child| child.text());
    found.map(str::trim).ok_or_else(|| malformed(&format!("{name} is missing")))
}

fn malformed(problem: &str) -> CallbackError {
    CallbackError::Malformed { problem: problem.to_owned() }
}

#[cfg(test)]
#[path = "callback_tests.rs"]
mod tests;
