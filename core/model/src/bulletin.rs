//! The signed, expiring order to a village speaker: what it says and which values it may hold.
//!
//! A bulletin is written once in the city, signed, and believed by nobody on its way: gateways, caches and cards
//! are mere carriers. [`codec`] writes it as bytes, [`envelope`] wraps and signs these, [`keys`] says which key may
//! sign what, [`public_key`] whether it did, [`root`] who says so, [`reading`] how the script is
//! read aloud, [`library`] which speech a box has for the day without a network, [`mod@verify`] is the only road back. Nothing here knows how it travels or how it is played.

pub mod codec;
pub mod ebm;
pub mod envelope;
pub mod keys;
pub mod library;
pub mod public_key;
pub mod reading;
pub mod root;
pub mod seen;
#[cfg(feature = "sm2")]
pub mod sm2;
pub mod verify;
mod wire;

use crate::{
    alert::Language,
    clock::Timestamp,
    grade::Grade,
    mode::ModeKind,
    priority::EmergencyClass,
    region::{Level, RegionCode},
};
pub use ebm::{EbmId, EventType, ResourceCode};
pub use envelope::{Alg, Envelope, KeyId};
pub use keys::{KeySet, VerifyingEntry};
pub use library::{BadLibrary, ClipLibrary, LibraryClip, SignedLibrary};
pub use public_key::{BadPublicKey, Ed25519Key, PublicKey, Sm2Point};
pub use root::{BadKeySet, KeyEdition, RootKey, SignedKeySet};
pub use seen::{SeenWindow, Sequences};
use serde::{Deserialize, Serialize};
use std::time::Duration;
pub use verify::{Circumstances, Refusal, verify};

/// Regions that one bulletin may name.
pub const MOST_AREAS: usize = 512;
/// EBM ids that one stop may name, and earlier ones that one bulletin may replace.
pub const MOST_STOPPED: usize = 32;
/// Bytes of UTF-8 that the script may have; about 1,300 Chinese characters, five minutes of speech.
pub const LONGEST_SCRIPT: usize = 4_000;
/// The longest time between start and end: a bulletin that lives longer is renewed, not left lying about.
pub const LONGEST_LIFE: Duration = Duration::from_hours(48);
/// Bytes of a language tag (RFC 5646 asks for room for 35).
const LONGEST_LANGUAGE: usize = 35;

/// An order to speakers (播发指令), as its issuer signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulletin {
    /// The issuer's level (发布层级); a higher one goes first and cannot be stopped by a lower one.
    pub tier: Level,
    /// The key that signs it; part of the signed bytes.
    pub key_id: KeyId,
    /// Its number under this key in its mode; rises by one for each bulletin and is never used twice, since speakers
    /// forget all but the last 64.
    pub seq: u64,
    /// Its name in the emergency-broadcast world (应急广播消息编码).
    pub ebm: EbmId,
    /// What kind of broadcast it is (播发类别).
    pub class: BroadcastClass,
    /// The grade (事件级别); `None` is the standard's level 0, "default".
    pub grade: Option<Grade>,
    /// The event type (事件类型).
    pub event: EventType,
    /// The divisions in which speakers obey it; at least one.
    pub areas: Vec<RegionCode>,
    /// What to do.
    pub action: Action,
    /// The earlier bulletins that this one updates, lifts or corrects (关联消息), the whole chain of them, since a speaker
    /// may have any: it falls silent about these and never begins them.
    pub related: Vec<EbmId>,
    /// Not to be played before.
    pub start: Timestamp,
    /// Not to be played after; a speaker that was away stays silent.
    pub end: Timestamp,
    /// Percent of full volume, 0 to 100; what is played with a grade is never at 0, which is the silent test's.
    pub volume: u8,
    /// How often tone and words are played, 1 to 10.
    pub repeats: u8,
    /// The tone before the words.
    pub tone: Tone,
    /// The words to be spoken; may be empty for a stop only.
    pub script: String,
    /// Finished speech, fetched by its digest; `None` when the speaker has only tone and script.
    pub audio: Option<AudioClip>,
    /// The language of the words.
    pub language: Language,
    /// When it was written.
    pub created: Timestamp,
    /// Live, or an exercise; agrees with [`Self::class`].
    pub mode: ModeKind,
}

