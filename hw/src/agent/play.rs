//! Playing: one bulletin at a time, block by block, with evidence.

use super::{Agent, round::is_own_alarm};
use crate::{
    clip::ClipBoard,
    evidence::Evidence,
    journal::{JournalError, Record},
    player::{Block, Score, SinkError},
    queue,
    relay::RelayError,
    selftest::Kind,
    sound,
    speech::{Said, Ticket},
};
use mingluo_model::{
    bulletin::{AudioClip, BroadcastClass, Bulletin, EbmId},
    clock::Timestamp,
    link::Event,
    mode::ModeKind,
};
use std::time::Duration;

/// How much of the past a box without power may forget: an hour is one line in the journal, 24 a day.
const FLOOR_EVERY: Duration = Duration::from_hours(1);

/// The bulletin that sounds.
pub(super) struct Playing {
    pub(super) bulletin: Bulletin,
    pub(super) score: Score,
    // The block that sounds now, and the clock's tick at which the next one is due.
    block: Option<Block>,
    next_at: Duration,
    pub(super) evidence: Evidence,
    // It is a self-test and no bulletin.
    pub(super) test: Option<Kind>,
}

impl Playing {
    pub(super) const fn bulletin(&self) -> &Bulletin {
        &self.bulletin
    }

    pub(super) const fn ebm(&self) -> EbmId {
        self.bulletin.ebm
    }
}

/// Why a bulletin does not sound.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error(transparent)]
    Sink(#[from] SinkError),
}

impl Agent {
    /// Looks at the clock and does what is due: expiry, the next block, the graver bulletin, the next in turn.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be written down; nothing new is begun then.
    pub fn tick(&mut self) -> Result<(), JournalError> {
        self.go_round()?;
        self.renew_if_due();
        self.tell_held_if_due();
        let now = self.now();
        self.keep_floor(now);
        for expired in self.queue.take_expired(now) {
            self.close(expired.ebm, Event::Expired, "its time ran out while it waited");
        }
        self.turn_page()?;
        self.go_on()?;
        while self.playing.is_none() && !self.rests() {
            let Some(next) = self.queue.ready(now).find(|it| self.has_room(it)).map(|it| it.ebm) else {
                break;
            };
            let Some(bulletin) = self.queue.take(next) else { break };
            self.begin(bulletin)?;
            self.go_on()?;
        }
        Ok(())
    }

    /// How long until [`Self::tick`] has something to do; `None` when only a frame can bring work.
    pub fn due(&self) -> Option<Duration> {
        let block = self.playing.as_ref().map(|playing| playing.next_at.saturating_sub(self.clock.ticks()));
        block
            .into_iter()
            .chain(self.queue.due(self.now(), |it| self.may_begin_in(it)))
            .chain(self.rest_due())
            .chain(self.round_due())
            .chain(self.papers_due())
            .chain(self.held_due())
            .min()
    }

    /// How long it takes until a bulletin whose start has come may begin; `None` where something else keeps it from that.
    fn may_begin_in(&self, bulletin: &Bulletin) -> Option<Duration> {
        (self.playing.is_none() && !self.rests()).then(|| self.wait_for_room(bulletin))
    }

    /// Remembers now and then what time it is: a clock that falls back while the power is off is found out by that, and one
    /// that ran ahead before the city told the time is forgotten.
    fn keep_floor(&mut self, now: Timestamp) {
        let floors = self.journal.book().floors();
        if self.trust.is_proven() {
            // What lies between the two was said by a clock that ran ahead.
            if now < floors.latest || now.since(floors.proven) >= FLOOR_EVERY {
                self.page.push(Record::Proven(now));
            }
        } else if self.trust.is_trusted() && now.since(floors.latest) >= FLOOR_EVERY {
            self.page.push(Record::Floor(now));
        }
    }

    /// Brings what is being played up to the present.
    fn go_on(&mut self) -> Result<(), JournalError> {
        let Some(playing) = &self.playing else { return Ok(()) };
        let now = self.now();
        let graver = |it: &&Bulletin| queue::is_graver(it, &playing.bulletin) && self.has_room(it);
        if self.queue.ready(now).any(|it| graver(&it)) {
            return self.give_way();
        }
        if playing.bulletin.end <= now {
            return self.finish(Event::Ended, "its time ran out while it was played");
        }
        while self.playing.as_ref().is_some_and(|playing| playing.next_at <= self.clock.ticks()) {
            self.advance()?;
        }
        Ok(())
    }

