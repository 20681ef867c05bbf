//! Robots of DingTalk groups (钉钉开放平台, 自定义机器人): time and signature stand in the address, and the HTTP status says
//! nothing.

use super::{
    config::Signed,
    platform::{Call, Terms, mac, whole_body},
};
use crate::weixin::said::far_code;
use mingluo_model::{
    channel::{Refusal, Verdict},
    clock::Timestamp,
    delivery::Reason,
};
use serde::Deserialize;
use serde_json::json;
use std::{num::NonZeroU32, time::Duration};

/// Twenty messages a minute, and ten minutes without any for who sends more (消息发送频率限制), so that more is kept back than
/// elsewhere. A body of 20,000 bytes (460101).
pub(super) const TERMS: Terms = Terms {
    api_base: "https://oapi.dingtalk.com",
    most_a_minute: 20,
    per_minute: 16,
    apart: Duration::ZERO,
    window: NonZeroU32::new(80).expect("it is not zero"),
    longest: 20_000,
    length: whole_body,
};

/// "System busy" (-1): to be asked again in a moment (全局错误码).
const BUSY: Duration = Duration::from_secs(1);

/// After "too fast". The platform shuts the robot out for ten minutes, but not those beside it, which a pause holds as well:
/// so all of them wait a minute, and the one is asked again until it is let in.
const TOO_FAST: Duration = Duration::from_mins(1);

/// The call that says a text at a time.
pub(super) fn call(keys: &Signed, text: &str, now: Timestamp) -> Call {
    let body = json!({ "msgtype": "text", "text": { "content": text } });
    Call {
        path: "/robot/send".to_owned(),
        query: vec![
            ("access_token", keys.token.expose().to_owned()),
            ("timestamp", now.0.to_string()),
            ("sign", sign(keys.secret.expose(), now)),
        ],
        body: body.to_string().into_bytes(),
    }
}

/// The signature (加签): the secret is the key, and stands in the message behind the milliseconds besides.
fn sign(secret: &str, now: Timestamp) -> String {
    mac(secret.as_bytes(), format!("{}\n{secret}", now.0).as_bytes())
}

/// Its answer.
#[derive(Deserialize)]
pub(super) struct Said {
    errcode: Option<i64>,
    #[serde(default)]
    errmsg: String,
    /// What stands before the platform against floods answers with this, and with no code.
    punish: Option<String>,
}

impl Said {
    /// What it means (自定义机器人, 错误码).
    pub(super) fn verdict(&self, keys: &Signed) -> Verdict {
        let Some(errcode) = self.errcode else {
            return if self.punish.is_some() {
                Verdict::Busy { retry_after: TOO_FAST }
            } else {
                Verdict::Lost
            };
        };
        let hidden = [keys.token.expose(), keys.secret.expose()];
        let refusal = |reason| Refusal { reason, far_code: far_code(errcode, &self.errmsg, hidden) };
        match errcode {
            0 => Verdict::Accepted(None),
            -1 => Verdict::Busy { retry_after: BUSY },
            130_101 | 410_100 => Verdict::Busy { retry_after: TOO_FAST },
            // The robot's security settings: signature or clock, keyword, list of addresses.
            310_000 => Verdict::Closed(refusal(Reason::NotAllowed)),
            // No such token or robot, one that is stopped, a group that is no more.
            300_001 | 300_005 | 400_013 | 400_101 | 400_102 | 400_106 => {
                Verdict::Permanent(refusal(Reason::BadAddress))
            }
            // Too long, of no known kind, or what may not be said.
            40_035 | 101_002 | 400_105 | 430_101..=430_104 | 460_101 => {
                Verdict::Permanent(refusal(Reason::Content))
            }
            _ => Verdict::Temporary(refusal(Reason::Other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Secret;
    use reqwest::Url;

    const NOW: Timestamp = Timestamp(1_577_262_236_757);

    fn keys() -> Signed {
        Signed { token: Secret::new("566cc69da782ec"), secret: Secret::new("SECtest0123456789") }
    }

    fn said(answer: &str) -> Verdict {
        serde_json::from_str::<Said>(answer).unwrap().verdict(&keys())
    }

    #[test]
    fn the_signature_stands_in_the_address_as_the_platform_has_it() {
        assert_eq!(sign("SECtest0123456789", NOW), "1cH8bTJdNVztw7nIxpGmy+mbTpcLWoiheQmoBl7Ms6Q=");
        let mut url: Url = TERMS.api_base.parse().unwrap();
        url.query_pairs_mut().extend_pairs(call(&keys(), "请立即转移", NOW).query);
        let asked = "access_token=566cc69da782ec&timestamp=1577262236757\
                     &sign=1cH8bTJdNVztw7nIxpGmy%2BmbTpcLWoiheQmoBl7Ms6Q%3D";
        assert_eq!(url.query(), Some(asked));
    }

    #[test]
    fn too_fast_is_waited_out_whoever_says_it() {
        let minute = Verdict::Busy { retry_after: Duration::from_mins(1) };
        let flood = r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"24ce64f6"}"#;
        for answer in [r#"{"errcode":130101,"errmsg":"send too fast"}"#, r#"{"errcode":410100}"#, flood] {
            assert_eq!(said(answer), minute, "{answer}");
        }
        assert_eq!(said(r#"{"errcode":-1,"errmsg":"系统繁忙"}"#), Verdict::Busy { retry_after: BUSY });
    }

    #[test]
    fn a_fault_of_the_security_settings_is_the_accounts_and_no_answer_without_a_code_is_a_good_one() {
        let Verdict::Closed(refusal) = said(r#"{"errcode":310000,"errmsg":"sign not match"}"#) else {
            panic!("it says nothing of the group")
        };
        assert_eq!((refusal.reason, &*refusal.far_code), (Reason::NotAllowed, "310000 sign not match"));
        assert_eq!(said("{}"), Verdict::Lost);
    }

    #[test]
    fn each_class_of_refusal_has_its_reason() {
        let reason = |code: i64| match said(&format!(r#"{{"errcode":{code},"errmsg":"words"}}"#)) {
            Verdict::Permanent(refusal) => refusal.reason,
            other => panic!("{other:?}"),
        };
        for code in [300_001, 300_005, 400_013, 400_101, 400_102, 400_106] {
            assert_eq!(reason(code), Reason::BadAddress, "{code}");
        }
        for code in [40_035, 101_002, 400_105, 430_102, 460_101] {
            assert_eq!(reason(code), Reason::Content, "{code}");
        }
        assert!(matches!(said(r#"{"errcode":88}"#), Verdict::Temporary(_)));
        let quoting = said(r#"{"errcode":300001,"errmsg":"token 566cc69da782ec is not exist"}"#);
        assert!(!format!("{quoting:?}").contains("566cc"), "no key in any record");
    }
}
