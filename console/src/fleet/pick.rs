//! Which boxes are wanted (筛选): by how they are, where they stand, and by words out of code, place or division. The same on
//! the page, on the API and on the command line.

use super::view::{BoxView, Condition};
use mingluo_model::{fleet::Alarm, region::RegionCode};
use serde::Deserialize;

/// What was asked for; empty wants everything.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Pick {
    /// A word of [`Condition`], or `alarm` for every box with one.
    #[serde(default)]
    pub show: String,
    /// A division's code.
    #[serde(default)]
    pub region: String,
    /// Part of a code, a place, an organisation or a division's name.
    #[serde(default)]
    pub q: String,
}

/// The word for every box that has an alarm.
pub const WITH_ALARM: &str = "alarm";

impl Pick {
    /// The condition that is wanted, if one is; what names none wants everything.
    pub fn condition(&self) -> Option<Condition> {
        Condition::ALL.into_iter().find(|condition| condition.word() == self.show)
    }

    /// Whether this box is wanted. `name` is the name of a division.
    pub fn wants(&self, view: &BoxView, name: impl Fn(RegionCode) -> Option<String>) -> bool {
        let is_so = match self.condition() {
            Some(condition) => view.condition() == condition,
            None => self.show != WITH_ALARM || !view.seen.alarms.is_empty(),
        };
        let is_there = self.region.parse::<RegionCode>().map_or(true, |region| view.is_in(region));
        is_so && is_there && self.says(view, name)
    }

    fn says(&self, view: &BoxView, name: impl Fn(RegionCode) -> Option<String>) -> bool {
        let wanted = self.q.trim();
        if wanted.is_empty() || view.code.as_str().contains(wanted) {
            return true;
        }
        let record = view.record.as_ref();
        let words = record.map(|it| [it.place.as_str(), it.organisation.as_str()]).unwrap_or_default();
        words.iter().any(|word| word.contains(wanted))
            || view.region().and_then(name).is_some_and(|name| name.contains(wanted))
    }
}

/// How many boxes are how (终端概况).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub all: usize,
    /// By [`Condition::ALL`].
    pub by: [usize; Condition::ALL.len()],
    /// With an alarm.
    pub with_alarm: usize,
    /// Without mains, whatever else they are.
    pub on_battery: usize,
}

impl Counts {
    /// Counts them.
    pub fn of(boxes: &[BoxView]) -> Self {
        let mut counts = Self { all: boxes.len(), ..Self::default() };
        for view in boxes {
            counts.by[view.condition() as usize] += 1;
            counts.with_alarm += usize::from(!view.seen.alarms.is_empty());
            counts.on_battery += usize::from(view.has(Alarm::OnBattery));
        }
        counts
    }

    /// How many are so.
    pub const fn in_condition(&self, condition: Condition) -> usize {
        self.by[condition as usize]
    }
}
