//! A box as officers and programs see it.

use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    clock::Timestamp,
    fleet::{Alarm, BoxRecord, Seen},
    link::DeviceState,
    region::{Level, RegionCode},
};
use serde_json::{Value, json};

/// Whether what stands here is in that division. Where a box stands of which nobody knows, only a city can find out.
pub(super) fn stands_in(region: Option<RegionCode>, scope: RegionCode) -> bool {
    region.map_or(scope.level() >= Level::City, |region| scope.contains(region))
}

/// A box, what was written down and what was heard of it.
#[derive(Debug, Clone)]
pub struct BoxView {
    /// Its resource code.
    pub code: ResourceCode,
    /// What people wrote down; `None` for one that nobody did (未登记).
    pub record: Option<BoxRecord>,
    /// Whether somebody is named who looks after it.
    pub has_keeper: bool,
    /// What it made known.
    pub seen: Seen,
    /// Whether it has a link now.
    pub connected: bool,
    /// What it plays.
    pub playing: Option<EbmId>,
    /// Since when the city listens.
    pub listening_since: Timestamp,
}

/// How a box is, in one word (状态), the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// 离线.
    Offline,
    /// 故障: it told one, failed its self-test, or played and was not heard.
    Fault,
    /// 播发中.
    Playing,
    /// 电池供电.
    OnBattery,
    /// 在线.
    Online,
    /// 等待重连: not heard since the city's restart, and not for so long that it is offline.
    Awaited,
    /// 已关机: it told that it is switched off.
    Off,
    /// 从未上线.
    NeverHeard,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 8] = [
        Self::Offline,
        Self::Fault,
        Self::Playing,
        Self::OnBattery,
        Self::Online,
        Self::Awaited,
        Self::Off,
        Self::NeverHeard,
    ];

    /// The word in addresses and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Fault => "fault",
            Self::Playing => "playing",
            Self::OnBattery => "on-battery",
            Self::Online => "online",
            Self::Awaited => "awaited",
            Self::Off => "off",
            Self::NeverHeard => "never-heard",
        }
    }
}

impl BoxView {
    /// Where it stands: as it was written down, else as it says.
    pub fn region(&self) -> Option<RegionCode> {
        self.record.as_ref().map(|record| record.region).or(self.seen.region)
    }

    /// Whether it stands in this division.
    pub fn is_in(&self, scope: RegionCode) -> bool {
        stands_in(self.region(), scope)
    }

    /// Whether it was taken down for good.
    pub fn is_retired(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.retired.is_some())
    }

    /// Whether it has this alarm.
    pub fn has(&self, alarm: Alarm) -> bool {
        self.seen.alarms.contains_key(&alarm)
    }

    /// How it is, in one word.
    pub fn condition(&self) -> Condition {
        let Some(heard) = self.seen.last_heard else { return Condition::NeverHeard };
        if self.has(Alarm::Offline) {
            return Condition::Offline;
        }
        if self.seen.state == Some(DeviceState::Off) {
            return Condition::Off;
        }
        if heard < self.listening_since {
            return Condition::Awaited;
        }
        if self.has(Alarm::Fault) || self.has(Alarm::NotHeard) || self.has(Alarm::SelfTestFailed) {
            return Condition::Fault;
        }
        if self.playing.is_some() || self.seen.state == Some(DeviceState::Playing) {
            return Condition::Playing;
        }
        if self.has(Alarm::OnBattery) { Condition::OnBattery } else { Condition::Online }
    }

    /// The box as programs read it. Nothing of it is personal: who looks after it is told by a page alone.
    pub fn told(&self) -> Value {
        let record = self.record.as_ref().map(|it| {
            json!({
                "region": it.region.to_string(), "place": it.place, "position": it.at, "organisation": it.organisation,
                "power": it.power, "horns": it.horns, "watts": it.watts, "people": it.people,
                "certificate_until": it.certificate_until, "enrolled": it.enrolled, "retired": it.retired,
                "has_keeper": self.has_keeper,
            })
        });
        let seen = &self.seen;
        let alarms = seen.alarms.iter().map(
            |(alarm, since)| json!({ "alarm": alarm.word(), "since": since, "urgency": alarm.urgency() }),
        );
        json!({
            "code": self.code,
            "condition": self.condition().word(),
            "device_state": seen.state,
            "connected": self.connected,
            "playing": self.playing,
            "registered": record,
            "region": self.region().map(|region| region.to_string()),
            "firmware": seen.firmware,
            "key_set": seen.key_set,
            "last_heard": seen.last_heard,
            "last_sounded": seen.last_sounded,
            "clock_lost": seen.clock_lost,
            "case_open": seen.case_open,
            "health": seen.health,
            "alarms": alarms.collect::<Vec<_>>(),
        })
    }
}
