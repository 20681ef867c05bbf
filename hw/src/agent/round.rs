//! The round: what a real box looks at again and again, whatever else it does. The heart beats, the lid is looked at, and
//! so are the button, the mains, the gauges, the hour of the self-test, and whoever stands at the window.

use super::{Agent, condition::Condition};
use crate::{
    clip::library::Library,
    contact::{Button, Contact},
    gauge::Gauge,
    heart::Heart,
    journal::{Happening, JournalError},
    selftest::{BEIJING, Schedule},
    sound,
    window::Window,
};
use mingluo_model::{
    alert::Language,
    bulletin::{Action, BroadcastClass, Bulletin, EbmId, EventType, KeyId, ResourceCode, Tone},
    clock::Timestamp,
    link::Event,
    mode::ModeKind,
    priority::EmergencyClass,
    region::Level,
};
use std::time::Duration;

/// Between two looks at a contact; whoever presses a button holds it longer.
const LOOK: Duration = Duration::from_millis(100);
/// What stands where a bulletin names its key.
const OWN_KEY: &str = "local-button";
/// Between two looks at what changes slowly: the gauges, the hour.
const GLANCE: Duration = Duration::from_secs(10);

/// What is looked at on the round. A pretend box has none of it and makes no rounds.
#[derive(Default)]
pub struct Watch {
    /// Whoever wants signs of life.
    pub heart: Option<Box<dyn Heart>>,
    /// The switch under the lid; on means open (防拆).
    pub lid: Option<Box<dyn Contact>>,
    /// The button.
    pub button: Option<Button>,
    /// The contact behind the relay; on means that the amplifier has its supply (供电回读).
    pub feedback: Option<Box<dyn Contact>>,
    /// The contact that sees the mains; on means it is there (市电).
    pub mains: Option<Box<dyn Contact>>,
    /// The battery's charge in percent.
    pub battery: Option<Box<dyn Gauge>>,
    /// The board's temperature in degrees Celsius.
    pub temperature: Option<Box<dyn Gauge>>,
    /// When the box tests itself.
    pub tests: Option<Schedule>,
    /// Where people at the box look in.
    pub window: Option<Window>,
}

/// How far the round is.
#[derive(Debug, Default)]
pub(super) struct Round {
    // The clock's tick at which the next one is due.
    next_at: Duration,
    pub(super) is_open: bool,
    press: Press,
    pub(super) condition: Condition,
    // The clock's tick at which a copy is due at the window.
    pub(super) shown_at: Duration,
}

impl Round {
    /// Whether somebody presses the button and it has not sounded yet.
    pub(super) const fn is_button_held(&self) -> bool {
        matches!(self.press, Press::Held(_))
    }
}

/// The button's state.
#[derive(Debug, Default, Clone, Copy)]
enum Press {
    #[default]
    Free,
    /// Held since this tick.
    Held(Duration),
    /// It has done its work and must be let go first.
    Spent,
}

impl Watch {
    fn every(&self) -> Option<Duration> {
        let touched = self.lid.is_some() || self.button.is_some() || self.mains.is_some();
        let contacts = (touched || self.window.is_some()).then_some(LOOK);
        let slow = self.tests.is_some() || self.battery.is_some() || self.temperature.is_some();
        let heart = self.heart.as_ref().map(|heart| heart.every());
        contacts.into_iter().chain(heart).chain(slow.then_some(GLANCE)).min()
    }
}

impl Agent {
    /// How long until the next round.
    pub(super) fn round_due(&self) -> Option<Duration> {
        self.hands.watch.every().map(|_| self.round.next_at.saturating_sub(self.clock.ticks()))
    }

    /// Goes round if that is due.
    pub(super) fn go_round(&mut self) -> Result<(), JournalError> {
        let now = self.clock.ticks();
        let Some(every) = self.hands.watch.every().filter(|_| self.round.next_at <= now) else {
            return Ok(());
        };
        self.round.next_at = now + every;
        self.look_at_lid()?;
        self.look_at_button(now)?;
        self.look_at_condition(now)?;
        self.test_if_due()?;
        self.look_out(now)?;
        if let Some(heart) = &mut self.hands.watch.heart {
            heart.beat();
        }
        Ok(())
    }

