//! Where a carrier's reader puts what it understood.

use std::fmt;

use bytes::BytesMut;
use mingluo_model::{
    channel::{ReceiptToken, Report, SendError, Verdict},
    clock::Timestamp,
    receipt::Receipt,
    reply::Reply,
};

use super::{
    Account,
    link::{Link, unreachable},
};

/// One batch of octets on its way to reports; they came at one time.
pub(in crate::sms) struct Ear<'a> {
    /// When the batch came.
    pub(in crate::sms) at: Timestamp,
    pub(super) account: &'a Account,
    pub(super) link: &'a Link,
    pub(super) reports: &'a mut Vec<Report>,
    pub(super) end: &'a mut Option<SendError>,
    pub(super) dismissed: &'a mut bool,
}

impl Ear<'_> {
    /// The gateway answered the part of this sequence.
    pub(in crate::sms) fn answer(&mut self, sequence: u32, verdict: Verdict) {
        match self.link.keys.find(sequence) {
            Some(key) => self.reports.push(Report::Answer { key, verdict }),
            None => {
                tracing::warn!(account = %self.account.name, sequence, "answer to a part that was never sent");
            }
        }
    }

    /// A fact, to be answered under `token` once it is durable.
    pub(in crate::sms) fn receipt(&mut self, receipt: Receipt, token: ReceiptToken) {
        self.reports.push(Report::Receipt { receipt, token: Some(token) });
    }

    /// Says something at once.
    pub(in crate::sms) fn say(&self, words: impl FnOnce(&mut BytesMut)) {
        self.link.say(words);
    }

    /// A resident wrote back (上行), to be answered under `token` once it is durable.
    pub(in crate::sms) fn resident_wrote(&mut self, reply: Reply, token: ReceiptToken) {
        self.reports.push(Report::Reply { reply, token });
    }

    /// What the gateway said cannot be read.
    pub(in crate::sms) fn unreadable(&self, error: &dyn fmt::Display) {
        tracing::warn!(account = %self.account.name, %error, "gateway sent what cannot be read");
    }

    /// The session is over, once everything heard before was reported.
    pub(in crate::sms) fn end(&mut self, reason: &str) {
        *self.end = Some(unreachable(reason));
    }

    /// The gateway has ended the connection in good order, and was answered. A session that may sleep goes on, unless
    /// it is owed an answer.
    pub(in crate::sms) fn dismissed(&mut self) {
        *self.dismissed = true;
    }

    /// The gateway agreed to part.
    pub(in crate::sms) fn parted(&mut self) {
        self.link.parted.notify_one();
        self.end("the session was ended");
    }
}