    /// A graver bulletin takes the speaker (抢占). Whatever is not daily waits again with the rounds that are not over, the one that
    /// was cut off among them, and is played from that round's beginning when the graver one is over, if it has time left then
    /// (恢复播出); a daily broadcast is dropped. After a power cut it is not begun again, like everything that was begun.
    ///
    /// Source: 应急广播管理暂行办法 (2021): emergency before daily, higher level before lower; who loses fails or resumes by
    /// the platform's rule, and this is it.
    fn give_way(&mut self) -> Result<(), JournalError> {
        let resumes = |playing: &Playing| {
            let bulletin = &playing.bulletin;
            let is_own = playing.test.is_some() || is_own_alarm(bulletin, self.identity.code);
            !is_own && bulletin.class != BroadcastClass::Daily
        };
        let Some(playing) = self.playing.take_if(|playing| resumes(playing)) else {
            return self.finish(Event::Preempted, "a graver bulletin took the speaker");
        };
        self.hush();
        tracing::warn!(ebm = %playing.ebm(), "更重要的播发占用喇叭，这一条稍后再播 a graver bulletin takes the speaker; this one waits again");
        self.wait_again(playing);
        self.turn_page()
    }

    /// "Begun" is forced to the card before the relay closes: after a power cut in between it is never begun again.
    fn begin(&mut self, bulletin: Bulletin) -> Result<(), JournalError> {
        let ebm = bulletin.ebm;
        self.page.push(Record::Begun { ebm, at: self.now() });
        self.turn_page()?;
        let said = self.said(&bulletin);
        let longest = self.time_left(&bulletin).min(self.room_in_hour(&bulletin));
        let siren = self.siren_before(&bulletin);
        let score = Score::of(&bulletin, said, longest, self.rules.volume(&bulletin)).after_siren(siren);
        if let Err(fault) = self.start(bulletin, score, None) {
            return self.fail(&fault);
        }
        self.note(ebm, Event::Playing, "", "");
        self.turn_page()
    }

    /// What is left of the longest time that a bulletin may sound.
    pub(super) fn time_left(&self, bulletin: &Bulletin) -> Duration {
        let spent = self.spent.get(&bulletin.ebm).copied().unwrap_or_default();
        self.rules.longest_sounding.saturating_sub(spent)
    }

    /// For how long the siren sounds before a bulletin; what is only played on has had it.
    pub(super) fn siren_before(&self, bulletin: &Bulletin) -> Duration {
        let has_sounded = self.spent.get(&bulletin.ebm).is_some_and(|spent| !spent.is_zero());
        if has_sounded { Duration::ZERO } else { self.hands.power.siren_before(bulletin) }
    }

    /// The voices for a bulletin's words. The box begins to read them itself whatever comes: it takes a moment, and then
    /// nobody has to wait for a clip that does not come.
    fn said(&mut self, bulletin: &Bulletin) -> Option<Said> {
        let (hands, trust) = (&mut self.hands, &self.trust);
        // The library's words are those of a real warning: an exercise never says them.
        let is_real = bulletin.mode == ModeKind::Live;
        let library = hands.clips.library.as_ref().filter(|library| is_real && trust.knows(library.key_id()));
        if is_own_alarm(bulletin, self.identity.code) {
            return Some(Said { library: Some(library?.alarm()?), ..Said::default() });
        }
        let ticket = |(board, clip): (&ClipBoard, AudioClip)| Ticket {
            clip,
            board: board.clone(),
            wait: board.wait(bulletin),
        };
        let city = hands.clips.board.as_ref().zip(bulletin.audio).map(ticket);
        // A bulletin without a clip has words that nobody recorded: general ones would say less than the script.
        let library =
            library.filter(|_| bulletin.audio.is_some()).and_then(|library| library.fitting(bulletin));
        let own = hands.voice.as_mut().map(|voice| voice.begin(&bulletin.script));
        let is_mute = city.is_none() && library.is_none() && own.is_none();
        (!is_mute).then(|| Said { city, library, own, time: Some(sound::time_of(bulletin)) })
    }

