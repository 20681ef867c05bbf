//! What the platform's error codes mean (微信开放文档, 全局返回码). Pure. The HTTP status says nothing: errors come with 200.

use crate::weixin::said::{far_code, is_dead_token};
use mingluo_model::{
    channel::{Refusal, Verdict},
    delivery::Reason,
    receipt::ProviderId,
};
use std::time::Duration;

/// "System busy" (-1): what SDKs wait before the first repeat.
const BUSY: Duration = Duration::from_secs(1);
/// Limits by the minute (45011, 45066).
const MINUTE: Duration = Duration::from_mins(1);

/// What the answer to a call said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(super) struct Said {
    /// 0 when all is well.
    #[serde(default)]
    pub(super) errcode: i64,
    /// The platform's words, with its trace id at the end.
    #[serde(default)]
    pub(super) errmsg: String,
    /// The message's number, beyond 2^53.
    #[serde(alias = "msg_id")]
    pub(super) msgid: Option<u64>,
}

/// What an answer means for the follower `to`, whose open id is kept out of the record.
pub(super) fn verdict(said: &Said, to: &str) -> Verdict {
    let refusal = |reason| Refusal { reason, far_code: far_code(said.errcode, &said.errmsg, [to]) };
    match said.errcode {
        // 45065: this client_msg_id was sent before; the answer names that message.
        0 | 45_065 => Verdict::Accepted(said.msgid.map(|id| ProviderId::new(id.to_string().as_bytes()))),
        -1 => Verdict::Busy { retry_after: BUSY },
        45_011 | 45_066 => Verdict::Busy { retry_after: MINUTE },
        45_009 | 45_028 | 48_006 => Verdict::Permanent(refusal(Reason::Quota)),
        40_003 | 46_004 => Verdict::Permanent(refusal(Reason::BadAddress)),
        43_004 | 43_019 | 43_101 | 48_002 | 50_005 => Verdict::Permanent(refusal(Reason::Blocked)),
        40_033 | 40_037 | 41_030 | 45_002 | 47_001 | 47_003 | 87_014 => {
            Verdict::Permanent(refusal(Reason::Content))
        }
        40_013 | 40_125 | 40_164 | 48_001 | 48_003 | 48_004 | 48_008 | 50_002 | 61_007 | 89_503 => {
            Verdict::Permanent(refusal(Reason::NotAllowed))
        }
        code if is_dead_token(code) => Verdict::Temporary(refusal(Reason::NotAllowed)),
        _ => Verdict::Temporary(refusal(Reason::Other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(errcode: i64) -> Said {
        Said { errcode, errmsg: String::from("words rid: 1"), msgid: None }
    }

    fn reason(errcode: i64) -> Option<Reason> {
        match verdict(&said(errcode), "oGone") {
            Verdict::Permanent(refusal) => Some(refusal.reason),
            _ => None,
        }
    }

    #[test]
    fn a_number_beyond_53_bits_stays_exact() {
        let said = Said { msgid: Some(3_600_000_000_000_000_001), ..said(0) };
        let id = ProviderId::new(b"3600000000000000001");
        assert_eq!(verdict(&said, "o1"), Verdict::Accepted(Some(id.clone())));
        assert_eq!(
            verdict(&Said { errcode: 45_065, ..said }, "o1"),
            Verdict::Accepted(Some(id)),
            "sent before"
        );
    }

    #[test]
    fn each_class_of_refusal_has_its_reason() {
        let classes = [
            (45_009, Reason::Quota),
            (40_003, Reason::BadAddress),
            (43_101, Reason::Blocked),
            (47_003, Reason::Content),
            (48_001, Reason::NotAllowed),
        ];
        for (errcode, expected) in classes {
            assert_eq!(reason(errcode), Some(expected), "{errcode}");
        }
    }

    #[test]
    fn busy_costs_no_attempt_and_the_unheard_of_does() {
        assert_eq!(verdict(&said(-1), "o1"), Verdict::Busy { retry_after: BUSY });
        assert_eq!(verdict(&said(45_011), "o1"), Verdict::Busy { retry_after: MINUTE });
        assert!(matches!(verdict(&said(99_999), "o1"), Verdict::Temporary(_)));
    }
}
