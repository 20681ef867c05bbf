//! The agent's end of the window: it shows itself on its round, and does what people at the box ask for, as far as they may.

use super::{Agent, play::Playing, round::is_own_alarm};
use crate::{
    journal::{Happening, JournalError},
    window::{Answer, Origin, Piece, View, Wish},
};
use mingluo_model::{
    bulletin::{Bulletin, EbmId},
    link::Event,
};
use std::{sync::Arc, time::Duration};

/// Between two copies of what is seen, when nothing is asked.
const SHOWN_EVERY: Duration = Duration::from_secs(1);

impl Agent {
    /// Does what is asked and shows what is.
    pub(super) fn look_out(&mut self, now: Duration) -> Result<(), JournalError> {
        let mut is_asked = false;
        while let Some(ask) = self.hands.watch.window.as_mut().and_then(|window| window.asks.try_recv().ok())
        {
            let answer = self.grant(ask.wish)?;
            tracing::info!(wish = ?ask.wish, ?answer, "asked for at the box");
            // Whoever asked may be gone; what was asked is done all the same.
            let _unheard = ask.answer.send(answer);
            is_asked = true;
        }
        if let Some(window) =
            self.hands.watch.window.as_ref().filter(|_| is_asked || self.round.shown_at <= now)
        {
            window.view.send_replace(Some(Arc::new(self.seen(window.may_stop))));
            self.round.shown_at = now + SHOWN_EVERY;
        }
        Ok(())
    }

    fn grant(&mut self, wish: Wish) -> Result<Answer, JournalError> {
        match wish {
            Wish::Stop(ebm) => self.stop_by_hand(ebm),
            Wish::Test(_) if self.is_occupied() => Ok(Answer::Occupied),
            Wish::Test(kind) => {
                self.note_happening(Happening::TestByHand(kind));
                self.begin_test(kind)?;
                Ok(Answer::Done)
            }
        }
    }

    /// Silence first, then the words about it: the city is told that somebody at the box did it.
    fn stop_by_hand(&mut self, ebm: EbmId) -> Result<Answer, JournalError> {
        let Some(playing) = self.playing.as_ref().filter(|playing| playing.ebm() == ebm) else {
            return Ok(Answer::NotPlayed);
        };
        if !self.may_be_stopped(playing) {
            return Ok(Answer::NotAllowed);
        }
        if let Some(ebm) = self.break_off() {
            tracing::warn!(%ebm, "stopped by hand at the box");
            self.note_happening(Happening::StoppedByHand(ebm));
            self.close(ebm, Event::Stopped, "在终端上人工停播 by hand at the box");
        }
        self.turn_page()?;
        Ok(Answer::Done)
    }

    fn may_be_stopped(&self, playing: &Playing) -> bool {
        let is_ours = playing.test.is_some() || is_own_alarm(playing.bulletin(), self.identity.code);
        let policy = self.hands.watch.window.as_ref().map(|window| window.may_stop);
        is_ours || policy.is_some_and(|policy| policy.allows(playing.bulletin()))
    }

    fn seen(&self, may_stop: crate::window::MayStop) -> View {
        let (book, trust) = (self.journal.book(), &self.trust);
        View {
            at: self.now(),
            code: self.identity.code,
            region: self.identity.region,
            mode: self.identity.mode,
            firmware: self.identity.firmware.clone(),
            state: self.state(),
            knows_time: trust.is_trusted(),
            is_linked: self.welcomed,
            last_heard: self.last_heard,
            key_set: trust.key_set(),
            papers: self.papers_seen(),
            n_pending: book.pending().len(),
            is_open: self.hands.watch.lid.as_ref().map(|_| self.round.is_open),
            health: self.health(),
            playing: self.playing.as_ref().map(|playing| Piece {
                may_be_stopped: self.may_be_stopped(playing),
                ..self.piece(playing.bulletin(), playing.test.map(Origin::Test))
            }),
            waiting: self
                .queue
                .waiting()
                .iter()
                .map(|it| Piece { may_be_stopped: may_stop.allows(it), ..self.piece(it, None) })
                .collect(),
            tests: book.diary().tests().iter().cloned().collect(),
            notes: book.diary().notes().iter().cloned().collect(),
        }
    }

    fn piece(&self, bulletin: &Bulletin, origin: Option<Origin>) -> Piece {
        let is_button = is_own_alarm(bulletin, self.identity.code);
        let given = Origin::Bulletin(bulletin.tier, bulletin.class, bulletin.grade);
        Piece {
            ebm: bulletin.ebm,
            origin: origin.unwrap_or(if is_button { Origin::Button } else { given }),
            script: bulletin.script.clone(),
            start: bulletin.start,
            may_be_stopped: false,
        }
    }
}
