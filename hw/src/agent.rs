//! The one who acts. It is handed frames and asked to look at the clock; it answers with frames to send. It owns no
//! socket and no thread, so a story about power cuts is a plain test, and a thousand boxes are a thousand values.
//!
//! Here: sessions, reports and what is remembered of them. Orders are taken in `obey`, new keys in `rekey`, what a power
//! cut left behind in `recover`, playing is in `play`, and what is looked at again and again in `round`: contacts there,
//! a loudspeaker that takes nothing in `again`, mains and gauges in `condition`, self-tests in `selftest`, people at the box in `outlook`. Its certificate is in `papers`.

mod again;
mod condition;
mod hour;
mod obey;
mod outlook;
mod papers;
mod play;
mod recover;
mod rekey;
mod round;
mod selftest;

use crate::{
    clip::{ClipBoard, library::Library},
    evidence::Inputs,
    journal::{Journal, JournalError, Record},
    papers::Papers,
    player::AudioSink,
    queue::Queue,
    relay::Power,
    sense::Sense,
    trust::Trust,
    voice::Voice,
};
use again::Again;
use hour::Hour;
use mingluo_model::{
    bulletin::{Bulletin, EbmId, ResourceCode},
    clock::{SharedClock, Timestamp},
    link::{
        BoxFrame, CityFrame, DeviceState, Event, Heartbeat, Hello, Report, VERSION, Welcome,
        poll::MOST_REPORTS,
    },
    mode::ModeKind,
    region::RegionCode,
};
use play::Playing;
use round::Round;
pub use round::Watch;
use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroU32,
    time::Duration,
};

/// Who this box is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its resource code, the name in its certificate.
    pub code: ResourceCode,
    /// Where it stands.
    pub region: RegionCode,
    /// Whether it takes part in exercises or in real warnings.
    pub mode: ModeKind,
    /// Its software, for the record.
    pub firmware: String,
}

/// How long a box may take to tell that it plays and that it sounds: within it, thousands of boxes have all told that they
/// verified.
pub const PROGRESS_WITHIN: Duration = Duration::from_secs(2);

/// How far it may go.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The longest that one bulletin may sound, whatever it asks for.
    pub longest_sounding: Duration,
    /// The longest that the loudspeaker may have power in any hour, whatever comes; three times the longest of one bulletin at
    /// least, since orange leaves red the time of one, and everything else leaves orange as much again.
    pub most_in_an_hour: Duration,
    /// The loudest, in percent.
    pub volume_most: u8,
    /// The softest for a red or orange emergency, in percent: what wakes people must not be turned down by a slip.
    pub volume_grave_least: u8,
    /// Within how long "playing" and "sounded" are told, together and each box at a moment of its own: when thousands are
    /// told to sound at once, what each has to say first must not wait behind what the others say second. Zero tells them at
    /// once.
    pub progress_within: Duration,
    /// Simulation only: playing runs this many times faster than the clock. One on every real box.
    pub time_scale: NonZeroU32,
}

impl Rules {
    /// How loud a bulletin is, in percent. The city's silent test stays silent; a grave emergency never is, whatever it asks for.
    pub fn volume(&self, bulletin: &Bulletin) -> u8 {
        let least = if bulletin.is_grave() { self.volume_grave_least } else { 0 };
        bulletin.volume.max(least).min(self.volume_most)
    }
}

/// What the agent acts with.
pub struct Hands {
    /// The amplifier's switch, and the siren's.
    pub power: Power,
    /// Where sound goes.
    pub sink: Box<dyn AudioSink>,
    /// What listens.
    pub sense: Box<dyn Sense>,
    /// What reads a script out; without it words are their time in silence.
    pub voice: Option<Box<dyn Voice>>,
    /// Speech that others made.
    pub clips: Clips,
    /// What is looked at on the round.
    pub watch: Watch,
}

/// Speech that was made in the city. A box without any reads scripts out itself.
#[derive(Debug, Clone, Default)]
pub struct Clips {
    /// Where clips are asked for.
    pub board: Option<ClipBoard>,
    /// Fixed words for days without a network.
    pub library: Option<Library>,
}

impl Hands {
    /// What is asked whether it sounds.
    pub(crate) fn inputs(&mut self) -> Inputs<'_> {
        Inputs { sense: self.sense.as_mut(), feedback: self.watch.feedback.as_deref_mut() }
    }
}

