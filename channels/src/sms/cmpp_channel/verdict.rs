//! What the gateway's words mean to us: results become verdicts, reports become facts.

use mingluo_model::{
    channel::Verdict,
    clock::Timestamp,
    delivery::Reason,
    receipt::{ProviderId, Receipt},
};

use crate::sms::{
    cmpp::{CommandResult, Deliver, MsgId, Report, SubmitResp},
    number,
    session::{of_class, receipt_status, refusal},
};

/// What the answer to one submit means.
pub(super) fn of_submit(SubmitResp { msg_id, result }: SubmitResp) -> Verdict {
    let id = (msg_id != MsgId::default()).then(|| provider_id(msg_id));
    of_class(result.class(), id, || refusal(reason(result), result.to_string()))
}

/// The eight octets of an id.
fn provider_id(MsgId(id): MsgId) -> ProviderId {
    ProviderId::new(&id.to_be_bytes())
}

const fn reason(result: CommandResult) -> Reason {
    match result {
        CommandResult::DEST_TERMINAL => Reason::BadAddress,
        CommandResult::FEE_CODE
        | CommandResult::SERVICE_ID
        | CommandResult::FEE_NUMBER_ELSEWHERE
        | CommandResult::SRC_ID
        | CommandResult::MSG_SRC
        | CommandResult::FEE_TERMINAL => Reason::NotAllowed,
        CommandResult::LENGTH | CommandResult::TOO_LONG => Reason::Content,
        _ => Reason::Other,
    }
}

/// The fact that a final report states.
pub(super) fn receipt(report: &Report, deliver: &Deliver, at: Timestamp) -> Receipt {
    let named = [report.destination, deliver.src_terminal].into_iter().find(|number| !number.is_empty());
    Receipt {
        provider_id: provider_id(report.msg_id),
        status: receipt_status(report.state()),
        to: named.and_then(|number| number::from_wire(number.as_bytes())),
        far_code: report.stat.to_text().into_owned(),
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(result: u32) -> Verdict {
        of_submit(SubmitResp { msg_id: MsgId(7), result: CommandResult(result) })
    }

    #[test]
    fn flow_control_costs_no_attempt() {
        assert_eq!(submit(0), Verdict::Accepted(Some(ProviderId::new(&[0, 0, 0, 0, 0, 0, 0, 7]))));
        assert!(matches!(submit(8), Verdict::Busy { .. }));
        let nameless = SubmitResp { msg_id: MsgId(0), result: CommandResult::OK };
        assert_eq!(of_submit(nameless), Verdict::Accepted(None));
    }

    /// A result 3 to the same command again would mean that the first was taken, but no command of ours is sent again:
    /// each try has a sequence of its own, so what the gateway threw away was never taken.
    #[test]
    fn what_the_gateway_takes_for_a_copy_is_sent_again() {
        let dropped = refusal(Reason::Other, "3 消息序号重复".into());
        assert_eq!(submit(3), Verdict::Temporary(dropped));
    }

    #[test]
    fn a_bad_number_is_for_good_and_a_vendors_code_may_pass_later() {
        let wrong = refusal(Reason::BadAddress, "13 Dest_terminal_Id错误".into());
        assert_eq!(submit(13), Verdict::Permanent(wrong));
        let ours = refusal(Reason::NotAllowed, "10 Src_Id错误".into());
        assert_eq!(submit(10), Verdict::Closed(ours), "the configuration's fault, and nobody's number");
        assert_eq!(submit(101), Verdict::Temporary(refusal(Reason::Other, "101".into())));
    }
}
