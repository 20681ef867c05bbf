//! What the gateway's words mean to us: results become verdicts, reports become facts.

use mingluo_model::{
    channel::Verdict,
    clock::Timestamp,
    delivery::Reason,
    receipt::{ProviderId, Receipt, ReceiptStatus},
};

use crate::sms::{
    number,
    session::{THROTTLED, of_class, receipt_status, refusal},
    sgip::{CommandResult, Report, Sequence},
    smpp::MessageState,
};

/// ReportType: about a Submit of ours.
const OF_A_SUBMIT: u8 = 0;

/// Whether the gateway has forgotten that we are bound.
pub(super) const fn is_unbound(result: CommandResult) -> bool {
    matches!(result, CommandResult::LOGIN | CommandResult::LOGIN_TYPE)
}

/// What the answer to one submit means. The part is known by our own sequence from now on.
pub(super) fn of_submit(sequence: Sequence, result: CommandResult) -> Verdict {
    if is_unbound(result) {
        return Verdict::Busy { retry_after: THROTTLED };
    }
    of_class(result.class(), Some(provider_id(sequence)), || refusal(reason(result), result.to_string()))
}

/// The twelve octets of a sequence.
fn provider_id(sequence: Sequence) -> ProviderId {
    ProviderId::new(&sequence.to_bytes())
}

const fn reason(result: CommandResult) -> Reason {
    match result {
        CommandResult::NUMBER | CommandResult::UNKNOWN_USER => Reason::BadAddress,
        CommandResult::UNREACHABLE
        | CommandResult::PHONE_OFF
        | CommandResult::MEMORY_FULL
        | CommandResult::NO_SMS
        | CommandResult::PHONE_ERROR
        | CommandResult::ILLEGAL_DEVICE => Reason::Unreachable,
        CommandResult::CHARGE_NUMBER | CommandResult::GNS | CommandResult::NOT_OFFERED => Reason::NotAllowed,
        CommandResult::LENGTH => Reason::Content,
        CommandResult::SYSTEM_FAILURE | CommandResult::CENTRE_FULL | CommandResult::NODE_BUSY => {
            Reason::FarFault
        }
        _ => Reason::Other,
    }
}

/// Whether a report is the end of a message of ours, and no step on its way.
pub(super) fn is_fact(report: &Report) -> bool {
    report.report_type == OF_A_SUBMIT && report.state().is_final()
}

/// The fact that a final report states.
pub(super) fn receipt(report: &Report, at: Timestamp) -> Receipt {
    let status = match report.state() {
        MessageState::Undeliverable => ReceiptStatus::Failed(reason(report.error_code)),
        state => receipt_status(state),
    };
    let delivered = status == ReceiptStatus::Delivered;
    Receipt {
        provider_id: provider_id(report.submit_sequence),
        status,
        to: number::from_wire(report.user_number.as_bytes()),
        far_code: if delivered { String::new() } else { report.error_code.to_string() },
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::wire::Stamp;

    const SEQUENCE: Sequence = Sequence { node: 3_024_012_345, stamp: Stamp(1_123_120_000), counter: 7 };

    #[test]
    fn a_busy_node_costs_no_attempt_and_neither_does_a_forgotten_bind() {
        for code in [11, 33, 1, 4] {
            assert!(matches!(of_submit(SEQUENCE, CommandResult(code)), Verdict::Busy { .. }), "{code}");
        }
        let id = ProviderId::new(&SEQUENCE.to_bytes());
        assert_eq!(of_submit(SEQUENCE, CommandResult::OK), Verdict::Accepted(Some(id)));
    }

    #[test]
    fn a_report_says_why_and_waiting_is_no_fact() {
        let report = Report { state: 2, error_code: CommandResult(25), ..Report::default() };
        let told = receipt(&report, Timestamp(0));
        assert_eq!(told.status, ReceiptStatus::Failed(Reason::Unreachable));
        assert_eq!(told.far_code, "25 用户不能通信，不在服务区或未开机");
        assert!(!is_fact(&Report { state: 1, ..report }));
        assert!(!is_fact(&Report { report_type: 1, ..report }));
    }
}