    /// Asks the inputs, closes the relay and opens the sink.
    pub(super) fn start(
        &mut self,
        bulletin: Bulletin,
        score: Score,
        test: Option<Kind>,
    ) -> Result<(), Fault> {
        let (ebm, next_at) = (bulletin.ebm, self.clock.ticks());
        let evidence = Evidence::before(&mut self.hands.inputs());
        self.playing = Some(Playing { bulletin, score, block: None, next_at, evidence, test });
        self.hour.begins(next_at);
        self.hands.power.close()?;
        self.hands.sink.begin(ebm)?;
        Ok(())
    }

    /// Listens to the block that has sounded, and begins the next.
    fn advance(&mut self) -> Result<(), JournalError> {
        self.listen()?;
        let Some(playing) = &mut self.playing else { return Ok(()) };
        let most = self.hands.sink.block();
        let Some(block) = playing.score.next(most) else {
            if self.is_cut_by_the_hour()? {
                return Ok(());
            }
            let Some(playing) = &self.playing else { return Ok(()) };
            let told = playing.score.heard().told();
            self.again = None;
            return self.finish(Event::Ended, &told);
        };
        playing.next_at += block.length / self.rules.time_scale.get();
        playing.block = Some(block.clone());
        playing.evidence.begins(&block);
        self.hands.power.sound_siren(block.is_siren(), self.clock.ticks());
        match self.hands.sink.write(block) {
            Ok(()) => Ok(()),
            Err(error) => self.fail(&error.into()),
        }
    }

    /// "Sounded" is said once, on the first evidence.
    fn listen(&mut self) -> Result<(), JournalError> {
        let Some(playing) = &mut self.playing else { return Ok(()) };
        let Some(block) = &playing.block else { return Ok(()) };
        if !playing.evidence.listen(&mut self.hands.inputs(), block.is_audible()) || playing.test.is_some() {
            return Ok(());
        }
        let (ebm, likeness) = (playing.ebm(), playing.evidence.likeness());
        (self.faulty, self.again) = (false, None);
        self.note(ebm, Event::Sounded, "", &likeness);
        self.turn_page()
    }

    pub(super) fn fail(&mut self, fault: &Fault) -> Result<(), JournalError> {
        tracing::error!(
            error = fault as &dyn std::error::Error,
            "喇叭没有发声，请检查终端 the speaker does not sound; look at the box"
        );
        if self.puts_back() {
            return self.turn_page();
        }
        if let Some(playing) = &mut self.playing {
            playing.evidence.fails();
        }
        self.finish(Event::Ended, &fault.to_string())
    }

    /// Silence, then the last words about it.
    fn finish(&mut self, event: Event, detail: &str) -> Result<(), JournalError> {
        self.hush();
        let Some(playing) = self.playing.take() else { return Ok(()) };
        if let Some(kind) = playing.test {
            return self.conclude(kind, &playing, event, detail);
        }
        let evidence = &playing.evidence;
        // In the city's silent test nothing is to be heard, and nothing may be wrong.
        let is_silent = playing.bulletin.is_silent_test();
        if event == Event::Ended && is_silent {
            if let Some(fault) = evidence.silent_fault() {
                self.faulty = true;
                self.note(playing.ebm(), Event::NotHeard, "", fault);
            }
        } else if evidence.is_audible() && !evidence.is_heard() && event == Event::Ended {
            self.faulty = true;
            let likeness = evidence.likeness();
            let found = evidence.fault().unwrap_or(if detail.is_empty() { &likeness } else { detail });
            self.note(playing.ebm(), Event::NotHeard, "", found);
        }
        self.close(playing.ebm(), event, detail);
        self.turn_page()
    }

    /// Silence at once: power first, since that works even when the sink hangs.
    pub(super) fn hush(&mut self) {
        self.hour.ends(self.clock.ticks());
        if let Err(error) = self.hands.power.open() {
            tracing::error!(%error, "功放继电器没有断开，请手动断开 the relay did not open; switch the amplifier off by hand");
        }
        if let Err(error) = self.hands.sink.end() {
            tracing::warn!(%error, "声音输出关不上 the sink could not be closed");
        }
        self.hands.sense.rest();
    }
}
