//! What really happened in the boxes, one JSON line each, only ever added. A rehearsal holds it against the ledger.

use anyhow::Context as _;
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    clock::Timestamp,
    link::Event,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An order came.
    Received,
    /// It was genuine.
    Verified,
    /// It was not, or this box knows no key.
    Refused,
    /// Sound began, or began again after a graver one; seen at the loudspeaker, not taken from the box's report.
    Playing,
    /// The ear heard it.
    Sounded,
    /// The ear heard nothing.
    NotHeard,
    /// Played to the end, or a stop was carried out.
    Ended,
    /// A graver one took the speaker.
    Preempted,
    /// A stop named it.
    Stopped,
    /// Its time ran out while it waited.
    Expired,
    /// Power went while it played.
    Interrupted,
    /// A report was made and not sent: the box is silent.
    Withheld,
    /// The box never connects; stands once, without a bulletin.
    Offline,
}

impl What {
    /// The word for a box's report; `None` for playing, which is noted at the loudspeaker.
    pub(super) const fn of(event: Event) -> Option<Self> {
        Some(match event {
            Event::Playing | Event::Other => return None,
            Event::Received => Self::Received,
            Event::Verified => Self::Verified,
            Event::Refused => Self::Refused,
            Event::Sounded => Self::Sounded,
            Event::NotHeard => Self::NotHeard,
            Event::Ended => Self::Ended,
            Event::Preempted => Self::Preempted,
            Event::Stopped => Self::Stopped,
            Event::Expired => Self::Expired,
            Event::Interrupted => Self::Interrupted,
        })
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, in milliseconds since 1970, by the box's clock.
    pub at_ms: i64,
    /// In which box.
    #[serde(rename = "box")]
    pub box_code: ResourceCode,
    /// To which bulletin.
    pub ebm: Option<EbmId>,
    /// What.
    pub what: What,
}

/// The lines of one run of the simulator.
pub struct BoxLog {
    // Guards the file; held for the writing of one line.
    file: Mutex<BufWriter<File>>,
}

impl BoxLog {
    /// A log that appends to this file.
    ///
    /// # Errors
    /// The system's, when the file cannot be opened.
    pub fn append_to(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self { file: Mutex::new(BufWriter::new(file)) })
    }

    pub(super) fn note(&self, at: Timestamp, box_code: ResourceCode, ebm: Option<EbmId>, what: What) {
        let line = Line { at_ms: at.0, box_code, ebm, what };
        let mut file = self.file();
        let written = serde_json::to_writer(&mut *file, &line).map_err(io::Error::from);
        if let Err(error) = written.and_then(|()| file.write_all(b"\n")) {
            tracing::error!(%error, "a line of the log is lost; the rehearsal will miss it");
        }
    }

    /// Writes out what is in memory.
    ///
    /// # Errors
    /// The system's.
    pub fn flush(&self) -> io::Result<()> {
        self.file().flush()
    }

    fn file(&self) -> MutexGuard<'_, BufWriter<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happened in one box.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoxTruth {
    /// Bulletins that it found genuine.
    pub verified: BTreeSet<EbmId>,
    /// Bulletins that it refused.
    pub refused: BTreeSet<EbmId>,
    /// Bulletins that it began to play.
    pub played: BTreeSet<EbmId>,
    /// Bulletins that it took up again after a graver one had taken the speaker from them.
    pub resumed: BTreeSet<EbmId>,
    /// Bulletins that it began again after they were over, or that nothing had interrupted; there must be none.
    pub doubled: BTreeSet<EbmId>,
    /// Bulletins that its ear heard.
    pub sounded: BTreeSet<EbmId>,
    /// Bulletins that it played and its ear did not hear.
    pub not_heard: BTreeSet<EbmId>,
    /// Bulletins of which it kept reports back.
    pub withheld: BTreeSet<EbmId>,
    /// It never connected.
    pub offline: bool,
    // Bulletins to which nothing more may happen.
    over: BTreeSet<EbmId>,
    // What began to sound last.
    latest: Option<EbmId>,
}

