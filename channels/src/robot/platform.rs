//! What platforms decide differently: where a robot is called, how much it takes and how long a text may be. How a call is
//! signed and what its answer means is in the platform's own file.

use super::{dingtalk, feishu, wecom};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use mingluo_model::{channel::Unfit, misfit::Misfit};
use serde::Deserialize;
use sha2::Sha256;
use std::{num::NonZeroU32, time::Duration};

/// The platform in whose groups an account's robots are (平台).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// WeCom (企业微信).
    #[default]
    WeCom,
    /// DingTalk (钉钉).
    DingTalk,
    /// Feishu (飞书).
    Feishu,
}

/// What a platform grants one robot, and what is asked of it.
pub(super) struct Terms {
    /// Its address.
    pub(super) api_base: &'static str,
    /// Messages a minute that it takes.
    pub(super) most_a_minute: u32,
    /// The licence where the configuration names none, in messages a minute: less, since the platform's minute is not ours.
    pub(super) per_minute: u32,
    /// From the beginning of one call to that of the next at least; zero where nobody counts by the second.
    pub(super) apart: Duration,
    /// Messages under way: few enough that a graver warning need not wait long for them.
    pub(super) window: NonZeroU32,
    /// The longest text, in bytes.
    pub(super) longest: usize,
    /// What a text's length is.
    pub(super) length: fn(&str) -> usize,
}

/// One call of a robot.
pub(super) struct Call {
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Platform {
    /// What it grants and asks.
    pub(super) const fn terms(self) -> &'static Terms {
        match self {
            Self::WeCom => &wecom::TERMS,
            Self::DingTalk => &dingtalk::TERMS,
            Self::Feishu => &feishu::TERMS,
        }
    }

    /// Whether an address is that of another platform.
    pub(super) fn is_of_another(self, address: &str) -> bool {
        let host = |address: &str| address.parse::<reqwest::Url>().ok()?.host_str().map(str::to_owned);
        let others = [Self::WeCom, Self::DingTalk, Self::Feishu].into_iter().filter(|it| *it != self);
        let given = host(address);
        given.is_some() && others.map(|it| host(it.terms().api_base)).any(|other| other == given)
    }

    /// Whether a robot may say this.
    ///
    /// # Errors
    /// [`Unfit`] when it is empty or longer than the platform takes.
    pub(super) fn fits(self, text: &str) -> Result<(), Unfit> {
        let field = || "text".to_owned();
        if text.trim().is_empty() {
            return Err(Unfit::Wrong { field: field(), problem: Misfit::Empty });
        }
        let Terms { longest, length, .. } = *self.terms();
        match length(text) {
            length if length > longest => {
                Err(Unfit::TooLong { field: field(), length, longest, unit: "bytes" })
            }
            _ => Ok(()),
        }
    }
}

/// Bytes of a body besides its text: the names of its fields, and with Feishu time and signature.
const REST_OF_BODY: usize = 192;

/// How long the body with this text is at most, in bytes.
pub(super) fn whole_body(text: &str) -> usize {
    serde_json::Value::from(text).to_string().len() + REST_OF_BODY
}

/// The HMAC-SHA256 of a message (RFC 2104) in base64, as both platforms sign.
pub(super) fn mac(key: &[u8], message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(message);
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{super::config::Signed, *};
    use crate::account::Secret;
    use mingluo_model::clock::Timestamp;

    #[test]
    fn a_text_may_be_as_long_as_its_platform_takes() {
        let fits = |platform: Platform, length: usize| platform.fits(&"a".repeat(length)).is_ok();
        assert!(fits(Platform::WeCom, 2_048) && !fits(Platform::WeCom, 2_049));
        for platform in [Platform::DingTalk, Platform::Feishu] {
            assert!(fits(platform, 19_000) && !fits(platform, 20_000), "{platform:?}");
        }
        assert!(matches!(Platform::Feishu.fits(" \n"), Err(Unfit::Wrong { problem: Misfit::Empty, .. })));
    }

    #[test]
    fn no_body_is_longer_than_it_was_counted() {
        let keys = Signed { token: Secret::new("t"), secret: Secret::new("s") };
        let text = "\"请立即转移\"\n".repeat(900);
        for call in [dingtalk::call, feishu::call] {
            let body = call(&keys, &text, Timestamp(1_599_360_473_000)).body;
            assert!((body.len()..body.len() + REST_OF_BODY).contains(&whole_body(&text)));
        }
    }

    #[test]
    fn line_breaks_and_quotes_count_as_they_are_written_on_the_wire() {
        let text = "\"\n".repeat(5_000);
        assert!(matches!(Platform::DingTalk.fits(&text), Err(Unfit::TooLong { longest: 20_000, .. })));
    }

    #[test]
    fn the_licence_is_less_than_one_robot_is_granted() {
        for platform in [Platform::WeCom, Platform::DingTalk, Platform::Feishu] {
            let terms = platform.terms();
            assert!((1..terms.most_a_minute).contains(&terms.per_minute), "{platform:?}");
        }
    }
}
