//! What the platform's codes mean (企业微信开发者中心, 全局错误码). Pure. The HTTP status says nothing: errors come with 200.

use crate::weixin::said::{far_code, is_dead_token};
use mingluo_model::{
    channel::{Refusal, Verdict},
    delivery::Reason,
};
use std::time::Duration;

/// "System busy" (-1): what SDKs wait before the first repeat.
const BUSY: Duration = Duration::from_secs(1);
/// Limits are counted by the minute (访问频率限制).
const MINUTE: Duration = Duration::from_mins(1);

/// What a code other than 0 means for everybody of a call; `hidden` are kept out of the record.
pub(crate) fn verdict<'a>(errcode: i64, errmsg: &str, hidden: impl IntoIterator<Item = &'a str>) -> Verdict {
    let refusal = |reason| Refusal { reason, far_code: far_code(errcode, errmsg, hidden) };
    match errcode {
        -1 => Verdict::Busy { retry_after: BUSY },
        // Called too often, or too much at once.
        45_009 | 45_033 => Verdict::Busy { retry_after: MINUTE },
        // All of them are no members, or not in sight of the application; a robot that was put out of its group (93000).
        40_003 | 40_031 | 46_004 | 60_111 | 81_013 | 82_001 | 93_000 => {
            Verdict::Permanent(refusal(Reason::BadAddress))
        }
        40_008 | 40_033 | 40_058 | 44_004 | 45_002 | 47_001 => Verdict::Permanent(refusal(Reason::Content)),
        // Another corporation or application, one that is stopped, an address that is not on its list.
        40_013 | 40_056 | 48_002 | 50_003 | 60_011 | 60_020 | 301_002 => {
            Verdict::Permanent(refusal(Reason::NotAllowed))
        }
        code if is_dead_token(code) => Verdict::Temporary(refusal(Reason::NotAllowed)),
        _ => Verdict::Temporary(refusal(Reason::Other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_of_refusal_has_its_reason() {
        let classes = [
            (81_013, Reason::BadAddress),
            (93_000, Reason::BadAddress),
            (44_004, Reason::Content),
            (60_020, Reason::NotAllowed),
        ];
        for (errcode, expected) in classes {
            let Verdict::Permanent(refusal) = verdict(errcode, "words", []) else { panic!("{errcode}") };
            assert_eq!(refusal.reason, expected, "{errcode}");
        }
    }

    #[test]
    fn a_limit_is_waited_out_and_costs_no_attempt() {
        for (errcode, retry_after) in [(-1, BUSY), (45_009, MINUTE), (45_033, MINUTE)] {
            assert_eq!(verdict(errcode, "words", []), Verdict::Busy { retry_after }, "{errcode}");
        }
        assert!(matches!(verdict(99_999, "words", []), Verdict::Temporary(_)));
    }

    #[test]
    fn a_member_whom_the_words_quote_is_in_no_record() {
        let Verdict::Permanent(refusal) = verdict(60_111, "userid not found: zhangsan", ["zhangsan"]) else {
            panic!("it is for good")
        };
        assert_eq!(refusal.far_code, "60111");
    }
}
