//! Orders: each is judged, refused or taken, and done once.

use super::Agent;
use crate::{
    agent::play::Playing,
    journal::{JournalError, Record},
    queue,
    trust::CLOCKS_APART,
};
use mingluo_model::{
    bulletin::{Action, Bulletin, EbmId, LONGEST_LIFE},
    link::{BoxFrame, Event, Order},
};
use sha2::{Digest as _, Sha256};

/// Uncommitted reports above which refusals are no longer recorded, so that a flood of forgeries cannot fill the card.
pub(super) const MANY_PENDING: usize = 1_000;

impl Agent {
    pub(super) fn order(&mut self, order: &Order) -> Result<(), JournalError> {
        let digest: [u8; 32] = Sha256::digest(&order.envelope).into();
        if let Some(entry) = self.journal.book().entry(order.ebm) {
            if entry.digest == digest {
                let latest = entry.latest;
                // What stands in the journal already is only said again: whoever repeats an order must not fill the card.
                let mut pending = self.journal.book().pending().values();
                match pending.find(|report| (report.ebm, report.event) == (order.ebm, latest)) {
                    Some(report) if self.welcomed => self.outbox.push_back(BoxFrame::Report(report.clone())),
                    Some(_) => {}
                    None => self.note(order.ebm, latest, "", "sent again; nothing is done twice"),
                }
            } else {
                self.refuse(order.ebm, "replayed", "another bulletin of this name was taken before");
            }
            return Ok(());
        }
        match self.trust.judge(order, self.journal.book().seen()) {
            Ok(bulletin) => self.obey(bulletin, order, digest),
            Err(doubt) => {
                self.refuse(order.ebm, doubt.code(), &doubt.to_string());
                Ok(())
            }
        }
    }

    fn refuse(&mut self, ebm: EbmId, reason: &str, detail: &str) {
        tracing::warn!(%ebm, reason, detail, "a bulletin is refused");
        if self.journal.book().pending().len() < MANY_PENDING {
            self.note(ebm, Event::Refused, reason, detail);
        }
    }

    /// Silence comes before writing, since it can do no harm; sound comes after.
    fn obey(&mut self, bulletin: Bulletin, order: &Order, digest: [u8; 32]) -> Result<(), JournalError> {
        let ebm = bulletin.ebm;
        tracing::info!(%ebm, grade = ?bulletin.grade, "a bulletin is genuine and meant for this box");
        self.page.push(Record::Taken {
            ebm,
            key_id: bulletin.key_id.clone(),
            seq: bulletin.seq,
            end: bulletin.end,
            digest,
            envelope: order.envelope.clone(),
        });
        self.note(ebm, Event::Verified, "", "");
        let n_silenced = self.silence(&bulletin);
        if bulletin.action != Action::Play {
            self.close(ebm, Event::Ended, &format!("{n_silenced} silenced"));
        } else if self.journal.book().bars(&bulletin, |key| self.trust.may_silence(key, &bulletin)) {
            self.close(ebm, Event::Stopped, "a stop for it came first");
        } else {
            self.rest_no_more();
            self.wait(bulletin);
        }
        self.turn_page()
    }

    pub(super) fn wait(&mut self, bulletin: Bulletin) {
        // Its clip is on its way while it waits for its turn.
        if let Some(board) = &self.hands.clips.board {
            board.want(&bulletin);
        }
        if let Some(away) = self.queue.push(bulletin) {
            self.close(away.ebm, Event::Preempted, "too many graver ones wait");
        }
    }

    /// Silences what this bulletin stops or updates, now and for later, as far as its tier and its key allow. Answers how many.
    pub(super) fn silence(&mut self, order: &Bulletin) -> usize {
        let trust = &self.trust;
        let may = |it: &Bulletin| queue::may_stop(order.tier, it) && trust.may_silence(&order.key_id, it);
        let mut stopped: Vec<EbmId> =
            self.queue.take_stopped(order, may).iter().map(|waiting| waiting.ebm).collect();
        let playing = self.playing.as_ref().map(Playing::bulletin);
        if playing.is_some_and(|it| order.silences(it.ebm) && may(it)) {
            stopped.extend(self.break_off());
        }
        for ebm in &stopped {
            self.close(*ebm, Event::Stopped, &format!("by {}", order.ebm));
        }
        let named = match &order.action {
            Action::Stop(named) => named.as_slice(),
            Action::Play | Action::StopAll => &[],
        };
        let (key_id, tier) = (&order.key_id, order.tier);
        // A city whose clock runs ahead silences nothing that it writes when its clock is right again.
        let created = order.created.min(self.trust.now().plus(CLOCKS_APART));
        // What is named was written before, so it ends by then: a lift may end long before what it lifts.
        let until = order.end.max(created.plus(LONGEST_LIFE));
        for ebm in named.iter().chain(&order.related).copied() {
            self.page.push(Record::Barred { ebm, key_id: key_id.clone(), tier, until });
        }
        if order.action == Action::StopAll {
            // What was held back on the way and comes after it was stopped as well.
            self.page.push(Record::BarredBefore { key_id: key_id.clone(), tier, created, until });
        }
        stopped.len()
    }
}
