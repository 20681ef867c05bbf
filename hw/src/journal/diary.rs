//! What people at the box may want to read (事件记录): the latest events, and the self-tests of about a month. It is bounded,
//! and nothing that the box does depends on it but whether a self-test was begun today.

use crate::selftest::Kind;
use mingluo_model::{
    bulletin::EbmId,
    clock::Timestamp,
    link::{Event, Report, SelfTest},
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Notes that are kept.
const MOST_NOTES: usize = 100;
/// Self-tests that are kept.
const MOST_TESTS: usize = 32;

/// The diary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diary {
    silent_begun: Option<Timestamp>,
    audible_begun: Option<Timestamp>,
    notes: VecDeque<Note>,
    tests: VecDeque<SelfTest>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When, by the box's clock.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What can happen at a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// Something became of a bulletin.
    Bulletin {
        /// Its name.
        ebm: EbmId,
        /// What.
        event: Event,
        /// Why a refusal, and more words; may be empty.
        detail: String,
    },
    /// A self-test was held.
    SelfTest(SelfTest),
    /// A self-test was broken off: something more urgent had the speaker. It says nothing of the box.
    TestBrokenOff(Kind),
    /// Mains came or went (市电).
    Mains(bool),
    /// The lid was opened or closed (箱门).
    Lid(bool),
    /// Somebody stopped a bulletin at the box (本地停播).
    StoppedByHand(EbmId),
    /// Somebody asked for a self-test at the box.
    TestByHand(Kind),
}

impl Note {
    /// What a report says.
    pub(super) fn of(report: &Report) -> Self {
        let Report { ebm, event, reason, detail, at, .. } = report;
        let detail = [reason.as_str(), detail].into_iter().filter(|text| !text.is_empty());
        let detail = detail.collect::<Vec<_>>().join(": ");
        Self { at: *at, what: Happening::Bulletin { ebm: *ebm, event: *event, detail } }
    }
}

impl Diary {
    /// When a self-test of this kind was begun last.
    pub const fn begun(&self, kind: Kind) -> Option<Timestamp> {
        match kind {
            Kind::Silent => self.silent_begun,
            Kind::Audible => self.audible_begun,
        }
    }

    /// The latest events, oldest first.
    pub const fn notes(&self) -> &VecDeque<Note> {
        &self.notes
    }

    /// The latest self-tests, oldest first.
    pub const fn tests(&self) -> &VecDeque<SelfTest> {
        &self.tests
    }

    pub(super) const fn begin(&mut self, kind: Kind, at: Timestamp) {
        match kind {
            Kind::Silent => self.silent_begun = Some(at),
            Kind::Audible => self.audible_begun = Some(at),
        }
    }

    pub(super) fn note(&mut self, note: Note) {
        if let Happening::SelfTest(test) = &note.what {
            push(&mut self.tests, test.clone(), MOST_TESTS);
        }
        push(&mut self.notes, note, MOST_NOTES);
    }
}

fn push<T>(row: &mut VecDeque<T>, last: T, most: usize) {
    if row.len() == most {
        row.pop_front();
    }
    row.push_back(last);
}
