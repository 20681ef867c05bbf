//! What the journal's records add up to. The same steps are taken when a record is written and when it is read again.

use super::diary::{Diary, Note};
use crate::{selftest::Kind, trust::Floors};
use mingluo_model::{
    bulletin::{Bulletin, EbmId, KeyId, SeenWindow, Sequences, SignedKeySet},
    clock::Timestamp,
    link::{Event, Report},
    region::Level,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// How long after its end a bulletin's name is remembered, so that it cannot sound a second time.
const REMEMBERED: Duration = Duration::from_hours(24);

/// One remembered fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// A genuine bulletin was taken; its sequence number is used up.
    Taken {
        /// Its name.
        ebm: EbmId,
        /// The key that signed it.
        key_id: KeyId,
        /// Its number under this key.
        seq: u64,
        /// When it ends.
        end: Timestamp,
        /// SHA-256 of the envelope.
        #[serde(with = "mingluo_model::hexadecimal")]
        digest: [u8; 32],
        /// The envelope, to be read again after a power cut.
        #[serde(with = "mingluo_model::hexadecimal")]
        envelope: Vec<u8>,
    },
    /// The relay is about to close for it; from here on it is never begun again.
    Begun {
        /// Its name.
        ebm: EbmId,
        /// When.
        at: Timestamp,
    },
    /// Nothing more will happen to it.
    Closed {
        /// Its name.
        ebm: EbmId,
        /// When.
        at: Timestamp,
    },
    /// A stop or an update named a bulletin; it must not begin, should it come later.
    Barred {
        /// The bulletin that must not begin.
        ebm: EbmId,
        /// The key under which that was said; it holds for as long as the key is believed, and for what the key may sign.
        key_id: KeyId,
        /// The tier of who said so.
        tier: Level,
        /// How long that holds.
        until: Timestamp,
    },
    /// A stop of everything: nothing of this tier or below that was written before may begin, should it come later.
    BarredBefore {
        /// The key under which that was said, as for [`Self::Barred`].
        key_id: KeyId,
        /// The tier of who said so.
        tier: Level,
        /// When that was written, by the city's clock.
        created: Timestamp,
        /// How long that holds.
        until: Timestamp,
    },
    /// A report was made; it is kept until it is committed.
    Reported(Report),
    /// The city has these reports for good.
    Committed(Vec<u64>),
    /// Numbers seen under a key; stands only in a rewritten journal.
    Seen(KeyId, SeenWindow),
    /// The next report's id; stands only in a rewritten journal.
    NextReport(u64),
    /// The latest moment that was known.
    Floor(Timestamp),
    /// The latest moment that the city proved: whatever clocks said of a later one was wrong.
    Proven(Timestamp),
    /// Somebody at the box has had it forget what time it believed: the city's own clock had run ahead.
    TimeForgotten,
    /// The keys that are believed from here on.
    Keys(SignedKeySet),
    /// A bulletin of which only the outcome matters; stands only in a rewritten journal.
    Known(EbmId, Entry),
    /// A self-test is about to begin; from here on none of its kind is begun on this day.
    TestBegun {
        /// Which.
        kind: Kind,
        /// When.
        at: Timestamp,
    },
    /// Something that people may want to read of later.
    Noted(Note),
    /// All that was noted before; stands only in a rewritten journal.
    Diary(Diary),
}

/// What is known of one bulletin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// SHA-256 of its envelope.
    #[serde(with = "mingluo_model::hexadecimal")]
    pub digest: [u8; 32],
    /// When it ends.
    pub end: Timestamp,
    /// How far it came.
    pub phase: Phase,
    /// What was reported last.
    pub latest: Event,
}

/// How far a bulletin came in this box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It waits for its turn; the envelope's bytes.
    Waiting(#[serde(with = "mingluo_model::hexadecimal")] Vec<u8>),
    /// It was begun.
    Begun,
    /// It is over.
    Closed,
}

/// Everything the box knows.
#[derive(Debug, Default)]
pub struct Book {
    bulletins: BTreeMap<EbmId, Entry>,
    // By key: the tier, and until when that holds.
    barred: BTreeMap<(EbmId, KeyId), (Level, Timestamp)>,
    // By tier and key: written when, and until when that holds.
    barred_before: BTreeMap<(Level, KeyId), (Timestamp, Timestamp)>,
    pending: BTreeMap<u64, Report>,
    seen: Sequences,
    next_report: u64,
    floors: Floors,
    keys: Option<SignedKeySet>,
    diary: Diary,
}

impl Book {
    /// What is known of a bulletin.
    pub fn entry(&self, ebm: EbmId) -> Option<&Entry> {
        self.bulletins.get(&ebm)
    }

    /// All bulletins that are known.
    pub fn entries(&self) -> impl Iterator<Item = (EbmId, &Entry)> {
        self.bulletins.iter().map(|(ebm, entry)| (*ebm, entry))
    }

    /// Bulletins that are not over.
    pub fn holding(&self) -> Vec<EbmId> {
        self.entries().filter(|(_, entry)| entry.phase != Phase::Closed).map(|(ebm, _)| ebm).collect()
    }

    /// Whether a stop that may stop this bulletin came before it; `may` says what each key may silence.
    pub fn bars(&self, bulletin: &Bulletin, may: impl Fn(&KeyId) -> bool) -> bool {
        let mut names = self.barred.iter().filter(|((ebm, _), _)| *ebm == bulletin.ebm);
        let mut stops = self.barred_before.iter().filter(|((tier, _), _)| *tier >= bulletin.tier);
        names.any(|((_, key), (tier, _))| *tier >= bulletin.tier && may(key))
            || stops.any(|((_, key), (created, _))| bulletin.created < *created && may(key))
    }