    /// An open case is told at once, in a heartbeat of its own.
    fn look_at_lid(&mut self) -> Result<(), JournalError> {
        let Some(lid) = &mut self.hands.watch.lid else { return Ok(()) };
        let is_open = lid.is_on();
        if is_open == self.round.is_open {
            return Ok(());
        }
        self.round.is_open = is_open;
        tracing::warn!(is_open, "the lid of the box moved");
        self.note_happening(Happening::Lid(is_open));
        self.turn_page()?;
        self.beat_now();
        Ok(())
    }

    fn look_at_button(&mut self, now: Duration) -> Result<(), JournalError> {
        let Some(button) = &mut self.hands.watch.button else { return Ok(()) };
        let (is_on, hold, sounding) = (button.is_pressed(), button.hold, button.sounding);
        self.round.press = match (is_on, self.round.press) {
            (false, _) => Press::Free,
            (true, Press::Free) => Press::Held(now),
            (true, Press::Held(since)) if now.saturating_sub(since) >= hold => {
                self.sound_alarm(sounding)?;
                Press::Spent
            }
            (true, press) => press,
        };
        Ok(())
    }

    /// The village's own alarm: behind every graded bulletin, before everything daily. With the lid open anybody may be at
    /// the wires, so the button is dead then.
    fn sound_alarm(&mut self, sounding: Duration) -> Result<(), JournalError> {
        if self.round.is_open {
            tracing::warn!("the button is held while the lid is open; nothing sounds");
            return Ok(());
        }
        let Some(alarm) = self.own_alarm(sounding) else { return Ok(()) };
        tracing::warn!(ebm = %alarm.ebm, "the button at the box was held: the village's own alarm");
        self.note(alarm.ebm, Event::Received, "", "the button at the box");
        self.rest_no_more();
        self.wait(alarm);
        self.turn_page()
    }

    fn own_alarm(&self, sounding: Duration) -> Option<Bulletin> {
        let class = BroadcastClass::of(EmergencyClass::Emergency, self.identity.mode);
        let mut alarm = self.own_bulletin(class, Tone::Red)?;
        let tone: Duration = sound::pattern(alarm.tone).iter().map(|sweep| sweep.length).sum();
        let library = self.hands.clips.library.as_ref().filter(|_| self.identity.mode == ModeKind::Live);
        let words = library.and_then(Library::alarm).map(|words| words.length);
        let round = tone + words.unwrap_or_default();
        let rounds = sounding.as_millis().div_ceil(round.as_millis().max(1));
        alarm.repeats = u8::try_from(rounds).unwrap_or(u8::MAX);
        Some(alarm)
    }

    /// A bulletin that nobody signed and that never leaves this box.
    pub(super) fn own_bulletin(&self, class: BroadcastClass, tone: Tone) -> Option<Bulletin> {
        let now = self.now();
        Some(Bulletin {
            tier: Level::Village,
            key_id: OWN_KEY.parse::<KeyId>().ok()?,
            seq: 0,
            ebm: self.own_ebm(now)?,
            class,
            grade: None,
            event: EventType::OTHER,
            areas: vec![self.identity.region],
            action: Action::Play,
            related: Vec::new(),
            start: now,
            // How long it sounds is the score's affair: on a box without a clock the present may yet leap.
            end: Timestamp(i64::MAX),
            volume: self.rules.volume_most,
            repeats: 1,
            tone,
            script: String::new(),
            audio: None,
            language: Language::chinese(),
            created: now,
            mode: self.identity.mode,
        })
    }

    /// The box names its own broadcast as the standard lets it: its code, the day, and a number that rises over restarts.
    fn own_ebm(&self, now: Timestamp) -> Option<EbmId> {
        let date = now.plus(BEIJING).to_jiff()?.strftime("%Y%m%d").to_string();
        EbmId::new(self.identity.code, date.parse().ok()?, (self.next_report % 10_000) as u16).ok()
    }
}

/// Whether a bulletin is the village's own alarm or test, for which no key vouches. Sequence zero is never taken from outside.
pub(super) fn is_own_alarm(bulletin: &Bulletin, own: ResourceCode) -> bool {
    bulletin.seq == 0 && bulletin.ebm.issuer() == own
}
