//! What a desk does with receipts: promises them, keeps them until their time, and finds a session for each.

use std::sync::Arc;

use bytes::BytesMut;
use mingluo_channels::sms::smpp::MessageState;

use super::{Desk, Line};
use crate::sim_smsc::{
    counts::count,
    dice::{Dice, Throw},
    faults::Plant,
    log::{Posted, PostedAs, Record},
    postbag::Receipt,
    tongue::Submit,
};

impl Desk {
    /// Sends what is due.
    pub(in crate::sim_smsc) fn tick(&mut self, now_us: i64) {
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() * 1_000 <= now_us) {
            for receipt in entry.remove() {
                self.assign(receipt);
            }
        }
        let resend_us = i64::from(self.faults.resend_ms) * 1_000;
        let window = self.faults.receipt_window as usize;
        let (mut lines, mut mail) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.mail));
        for (session, line) in &mut lines {
            line.postbag.give_up_before(now_us - resend_us);
            while let Some(receipt) = line.postbag.next(window) {
                self.post(*session, line, receipt, now_us, &mut mail);
            }
            line.outbox.put(&mut mail);
        }
        (self.lines, self.mail) = (lines, mail);
        self.keep_records();
    }

    /// Hands the records of the present batch to the log.
    pub(super) fn keep_records(&mut self) {
        if let Some(log) = &self.log {
            log.append(&mut self.records);
        }
        self.records.clear();
    }

    /// Takes over what an earlier run of the program owes this account.
    pub(in crate::sim_smsc) fn owe(&mut self, owed: Vec<(i64, Receipt)>, now_us: i64) {
        for (due_us, receipt) in owed {
            self.wait(receipt, due_us, now_us);
        }
    }

    /// Sees to the receipt of a part that was taken.
    pub(super) fn promise(&mut self, session: u32, id: u64, submit: &Submit, dice: Dice, now_us: i64) {
        let faults = Arc::clone(&self.faults);
        if !submit.wants_receipt {
            return;
        }
        if dice.shows(Throw::Silent, faults.silent_percent) {
            count(&self.counts.withheld);
            let posted = Posted { at_us: now_us, session, id, how: PostedAs::Withheld, state: 0 };
            return Record::Posted(posted).put(&mut self.records);
        }
        let state = faults.state(dice);
        let Submit { source: to, destination: from, key, .. } = *submit;
        let receipt = Receipt { id, state, session, taken_us: now_us, to, from, key, wrote: None };
        let due_us = faults.due_us(dice, now_us);
        if state == MessageState::Delivered && dice.shows(Throw::Reply, faults.reply_percent) {
            let wrote = Some(Arc::clone(&faults.reply_words));
            self.wait(Receipt { wrote, ..receipt.clone() }, due_us, now_us);
        }
        if dice.shows(Throw::Double, faults.double_percent) {
            self.wait(receipt.clone(), due_us, now_us);
        }
        if dice.shows(Throw::First, faults.receipt_first_percent) {
            self.post_first(session, receipt, now_us);
        } else {
            self.wait(receipt, due_us, now_us);
        }
    }

    fn wait(&mut self, receipt: Receipt, due_us: i64, now_us: i64) {
        if due_us <= now_us {
            self.assign(receipt);
        } else {
            // Whole milliseconds, so that a million receipts wait in few places.
            self.waiting.entry(due_us.div_euclid(1_000) + 1).or_default().push(receipt);
        }
    }

    /// Puts a receipt among the answers, before the answer to its own part.
    fn post_first(&mut self, session: u32, receipt: Receipt, now_us: i64) {
        match self.lines.remove(&session) {
            Some(mut line) if line.hears => {
                let mut answers = std::mem::take(&mut self.answers);
                self.post(session, &mut line, receipt, now_us, &mut answers);
                self.answers = answers;
                self.lines.insert(session, line);
            }
            deaf => {
                self.lines.extend(deaf.map(|line| (session, line)));
                self.assign(receipt);
            }
        }
    }

    /// Finds the session that a receipt goes to.
    pub(super) fn assign(&mut self, receipt: Receipt) {
        let hears = |session: &u32| self.lines.get(session).is_some_and(|line| line.hears);
        let own = Some(receipt.session).filter(|session| !self.faults.other_session && hears(session));
        let in_turn = || {
            let after = self.lines.range(self.last_served + 1..).chain(&self.lines);
            after.filter(|(_, line)| line.hears).map(|(session, _)| *session).next()
        };
        match own.or_else(in_turn) {
            Some(session) => {
                self.last_served = session;
                if let Some(line) = self.lines.get_mut(&session) {
                    line.postbag.put(receipt);
                }
            }
            None => self.stranded.push(receipt),
        }
    }

    /// Puts a receipt on the wire and on record.
    fn post(&mut self, session: u32, line: &mut Line, receipt: Receipt, now_us: i64, out: &mut BytesMut) {
        if receipt.wrote.is_some() {
            count(&self.counts.replies);
            return line.postbag.send(receipt, line.tongue, now_us, &mut self.slip, out);
        }
        let (id, state) = (receipt.id, receipt.state as u8);
        let posted = Posted { at_us: now_us, session, id, how: PostedAs::Sent, state };
        Record::Posted(posted).put(&mut self.records);
        let number = count(&self.counts.sent);
        if !self.planted(Plant::DropReceipt, number) {
            line.postbag.send(receipt, line.tongue, now_us, &mut self.slip, out);
        }
    }

    pub(super) fn answered(&mut self, session: u32, sequence: u32, now_us: i64) {
        let taken = self.lines.get_mut(&session).and_then(|line| line.postbag.answer(sequence));
        let Some(Receipt { id, wrote, .. }) = taken else { return };
        if wrote.is_some() {
            count(&self.counts.replies_heard);
            return;
        }
        count(&self.counts.answered);
        let posted = Posted { at_us: now_us, session, id, how: PostedAs::Answered, state: 0 };
        Record::Posted(posted).put(&mut self.records);
    }
}
