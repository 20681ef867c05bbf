//! What the platform tells our server (消息推送): the check of an address; events, some of which are receipts; and what
//! followers write. Plain mode (明文模式), or enciphered (兼容模式, 安全模式) where the account has a key for it; in XML or in
//! JSON, as the account is set. Parses and proves; it stores nothing, so the same push twice gives the same twice,
//! under the same name.

mod event;

use super::cipher::Cipher;
use crate::account::{Secret, same};
use event::Pushed;
use mingluo_model::{
    clock::{SharedClock, Timestamp},
    plan::AccountName,
    receipt::{AggregateReceipt, Receipt},
    reply::Reply,
};
use rand::RngCore;
use sha1::{Digest, Sha1};
use std::time::Duration;

/// How far a call's timestamp may be from our clock. A receipt replayed within it changes nothing.
const STALE: Duration = Duration::from_mins(10);

/// The longest body that is read, in bytes; events have a few hundred, and a follower writes at most 2,048.
const LONGEST: usize = 64 * 1024;

/// Why a callback was not taken.
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
    /// The account pushes enciphered messages, and there is no key for them.
    #[error(
        "the callback is enciphered; set aes_key_file, or choose plain mode (明文模式) in the platform's console"
    )]
    Encrypted,
    /// There is a key, and the message is not enciphered: its signature proves nothing of its words.
    #[error(
        "the callback is bare; choose safe mode (安全模式) in the platform's console, or drop aes_key_file"
    )]
    Bare,
    /// It does not come out of the cipher as a message for this account.
    #[error(
        "the callback cannot be deciphered: {problem}; app_id and the key in aes_key_file must be those of the \
         platform's console"
    )]
    Undeciphered {
        /// What is wrong with it.
        problem: String,
    },
    /// The body is too long.
    #[error("the body has {length} bytes, at most {LONGEST} are read")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// The body is no event.
    #[error("the body is no event: {problem}")]
    Malformed {
        /// What is wrong with it.
        problem: String,
    },
}

/// The parser of one account's callbacks (回调).
pub struct Callback {
    token: Secret,
    cipher: Option<Cipher>,
    mass: Option<AccountName>,
    clock: SharedClock,
}

/// What one push amounts to. Answer it when all of it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The same for the same push: the platform says three times what was not answered in time (排重).
    pub name: [u8; 20],
    /// What became of messages.
    pub receipts: Vec<Receipt>,
    /// How mass sends ended.
    pub jobs: Vec<AggregateReceipt>,
    /// What a follower wrote or did. Following and taking leave are told by the words that residents use for it, and
    /// the division of a poster or a menu as `地区 CODE`.
    pub replies: Vec<Reply>,
}

impl Callback {
    pub(super) fn new(
        token: Secret,
        cipher: Option<Cipher>,
        mass: Option<AccountName>,
        clock: SharedClock,
    ) -> Self {
        Self { token, cipher, mass, clock }
    }

    /// The name of the account's mass send, whose ends of jobs come here too.
    pub const fn mass(&self) -> Option<&AccountName> {
        self.mass.as_ref()
    }

    /// The check of our address, when the officer enters it in the platform's console: what to answer, verbatim and
    /// as plain text. It is bare in every mode.
    ///
    /// # Errors
    /// [`CallbackError::Missing`], [`CallbackError::NotSigned`] or [`CallbackError::Stale`].
    pub fn verify_url(&self, query: &str) -> Result<String, CallbackError> {
        let query = Query::parse(query);
        self.check(&query)?;
        query.get("echostr").map(str::to_owned)
    }

    /// What a push says. Answer `success`, or [`Self::answer`], once it is durable.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub fn parse(&self, query: &str, body: &[u8]) -> Result<Heard, CallbackError> {
        let query = Query::parse(query);
        self.check(&query)?;
        if body.len() > LONGEST {
            return Err(CallbackError::TooLong { length: body.len() });
        }
        let outer = Pushed::parse(body)?;
        let is_enciphered = query.get("encrypt_type").is_ok_and(|kind| kind != "raw");
        let pushed = match (&self.cipher, is_enciphered) {
            (None, false) => outer,
            (None, true) => return Err(CallbackError::Encrypted),
            (Some(_), false) => return Err(CallbackError::Bare),
            // In compatible mode the bare words stand beside the enciphered ones; only these are signed.
            (Some(cipher), true) => Pushed::parse(&self.open(cipher, &query, outer.text("Encrypt")?)?)?,
        };
        pushed.heard(self.clock.now())
    }

    /// The answer to a push that says these words to the follower who wrote (被动回复), at once and by this account.
    /// Enciphered where pushes are.
    pub fn answer(&self, reply: &Reply, words: &str, chance: &mut dyn RngCore) -> String {
        let seconds = self.clock.now().0 / 1000;
        let (to, from) = (escaped(reply.from.expose()), escaped(&reply.to));
        let words = escaped(words);
        let bare = format!(
            "<xml><ToUserName>{to}</ToUserName><FromUserName>{from}</FromUserName><CreateTime>{seconds}</CreateTime>\
             <MsgType>text</MsgType><Content>{words}</Content></xml>"
        );
        let Some(cipher) = &self.cipher else { return bare };
        let mut for_cipher = [0; 16];
        chance.fill_bytes(&mut for_cipher);
        let (encrypted, nonce) = (cipher.seal(for_cipher, bare.as_bytes()), chance.next_u64().to_string());
        let timestamp = seconds.to_string();
        let signature = sign([self.token.expose(), &timestamp, &nonce, &encrypted]);
        format!(
            "<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{signature}</MsgSignature>\
             <TimeStamp>{timestamp}</TimeStamp><Nonce>{nonce}</Nonce></xml>"
        )
    }

    fn check(&self, query: &Query) -> Result<(), CallbackError> {
        let (timestamp, nonce) = (query.get("timestamp")?, query.get("nonce")?);
        signed(&sign([self.token.expose(), timestamp, nonce]), query.get("signature")?)?;
        let seconds: i64 = timestamp.parse().map_err(|_| CallbackError::NotSigned)?;
        let (now, at) = (self.clock.now(), Timestamp(seconds.saturating_mul(1000)));
        if now.since(at).max(at.since(now)) > STALE {
            return Err(CallbackError::Stale { seconds });
        }
        Ok(())
    }

    /// Its own signature covers the enciphered words, which the other one does not.
    fn open(&self, cipher: &Cipher, query: &Query, encrypted: &str) -> Result<Vec<u8>, CallbackError> {
        let (timestamp, nonce) = (query.get("timestamp")?, query.get("nonce")?);
        let expected = sign([self.token.expose(), timestamp, nonce, encrypted]);
        signed(&expected, query.get("msg_signature")?)?;
        let undeciphered =
            |cause: super::cipher::Undeciphered| CallbackError::Undeciphered { problem: cause.to_string() };
        cipher.open(encrypted).map_err(undeciphered)
    }
}

/// SHA-1 over the sorted parts, in hexadecimal (接入指南).
fn sign<const PARTS: usize>(mut parts: [&str; PARTS]) -> String {
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

fn signed(expected: &str, offered: &str) -> Result<(), CallbackError> {
    if same(expected.as_bytes(), offered.as_bytes()) { Ok(()) } else { Err(CallbackError::NotSigned) }
}

/// As it may stand between two tags. What XML cannot carry at all is left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\n' => safe.push('\n'),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => safe.push(letter),
        }
    }
    safe
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

#[cfg(test)]
mod tests;

#[cfg(test)]
mod oracle_tests;