/// What kind of broadcast (播发类别), by the standard's number.
///
/// Source: GD/J 089-2018 and GY/T 393-2023, loudspeaker command 0x04, class field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum BroadcastClass {
    /// 应急演练-发布系统演练.
    ReleaseDrill = 1,
    /// 应急演练-模拟演练.
    SimulatedDrill = 2,
    /// 应急演练-实际演练.
    RealDrill = 3,
    /// 应急.
    Emergency = 4,
    /// 日常.
    Daily = 5,
}

impl BroadcastClass {
    /// Every class, by its number.
    pub const ALL: [Self; 5] =
        [Self::ReleaseDrill, Self::SimulatedDrill, Self::RealDrill, Self::Emergency, Self::Daily];

    /// The class of the standard's number, 1 to 5.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as u8 == number)
    }

    /// Whether such a broadcast is real or an exercise.
    pub const fn mode(self) -> ModeKind {
        match self {
            Self::Emergency | Self::Daily => ModeKind::Live,
            Self::ReleaseDrill | Self::SimulatedDrill | Self::RealDrill => ModeKind::Drill,
        }
    }

    /// Whose turn it is: emergency, real drill, other drill, daily.
    pub const fn urgency(self) -> u8 {
        match self {
            Self::Emergency => 3,
            Self::RealDrill => 2,
            Self::ReleaseDrill | Self::SimulatedDrill => 1,
            Self::Daily => 0,
        }
    }

    /// The class that an alert of this kind and mode goes out as; a drill is played as a real drill.
    pub const fn of(class: EmergencyClass, mode: ModeKind) -> Self {
        match (mode, class) {
            (ModeKind::Drill, _) | (_, EmergencyClass::Drill) => Self::RealDrill,
            (ModeKind::Live, EmergencyClass::Emergency) => Self::Emergency,
            (ModeKind::Live, EmergencyClass::Daily) => Self::Daily,
        }
    }
}

/// The standard's number of a grade: 0 default, 1 red (特别重大) to 4 blue (一般).
pub const fn level_number(grade: Option<Grade>) -> u8 {
    match grade {
        None => 0,
        Some(grade) => 5 - grade.rank(),
    }
}

/// What a bulletin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Sound it (开始播发).
    Play,
    /// Fall silent about these bulletins, and never begin them (停止播发).
    Stop(Vec<EbmId>),
    /// Fall silent about everything of this issuer's tier and below (全部停止).
    StopAll,
}

/// The tone before the words (提示音), a fixed pattern that the speaker makes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Tone {
    /// No tone.
    None = 0,
    /// One slow sweep.
    Blue = 1,
    /// Two sweeps.
    Yellow = 2,
    /// Quick two-tone, three times.
    Orange = 3,
    /// Quick two-tone without rest.
    Red = 4,
    /// One falling chime: the danger is over (解除).
    AllClear = 5,
}

impl Tone {
    /// Every tone, by its number.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Blue, Self::Yellow, Self::Orange, Self::Red, Self::AllClear];

    /// The tone of a grade.
    pub const fn of(grade: Grade) -> Self {
        match grade {
            Grade::Blue => Self::Blue,
            Grade::Yellow => Self::Yellow,
            Grade::Orange => Self::Orange,
            Grade::Red => Self::Red,
        }
    }
}

/// Speech that was made and auditioned in the city (音频文件); named by its digest, so its carrier need not be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioClip {
    /// How it is encoded.
    pub codec: AudioCodec,
    /// Its length in bytes.
    pub len: u32,
    /// SHA-256 over all of it.
    pub sha256: [u8; 32],
}

