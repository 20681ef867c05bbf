//! What an import says: bad rows, old and new counts, what became of it and the way back.

use super::{Change, Import, ImportProblem, ModeWord};
use crate::{
    cli::{both, say},
    config::ConfigError,
    fit::RosterMisfit,
    region::Region,
    tongue::tell,
};
use mingluo_model::id::EditionId;
use mingluo_targeting::roster::BadRow;
use serde_json::{Value, json};
use std::path::Path;

/// Bad rows shown; the rest is counted, and all of them are in the report file.
const SHOWN: usize = 20;

impl Import {
    pub(super) fn tell_rows(&self, bad: &[BadRow]) {
        if self.json {
            return;
        }
        bad.iter().take(SHOWN).for_each(|row| say(both(row)));
        if bad.len() > SHOWN {
            let more = bad.len() - SHOWN;
            say(format_args!(
                "……另有 {more} 行有误，用 --report 全部列出 and {more} more: list them all with --report"
            ));
        }
    }

    /// The command over this roster, for advice.
    pub(super) fn command(&self) -> String {
        let mode = match self.mode {
            ModeWord::Live => "",
            ModeWord::Drill => " --mode drill",
        };
        format!("mingluo import --config {}{mode}", self.file.config.display())
    }

    pub(super) fn tell_change(&self, change: &Change, region: &Region) {
        if !self.json {
            change.lines(region).iter().for_each(say);
        }
    }

    pub(super) fn tell_refused(&self, problem: &ImportProblem, bad: &[BadRow], change: &Change) {
        if self.json {
            let mut told = answer(bad, change);
            told["imported"] = json!(false);
            told["error"] = json!(tell(problem));
            return say(told);
        }
        let what = if self.restore.is_some() { "未退回 not restored" } else { "未导入 not imported" };
        say(format_args!("{what}: {}", both(problem)));
    }

    pub(super) fn tell_imported(
        &self,
        edition: EditionId,
        bad: &[BadRow],
        change: &Change,
        misfit: Option<RosterMisfit>,
    ) {
        if self.json {
            let mut told = answer(bad, change);
            told["imported"] = json!(true);
            told["edition"] = json!(edition);
            told["warning"] = json!(misfit.map(|misfit| tell(&misfit)));
            return say(told);
        }
        let n = change.after.recipients;
        say(format_args!("已导入 imported: 接收人 recipients {n}，略过的行 rows left out {}", bad.len()));
        say(format_args!("现用名册版本 current edition: {edition}"));
        if let Some(before) = change.replaced {
            say(format_args!("退回前一版 to go back: {} --restore {before}", self.command()));
        }
        warn(misfit);
    }
}

/// That nothing can be sent to this roster.
pub(super) fn warn(misfit: Option<RosterMisfit>) {
    if let Some(misfit) = misfit {
        say(format_args!("注意 warn: {}", both(&misfit)));
    }
}

fn answer(bad: &[BadRow], change: &Change) -> Value {
    let rows: Vec<Value> = bad.iter().take(SHOWN).map(row_json).collect();
    let before = change.before.as_ref().map(|before| {
        let mut told = json!(before);
        told["edition"] = json!(change.replaced);
        told
    });
    let mut told = json!(change.after);
    told["before"] = json!(before);
    told["lost"] = json!(change.lost());
    told["bad_rows"] = json!(bad.len());
    told["rows"] = json!(rows);
    told
}

fn row_json(row: &BadRow) -> Value {
    let told = tell(row);
    json!({
        "line": row.line, "field": row.field, "value": row.value,
        "code": told.code, "zh": told.zh, "en": told.en,
    })
}

/// Writes the bad rows to a file.
pub(super) fn report(path: &Path, bad: &[BadRow]) -> Result<(), ConfigError> {
    let written = || -> csv::Result<()> {
        let mut report = csv::Writer::from_path(path)?;
        report.write_record(["line", "field", "value", "zh", "en"])?;
        for row in bad {
            let (line, told) = (row.line.to_string(), tell(row));
            report.write_record([line.as_str(), row.field, row.value.as_str(), &told.zh, &told.en])?;
        }
        Ok(report.flush()?)
    };
    written().map_err(|error| {
        let source = match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            other => std::io::Error::other(format!("{other:?}")),
        };
        ConfigError::Unwritable { field: "--report", path: path.to_owned(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_cannot_be_written_is_told_with_its_fix() {
        let told = tell(&report(Path::new("/nowhere/bad-rows.csv"), &[]).unwrap_err());
        assert!(told.zh.contains("--report") && told.zh.contains("请先建目录"), "{}", told.zh);
        assert!(told.en.contains("--report") && told.en.contains("Make it"), "{}", told.en);
    }
}
