//! Logs of JSON lines, read on as they grow.

use super::ear::Pages;
use crate::{
    judge::{FarEvent, Fate, Heard},
    sim_journal::{Entry, What},
};
use anyhow::Context;
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

/// A file of lines; the last one counts only when it is whole.
pub(super) struct Lines {
    path: PathBuf,
    file: Option<BufReader<File>>,
    line: String,
}

impl Lines {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, line: String::new() }
    }

    /// Hands on every whole line since the last call.
    pub(super) fn read(&mut self, mut take: impl FnMut(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None if !self.path.exists() => return Ok(()),
            none => none.insert(BufReader::with_capacity(1 << 18, File::open(&self.path)?)),
        };
        while file.read_line(&mut self.line)? > 0 && self.line.ends_with('\n') {
            take(&self.line).with_context(|| self.path.display().to_string())?;
            self.line.clear();
        }
        Ok(())
    }
}

/// The journal that the pretend platforms share.
pub(super) struct JournalPages {
    lines: Lines,
    /// The word of a receipt that says that it arrived.
    good: &'static str,
}

impl JournalPages {
    pub(super) fn new(log: &Path, good: &'static str) -> Self {
        Self { lines: Lines::new(log), good }
    }
}

impl Pages for JournalPages {
    fn read(&mut self, heard: &mut Heard, arrivals_us: &mut Vec<i64>) -> anyhow::Result<()> {
        let good = self.good;
        self.lines.read(|line| {
            let Entry { at_ms, id, to, what, detail } = serde_json::from_str(line)?;
            match what {
                What::Accepted => {
                    arrivals_us.push(at_ms * 1_000);
                    heard.add(FarEvent::Arrived { to: &to, part: 0, id: &id, answered: true });
                }
                What::Receipt => {
                    let fate = if detail == good { Fate::Arrived } else { Fate::Failed };
                    heard.add(FarEvent::Receipt { to: &to, id: &id, fate });
                }
                // What was taken without an answer has no line before this one; a withheld receipt has.
                What::Withheld if detail.starts_with("taken") => {
                    arrivals_us.push(at_ms * 1_000);
                    heard.add(FarEvent::Arrived { to: &to, part: 0, id: &id, answered: false });
                }
                What::Withheld => heard.add(FarEvent::Receipt { to: &to, id: &id, fate: Fate::Withheld }),
                What::Refused => heard.add(FarEvent::Refused { to: &to }),
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_line_is_taken_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut lines = Lines::new(&path);
        let mut taken = Vec::new();
        let mut read = |lines: &mut Lines| {
            lines.read(|line| {
                taken.push(line.trim().to_owned());
                Ok(())
            })
        };
        read(&mut lines).unwrap();
        let mut file = File::create(&path).unwrap();
        for piece in ["on", "e\ntwo\nthr", "ee"] {
            file.write_all(piece.as_bytes()).unwrap();
            read(&mut lines).unwrap();
        }
        assert_eq!(taken, ["one", "two"]);
    }
}