    /// Reports that the city has not committed, oldest first.
    pub const fn pending(&self) -> &BTreeMap<u64, Report> {
        &self.pending
    }

    /// Sequence numbers seen.
    pub const fn seen(&self) -> &Sequences {
        &self.seen
    }

    /// The id of the next report.
    pub fn next_report(&self) -> u64 {
        self.next_report.max(1)
    }

    /// The latest moments in the journal.
    pub const fn floors(&self) -> Floors {
        self.floors
    }

    /// The key set that was taken last.
    pub const fn keys(&self) -> Option<&SignedKeySet> {
        self.keys.as_ref()
    }

    /// Self-tests, and what people may want to read.
    pub const fn diary(&self) -> &Diary {
        &self.diary
    }

    /// Takes a record in.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Taken { ebm, key_id, seq, end, digest, envelope } => {
                self.seen.entry(key_id).or_default().mark(seq);
                let phase = Phase::Waiting(envelope);
                self.bulletins.insert(ebm, Entry { digest, end, phase, latest: Event::Verified });
            }
            Record::Begun { ebm, at } => self.step(ebm, Phase::Begun, at),
            Record::Closed { ebm, at } => self.step(ebm, Phase::Closed, at),
            Record::Barred { ebm, key_id, tier, until } => {
                let known = self.barred.entry((ebm, key_id)).or_insert((tier, until));
                *known = (known.0.max(tier), known.1.max(until));
            }
            Record::BarredBefore { key_id, tier, created, until } => {
                let known = self.barred_before.entry((tier, key_id)).or_insert((created, until));
                *known = (known.0.max(created), known.1.max(until));
            }
            Record::Reported(report) => self.report(report),
            Record::Committed(ids) => ids.iter().for_each(|id| drop(self.pending.remove(id))),
            Record::Seen(key_id, window) => drop(self.seen.insert(key_id, window)),
            Record::NextReport(id) => self.next_report = self.next_report.max(id),
            Record::Floor(at) => self.see(at),
            Record::Proven(at) if at >= self.floors.proven => self.floors = Floors { latest: at, proven: at },
            Record::Proven(_) => {}
            Record::TimeForgotten => self.floors = Floors::default(),
            Record::Keys(signed) => self.keys = Some(signed),
            Record::Known(ebm, entry) => drop(self.bulletins.insert(ebm, entry)),
            Record::TestBegun { kind, at } => {
                self.see(at);
                self.diary.begin(kind, at);
            }
            Record::Noted(note) => {
                self.see(note.at);
                self.diary.note(note);
            }
            Record::Diary(diary) => self.diary = diary,
        }
    }

    fn see(&mut self, at: Timestamp) {
        self.floors.latest = self.floors.latest.max(at);
    }

    fn step(&mut self, ebm: EbmId, phase: Phase, at: Timestamp) {
        self.see(at);
        if let Some(entry) = self.bulletins.get_mut(&ebm) {
            entry.phase = phase;
        }
    }

    fn report(&mut self, report: Report) {
        self.see(report.at);
        self.next_report = self.next_report.max(report.id + 1);
        let refused = report.event == Event::Refused;
        if let Some(entry) = self.bulletins.get_mut(&report.ebm).filter(|_| !refused) {
            entry.latest = report.event;
        }
        self.diary.note(Note::of(&report));
        self.pending.insert(report.id, report);
    }

    /// Drops what was over and ended more than a day ago. What is open stays, whatever the clock says: how it ended has yet to
    /// be told, and a clock that runs ahead must not make the box forget what it has.
    pub(super) fn forget_over(&mut self, now: Timestamp) {
        self.bulletins.retain(|_, entry| entry.phase != Phase::Closed || now < entry.end.plus(REMEMBERED));
        self.barred_before.retain(|_, (_, until)| now < until.plus(REMEMBERED));
        self.barred.retain(|_, (_, until)| now < until.plus(REMEMBERED));
    }

    /// The shortest records that add up to this book.
    pub(super) fn records(&self) -> Vec<Record> {
        let head = [Record::NextReport(self.next_report)];
        let keys = self.keys.iter().cloned().map(Record::Keys);
        let seen = self.seen.iter().map(|(key, window)| Record::Seen(key.clone(), *window));
        let barred = self.barred.iter().map(|((ebm, key_id), (tier, until))| Record::Barred {
            ebm: *ebm,
            key_id: key_id.clone(),
            tier: *tier,
            until: *until,
        });
        let stops = self.barred_before.iter().map(|((tier, key_id), (created, until))| {
            Record::BarredBefore { key_id: key_id.clone(), tier: *tier, created: *created, until: *until }
        });
        let pending = self.pending.values().cloned().map(Record::Reported);
        // After the reports, each of which would else overwrite what was reported last.
        let known = self.entries().map(|(ebm, entry)| Record::Known(ebm, entry.clone()));
        // And after the reports, each of which would else be noted again.
        let diary = std::iter::once(Record::Diary(self.diary.clone()));
        // And last of all, since each report was made at a moment of its own.
        let floors = [Record::Proven(self.floors.proven), Record::Floor(self.floors.latest)];
        head.into_iter()
            .chain(keys)
            .chain(seen)
            .chain(barred)
            .chain(stops)
            .chain(pending)
            .chain(known)
            .chain(diary)
            .chain(floors)
            .collect()
    }
}
