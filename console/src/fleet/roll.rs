//! All boxes in memory, and what of them is not kept yet. Every step is pure: reports and states go in, changes come out, and
//! what could not be kept stays to be kept.

use super::view::{BoxView, stands_in};
use mingluo_channels::speaker::{BoxState, IncidentKind};
use mingluo_ledger::store::{BoxEvent, Heard};
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    clock::Timestamp,
    fleet::{Alarm, BoxRecord, Circumstances, Playout, Seen, alarm::settle},
    link::{Event, Report, SelfTest},
    region::RegionCode,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

/// So long after the last takeover a box counts as doubled, and after the last refusal as one that is told forgeries: a
/// day, so that whoever comes in the morning sees what happened at night.
const SUSPECT_FOR: Duration = Duration::from_hours(24);
/// Broadcasts that are remembered whole; older ones are read again when a box still tells of them.
const MOST_REMEMBERED: usize = 32;

/// An alarm that came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) code: ResourceCode,
    pub(super) alarm: Alarm,
    pub(super) is_raised: bool,
}

/// One box.
#[derive(Debug, Default)]
struct Entry {
    record: Option<(BoxRecord, bool)>,
    seen: Seen,
    connected: bool,
    playing: Option<EbmId>,
    // What the hub noticed last of each kind.
    cloned: Option<Timestamp>,
    forged: Option<Timestamp>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Roll {
    since: Timestamp,
    mark: (i64, Timestamp),
    boxes: BTreeMap<ResourceCode, Entry>,
    /// Broadcasts that boxes tell of at present, the latest last.
    remembered: VecDeque<(EbmId, HashMap<ResourceCode, Playout>)>,
    reports: Vec<Report>,
    applied: usize,
    /// Boxes that gave a sign of life and nothing else.
    stirred: BTreeSet<ResourceCode>,
    /// Those of them whose turn comes, and how many with each look.
    signs: BTreeSet<ResourceCode>,
    share: usize,
    changed: BTreeSet<ResourceCode>,
    told: BTreeSet<(EbmId, ResourceCode)>,
    events: Vec<BoxEvent>,
}

impl Roll {
    pub(super) fn new(since: Timestamp, seen: Vec<(ResourceCode, Seen)>) -> Self {
        let entry = |(code, seen)| (code, Entry { seen, ..Entry::default() });
        Self { since, boxes: seen.into_iter().map(entry).collect(), ..Self::default() }
    }

    pub(super) const fn since(&self) -> Timestamp {
        self.since
    }

    pub(super) const fn mark(&self) -> (i64, Timestamp) {
        self.mark
    }

    /// What people wrote down, whole.
    pub(super) fn write_down(&mut self, mark: (i64, Timestamp), boxes: Vec<(BoxRecord, bool)>) {
        self.mark = mark;
        for (record, has_keeper) in boxes {
            let entry = self.boxes.entry(record.code).or_default();
            entry.record = Some((record, has_keeper));
        }
    }

    /// Takes reports in; gives the broadcasts that are not remembered and must be read first.
    pub(super) fn take_in(&mut self, reports: Vec<Report>) -> Vec<EbmId> {
        self.reports.extend(reports);
        let named: BTreeSet<EbmId> = self.reports[self.applied..].iter().map(|report| report.ebm).collect();
        named.into_iter().filter(|ebm| self.remembered.iter().all(|(it, _)| it != ebm)).collect()
    }

    /// What is kept of these broadcasts.
    pub(super) fn remember(&mut self, ebms: &[EbmId], kept: Vec<(ResourceCode, Playout)>) {
        let mut by_ebm: BTreeMap<EbmId, HashMap<ResourceCode, Playout>> =
            ebms.iter().map(|ebm| (*ebm, HashMap::new())).collect();
        for (code, playout) in kept {
            by_ebm.entry(playout.ebm).or_default().insert(code, playout);
        }
        self.remembered.extend(by_ebm);
    }

