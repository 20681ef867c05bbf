//! When a box tests itself (自检). Pure: the present in, what is due out. A silent test every day keys the amplifier at
//! zero level and reads the inputs; an audible one every month plays a short tone.
//! The two paces are those that public sirens are tested at; the village is told of the audible one's day.

use mingluo_model::clock::Timestamp;
use std::time::Duration;

/// Where the hours are counted: Beijing time, UTC+8, without summer time.
pub const BEIJING: Duration = Duration::from_hours(8);
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nothing sounds (静默自检).
    Silent,
    /// A short tone sounds (有声自检).
    Audible,
}

/// When each is held, in Beijing time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The hour of every day, 0 to 23.
    pub silent_hour: Option<u8>,
    /// The day of every month, 1 to 28, and its hour.
    pub audible: Option<(u8, u8)>,
}

impl Schedule {
    /// The test that is due: its hour has struck and is not over, and none of its kind was begun on this day.
    pub fn due(&self, now: Timestamp, begun: impl Fn(Kind) -> Option<Timestamp>) -> Option<Kind> {
        let local = now.plus(BEIJING);
        let hour = (local.0.rem_euclid(DAY) / HOUR) as u8;
        let is_open = |kind| begun(kind).is_none_or(|at| day(at) != day(now));
        let silent = self.silent_hour == Some(hour) && is_open(Kind::Silent);
        if silent {
            return Some(Kind::Silent);
        }
        let today: Option<u8> = local.to_jiff()?.strftime("%d").to_string().parse().ok();
        let (audible_day, audible_hour) = self.audible?;
        let is_now = today == Some(audible_day) && audible_hour == hour;
        (is_now && is_open(Kind::Audible)).then_some(Kind::Audible)
    }
}

/// The number of the day in Beijing.
const fn day(at: Timestamp) -> i64 {
    (at.0 + 8 * HOUR).div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-07-05T00:00:00Z is eight in the morning in Beijing.
    const EIGHT: Timestamp = Timestamp(1_783_209_600_000);
    const SCHEDULE: Schedule = Schedule { silent_hour: Some(8), audible: Some((5, 10)) };

    fn later(hours: i64) -> Timestamp {
        Timestamp(EIGHT.0 + hours * HOUR)
    }

    #[test]
    fn each_is_due_in_its_hour_and_once_a_day() {
        let never = |_| None;
        assert_eq!(SCHEDULE.due(EIGHT, never), Some(Kind::Silent));
        assert_eq!(SCHEDULE.due(Timestamp(EIGHT.0 - 1), never), None);
        assert_eq!(SCHEDULE.due(later(1), never), None);
        assert_eq!(SCHEDULE.due(later(2), never), Some(Kind::Audible));
        assert_eq!(SCHEDULE.due(later(26), never), None, "the sixth is no fifth");
        let done = |_| Some(EIGHT);
        assert_eq!(SCHEDULE.due(Timestamp(EIGHT.0 + 60_000), done), None);
        assert_eq!(SCHEDULE.due(later(24), done), Some(Kind::Silent));
    }

    #[test]
    fn what_is_not_set_is_never_due() {
        for hour in 0..24 * 40 {
            assert_eq!(Schedule::default().due(later(hour), |_| None), None);
        }
    }

    proptest! {
        #[test]
        fn however_often_one_looks_each_day_has_one_test(
            silent_hour in 0_u8..24, looks in proptest::collection::vec(0_i64..10 * DAY, 1..400),
        ) {
            let schedule = Schedule { silent_hour: Some(silent_hour), audible: None };
            let mut looks = looks;
            looks.sort_unstable();
            let (mut last, mut days) = (None, std::collections::BTreeSet::new());
            for look in looks {
                let now = Timestamp(EIGHT.0 + look);
                if schedule.due(now, |_| last).is_some() {
                    prop_assert!(days.insert(day(now)));
                    last = Some(now);
                }
            }
        }
    }
}
