//! What about a box calls for a person (终端告警), as one pure rule over what it made known and the present instant.

use super::Seen;
use crate::{clock::Timestamp, link::DeviceState};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// A box that was not heard for so long is offline (离线).
///
/// Source: GY/T 384-2023 practice of installed platforms: a peer counts as offline after 300 s without a heartbeat.
pub const OFFLINE_AFTER: Duration = Duration::from_mins(5);
/// A certificate that ends within this time is told: a month is one round of visits to the villages.
const CERTIFICATE_SOON: Duration = Duration::from_hours(30 * 24);

/// What may be wrong with a box, the most urgent first: what keeps it from sounding, what will soon, what might be foul play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// Not heard for [`OFFLINE_AFTER`] (离线).
    Offline,
    /// It told a fault (故障).
    Fault,
    /// It played, and its sense input heard nothing; it has not sounded since (播放无声).
    NotHeard,
    /// Its last self-test failed (自检未通过).
    SelfTestFailed,
    /// It does not know the time, and obeys nobody until the city has told it (时钟不可信).
    ClockLost,
    /// Its case is open (防拆).
    CaseOpen,
    /// Two devices seem to hold its certificate (疑似复制).
    Doubled,
    /// It refused bulletins that the city's keys did not sign (疑似伪造指令).
    Forged,
    /// Mains is gone, its battery carries it (市电中断).
    OnBattery,
    /// Its certificate ends within 30 days, or has ended (证书将到期).
    CertificateExpiring,
    /// It believes an older key set than the city has (公钥集落后).
    KeysBehind,
}

impl Alarm {
    /// Every alarm, the most urgent first.
    pub const ALL: [Self; 11] = [
        Self::Offline,
        Self::Fault,
        Self::NotHeard,
        Self::SelfTestFailed,
        Self::ClockLost,
        Self::CaseOpen,
        Self::Doubled,
        Self::Forged,
        Self::OnBattery,
        Self::CertificateExpiring,
        Self::KeysBehind,
    ];

    /// The word in answers and in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Fault => "fault",
            Self::NotHeard => "not-heard",
            Self::SelfTestFailed => "self-test-failed",
            Self::ClockLost => "clock-lost",
            Self::CaseOpen => "case-open",
            Self::Doubled => "doubled",
            Self::Forged => "forged",
            Self::OnBattery => "on-battery",
            Self::CertificateExpiring => "certificate-expiring",
            Self::KeysBehind => "keys-behind",
        }
    }

    /// How urgent it is to go there: 3 it cannot be relied on to sound, 2 somebody may be at it or it soon cannot, 1 it
    /// can wait for the next visit.
    pub const fn urgency(self) -> u8 {
        match self {
            Self::Offline | Self::Fault | Self::NotHeard | Self::SelfTestFailed | Self::ClockLost => 3,
            Self::CaseOpen | Self::Doubled | Self::Forged | Self::OnBattery => 2,
            Self::CertificateExpiring | Self::KeysBehind => 1,
        }
    }
}

/// What the rule must know besides the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// The present instant.
    pub now: Timestamp,
    /// Since when the city listens: after a restart every box has [`OFFLINE_AFTER`] anew to be heard.
    pub listening_since: Timestamp,
    /// The version of the key set that boxes are to believe; zero without one.
    pub key_set: u64,
    /// Until when the box's certificate is good, if that is known.
    pub certificate_until: Option<Timestamp>,
}

/// What is wrong with a box now. A box that was never heard has no alarm: it was not put up yet, or never came alive.
pub fn alarms(seen: &Seen, circumstances: &Circumstances) -> BTreeSet<Alarm> {
    let Some(heard) = seen.last_heard else { return BTreeSet::new() };
    let Circumstances { now, listening_since, key_set, certificate_until } = *circumstances;
    // A box that told that it is switched off is not missing.
    let is_off = seen.state == Some(DeviceState::Off);
    let is_silent = !is_off && now.since(heard.max(listening_since)) >= OFFLINE_AFTER;
    let is_mute = seen.last_unheard.is_some_and(|unheard| seen.last_sounded.is_none_or(|it| it < unheard));
    let holds = |alarm: &Alarm| match alarm {
        Alarm::Offline => is_silent,
        Alarm::Fault => seen.state == Some(DeviceState::Fault),
        Alarm::NotHeard => is_mute,
        Alarm::SelfTestFailed => seen.health.self_test.as_ref().is_some_and(|test| !test.passed),
        Alarm::ClockLost => seen.clock_lost,
        Alarm::CaseOpen => seen.case_open,
        Alarm::Doubled => seen.doubled,
        Alarm::Forged => seen.forged,
        Alarm::OnBattery => seen.health.mains == Some(false),
        Alarm::CertificateExpiring => {
            certificate_until.is_some_and(|until| until.since(now) < CERTIFICATE_SOON)
        }
        Alarm::KeysBehind => seen.key_set < key_set,
    };
    Alarm::ALL.into_iter().filter(holds).collect()
}

