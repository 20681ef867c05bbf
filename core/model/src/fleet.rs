//! The village boxes as a fleet (终端台账): what was installed where and who looks after it, what the city has heard of it,
//! what is wrong with it, and what became of each broadcast in it. Values and rules; who hears and who keeps is elsewhere.
//!
//! The cast: a [`BoxRecord`] is what people wrote down, a [`Seen`] what the box itself made known, [`alarm`] what of the
//! two calls for a person, [`playout`] one broadcast in one box in the words of the emergency-broadcast standard.

pub mod alarm;
pub mod playout;

use crate::{
    address::Address,
    bulletin::ResourceCode,
    clock::Timestamp,
    link::{DeviceState, Health},
    region::RegionCode,
};
pub use alarm::{Alarm, Circumstances, OFFLINE_AFTER};
pub use playout::{BroadcastState, Playout};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Characters of a place, an organisation or a name at most.
pub const LONGEST_WORDS: usize = 80;
/// Horns on one box at most; a pole carries four, a village's network a few dozen.
pub const MOST_HORNS: u8 = 64;
/// Watts of an amplifier at most.
pub const MOST_WATTS: u16 = 5_000;

/// One box as it was written down (终端台账条目).
#[derive(Debug, Clone, PartialEq)]
pub struct BoxRecord {
    /// Its resource code (资源编码).
    pub code: ResourceCode,
    /// The division where it stands, mostly a village.
    pub region: RegionCode,
    /// The place in words (安装位置), at most [`LONGEST_WORDS`] characters.
    pub place: String,
    /// The place on the earth.
    pub at: Option<Position>,
    /// Whose it is (所属单位), at most [`LONGEST_WORDS`] characters; may be empty.
    pub organisation: String,
    /// What feeds it.
    pub power: Power,
    /// Horns on it, 0 to [`MOST_HORNS`]; zero is unknown.
    pub horns: u8,
    /// Rated power of the amplifier in watts, 0 to [`MOST_WATTS`]; zero is unknown.
    pub watts: u16,
    /// People who hear it; `None` lets the division's people count.
    pub people: Option<u32>,
    /// Until when its certificate is good, as its authority wrote it down.
    pub certificate_until: Option<Timestamp>,
    /// When it was enrolled (入网).
    pub enrolled: Option<Timestamp>,
    /// When it was taken down for good (退网).
    pub retired: Option<Timestamp>,
}

/// A place on the earth in degrees, CGCS2000, which is WGS-84 to within a metre.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// North, −90 to 90.
    pub latitude: f64,
    /// East, −180 to 180.
    pub longitude: f64,
}

/// What feeds a box (供电方式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Power {
    /// Nobody wrote it down.
    Unknown = 0,
    /// 市电.
    Mains = 1,
    /// 蓄电池.
    Battery = 2,
    /// 太阳能.
    Solar = 3,
}

impl Power {
    /// Every kind, by its number.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::Mains, Self::Battery, Self::Solar];

    /// The kind of a number in the ledger.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|power| *power as u8 == number)
    }

    /// The word in files and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Mains => "mains",
            Self::Battery => "battery",
            Self::Solar => "solar",
        }
    }
}

/// Who looks after a box (管护人). Personal data: sealed in the ledger, hidden in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Keeper {
    /// The name, at most [`LONGEST_WORDS`] characters.
    pub name: String,
    /// The telephone number, as for the roster.
    pub phone: Address,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Keeper(…)")
    }
}

/// What a box itself made known (终端实况): the last that was heard of everything, kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the box made known")]
pub struct Seen {
    /// When a frame last came from it.
    #[serde(default)]
    pub last_heard: Option<Timestamp>,
    /// Where it stands, by its own configuration.
    #[serde(default)]
    pub region: Option<RegionCode>,
    /// The state that its last heartbeat told.
    #[serde(default)]
    pub state: Option<DeviceState>,
    /// Its software.
    #[serde(default)]
    pub firmware: String,
    /// The version of the key set that it believes; zero when no root signed it.
    #[serde(default)]
    pub key_set: u64,
    /// Whether its last heartbeat said that it does not know the time.
    #[serde(default)]
    pub clock_lost: bool,
    /// Whether its case is open.
    #[serde(default)]
    pub case_open: bool,
    /// Whether two devices seem to hold its certificate.
    #[serde(default)]
    pub doubled: bool,
    /// Whether it lately refused bulletins whose signature does not fit or whose key it does not know.
    #[serde(default)]
    pub forged: bool,
    /// Its condition.
    #[serde(default)]
    pub health: Health,
    /// When its sense input last proved sound (拾音佐证).
    #[serde(default)]
    pub last_sounded: Option<Timestamp>,
    /// When it last played and heard nothing.
    #[serde(default)]
    pub last_unheard: Option<Timestamp>,
    /// What is wrong with it, and since when.
    #[serde(default)]
    pub alarms: BTreeMap<Alarm, Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_a_box_never_shows() {
        let keeper = Keeper { name: "王强".into(), phone: Address::new("19730601234") };
        let shown = format!("{keeper:?}");
        assert!(!shown.contains("王强") && !shown.contains("1973"), "{shown}");
    }

    #[test]
    fn what_an_earlier_version_kept_can_still_be_read() {
        assert_eq!(serde_json::from_str::<Seen>("{}").unwrap(), Seen::default());
        let seen = Seen { alarms: BTreeMap::from([(Alarm::OnBattery, Timestamp(7))]), ..Seen::default() };
        let text = serde_json::to_string(&seen).unwrap();
        assert!(text.contains("\"on-battery\":7"), "{text}");
        assert_eq!(serde_json::from_str::<Seen>(&text).unwrap(), seen);
    }
}