    /// Applies the reports that were taken in since.
    pub(super) fn apply(&mut self) {
        for report in &self.reports[self.applied..] {
            let Some((_, of_ebm)) = self.remembered.iter_mut().find(|(ebm, _)| *ebm == report.ebm) else {
                continue;
            };
            let fresh = || Playout::new(report.ebm, report.at);
            of_ebm.entry(report.box_code).or_insert_with(fresh).apply(report);
            self.told.insert((report.ebm, report.box_code));
            let seen = &mut self.boxes.entry(report.box_code).or_default().seen;
            match report.event {
                Event::Sounded => seen.last_sounded = seen.last_sounded.max(Some(report.at)),
                Event::NotHeard => seen.last_unheard = seen.last_unheard.max(Some(report.at)),
                _ => continue,
            }
            self.changed.insert(report.box_code);
        }
        self.applied = self.reports.len();
    }

    /// Takes in how the hub sees these boxes now.
    pub(super) fn hear(&mut self, states: Vec<BoxState>, now: Timestamp) {
        for state in states {
            self.hear_one(state, now);
        }
    }

    /// Judges all boxes anew.
    pub(super) fn judge(&mut self, key_set: u64, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        let since = self.since;
        for (code, entry) in &mut self.boxes {
            if entry.is_retired() {
                continue;
            }
            let is_recent = |last: Option<Timestamp>| last.is_some_and(|last| now.since(last) < SUSPECT_FOR);
            (entry.seen.doubled, entry.seen.forged) = (is_recent(entry.cloned), is_recent(entry.forged));
            let certificate_until = entry.record.as_ref().and_then(|(record, _)| record.certificate_until);
            let circumstances = Circumstances { now, listening_since: since, key_set, certificate_until };
            let (raised, cleared) = settle(&mut entry.seen, &circumstances);
            let raised = raised.into_iter().map(|alarm| (alarm, true));
            for (alarm, is_raised) in raised.chain(cleared.into_iter().map(|alarm| (alarm, false))) {
                changes.push(Change { code: *code, alarm, is_raised });
            }
        }
        for change in &changes {
            let kind = if change.is_raised { "raised" } else { "cleared" };
            self.note(change.code, now, kind, change.alarm.word().to_owned());
            self.changed.insert(change.code);
        }
        changes
    }

    fn hear_one(&mut self, state: BoxState, now: Timestamp) {
        let code = state.code;
        let entry = self.boxes.entry(code).or_default();
        entry.connected = state.connected;
        entry.playing = state.playing;
        // What the box shows is newer than what was written down when it was enrolled.
        if let Some((record, _)) = &mut entry.record {
            record.certificate_until = state.certificate_until.or(record.certificate_until);
        }
        for incident in &state.incidents {
            match incident.kind {
                IncidentKind::Cloned { .. } | IncidentKind::Superseded { .. } => {
                    entry.cloned = Some(incident.last);
                }
                IncidentKind::Forgery { .. } => entry.forged = Some(incident.last),
            }
        }
        // A box that was only written to since the start has told nothing.
        let Some(heard) = state.last_heard else { return };
        let tested =
            (state.health.self_test != entry.seen.health.self_test).then(|| state.health.self_test.clone());
        let before = entry.seen.clone();
        let seen = &mut entry.seen;
        seen.last_heard = Some(heard);
        seen.region = state.region.or(seen.region);
        seen.firmware = state.firmware;
        seen.key_set = state.key_set;
        // Until its first heartbeat, what it told before the city's restart is the best that is known.
        if state.device_state.is_some() {
            (seen.state, seen.case_open, seen.health) = (state.device_state, state.case_open, state.health);
            seen.clock_lost = state.clock_lost;
        }
        let is_stirred = before.last_heard != seen.last_heard;
        let is_changed = Seen { last_heard: seen.last_heard, ..before } != *seen;
        if is_changed {
            self.changed.insert(code);
        } else if is_stirred {
            self.stirred.insert(code);
        }
        if let Some(Some(test)) = tested {
            self.note(code, now, "self-test", told_of(&test));
        }
    }