/// Raises what is new and clears what is over; gives both. What still holds keeps the instant at which it began.
pub fn settle(seen: &mut Seen, circumstances: &Circumstances) -> (Vec<Alarm>, Vec<Alarm>) {
    let holding = alarms(seen, circumstances);
    let raised: Vec<Alarm> =
        holding.iter().copied().filter(|alarm| !seen.alarms.contains_key(alarm)).collect();
    // A restart is not a cure: an offline box stays so until it is heard, though others get their time anew.
    let is_heard = seen.last_heard.is_some_and(|heard| heard >= circumstances.listening_since);
    let over = |alarm: &Alarm| !holding.contains(alarm) && (*alarm != Alarm::Offline || is_heard);
    let cleared: Vec<Alarm> = seen.alarms.keys().copied().filter(over).collect();
    for alarm in &cleared {
        seen.alarms.remove(alarm);
    }
    seen.alarms.extend(raised.iter().map(|alarm| (*alarm, circumstances.now)));
    (raised, cleared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Health, SelfTest};

    fn at(seconds: i64) -> Circumstances {
        let (now, listening_since) = (Timestamp(seconds * 1_000), Timestamp(0));
        Circumstances { now, listening_since, key_set: 0, certificate_until: None }
    }

    fn heard_at(seconds: i64) -> Seen {
        Seen { last_heard: Some(Timestamp(seconds * 1_000)), ..Seen::default() }
    }

    #[test]
    fn silence_becomes_an_alarm_after_three_hundred_seconds_and_not_before() {
        let mut seen = heard_at(0);
        assert_eq!(settle(&mut seen, &at(299)), (vec![], vec![]));
        assert_eq!(settle(&mut seen, &at(300)), (vec![Alarm::Offline], vec![]));
        assert_eq!(settle(&mut seen, &at(900)), (vec![], vec![]), "raised once");
        assert_eq!(seen.alarms[&Alarm::Offline], Timestamp(300_000));
        seen.last_heard = Some(Timestamp(901_000));
        assert_eq!(settle(&mut seen, &at(901)), (vec![], vec![Alarm::Offline]));
    }

    #[test]
    fn after_a_restart_boxes_have_their_time_anew_and_what_was_offline_stays_so() {
        let restarted = |seconds| Circumstances { listening_since: Timestamp(10_000_000), ..at(seconds) };
        let mut seen = heard_at(9_000);
        assert!(settle(&mut seen, &restarted(10_299)).0.is_empty());
        assert_eq!(settle(&mut seen, &restarted(10_300)).0, [Alarm::Offline]);
        let mut lost = heard_at(0);
        settle(&mut lost, &at(400));
        assert_eq!(settle(&mut lost, &restarted(10_001)), (vec![], vec![]));
        assert_eq!(lost.alarms[&Alarm::Offline], Timestamp(400_000), "since when it is gone is still known");
    }

    #[test]
    fn a_box_that_was_switched_off_or_never_came_alive_is_not_missed() {
        let off = Seen { state: Some(DeviceState::Off), ..heard_at(0) };
        assert!(alarms(&off, &at(9_000)).is_empty());
        assert!(alarms(&Seen::default(), &at(9_000)).is_empty());
    }

    #[test]
    fn each_thing_that_is_wrong_is_told() {
        let test = |passed| SelfTest { at: Timestamp(0), audible: false, passed, detail: String::new() };
        let health = Health { mains: Some(false), self_test: Some(test(false)), ..Health::default() };
        let seen = Seen {
            state: Some(DeviceState::Fault),
            clock_lost: true,
            case_open: true,
            doubled: true,
            forged: true,
            health,
            last_unheard: Some(Timestamp(5)),
            key_set: 1,
            ..heard_at(0)
        };
        let circumstances = Circumstances { key_set: 2, certificate_until: Some(Timestamp(0)), ..at(300) };
        assert_eq!(alarms(&seen, &circumstances), Alarm::ALL.into_iter().collect());
        let well = Seen {
            health: Health { mains: Some(true), self_test: Some(test(true)), ..Health::default() },
            last_unheard: Some(Timestamp(5)),
            last_sounded: Some(Timestamp(6)),
            key_set: 2,
            ..heard_at(0)
        };
        let far = Circumstances { certificate_until: Some(Timestamp(i64::MAX)), key_set: 2, ..at(1) };
        assert!(alarms(&well, &far).is_empty(), "it has sounded since");
    }
}