/// A box.
pub struct Agent {
    identity: Identity,
    rules: Rules,
    clock: SharedClock,
    trust: Trust,
    journal: Journal,
    queue: Queue,
    hands: Hands,
    playing: Option<Playing>,
    round: Round,
    // The last playing was not heard: the device reports a fault until one is.
    faulty: bool,
    // When a loudspeaker that takes nothing is tried again.
    again: Option<Again>,
    // How long the loudspeaker had power of late.
    hour: Hour,
    // How long bulletins have sounded that wait again; no longer than each may in all.
    spent: BTreeMap<EbmId, Duration>,
    // Records that go into the journal together, with the next free report id.
    page: Vec<Record>,
    next_report: u64,
    // Whether the city has answered our hello; reports made before wait in the journal.
    welcomed: bool,
    // When anything last came from the city.
    last_heard: Option<Timestamp>,
    // Bounded by the journal's pending reports: each report stands here once a session at most.
    outbox: VecDeque<BoxFrame>,
    // What is told a little later, and the clock's tick at which it is. It stands in the journal all the same.
    held: Option<(Duration, Vec<BoxFrame>)>,
    // This session's share of `Rules::progress_within`, out of 65,535.
    share: u16,
    // What the last poll said: reports after this one have not been said in any.
    said: u64,
    // Its certificate and key, if it renews them by itself.
    papers: Option<Papers>,
    // Answers that were made while a poll's answer was taken in, and wait for the next.
    carried: Vec<BoxFrame>,
}

impl Agent {
    /// A box that takes up where its journal ends: what was begun is reported as interrupted, what waited waits again.
    ///
    /// # Errors
    /// [`JournalError`] when that cannot be written down.
    pub fn new(
        identity: Identity,
        rules: Rules,
        clock: SharedClock,
        trust: Trust,
        journal: Journal,
        hands: Hands,
    ) -> Result<Self, JournalError> {
        let next_report = journal.book().next_report();
        let mut agent = Self {
            identity,
            rules,
            clock,
            trust,
            journal,
            queue: Queue::default(),
            hands,
            playing: None,
            round: Round::default(),
            faulty: false,
            again: None,
            hour: Hour::default(),
            spent: BTreeMap::new(),
            page: Vec::new(),
            next_report,
            welcomed: false,
            last_heard: None,
            outbox: VecDeque::new(),
            held: None,
            share: 0,
            said: 0,
            papers: None,
            carried: Vec::new(),
        };
        agent.recover()?;
        Ok(agent)
    }

    /// The first frame of a new session; `nonce` is 32 random bytes.
    pub fn hello(&mut self, nonce: [u8; 32]) -> BoxFrame {
        self.welcomed = false;
        self.outbox.clear();
        self.held = None;
        self.share = u16::from_be_bytes([nonce[0], nonce[1]]);
        self.trust.begin(nonce);
        let book = self.journal.book();
        BoxFrame::Hello(Hello {
            version: VERSION,
            box_code: self.identity.code,
            firmware: self.identity.firmware.clone(),
            region: self.identity.region,
            mode: self.identity.mode,
            last_seq: book.seen().iter().map(|(key, window)| (key.clone(), window.highest)).collect(),
            boot: self.trust.boot(),
            nonce,
            holding: book.holding(),
            key_set: self.trust.key_set(),
            run: 0,
        })
    }

    /// The session is over: reports wait in the journal for the next one.
    pub fn part(&mut self) {
        self.welcomed = false;
        self.held = None;
        // Reports are in the journal; an answer about keys and a request are nowhere else. The last ones are enough.
        let is_nowhere_else = |frame: &BoxFrame| matches!(frame, BoxFrame::Keys(_) | BoxFrame::Renew(_));
        self.carried = self.outbox.drain(..).filter(is_nowhere_else).collect();
        if let Some(papers) = &mut self.papers {
            papers.put_on();
        }
    }

    /// What a poll says after its hello: what waits to be reported, oldest first, and how the box is.
    pub fn to_be_said(&mut self) -> Vec<BoxFrame> {
        let mut frames = std::mem::take(&mut self.carried);
        frames.push(self.heartbeat());
        let reports = self.journal.book().pending().values().take(MOST_REPORTS);
        frames.extend(reports.cloned().map(BoxFrame::Report));
        if let Some(BoxFrame::Report(last)) = frames.last() {
            self.said = self.said.max(last.id);
        }
        frames
    }

    /// Whether there are reports that no poll has said yet.
    pub fn has_unsaid(&self) -> bool {
        self.journal.book().pending().last_key_value().is_some_and(|(id, _)| *id > self.said)
    }

    /// Whether the city has answered the hello of this session.
    pub const fn is_welcomed(&self) -> bool {
        self.welcomed
    }

    /// Whether the box knows what time it is; without that it obeys nothing.
    pub const fn knows_time(&self) -> bool {
        self.trust.is_trusted()
    }

    /// Something came from the city, be it a sign of life.
    pub fn heard(&mut self) {
        self.last_heard = Some(self.now());
    }

    /// A self-test is no broadcast: the device is on meanwhile.
    fn state(&self) -> DeviceState {
        match &self.playing {
            Some(playing) if playing.test.is_none() => DeviceState::Playing,
            _ if self.faulty || self.fails_tests() => DeviceState::Fault,
            _ => DeviceState::On,
        }
    }

