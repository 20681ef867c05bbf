//! How the platform knows that a request is ours: by our own header, or as Standard Webhooks has it
//! (standardwebhooks.com, specification 1.0.0), for which receivers find libraries in every language. The secret's own
//! form says which.

use crate::account::Secret;
use base64::{
    Engine, alphabet,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
    },
};
use hmac::{Hmac, Mac};
use mingluo_model::clock::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

/// Our own header that proves who sent a request: `t=MILLISECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of
/// `MILLISECONDS.BODY` under the shared secret (RFC 2104).
pub const SIGNATURE: &str = "mingluo-signature";

/// What a secret of Standard Webhooks begins with.
const STANDARD_SECRET: &str = "whsec_";
/// Octets of such a secret.
const STANDARD_LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// Platforms hand secrets out with or without the signs that fill them up.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Signs requests.
pub(crate) enum Signer {
    /// By [`SIGNATURE`].
    Own(Secret),
    /// By `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    Standard(Vec<u8>),
}

impl Signer {
    /// `None` for a secret that begins as one of Standard Webhooks and is none.
    pub(crate) fn new(secret: Secret) -> Option<Self> {
        let Some(coded) = secret.expose().strip_prefix(STANDARD_SECRET) else {
            return Some(Self::Own(secret));
        };
        let key = LENIENT.decode(coded).ok().filter(|key| STANDARD_LENGTHS.contains(&key.len()))?;
        Some(Self::Standard(key))
    }

    /// The headers of a body. The same body has the same id, so that what is handed over again is known by it.
    pub(super) fn headers(&self, body: &[u8], now: Timestamp) -> HeaderMap {
        self.headers_as(&format!("msg_{}", hex::encode(&Sha256::digest(body)[..16])), body, now)
    }

    /// The headers of a body under an id of its sender's: letters, digits, `-` and `_`. Our own header names no id.
    pub(super) fn headers_as(&self, id: &str, body: &[u8], now: Timestamp) -> HeaderMap {
        match self {
            Self::Own(secret) => {
                let at = now.0;
                let proof =
                    hex::encode(mac(secret.expose().as_bytes(), &[format!("{at}.").as_bytes(), body]));
                headers(&[(SIGNATURE, format!("t={at},v1={proof}"))])
            }
            Self::Standard(key) => {
                let at = now.0.max(0) / 1000;
                let proof = STANDARD.encode(mac(key, &[format!("{id}.{at}.").as_bytes(), body]));
                headers(&[
                    ("webhook-id", id.to_owned()),
                    ("webhook-timestamp", at.to_string()),
                    ("webhook-signature", format!("v1,{proof}")),
                ])
            }
        }
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_str(text).expect("letters, digits and signs make a header");
    pairs.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{CASES, Odd, asked};
    use serde_json::json;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn signed(secret: &str, body: &str, now: Timestamp) -> HeaderMap {
        Signer::new(Secret::new(secret)).unwrap().headers(body.as_bytes(), now)
    }

    #[test]
    fn the_library_of_receivers_verifies_each_request_and_none_that_was_changed() {
        let now = Timestamp(1_783_816_200_123);
        let mut odd = Odd::new();
        let mut cases = Vec::new();
        for number in 0..CASES {
            let body = odd.text();
            let signer = Signer::new(Secret::new(SECRET)).unwrap();
            let headers = match number % 2 {
                0 => signer.headers(body.as_bytes(), now),
                _ => signer.headers_as(&format!("msg_{number}"), body.as_bytes(), now),
            };
            let of = |name: &str| headers[name].to_str().unwrap().to_owned();
            let is_changed = number % 3 == 0;
            let body = if is_changed { format!("{body}x") } else { body };
            cases.push(json!({
                "secret": SECRET, "body": body, "now": now.0 / 1000,
                "headers": {
                    "webhook-id": of("webhook-id"), "webhook-timestamp": of("webhook-timestamp"),
                    "webhook-signature": of("webhook-signature"),
                },
            }));
        }
        let Some(said) = asked("verify_webhook.py", &cases) else { return };
        for (number, said) in said.iter().enumerate() {
            assert_eq!(said, if number % 3 == 0 { "false" } else { "true" }, "{}", cases[number]);
        }
    }

    #[test]
    fn what_is_handed_over_again_has_the_same_name() {
        let [first, again] = [1_000, 61_000].map(|at| signed(SECRET, "{}\n", Timestamp(at)));
        assert_eq!(first["webhook-id"], again["webhook-id"]);
        assert_ne!(first["webhook-signature"], again["webhook-signature"]);
        assert_ne!(first["webhook-id"], signed(SECRET, "{}", Timestamp(1_000))["webhook-id"]);
    }

    #[test]
    fn any_other_secret_signs_by_our_own_header() {
        let headers = signed("key", "{}\n", Timestamp(1_700_000_000_000));
        let signature = "t=1700000000000,v1=c6d48b8aeacb55b96c842e801eeea606ab7a4d4dd60183bc33f89a543a064abd";
        assert_eq!((headers.len(), headers[SIGNATURE].to_str().unwrap()), (1, signature));
    }
}
