//! What a platform tells our server, as far as both do it alike: parameters, signatures, the cipher around the words.

use super::cipher::Cipher;
use crate::account::{Secret, same};
use mingluo_model::clock::Timestamp;
use rand::RngCore;
use sha1::{Digest, Sha1};
use std::time::Duration;

/// How far a call's timestamp may be from our clock. A receipt replayed within it changes nothing.
const STALE: Duration = Duration::from_mins(10);

/// The longest body that is read, in bytes; events have a few hundred, and somebody writes at most 2,048.
pub(crate) const LONGEST: usize = 64 * 1024;

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
        "the callback cannot be deciphered: {problem}; the account's id (app_id, corp_id) and the key in aes_key_file must be those of the \
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

/// The parameters of a call to our server.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads them.
    pub(crate) fn parse(text: &str) -> Self {
        let mut url = reqwest::Url::parse("http://callback.invalid/").expect("a constant address parses");
        url.set_query(Some(text));
        Self(url.query_pairs().into_owned().collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`CallbackError::Missing`].
    pub(crate) fn get(&self, parameter: &'static str) -> Result<&str, CallbackError> {
        let found = self.0.iter().find(|(name, _)| name == parameter);
        found.map(|(_, value)| value.as_str()).ok_or(CallbackError::Missing { parameter })
    }

    /// Whether its timestamp is near enough to our clock.
    ///
    /// # Errors
    /// [`CallbackError::Missing`], [`CallbackError::NotSigned`] or [`CallbackError::Stale`].
    pub(crate) fn fresh(&self, now: Timestamp) -> Result<(), CallbackError> {
        let seconds: i64 = self.get("timestamp")?.parse().map_err(|_| CallbackError::NotSigned)?;
        let at = Timestamp(seconds.saturating_mul(1000));
        if now.since(at).max(at.since(now)) > STALE {
            return Err(CallbackError::Stale { seconds });
        }
        Ok(())
    }
}

/// Reads enciphered words; their own signature covers them.
///
/// # Errors
/// [`CallbackError::Missing`], [`CallbackError::NotSigned`] or [`CallbackError::Undeciphered`].
pub(crate) fn open(
    cipher: &Cipher,
    token: &Secret,
    query: &Query,
    encrypted: &str,
) -> Result<Vec<u8>, CallbackError> {
    let (timestamp, nonce) = (query.get("timestamp")?, query.get("nonce")?);
    let expected = sign([token.expose(), timestamp, nonce, encrypted]);
    signed(&expected, query.get("msg_signature")?)?;
    cipher.open(encrypted).map_err(|cause| CallbackError::Undeciphered { problem: cause.to_string() })
}

/// An answer to a push, enciphered and signed (被动回复).
pub(crate) fn sealed(
    cipher: &Cipher,
    token: &Secret,
    bare: &str,
    seconds: i64,
    chance: &mut dyn RngCore,
) -> String {
    let mut for_cipher = [0; 16];
    chance.fill_bytes(&mut for_cipher);
    let (encrypted, nonce) = (cipher.seal(for_cipher, bare.as_bytes()), chance.next_u64().to_string());
    let timestamp = seconds.to_string();
    let signature = sign([token.expose(), &timestamp, &nonce, &encrypted]);
    format!(
        "<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{signature}</MsgSignature>\
         <TimeStamp>{timestamp}</TimeStamp><Nonce>{nonce}</Nonce></xml>"
    )
}

/// SHA-1 over the sorted parts, in hexadecimal (接入指南).
pub(crate) fn sign<const PARTS: usize>(mut parts: [&str; PARTS]) -> String {
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

/// Whether a signature is the expected one.
///
/// # Errors
/// [`CallbackError::NotSigned`].
pub(crate) fn signed(expected: &str, offered: &str) -> Result<(), CallbackError> {
    if same(expected.as_bytes(), offered.as_bytes()) { Ok(()) } else { Err(CallbackError::NotSigned) }
}

/// As it may stand between two tags. What XML cannot carry at all is left out.
pub(crate) fn escaped(text: &str) -> String {
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
