//! The status report (状态报告) inside a Deliver (clause 6.2.63).

use bytes::{BufMut, BytesMut};

use super::{
    super::{
        smpp::MessageState,
        wire::{Octets, Padded},
    },
    Deliver, MsgId,
    report_text::ReportFields,
};

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// The id that Submit_Resp gave, raw octets within the text.
    pub msg_id: MsgId,
    /// YYMMDDhhmm in the gateway's local time.
    pub submit_date: Padded<10>,
    /// YYMMDDhhmm in the gateway's local time.
    pub done_date: Padded<10>,
    /// The outcome verbatim, for the person who has to ask the carrier; see [`Report::state`].
    pub stat: Padded<7>,
    /// The cause as three digits; see [`Report::cause`].
    pub err: Padded<3>,
}

/// A report that does not say what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It does not begin with a message's id.
    #[error("status report of {length} octets does not begin with id: and ten octets")]
    NoId {
        /// Octets it has.
        length: usize,
    },
    /// It names no outcome.
    #[error("status report of {length} octets names no outcome: stat: is missing or empty")]
    NoStat {
        /// Octets it has.
        length: usize,
    },
}

impl Report {
    /// Reads the report in a deliver; `None` when it is a message a person wrote.
    ///
    /// # Errors
    /// [`ReportError`] when it lacks the id or the outcome.
    pub fn read(deliver: &Deliver) -> Result<Option<Self>, ReportError> {
        if !deliver.is_report() {
            return Ok(None);
        }
        let text = deliver.content.as_bytes();
        let length = text.len();
        let fields = ReportFields::find(text).ok_or(ReportError::NoId { length })?;
        let report = Self {
            msg_id: MsgId(fields.id),
            submit_date: Padded::until_nul(fields.submit_date),
            done_date: Padded::until_nul(fields.done_date),
            stat: Padded::until_nul(fields.stat),
            err: Padded::until_nul(fields.err),
        };
        if report.stat.is_empty() { Err(ReportError::NoStat { length }) } else { Ok(Some(report)) }
    }

    /// What the outcome means.
    pub fn state(&self) -> MessageState {
        MessageState::from_stat(&self.stat.to_text())
    }

    /// What the cause means (clause 6.2.63.2), if the standard knows it.
    pub fn cause(&self) -> Option<&'static str> {
        Some(match self.err.as_bytes() {
            b"000" => "成功",
            b"001" => "用户不能通信",
            b"002" => "用户忙",
            b"003" => "终端无此部件号",
            b"004" => "非法用户",
            b"005" => "用户在黑名单内",
            b"006" => "系统错误",
            b"007" => "用户内存满",
            b"008" => "非信息终端",
            b"009" => "数据错误",
            b"010" => "数据丢失",
            b"999" => "未知错误",
            _ => return None,
        })
    }

    /// The 122 octets that a gateway sends.
    pub fn to_content(&self) -> Octets<255> {
        let mut out = BytesMut::with_capacity(122);
        out.put_slice(b"id:");
        out.put_slice(&self.msg_id.0);
        out.put_slice(b" sub:001 dlvrd:001 Submit date:");
        self.submit_date.put(&mut out);
        out.put_slice(b" done date:");
        self.done_date.put(&mut out);
        out.put_slice(b" stat:");
        self.stat.put(&mut out);
        out.put_slice(b" err:");
        self.err.put(&mut out);
        out.put_slice(b" Text:000                 ");
        Octets::bounded(out.freeze())
    }
}
