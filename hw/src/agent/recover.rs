//! After a power cut: what the journal says of bulletins that were not over.

use super::Agent;
use crate::journal::{JournalError, Phase, Record};
use mingluo_model::{
    bulletin::{EbmId, Refusal, Sequences},
    link::Event,
};

impl Agent {
    /// What was begun is over; what waited waits on.
    pub(super) fn recover(&mut self) -> Result<(), JournalError> {
        for (ebm, phase) in self.open_ones() {
            if phase == Phase::Begun {
                self.close(ebm, Event::Interrupted, "the box stopped while it was playing");
            }
        }
        if self.trust.is_trusted() { self.resume() } else { self.turn_page() }
    }

    /// What waited when power went waits again, but only once the time is known: a box without a clock cannot tell whether
    /// it was off for a minute or for a week.
    pub(super) fn resume(&mut self) -> Result<(), JournalError> {
        for (ebm, phase) in self.open_ones() {
            if let Phase::Waiting(envelope) = phase {
                self.requeue(ebm, &envelope);
            }
        }
        self.turn_page()
    }

    fn open_ones(&self) -> Vec<(EbmId, Phase)> {
        let entries = self.journal.book().entries();
        let open = entries.filter(|(_, entry)| entry.phase != Phase::Closed);
        open.map(|(ebm, entry)| (ebm, entry.phase.clone())).collect()
    }

    /// Lets a bulletin wait again that waited when power went. Its sequence number is used up, so that is not asked.
    fn requeue(&mut self, ebm: EbmId, envelope: &[u8]) {
        match self.trust.read(envelope, &Sequences::new()) {
            Ok(bulletin) => self.wait(bulletin),
            Err(Refusal::Expired { .. }) => self.close(ebm, Event::Expired, "while the box was off"),
            Err(refusal) => {
                self.note(ebm, Event::Refused, refusal.code(), &refusal.to_string());
                self.page.push(Record::Closed { ebm, at: self.trust.now() });
            }
        }
    }
}
