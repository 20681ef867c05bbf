//! What the platform's error codes mean (微信开放文档, 全局返回码). Pure. The HTTP status says nothing: errors come with 200.

use crate::weixin::said::{far_code, is_dead_token};
use mingluo_model::{
    channel::{JobState, Refusal, Verdict},
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
    /// How a mass send stands, where that was asked.
    pub(super) msg_status: Option<String>,
}

/// What an answer means for the follower `to`, whose open id is kept out of the record. A used-up quota or a want of
/// rights is the account's: it would be said of every follower.
pub(super) fn verdict(said: &Said, to: &str) -> Verdict {
    let refusal = |reason| Refusal { reason, far_code: far_code(said.errcode, &said.errmsg, [to]) };
    match said.errcode {
        // 45065: this client_msg_id was sent before; the answer names that message.
        0 | 45_065 => Verdict::Accepted(said.msgid.map(|id| ProviderId::new(id.to_string().as_bytes()))),
        -1 => Verdict::Busy { retry_after: BUSY },
        45_011 | 45_066 => Verdict::Busy { retry_after: MINUTE },
        45_009 | 45_028 | 48_006 => Verdict::Closed(refusal(Reason::Quota)),
        40_003 | 46_004 => Verdict::Permanent(refusal(Reason::BadAddress)),
        43_004 | 43_019 | 43_101 | 48_002 | 50_005 => Verdict::Permanent(refusal(Reason::Blocked)),
        40_033 | 40_037 | 41_030 | 45_002 | 47_001 | 47_003 | 87_014 => {
            Verdict::Permanent(refusal(Reason::Content))
        }
        40_013 | 40_125 | 40_164 | 48_001 | 48_003 | 48_004 | 48_008 | 50_002 | 61_007 | 89_503 => {
            Verdict::Closed(refusal(Reason::NotAllowed))
        }
        code if is_dead_token(code) => Verdict::Temporary(refusal(Reason::NotAllowed)),
        _ => Verdict::Temporary(refusal(Reason::Other)),
    }
}

/// What an answer means for a call to many. It says nothing of one of them: what cannot be is told singly, where
/// everybody has an answer of their own.
pub(super) fn mass_verdict(said: &Said) -> Verdict {
    match verdict(said, "") {
        Verdict::Permanent(Refusal { reason: Reason::BadAddress | Reason::Blocked, .. }) => {
            // The words may quote an open id.
            let far_code = said.errcode.to_string();
            Verdict::Permanent(Refusal { reason: Reason::Other, far_code })
        }
        other => other,
    }
}

/// The platform knows no mass send of this number.
const NO_SUCH_JOB: i64 = 40_059;

/// What the answer says of a mass send (查询群发消息发送状态); one that was deleted at the platform is nobody's. Nothing where it is
/// no answer to that: busy, a quota, a want of rights.
pub(super) fn job_state(said: &Said) -> Option<JobState> {
    Some(match (said.errcode, said.msg_status.as_deref()) {
        (0, Some("SEND_SUCCESS")) => JobState::Sent,
        (0, Some("SENDING")) => JobState::UnderWay,
        (0, Some("SEND_FAIL" | "DELETE")) => JobState::NotSent,
        (0 | NO_SUCH_JOB, _) => JobState::Unsaid,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(errcode: i64) -> Said {
        Said { errcode, errmsg: String::from("words rid: 1"), msgid: None, msg_status: None }
    }

    fn reason(errcode: i64) -> Option<Reason> {
        match verdict(&said(errcode), "oGone") {
            Verdict::Permanent(refusal) => Some(refusal.reason),
            _ => None,
        }
    }

    fn closed(verdict: Verdict) -> Option<Reason> {
        match verdict {
            Verdict::Closed(refusal) => Some(refusal.reason),
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
        let classes = [(40_003, Reason::BadAddress), (43_101, Reason::Blocked), (47_003, Reason::Content)];
        for (errcode, expected) in classes {
            assert_eq!(reason(errcode), Some(expected), "{errcode}");
        }
    }

    #[test]
    fn a_used_up_quota_and_lost_rights_are_the_accounts_and_say_nothing_of_a_follower() {
        for errcode in [45_009, 45_028, 48_006] {
            assert_eq!(closed(verdict(&said(errcode), "o1")), Some(Reason::Quota), "{errcode}");
        }
        for errcode in [40_013, 40_164, 48_001, 48_004, 50_002, 89_503] {
            assert_eq!(closed(verdict(&said(errcode), "o1")), Some(Reason::NotAllowed), "{errcode}");
        }
    }

    #[test]
    fn what_refuses_a_call_to_many_is_no_word_on_one_of_them() {
        let mass = |errcode| mass_verdict(&Said { msgid: Some(34_182), ..said(errcode) });
        let id = Some(ProviderId::new(b"34182"));
        assert_eq!([mass(0), mass(45_065)], [Verdict::Accepted(id.clone()), Verdict::Accepted(id)]);
        assert_eq!(mass(45_066), Verdict::Busy { retry_after: MINUTE });
        assert_eq!(
            [closed(mass(45_028)), closed(mass(48_001))],
            [Some(Reason::Quota), Some(Reason::NotAllowed)]
        );
        let stranger = Refusal { reason: Reason::Other, far_code: "40003".into() };
        assert_eq!(mass(40_003), Verdict::Permanent(stranger), "nobody's address is struck off by it");
    }

    #[test]
    fn a_mass_send_that_was_asked_after_is_sent_under_way_or_nobodys() {
        use JobState::{NotSent, Sent, UnderWay, Unsaid};
        let state =
            |errcode, words: &str| job_state(&Said { msg_status: Some(words.into()), ..said(errcode) });
        let states = ["SEND_SUCCESS", "SENDING", "SEND_FAIL", "DELETE", "else"].map(|words| state(0, words));
        assert_eq!(states, [Sent, UnderWay, NotSent, NotSent, Unsaid].map(Some));
        assert_eq!(state(40_059, "SEND_SUCCESS"), Some(Unsaid), "an unknown number");
        assert_eq!([-1, 45_009, 48_001].map(|errcode| state(errcode, "")), [None; 3], "no answer to that");
    }

    #[test]
    fn busy_costs_no_attempt_and_the_unheard_of_does() {
        assert_eq!(verdict(&said(-1), "o1"), Verdict::Busy { retry_after: BUSY });
        assert_eq!(verdict(&said(45_011), "o1"), Verdict::Busy { retry_after: MINUTE });
        assert!(matches!(verdict(&said(99_999), "o1"), Verdict::Temporary(_)));
    }
}
