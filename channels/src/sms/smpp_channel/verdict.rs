//! What the centre's words mean to us: statuses become verdicts, receipts become facts.

use mingluo_model::{
    channel::{Refusal, Verdict},
    clock::Timestamp,
    delivery::Reason,
    receipt::{ProviderId, Receipt},
};

use crate::sms::{
    number,
    session::{THROTTLED, receipt_status, refusal, words},
    smpp::{
        CommandStatus, DeliveryReport, MessageId, MessageIdForm, MessageState, ShortMessage, StatusClass,
    },
};

/// What the answer to one submit means.
pub(super) fn of_submit(status: CommandStatus, id: &MessageId, form: MessageIdForm) -> Verdict {
    match status.class() {
        StatusClass::Ok => Verdict::Accepted(provider_id(id, form)),
        StatusClass::Throttled | StatusClass::NotBound | StatusClass::BindFailed => {
            Verdict::Busy { retry_after: THROTTLED }
        }
        StatusClass::Temporary | StatusClass::Vendor | StatusClass::BadCredentials => {
            Verdict::Temporary(refused(status))
        }
        // What our configuration says, and every message with it: another account may reach this recipient.
        StatusClass::Permanent if reason(status) == Reason::NotAllowed => Verdict::Closed(refused(status)),
        StatusClass::Permanent => Verdict::Permanent(refused(status)),
    }
}

/// What a generic_nack to one submit means: it was not understood, which is for good only when its status says so.
pub(super) fn of_nack(status: CommandStatus) -> Verdict {
    match status.class() {
        StatusClass::Permanent => Verdict::Permanent(refused(status)),
        _ => Verdict::Temporary(refused(status)),
    }
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

fn refused(status: CommandStatus) -> Refusal {
    refusal(reason(status), status.to_string())
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
    let (state, to) = (report.state, number::from_wire(&number::spelled(&message.source)));
    Receipt { provider_id, status: receipt_status(state), to, far_code: far_code(report), at }
}

/// `stat`, and `err` where it says something; nothing where "delivered" is all that was said.
fn far_code(report: DeliveryReport) -> String {
    if report.state == MessageState::Delivered && report.stat.is_none() {
        return String::new();
    }
    let mut said = report.stat.unwrap_or_else(|| report.state.stat().to_owned());
    if let Some(err) = report.err.filter(|err| err.bytes().any(|octet| octet != b'0')) {
        said.push(' ');
        said.push_str(&err);
    }
    words(said)
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
        let Verdict::Closed(refusal) = submit(CommandStatus::RINVSRCADR, "") else { panic!() };
        assert_eq!(refusal.reason, Reason::NotAllowed, "the configuration's fault, and nobody's number");
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
        assert_eq!(far_code(report.clone()), "未".repeat(21));
        assert_eq!(far_code(DeliveryReport { stat: None, ..report }), "UNKNOWN 099");
    }
}
