//! The village boxes (终端管理): how many are how, which need a look, one of them with its story, tests, the stop of everything,
//! and where somebody has to go. An officer sees the boxes of their own division.

mod broadcast;
mod now;
mod one;
mod order;
mod stop;
mod test;
mod visits;

pub(super) use broadcast::{BroadcastNow, show as broadcast};
pub(super) use now::{FleetNow, show};
pub(super) use one::{BoxNow, keeper, show as one};
pub(super) use order::{OrderNow, show as order};
pub(super) use stop::{ask as ask_stop, stop};
pub(super) use test::{ask as ask_test, test};
pub(super) use visits::{csv, json, show as visits};

use super::{desk::Desk, voice::Voice};
use crate::fleet::view::BoxView;
use mingluo_model::{
    clock::Timestamp,
    mode::Mode,
    region::{Level, RegionCode},
};

/// The name of a division with that of the township or county above it: 红透山镇 苍石村.
fn division<M: Mode>(desk: &Desk<M>, region: Option<RegionCode>) -> String {
    let Some(region) = region else { return String::new() };
    let gazetteer = desk.office.gazetteer();
    let name = |code: RegionCode| gazetteer.get(code).map(|division| division.name.to_string());
    let above = region.parent().filter(|above| above.level() < Level::City).and_then(name);
    let own = name(region).unwrap_or_else(|| region.to_string());
    above.map_or_else(|| own.clone(), |above| format!("{above} {own}"))
}

/// What is wrong with a box, in words.
fn alarms(voice: &Voice, view: &BoxView) -> Vec<(String, String)> {
    let alarms = view.seen.alarms.iter();
    alarms.map(|(alarm, since)| (voice.word("box-alarm", alarm.word()), voice.moment(*since))).collect()
}

/// Why a bulletin did not sound to its end, in words; a refusal keeps the box's own word.
fn why(voice: &Voice, reason: &str) -> String {
    match reason {
        "interrupted" | "stopped" | "preempted" | "expired" => voice.word("brd-why", reason),
        other => other.to_owned(),
    }
}

/// An instant, or a dash.
fn moment(voice: &Voice, at: Option<Timestamp>) -> String {
    at.map_or_else(|| "—".to_owned(), |at| voice.moment(at))
}
