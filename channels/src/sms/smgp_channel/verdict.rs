//! What the gateway's words mean to us: statuses become verdicts, reports become facts.

use mingluo_model::{
    channel::Verdict,
    clock::Timestamp,
    delivery::Reason,
    receipt::{ProviderId, Receipt, ReceiptStatus},
};

use crate::sms::{
    number,
    session::{of_class, receipt_status, refusal, words},
    smgp::{Deliver, MsgId, Report, Status, SubmitResp},
    smpp::MessageState,
};

/// What the answer to one submit means.
///
/// A forbidden hour (74), a used-up day (75) and an account that ran out (76) are the account's: they will not pass within
/// minutes and say nothing of the recipient, whom another account or channel may reach at once.
pub(super) fn of_submit(SubmitResp { msg_id, status }: SubmitResp) -> Verdict {
    let id = (msg_id != MsgId::default()).then(|| ProviderId::new(&msg_id.0));
    of_class(status.class(), id, || refusal(reason(status), status.to_string()))
}

const fn reason(status: Status) -> Reason {
    match status {
        Status::DEST_TERM_ID => Reason::BadAddress,
        Status::DAILY_QUOTA => Reason::Quota,
        Status::IP_ADDRESS
        | Status::AUTHENTICATION
        | Status::VERSION_TOO_HIGH
        | Status::SP_CODE
        | Status::SP_ID
        | Status::FORBIDDEN_HOUR
        | Status::ACCOUNT_EXPIRED
        | Status::FEE_TYPE
        | Status::FEE_CODE
        | Status::SERVICE_ID
        | Status::SRC_TERM_ID
        | Status::CHARGE_TERM_ID
        | Status::M_SERVICE_ID => Reason::NotAllowed,
        Status::MSG_FORMAT | Status::MSG_LENGTH => Reason::Content,
        _ => Reason::Other,
    }
}

/// The fact that a final report states.
pub(super) fn receipt(report: &Report, deliver: &Deliver, at: Timestamp) -> Receipt {
    Receipt {
        provider_id: ProviderId::new(&report.msg_id.0),
        status: status(report),
        to: number::from_wire(deliver.src_term_id.as_bytes()),
        far_code: far_code(report),
        at,
    }
}

/// The cause tells more than the state (clause 6.2.63.2).
fn status(report: &Report) -> ReceiptStatus {
    match (report.state(), report.err.as_bytes()) {
        (MessageState::Undeliverable, b"003" | b"004" | b"008") => ReceiptStatus::Failed(Reason::BadAddress),
        (MessageState::Undeliverable, b"005") => ReceiptStatus::Failed(Reason::Blocked),
        (MessageState::Undeliverable, b"006" | b"009" | b"010") => ReceiptStatus::Failed(Reason::FarFault),
        (state, _) => receipt_status(state),
    }
}

/// `stat`, and `err` with its meaning where it says something.
fn far_code(report: &Report) -> String {
    let stat = report.stat.to_text();
    if report.err.as_bytes().iter().all(|digit| *digit == b'0') {
        return stat.into_owned();
    }
    words(
        format!("{stat} {} {}", report.err.to_text(), report.cause().unwrap_or_default())
            .trim_end()
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::wire::Padded;

    fn submit(status: u32) -> Verdict {
        of_submit(SubmitResp { msg_id: MsgId::new(10_061, 1_161_700, 7), status: Status(status) })
    }

    #[test]
    fn busy_costs_no_attempt() {
        let id = ProviderId::new(&MsgId::new(10_061, 1_161_700, 7).0);
        assert_eq!(submit(0), Verdict::Accepted(Some(id)));
        assert!([1, 2].map(submit).iter().all(|verdict| matches!(verdict, Verdict::Busy { .. })));
    }

    /// A status 12 to the same command again would mean that the first was taken, but no command of ours is sent
    /// again: each try has a sequence of its own, so what the gateway threw away was never taken.
    #[test]
    fn what_the_gateway_takes_for_a_copy_is_sent_again() {
        let dropped = refusal(Reason::Other, "12 序列号重复".into());
        assert_eq!(submit(12), Verdict::Temporary(dropped));
    }

    #[test]
    fn a_forbidden_hour_is_told_as_such() {
        let told = refusal(Reason::NotAllowed, "74 SP禁止下发时段".into());
        assert_eq!(submit(74), Verdict::Closed(told));
        let told = refusal(Reason::Quota, "75 SP发送超过日流量".into());
        assert_eq!(submit(75), Verdict::Closed(told));
    }

    #[test]
    fn the_cause_tells_more_than_the_state() {
        let report = |stat, err| Report {
            stat: Padded::new("stat", stat).unwrap(),
            err: Padded::new("err", err).unwrap(),
            ..Report::default()
        };
        assert_eq!(status(&report("UNDELIV", "005")), ReceiptStatus::Failed(Reason::Blocked));
        assert_eq!(far_code(&report("UNDELIV", "005")), "UNDELIV 005 用户在黑名单内");
        assert_eq!(status(&report("EXPIRED", "001")), ReceiptStatus::Expired);
        assert_eq!(far_code(&report("DELIVRD", "000")), "DELIVRD");
    }
}