impl BoxTruth {
    fn take(&mut self, line: &Line) {
        let Some(ebm) = line.ebm else {
            self.offline |= line.what == What::Offline;
            return;
        };
        let list = match line.what {
            What::Verified => &mut self.verified,
            What::Refused => &mut self.refused,
            What::Sounded => &mut self.sounded,
            What::NotHeard => &mut self.not_heard,
            What::Withheld => &mut self.withheld,
            What::Ended | What::Preempted | What::Stopped | What::Expired | What::Interrupted => {
                &mut self.over
            }
            What::Playing => self.begin(ebm),
            What::Received | What::Offline => return,
        };
        list.insert(ebm);
    }

    /// The list in which a bulletin belongs that begins to sound now.
    fn begin(&mut self, ebm: EbmId) -> &mut BTreeSet<EbmId> {
        let is_next_after_another = self.latest.replace(ebm) != Some(ebm);
        if !self.played.contains(&ebm) {
            &mut self.played
        } else if is_next_after_another && !self.over.contains(&ebm) {
            &mut self.resumed
        } else {
            &mut self.doubled
        }
    }
}

/// Reads a log, box by box. A last line without an end is passed over: the simulator was killed while it wrote.
///
/// # Errors
/// Names the line that is none.
pub fn read(path: &Path) -> anyhow::Result<BTreeMap<ResourceCode, BoxTruth>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let read = |(number, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{}: line {number}", path.display()))
    };
    let mut lines = (1..).zip(whole.lines()).map(read).collect::<anyhow::Result<Vec<Line>>>()?;
    // A report stands in the log when it leaves, which without a link is long after what it tells of.
    lines.sort_by_key(|line| line.at_ms);
    let mut boxes: BTreeMap<ResourceCode, BoxTruth> = BTreeMap::new();
    for line in &lines {
        boxes.entry(line.box_code).or_default().take(line);
    }
    Ok(boxes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ebm() -> EbmId {
        "42104000000000103010101202607050001".parse().unwrap()
    }

    /// What a log of these lines of one box says, each with its moment and its bulletin.
    fn truth_of(lines: &[(i64, u16, What)]) -> BoxTruth {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("boxes.jsonl");
        let code: ResourceCode = "62104230010010314000001".parse().unwrap();
        let log = BoxLog::append_to(&path).unwrap();
        for (at, number, what) in lines {
            let ebm = format!("4210400000000010301010120260705{number:04}").parse().unwrap();
            log.note(Timestamp(*at), code, Some(ebm), *what);
        }
        log.flush().unwrap();
        read(&path).unwrap().remove(&code).unwrap()
    }

    #[test]
    fn what_is_taken_up_again_after_a_graver_one_is_resumed_and_not_doubled() {
        let resumed =
            [(1, 1, What::Playing), (2, 2, What::Playing), (3, 2, What::Ended), (3, 1, What::Playing)];
        let truth = truth_of(&resumed);
        assert_eq!((&truth.resumed, truth.played.len()), (&BTreeSet::from([ebm()]), 2));
        assert!(truth.doubled.is_empty());
        // The report that it was over left when there was a link again.
        let again =
            [(1, 1, What::Playing), (3, 2, What::Playing), (4, 1, What::Playing), (2, 1, What::Ended)];
        let truth = truth_of(&again);
        assert_eq!((&truth.doubled, truth.resumed.len()), (&BTreeSet::from([ebm()]), 0));
    }

    #[test]
    fn a_bulletin_that_was_begun_twice_shows_and_a_torn_line_does_not_hurt() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("boxes.jsonl");
        let code: ResourceCode = "62104230010010314000001".parse().unwrap();
        let log = BoxLog::append_to(&path).unwrap();
        for what in [What::Verified, What::Playing, What::Withheld, What::Playing] {
            log.note(Timestamp(5), code, Some(ebm()), what);
        }
        log.note(Timestamp(6), code, None, What::Offline);
        log.flush().unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(r#""box":"62104230010010314000001","ebm":"4210"#), "{text}");
        text.push_str("{\"at_ms\":7,\"bo");
        std::fs::write(&path, text).unwrap();

        let truth = &read(&path).unwrap()[&code];

        let one = BTreeSet::from([ebm()]);
        assert_eq!((&truth.played, &truth.doubled, &truth.withheld), (&one, &one, &one));
        assert!(truth.offline && truth.sounded.is_empty());
    }

    #[test]
    fn what_is_no_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.jsonl");
        std::fs::write(&path, "no line\n").unwrap();
        assert!(read(&path).unwrap_err().to_string().ends_with("line 1"));
    }
}