/// How a clip is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum AudioCodec {
    /// WAV, 16-bit PCM.
    Wav = 1,
    /// Ogg Opus.
    Opus = 2,
    /// MPEG audio layer III.
    Mp3 = 3,
}

impl AudioCodec {
    /// The codec of a number on the wire.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Wav, Self::Opus, Self::Mp3].into_iter().find(|codec| *codec as u8 == number)
    }
}

/// A bulletin or an envelope that breaks its own rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bulletin {field}: {problem}")]
pub struct Malformed {
    /// The field.
    pub field: &'static str,
    /// The value and what it must be.
    pub problem: String,
}

impl Malformed {
    pub(crate) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

impl Bulletin {
    /// Whether a speaker that obeys this falls silent about that bulletin, if the tier allows.
    pub fn silences(&self, ebm: EbmId) -> bool {
        self.related.contains(&ebm)
            || match &self.action {
                Action::Play => false,
                Action::Stop(named) => named.contains(&ebm),
                Action::StopAll => true,
            }
    }

    /// Whether it is the city's silent test (静默测试): the amplifier is tried at zero level and nobody is to hear it. A bulletin with
    /// a grade is none, whatever its volume says: a warning that nobody hears must never count as played.
    pub fn is_silent_test(&self) -> bool {
        self.action == Action::Play && self.volume == 0 && self.grade.is_none()
    }

    /// Whether it is a real emergency of red or orange, which wakes people: nothing turns it down, and what others sound leaves it
    /// its own.
    pub fn is_grave(&self) -> bool {
        self.class == BroadcastClass::Emergency && self.grade.is_some_and(|grade| grade >= Grade::Orange)
    }

    /// Whether the fields keep the rules; asked before signing and again by every speaker.
    ///
    /// # Errors
    /// [`Malformed`] names the first field that breaks one.
    pub fn check(&self) -> Result<(), Malformed> {
        self.check_times()?;
        self.check_sound()?;
        within("areas", self.areas.len(), 1, MOST_AREAS)?;
        within("language", self.language.0.len(), 2, LONGEST_LANGUAGE)?;
        if let Action::Stop(named) = &self.action {
            within("action.stop", named.len(), 1, MOST_STOPPED)?;
        }
        within("related", self.related.len(), 0, MOST_STOPPED)?;
        if self.class.mode() != self.mode {
            let problem = format!("{:?} does not go with class {:?}", self.mode, self.class);
            return Err(Malformed::new("mode", problem));
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), Malformed> {
        if self.end <= self.start {
            return Err(Malformed::new("end", format!("{} is not after start {}", self.end.0, self.start.0)));
        }
        if self.end.since(self.start) > LONGEST_LIFE {
            return Err(Malformed::new("end", "more than 48 hours after start; renew it with an update"));
        }
        Ok(())
    }

    fn check_sound(&self) -> Result<(), Malformed> {
        within("volume", usize::from(self.volume), 0, 100)?;
        if let (Action::Play, 0, Some(grade)) = (&self.action, self.volume, self.grade) {
            let problem = format!(
                "0：{}指令须能听到，音量应为 1 至 100，静默测试不带级别 / a {} bulletin must be heard: give 1 to 100, or no grade for a silent test",
                grade.zh(),
                grade.word()
            );
            return Err(Malformed::new("volume", problem));
        }
        within("repeats", usize::from(self.repeats), 1, 10)?;
        within("script", self.script.len(), 0, LONGEST_SCRIPT)?;
        let mute = self.script.trim().is_empty() && self.audio.is_none() && self.tone == Tone::None;
        if mute && self.action == Action::Play {
            return Err(Malformed::new("script", "empty, and neither tone nor audio; nothing would sound"));
        }
        Ok(())
    }
}

fn within(field: &'static str, value: usize, least: usize, most: usize) -> Result<(), Malformed> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Malformed::new(field, format!("{value}, must be {least} to {most}")))
}

#[cfg(test)]
pub(crate) mod samples;
