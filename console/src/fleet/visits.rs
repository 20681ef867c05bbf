//! Where somebody has to go (维护清单): what is wrong with each box, the most urgent first, and among equals where the most
//! people hear it.

use super::view::BoxView;
use mingluo_model::{clock::Timestamp, fleet::Alarm};

/// A box that wants a visit.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The box.
    pub view: BoxView,
    /// 3 it cannot be relied on to sound, 2 somebody may be at it or it soon cannot, 1 it can wait.
    pub urgency: u8,
    /// People who hear it.
    pub people: u32,
    /// What is wrong and since when, the most urgent first; empty for one that was put up and never heard.
    pub alarms: Vec<(Alarm, Timestamp)>,
}

/// The boxes that want a visit, in the order in which to go. `people` tells how many hear a box for which nobody wrote it
/// down. One that was enrolled and never made itself known wants a visit as well.
pub fn visits(boxes: Vec<BoxView>, people: impl Fn(&BoxView) -> u32) -> Vec<Visit> {
    let visit = |view: BoxView| {
        let alarms: Vec<(Alarm, Timestamp)> =
            view.seen.alarms.iter().map(|(alarm, since)| (*alarm, *since)).collect();
        let is_dead = view.record.is_some() && view.seen.last_heard.is_none();
        let urgency = alarms.iter().map(|(alarm, _)| alarm.urgency()).max().or(is_dead.then_some(2))?;
        let written = view.record.as_ref().and_then(|record| record.people);
        let people = written.unwrap_or_else(|| people(&view));
        Some(Visit { view, urgency, people, alarms })
    };
    let mut visits: Vec<Visit> = boxes.into_iter().filter_map(visit).collect();
    visits.sort_by_key(|visit| (std::cmp::Reverse((visit.urgency, visit.people)), visit.view.code));
    visits
}