    /// How the box is, for the heartbeat.
    pub fn heartbeat(&self) -> BoxFrame {
        let playing = self.playing.as_ref().filter(|playing| playing.test.is_none());
        BoxFrame::Heartbeat(Heartbeat {
            state: self.state(),
            volume: self.rules.volume_most,
            playing: playing.map(Playing::ebm),
            waiting: self.queue.len() as u32,
            pending: self.journal.book().pending().len() as u32,
            clock_trusted: self.trust.is_trusted(),
            case_open: self.round.is_open,
            health: self.health(),
            at: self.trust.now(),
        })
    }

    /// The speech that it was given, for who fetches it.
    pub const fn clips(&self) -> &Clips {
        &self.hands.clips
    }

    /// The next frame to send.
    pub fn next_frame(&mut self) -> Option<BoxFrame> {
        self.outbox.pop_front()
    }

    /// Takes a frame in and acts on it. An error means that the box cannot remember and must not act.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn hear(&mut self, frame: CityFrame) -> Result<(), JournalError> {
        self.heard();
        match frame {
            CityFrame::Welcome(welcome) => self.welcome(&welcome)?,
            CityFrame::Keys(keys) => self.rekey(&keys.signed)?,
            CityFrame::Order(order) => self.order(&order)?,
            CityFrame::Committed(committed) => {
                let mut ids = committed.ids;
                ids.retain(|id| self.journal.book().pending().contains_key(id));
                if !ids.is_empty() {
                    self.page.push(Record::Committed(ids));
                }
            }
            CityFrame::Certificate(told) => {
                let (now, ticks) = (self.now(), self.clock.ticks());
                if let Some(papers) = &mut self.papers {
                    papers.answered(told, now, ticks);
                }
            }
            CityFrame::Other => {}
        }
        self.turn_page()?;
        self.tick()
    }

    fn welcome(&mut self, welcome: &Welcome) -> Result<(), JournalError> {
        let was_lost = !self.trust.is_trusted();
        self.trust.learn(welcome);
        if was_lost && self.trust.is_trusted() {
            self.resume()?;
        }
        if !self.welcomed {
            self.welcomed = true;
            if let Some(papers) = &mut self.papers {
                papers.welcomed();
            }
            self.outbox.extend(self.journal.book().pending().values().cloned().map(BoxFrame::Report));
        }
        Ok(())
    }

    /// Notes the last event of a bulletin.
    fn close(&mut self, ebm: EbmId, event: Event, detail: &str) {
        self.spent.remove(&ebm);
        self.note(ebm, event, "", detail);
        self.page.push(Record::Closed { ebm, at: self.trust.now() });
    }

    fn note(&mut self, ebm: EbmId, event: Event, reason: &str, detail: &str) {
        let report = Report {
            id: self.next_report,
            ebm,
            box_code: self.identity.code,
            event,
            reason: reason.to_owned(),
            at: self.trust.now(),
            detail: detail.to_owned(),
        };
        self.next_report += 1;
        self.page.push(Record::Reported(report));
    }

    /// Writes down what was noted, all or nothing, and only then lets reports out.
    fn turn_page(&mut self) -> Result<(), JournalError> {
        let page = std::mem::take(&mut self.page);
        let reports: Vec<Report> = page
            .iter()
            .filter_map(|record| match record {
                Record::Reported(report) => Some(report.clone()),
                _ => None,
            })
            .collect();
        self.journal.append(page, self.now())?;
        if self.welcomed {
            for report in reports {
                self.tell(report);
            }
        }
        Ok(())
    }

    /// Puts a report where it is sent from, in the order of the reports.
    fn tell(&mut self, report: Report) {
        let may_wait = matches!(report.event, Event::Playing | Event::Sounded);
        if may_wait && !self.rules.progress_within.is_zero() {
            let share = f64::from(self.share) / f64::from(u16::MAX);
            let at = self.clock.ticks() + self.rules.progress_within.mul_f64(share);
            let (_, held) = self.held.get_or_insert_with(|| (at, Vec::new()));
            held.push(BoxFrame::Report(report));
        } else {
            self.let_go();
            self.outbox.push_back(BoxFrame::Report(report));
        }
    }

    fn let_go(&mut self) {
        self.outbox.extend(self.held.take().into_iter().flat_map(|(_, held)| held));
    }

    /// How long until what is held back is told.
    fn held_due(&self) -> Option<Duration> {
        self.held.as_ref().map(|(at, _)| at.saturating_sub(self.clock.ticks()))
    }

    fn tell_held_if_due(&mut self) {
        if self.held_due() == Some(Duration::ZERO) {
            self.let_go();
        }
    }

    fn now(&self) -> Timestamp {
        self.trust.now()
    }
}

#[cfg(test)]
#[path = "agent/stories.rs"]
mod stories;
