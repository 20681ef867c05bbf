//! What became of one message to one number (clause 4.2.3.5).

use bytes::{BufMut, BytesMut};

use super::{
    super::{
        smpp::MessageState,
        wire::{DecodeError, Fields},
    },
    CommandResult, Sequence, UserNumber,
};

/// Report (clause 4.2.3.5.1), a status report (状态报告). `Debug` hides the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// The sequence that we put into the SUBMIT; a group's numbers share it.
    pub submit_sequence: Sequence,
    /// 0 about a Submit, 1 about a Deliver that was passed on.
    pub report_type: u8,
    /// The recipient.
    pub user_number: UserNumber,
    /// 0 delivered, 1 waiting, 2 failed; see [`Report::state`].
    pub state: u8,
    /// Why it failed; 0 unless it did.
    pub error_code: CommandResult,
}

impl Report {
    /// What the state means (clause 5.4). Waiting is a step on the way: another report follows.
    pub const fn state(&self) -> MessageState {
        match self.state {
            0 => MessageState::Delivered,
            1 => MessageState::Enroute,
            2 => MessageState::Undeliverable,
            _ => MessageState::Unknown,
        }
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let report = Self {
            submit_sequence: Sequence::take(&mut fields, "SubmitSequenceNumber")?,
            report_type: fields.u8("ReportType")?,
            user_number: fields.padded("UserNumber")?,
            state: fields.u8("State")?,
            error_code: CommandResult(fields.u8("ErrorCode")?),
        };
        fields.last::<8>("Reserve")?;
        Ok(report)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.submit_sequence.to_bytes());
        out.put_u8(self.report_type);
        self.user_number.put(out);
        out.put_slice(&[self.state, self.error_code.0]);
        out.put_u64(0);
    }
}