    fn note(&mut self, code: ResourceCode, at: Timestamp, kind: &str, detail: String) {
        self.events.push(BoxEvent { code, at, kind: kind.to_owned(), detail });
    }

    /// The signs of life that came since the last gathering are kept over the next so many looks.
    pub(super) fn gather_signs(&mut self, looks: usize) {
        self.signs.append(&mut self.stirred);
        self.share = self.signs.len().div_ceil(looks.max(1));
    }

    /// A look's share of them is to be kept.
    pub(super) fn turn_to_signs(&mut self) {
        let share = self.share.min(self.signs.len());
        self.changed.extend(std::iter::from_fn(|| self.signs.pop_first()).take(share));
    }

    /// What is to be kept now, how `most` boxes stand and all that reports told of.
    pub(super) fn unkept(&self, most: usize) -> Heard {
        let seen = |code: &ResourceCode| Some((*code, self.boxes.get(code)?.seen.clone()));
        let playout = |(ebm, code): &(EbmId, ResourceCode)| {
            let (_, of_ebm) = self.remembered.iter().find(|(it, _)| it == ebm)?;
            Some((*code, of_ebm.get(code)?.clone()))
        };
        Heard {
            seen: self.changed.iter().filter_map(seen).take(most).collect(),
            playouts: self.told.iter().filter_map(playout).collect(),
            events: self.events.clone(),
        }
    }

    /// This is kept now; gives the reports that are done with by that, once nothing waits that they changed.
    pub(super) fn kept(&mut self, heard: &Heard) -> Vec<Report> {
        for (code, _) in &heard.seen {
            self.changed.remove(code);
            self.stirred.remove(code);
            self.signs.remove(code);
        }
        for (code, playout) in &heard.playouts {
            self.told.remove(&(playout.ebm, *code));
        }
        self.events.drain(..heard.events.len());
        while self.remembered.len() > MOST_REMEMBERED {
            self.remembered.pop_front();
        }
        if !self.changed.is_empty() || !self.told.is_empty() || self.applied < self.reports.len() {
            return Vec::new();
        }
        self.applied = 0;
        std::mem::take(&mut self.reports)
    }

    pub(super) fn view(&self, code: ResourceCode) -> Option<BoxView> {
        self.boxes.get(&code).map(|entry| self.seen_as(code, entry))
    }

    pub(super) fn views(&self, wanted: impl Fn(&BoxView) -> bool) -> Vec<BoxView> {
        self.boxes.iter().map(|(code, entry)| self.seen_as(*code, entry)).filter(wanted).collect()
    }

    /// How many boxes in a division have an alarm; asked by every board twice a second.
    pub(super) fn with_alarm(&self, scope: RegionCode) -> usize {
        let counts = |entry: &&Entry| {
            let region = entry.record.as_ref().map(|(record, _)| record.region).or(entry.seen.region);
            !entry.seen.alarms.is_empty() && !entry.is_retired() && stands_in(region, scope)
        };
        self.boxes.values().filter(counts).count()
    }

    fn seen_as(&self, code: ResourceCode, entry: &Entry) -> BoxView {
        let (record, has_keeper) = entry.record.clone().unzip();
        BoxView {
            code,
            record,
            has_keeper: has_keeper.unwrap_or(false),
            seen: entry.seen.clone(),
            connected: entry.connected,
            playing: entry.playing,
            listening_since: self.since,
        }
    }
}

impl Entry {
    fn is_retired(&self) -> bool {
        self.record.as_ref().is_some_and(|(record, _)| record.retired.is_some())
    }
}

/// How a self-test went, in words for the ledger.
fn told_of(test: &SelfTest) -> String {
    let passed = if test.passed { "passed" } else { "failed" };
    let audible = if test.audible { "audible" } else { "silent" };
    format!("{passed} {audible}")
}
