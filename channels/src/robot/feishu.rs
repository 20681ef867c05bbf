//! Robots of Feishu groups (飞书开放平台, 自定义机器人使用指南): the token stands in the path, time and signature in the body.

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

/// A hundred messages a minute and five a second (频控策略, 自定义机器人), of which four are taken; a body of 20 kB.
pub(super) const TERMS: Terms = Terms {
    api_base: "https://open.feishu.cn",
    most_a_minute: 100,
    per_minute: 90,
    apart: Duration::from_millis(250),
    // Four seconds of it.
    window: NonZeroU32::new(16).expect("it is not zero"),
    longest: 20_000,
    length: whole_body,
};

/// After "too fast", which does not say whether the second or the minute is full. It comes on the hour and the half besides,
/// when all the country's robots speak (频控策略).
const TOO_FAST: Duration = Duration::from_secs(5);

/// The call that says a text at a time.
pub(super) fn call(keys: &Signed, text: &str, now: Timestamp) -> Call {
    let seconds = now.0.div_euclid(1_000);
    let body = json!({
        "timestamp": seconds.to_string(), "sign": sign(keys.secret.expose(), seconds),
        "msg_type": "text", "content": { "text": text },
    });
    let path = format!("/open-apis/bot/v2/hook/{}", keys.token.expose());
    Call { path, query: Vec::new(), body: body.to_string().into_bytes() }
}

/// The signature (签名校验): the seconds and the secret are the key, and nothing is the message.
fn sign(secret: &str, seconds: i64) -> String {
    mac(format!("{seconds}\n{secret}").as_bytes(), b"")
}

/// Its answer; what has no code is none.
#[derive(Deserialize)]
#[serde(try_from = "Words")]
pub(super) struct Said {
    code: i64,
    msg: String,
}

/// The answer on the wire: the code has its old name, its new one, or both.
#[derive(Deserialize)]
struct Words {
    code: Option<i64>,
    #[serde(default)]
    msg: String,
    #[serde(rename = "StatusCode")]
    status_code: Option<i64>,
}

impl TryFrom<Words> for Said {
    type Error = &'static str;

    fn try_from(Words { code, msg, status_code }: Words) -> Result<Self, Self::Error> {
        code.or(status_code).map(|code| Self { code, msg }).ok_or("an answer without a code")
    }
}

impl Said {
    /// What it means (自定义机器人使用指南, 错误码).
    pub(super) fn verdict(&self, keys: &Signed) -> Verdict {
        let code = self.code;
        let hidden = [keys.token.expose(), keys.secret.expose()];
        let refusal = |reason| Refusal { reason, far_code: far_code(code, &self.msg, hidden) };
        match code {
            0 => Verdict::Accepted(None),
            11_232 | 99_991_400 => Verdict::Busy { retry_after: TOO_FAST },
            // A body that is too long or no message at all has the same code as too many of them.
            9_499 if self.msg.to_ascii_lowercase().contains("too many") => {
                Verdict::Busy { retry_after: TOO_FAST }
            }
            9_499 => Verdict::Permanent(refusal(Reason::Content)),
            // No such token.
            19_001 => Verdict::Permanent(refusal(Reason::BadAddress)),
            // The robot's security settings: signature or clock, list of addresses, keyword.
            19_021 | 19_022 | 19_024 => Verdict::Closed(refusal(Reason::NotAllowed)),
            _ => Verdict::Temporary(refusal(Reason::Other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Secret;
    use serde_json::Value;

    fn keys() -> Signed {
        Signed { token: Secret::new("a1b2-c3"), secret: Secret::new("SECtest0123456789") }
    }

    fn said(answer: &str) -> Verdict {
        serde_json::from_str::<Said>(answer).unwrap().verdict(&keys())
    }

    #[test]
    fn the_signature_stands_in_the_body_with_the_seconds_it_was_made_of() {
        let Call { path, query, body } = call(&keys(), "请立即转移", Timestamp(1_599_360_473_999));
        assert_eq!((&*path, query.len()), ("/open-apis/bot/v2/hook/a1b2-c3", 0));
        let expected = json!({
            "timestamp": "1599360473", "sign": "jUFg90ujajXXWgj1CMYTlPhPRb77fTnmP1XNcF/Thhg=",
            "msg_type": "text", "content": { "text": "请立即转移" },
        });
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    }

    #[test]
    fn good_news_has_either_name_and_no_answer_without_a_code_is_good() {
        for answer in [
            r#"{"code":0,"msg":"success","data":{},"StatusCode":0,"StatusMessage":"success"}"#,
            r#"{"Extra":null,"StatusCode":0,"StatusMessage":"success"}"#,
        ] {
            assert_eq!(said(answer), Verdict::Accepted(None), "{answer}");
        }
        assert!(matches!(said(r#"{"code":19021,"StatusCode":0}"#), Verdict::Closed(_)));
        assert!(serde_json::from_str::<Said>("{}").is_err());
    }

    #[test]
    fn too_fast_is_waited_out_and_too_long_is_not() {
        let too_fast = Verdict::Busy { retry_after: TOO_FAST };
        assert_eq!(said(r#"{"code":11232,"msg":"frequency limited"}"#), too_fast);
        assert_eq!(said(r#"{"code":9499,"msg":"too many request"}"#), too_fast);
        let Verdict::Permanent(refusal) = said(r#"{"code":9499,"msg":"Bad Request"}"#) else { panic!() };
        assert_eq!(refusal.reason, Reason::Content);
    }

    #[test]
    fn each_fault_of_the_security_settings_is_the_accounts() {
        for code in [19_021, 19_022, 19_024] {
            let Verdict::Closed(refusal) = said(&format!(r#"{{"code":{code},"msg":"words"}}"#)) else {
                panic!("{code}")
            };
            assert_eq!((refusal.reason, refusal.far_code), (Reason::NotAllowed, format!("{code} words")));
        }
        let Verdict::Permanent(refusal) = said(r#"{"code":19001,"msg":"token a1b2-c3 invalid"}"#) else {
            panic!("there is no such robot")
        };
        assert_eq!((refusal.reason, &*refusal.far_code), (Reason::BadAddress, "19001"));
    }
}
