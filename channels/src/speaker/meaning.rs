//! What a box's report means to dispatch. Pure: an event in, an answer and a receipt out.

use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    channel::{Refusal, Verdict},
    delivery::Reason,
    link::{Event, Report},
    receipt::{ProviderId, ReceiptStatus},
};

/// The longest far code that is kept.
const LONGEST_CODE: usize = 64;

/// What one report amounts to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing that dispatch wants to know.
    Nothing,
    /// The box has the bulletin, and this became of it.
    Taken(ReceiptStatus),
    /// The box will not have it.
    Refused,
}

/// The meaning of an event. "Verified" is told as delivered, like "playing": it arrived, and has not sounded yet.
pub(super) const fn of(event: Event) -> Meaning {
    Meaning::Taken(match event {
        Event::Received | Event::Other => return Meaning::Nothing,
        Event::Refused => return Meaning::Refused,
        Event::Verified | Event::Playing => ReceiptStatus::Delivered,
        Event::Sounded => ReceiptStatus::Sounded,
        Event::NotHeard => ReceiptStatus::Failed(Reason::NotHeard),
        Event::Ended => ReceiptStatus::Ended,
        Event::Preempted => ReceiptStatus::Failed(Reason::Preempted),
        Event::Stopped | Event::Interrupted => ReceiptStatus::Failed(Reason::Other),
        Event::Expired => ReceiptStatus::Expired,
    })
}

/// The answer of a box that has the bulletin; its receipts will name it so.
pub(super) fn accepted(box_code: ResourceCode, ebm: EbmId) -> Verdict {
    Verdict::Accepted(Some(provider_id(box_code, ebm)))
}

/// The answer of a box that refuses.
pub(super) fn refused(report: &Report) -> Verdict {
    Verdict::Permanent(Refusal { reason: Reason::BoxRefused, far_code: far_code(report) })
}

/// One bulletin in one box: both codes, 58 digits.
pub(super) fn provider_id(box_code: ResourceCode, ebm: EbmId) -> ProviderId {
    ProviderId::new(format!("{box_code}{ebm}").as_bytes())
}

/// The reason of a refusal, else the event's word. The reason comes from outside: printable ASCII, cut.
pub(super) fn far_code(report: &Report) -> String {
    if report.event == Event::Refused {
        return report.reason.chars().filter(char::is_ascii_graphic).take(LONGEST_CODE).collect();
    }
    word(report.event).to_owned()
}

const fn word(event: Event) -> &'static str {
    match event {
        Event::Received => "received",
        Event::Verified => "verified",
        Event::Refused => "refused",
        Event::Playing => "playing",
        Event::Sounded => "sounded",
        Event::NotHeard => "not-heard",
        Event::Ended => "ended",
        Event::Preempted => "preempted",
        Event::Stopped => "stopped",
        Event::Expired => "expired",
        Event::Interrupted => "interrupted",
        Event::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speaker::village::{box_code, bulletin, report};

    #[test]
    fn a_refusal_is_told_with_the_boxes_reason_and_without_its_tricks() {
        let refusal =
            Report { reason: format!("unknown-key\n{}", "x".repeat(99)), ..report(1, 1, Event::Refused) };
        let Verdict::Permanent(Refusal { reason, far_code }) = refused(&refusal) else {
            panic!("not permanent")
        };
        assert_eq!((reason, far_code.len()), (Reason::BoxRefused, LONGEST_CODE));
        assert!(far_code.starts_with("unknown-keyx"));
    }

    #[test]
    fn the_provider_id_holds_both_codes_whole() {
        let id = provider_id(box_code(1), bulletin(7).ebm);
        assert_eq!(id.bytes(), format!("{}{}", box_code(1), bulletin(7).ebm).as_bytes());
        assert!(id.bytes().len() == 58 && id.bytes().len() < ProviderId::LONGEST);
    }
}
