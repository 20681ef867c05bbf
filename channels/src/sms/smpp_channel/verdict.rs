//! What the centre's words mean to us: statuses become verdicts, receipts become facts.

use std::time::Duration;

use mingluo_model::{
    channel::{Refusal, Verdict},
    clock::Timestamp,
    delivery::Reason,
    receipt::{ProviderId, Receipt, ReceiptStatus},
};

use crate::sms::{
    number,
    smpp::{
        CommandStatus, DeliveryReport, MessageId, MessageIdForm, MessageState, ShortMessage, StatusClass,
    },
};

/// How long to hold an account back that was too fast: gateways count by the second.
pub(super) const THROTTLED: Duration = Duration::from_secs(1);

/// The far side's words are kept up to so many octets.
const LONGEST_WORDS: usize = 64;

/// What the answer to one submit means.
pub(super) fn of_submit(status: CommandStatus, id: &MessageId, form: MessageIdForm) -> Verdict {
    match status.class() {
        StatusClass::Ok => Verdict::Accepted(provider_id(id, form)),
        StatusClass::Throttled | StatusClass::NotBound | StatusClass::BindFailed => {
            Verdict::Busy { retry_after: THROTTLED }
        }
        StatusClass::Temporary | StatusClass::Vendor | StatusClass::BadCredentials => {
            Verdict::Temporary(refusal(status))
        }
        StatusClass::Permanent => Verdict::Permanent(refusal(status)),
    }
}

/// What a generic_nack to one submit means: it was not understood, which is for good only when its status says so.
pub(super) fn of_nack(status: CommandStatus) -> Verdict {
    match status.class() {
        StatusClass::Permanent => Verdict::Permanent(refusal(status)),
        _ => Verdict::Temporary(refusal(status)),
    }
}

/// A part whose number is none: it never left.
pub(super) fn no_number() -> Verdict {
    Verdict::Permanent(Refusal { reason: Reason::BadAddress, far_code: String::new() })
}

fn provider_id(id: &MessageId, form: MessageIdForm) -> Option<ProviderId> {
    if id.is_empty() {
        return None;
    }
    Some(match form {
        MessageIdForm::AsIs => ProviderId::new(id.as_bytes()),
        _ => ProviderId::new(form.of_response(&id.to_text()).as_bytes()),
    })
}

fn refusal(status: CommandStatus) -> Refusal {
    Refusal { reason: reason(status), far_code: status.to_string() }
}

fn reason(status: CommandStatus) -> Reason {
    match status {
        CommandStatus::RINVDSTADR | CommandStatus::RINVDSTTON | CommandStatus::RINVDSTNPI => {
            Reason::BadAddress
        }
        CommandStatus::RINVSRCADR
        | CommandStatus::RINVSRCTON
        | CommandStatus::RINVSRCNPI
        | CommandStatus::RINVSERTYP
        | CommandStatus::RINVSYSID
        | CommandStatus::RINVPASWD
        | CommandStatus::RINVSYSTYP => Reason::NotAllowed,
        CommandStatus::RINVMSGLEN | CommandStatus::RX_P_APPN | CommandStatus::RX_R_APPN => Reason::Content,
        CommandStatus::RSYSERR | CommandStatus::RSUBMITFAIL | CommandStatus::RX_T_APPN => Reason::FarFault,
        _ => Reason::Other,
    }
}

/// The fact that a final report states.
pub(super) fn receipt(
    report: DeliveryReport,
    message: &ShortMessage,
    form: MessageIdForm,
    at: Timestamp,
) -> Receipt {
    let provider_id = match form {
        MessageIdForm::AsIs => ProviderId::new(report.message_id.as_bytes()),
        _ => ProviderId::new(form.of_receipt(&report.message_id).as_bytes()),
    };
    let (state, to) = (report.state, number::from_wire(&message.source.digits));
    Receipt { provider_id, status: status(state), to, far_code: words(report), at }
}

/// Both states that are steps on the way are answered before; they could only mean that it is not known.
const fn status(state: MessageState) -> ReceiptStatus {
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

/// `stat`, and `err` where it says something.
fn words(report: DeliveryReport) -> String {
    let mut words = report.stat.unwrap_or_else(|| report.state.stat().to_owned());
    if let Some(err) = report.err.filter(|err| err.bytes().any(|octet| octet != b'0')) {
        words.push(' ');
        words.push_str(&err);
    }
    words.truncate(words.floor_char_boundary(LONGEST_WORDS));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(status: CommandStatus, id: &str) -> Verdict {
        let id = MessageId::new("message_id", id).unwrap();
        of_submit(status, &id, MessageIdForm::HexToDecimal)
    }

    #[test]
    fn an_accepted_part_is_named_as_its_receipt_will() {
        let id = ProviderId::new(b"255");
        assert_eq!(submit(CommandStatus::ROK, "00FF"), Verdict::Accepted(Some(id)));
        assert_eq!(submit(CommandStatus::ROK, ""), Verdict::Accepted(None));
    }

    #[test]
    fn a_full_queue_costs_no_attempt_and_a_bad_number_is_for_good() {
        assert_eq!(submit(CommandStatus::RMSGQFUL, ""), Verdict::Busy { retry_after: THROTTLED });
        let Verdict::Permanent(refusal) = submit(CommandStatus::RINVDSTADR, "") else { panic!() };
        assert_eq!(refusal.reason, Reason::BadAddress);
        assert_eq!(refusal.far_code, "ESME_RINVDSTADR (0x0000000b)");
        assert!(matches!(submit(CommandStatus(0x4FF), ""), Verdict::Temporary(_)));
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let report = DeliveryReport {
            message_id: "1".into(),
            state: MessageState::Unknown,
            is_final: true,
            stat: Some("未".repeat(40)),
            err: Some("099".into()),
            network_error: None,
            done_date: None,
        };
        assert_eq!(words(report.clone()), "未".repeat(21));
        assert_eq!(words(DeliveryReport { stat: None, ..report }), "UNKNOWN 099");
    }
}
