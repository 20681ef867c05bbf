//! New keys: what the root signed is written down, believed, and what only an old key vouched for falls silent.

use super::{Agent, play::Playing, round::is_own_alarm};
use crate::journal::{JournalError, Record};
use mingluo_model::{
    bulletin::{Bulletin, EbmId, SignedKeySet},
    link::{BoxFrame, Event, KeysAnswer},
};

impl Agent {
    /// Takes a key set or says why not. It is on the card before it counts, so that a power cut does not bring back a key
    /// that was taken away.
    pub(super) fn rekey(&mut self, signed: &SignedKeySet) -> Result<(), JournalError> {
        let (reason, detail) = match self.trust.examine(signed) {
            Ok(edition) => {
                self.page.push(Record::Keys(signed.clone()));
                self.turn_page()?;
                self.trust.adopt(edition);
                self.silence_unbelieved();
                (String::new(), String::new())
            }
            Err(bad) => (bad.code().to_owned(), bad.to_string()),
        };
        let version = self.trust.key_set();
        if reason.is_empty() {
            tracing::info!(version, "the keys of a newer set are believed");
        } else {
            tracing::warn!(reason, detail, "a key set is refused");
        }
        self.outbox.push_back(BoxFrame::Keys(KeysAnswer { version, reason, detail }));
        Ok(())
    }

    fn silence_unbelieved(&mut self) {
        let (trust, own) = (&self.trust, self.identity.code);
        let is_doubtful = |it: &Bulletin| !is_own_alarm(it, own) && !trust.still_believes(it);
        let mut silenced: Vec<EbmId> = self.queue.take_where(is_doubtful).iter().map(|it| it.ebm).collect();
        let playing = self.playing.as_ref().map(Playing::bulletin);
        if playing.is_some_and(is_doubtful) {
            silenced.extend(self.break_off());
        }
        for ebm in silenced {
            self.close(ebm, Event::Stopped, "its key is not believed any more");
        }
    }
}
