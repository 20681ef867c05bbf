//! What a gateway's words mean to us, whatever its protocol.

use std::time::Duration;

use mingluo_model::{
    channel::{Refusal, Verdict},
    delivery::Reason,
    receipt::{ProviderId, ReceiptStatus},
};

use crate::sms::{smpp::MessageState, wire::AnswerClass};

/// How long to hold an account back that was too fast: gateways count by the second.
pub(in crate::sms) const THROTTLED: Duration = Duration::from_secs(1);

/// The far side's words are kept up to so many octets.
const LONGEST_WORDS: usize = 64;

/// What an answer of this class means for the part.
///
/// An account's fault is for good: trying the same again within minutes cannot help, and other channels can take the
/// recipients over at once.
pub(in crate::sms) fn of_class(
    class: AnswerClass,
    id: Option<ProviderId>,
    refusal: impl FnOnce() -> Refusal,
) -> Verdict {
    match class {
        AnswerClass::Ok => Verdict::Accepted(id),
        AnswerClass::Busy => Verdict::Busy { retry_after: THROTTLED },
        // Nothing is sent again under its old sequence: what the gateway took for a copy was this part itself, and it
        // was dropped. The next try has another sequence.
        AnswerClass::Temporary | AnswerClass::Repeated => Verdict::Temporary(refusal()),
        AnswerClass::Permanent => Verdict::Permanent(refusal()),
        // It says nothing of the recipient, whom another account may reach.
        AnswerClass::Account => Verdict::Closed(refusal()),
    }
}

/// A part whose number is none: it never left.
pub(in crate::sms) const fn no_number() -> Verdict {
    Verdict::Permanent(Refusal { reason: Reason::BadAddress, far_code: String::new() })
}

/// A refusal with the far side's words, cut to what is kept.
pub(in crate::sms) fn refusal(reason: Reason, far_code: String) -> Refusal {
    Refusal { reason, far_code: words(far_code) }
}

/// The far side's words, cut between characters.
pub(in crate::sms) fn words(mut words: String) -> String {
    words.truncate(words.floor_char_boundary(LONGEST_WORDS));
    words
}

/// What the state of a final report says. States that are steps on the way are answered before; they could only mean
/// that it is not known.
pub(in crate::sms) const fn receipt_status(state: MessageState) -> ReceiptStatus {
    match state {
        MessageState::Delivered => ReceiptStatus::Delivered,
        MessageState::Expired => ReceiptStatus::Expired,
        MessageState::Undeliverable => ReceiptStatus::Failed(Reason::Unreachable),
        MessageState::Rejected => ReceiptStatus::Failed(Reason::NotAllowed),
        MessageState::Deleted => ReceiptStatus::Failed(Reason::FarFault),
        MessageState::Unknown | MessageState::Enroute | MessageState::Accepted => {
            ReceiptStatus::Failed(Reason::Other)
        }
    }
}
