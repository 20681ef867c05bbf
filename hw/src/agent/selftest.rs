//! The box tests itself. A test is played like a bulletin, so that whatever comes interrupts it at once; it is nobody's
//! bulletin, so the city hears of its outcome in the heartbeat and of nothing else.

use super::{Agent, play::Playing};
use crate::{
    journal::{Happening, JournalError, Note, Record},
    player::Score,
    selftest::Kind,
};
use mingluo_model::{
    bulletin::{BroadcastClass, EbmId, Tone},
    link::{Event, SelfTest},
};

impl Agent {
    /// Begins the test whose hour it is, unless something sounds or waits; while its hour lasts it is looked at again.
    pub(super) fn test_if_due(&mut self) -> Result<(), JournalError> {
        let Some(schedule) = self.hands.watch.tests.filter(|_| self.trust.is_trusted()) else {
            return Ok(());
        };
        let diary = self.journal.book().diary();
        match schedule.due(self.now(), |kind| diary.begun(kind)).filter(|_| !self.is_occupied()) {
            Some(kind) => self.begin_test(kind),
            None => Ok(()),
        }
    }

    /// Whether something sounds, waits or is about to.
    pub(super) fn is_occupied(&self) -> bool {
        self.playing.is_some() || !self.queue.is_empty() || self.round.is_button_held()
    }

    /// That it was begun is on the card first: a test that brings the box down is not tried again on this day.
    pub(super) fn begin_test(&mut self, kind: Kind) -> Result<(), JournalError> {
        let now = self.now();
        let (volume, repeats) = match kind {
            // Zero level: the card plays silence, the amplifier has its supply, the village hears nothing.
            Kind::Silent => (0, 1),
            Kind::Audible => (self.rules.volume_most, 2),
        };
        let Some(mut bulletin) = self.own_bulletin(BroadcastClass::Daily, Tone::Blue) else { return Ok(()) };
        (bulletin.volume, bulletin.repeats) = (volume, repeats);
        self.page.push(Record::TestBegun { kind, at: now });
        self.turn_page()?;
        tracing::info!(?kind, "a self-test begins");
        let score = Score::of(&bulletin, None, self.rules.longest_sounding, self.rules.volume(&bulletin));
        match self.start(bulletin, score, Some(kind)) {
            Ok(()) => Ok(()),
            Err(fault) => self.fail(&fault),
        }
    }

    /// Writes down how a test came out, and tells the city at once.
    pub(super) fn conclude(
        &mut self,
        kind: Kind,
        playing: &Playing,
        event: Event,
        detail: &str,
    ) -> Result<(), JournalError> {
        if event != Event::Ended {
            self.note_happening(Happening::TestBrokenOff(kind));
            return self.turn_page();
        }
        let evidence = &playing.evidence;
        let fault = match kind {
            Kind::Silent => evidence.silent_fault(),
            Kind::Audible => evidence.fault().or_else(|| {
                (!evidence.is_heard()).then_some(
                    "没有听到提示音 the tone was not heard: check amplifier, horn, cable and sense input",
                )
            }),
        };
        let fault = Some(detail).filter(|detail| !detail.is_empty()).or(fault);
        let (audible, passed) = (kind == Kind::Audible, fault.is_none());
        if audible {
            self.faulty = !passed;
        }
        let detail = fault.map_or_else(|| evidence.likeness(), str::to_owned);
        if passed {
            tracing::info!(?kind, "the self-test is passed");
        } else {
            tracing::error!(?kind, detail, "the self-test failed; look at the box");
        }
        let test = SelfTest { at: self.now(), audible, passed, detail };
        self.note_happening(Happening::SelfTest(test));
        self.turn_page()?;
        self.beat_now();
        Ok(())
    }

    /// Silence now. What was played is named for its last report, but for a test, of which that is the end.
    pub(super) fn break_off(&mut self) -> Option<EbmId> {
        self.hush();
        let playing = self.playing.take()?;
        match playing.test {
            None => Some(playing.ebm()),
            Some(kind) => {
                self.note_happening(Happening::TestBrokenOff(kind));
                None
            }
        }
    }

    /// Whether the last silent test failed.
    pub(super) fn fails_tests(&self) -> bool {
        let tests = self.journal.book().diary().tests();
        tests.iter().rev().find(|test| !test.audible).is_some_and(|test| !test.passed)
    }

    pub(super) fn note_happening(&mut self, what: Happening) {
        self.page.push(Record::Noted(Note { at: self.now(), what }));
    }
}
