//! `mingluo import`: a roster file becomes an edition. Good rows go on, every bad one is reported; with `--strict` one bad
//! row stops it all. Nothing is visible before everything is kept.

use super::{ConfigFile, say};
use crate::{
    app::open_store,
    config::Config,
    region::Region,
    roster::{self, KeepOrder},
};
use anyhow::{Context, bail};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use mingluo_ledger::Store;
use mingluo_model::{clock::system::SystemClock, id::EditionId, mode::ModeKind};
use mingluo_targeting::{
    edition::{EditionBuilder, EditionDraft},
    roster::{BadRow, RosterError, read_recipients},
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{fs::File, io::Read, path::PathBuf, process::ExitCode};

/// Bad rows shown; the rest is counted, and all of them are in the report file.
const SHOWN: usize = 20;

/// 导入名册。
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    #[command(flatten)]
    file: ConfigFile,
    /// 名册 CSV（region,groups,sms,wechat,email,speaker）。 The roster.
    #[arg(long)]
    recipients: PathBuf,
    /// 实发还是演练名册。 For real warnings or for drills.
    #[arg(long, value_enum, default_value_t = ModeWord::Live)]
    mode: ModeWord,
    /// 全部地址均为虚构。 Every address is made up; goes to pretend accounts only.
    #[arg(long)]
    pretend: bool,
    /// 有一行有误即全部不导入。 One bad row and nothing is imported.
    #[arg(long)]
    strict: bool,
    /// 把有误的行写入该 CSV。 Write the bad rows to this CSV.
    #[arg(long)]
    report: Option<PathBuf>,
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeWord {
    Live,
    Drill,
}

/// What reading the file gave.
struct ReadRoster {
    draft: EditionDraft,
    bad: Vec<BadRow>,
}

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config)?;
        let region = Region::read(&config)?;
        let store = open_store(&config).await?;
        let ReadRoster { draft, bad } = self.read(&region)?;
        if let Some(path) = &self.report {
            write_report(path, &bad)?;
        }
        if self.strict && !bad.is_empty() {
            self.tell(&bad, 0, None);
            return Ok(ExitCode::FAILURE);
        }
        let recipients = draft.index().n();
        if recipients == 0 {
            bail!("{}: 没有一行可用 not one row is good; nothing was imported", self.recipients.display());
        }
        let edition = self.keep(store.as_ref(), &region, draft, bad.len()).await?;
        self.tell(&bad, recipients, Some(edition));
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self, region: &Region) -> anyhow::Result<ReadRoster> {
        let file = File::open(&self.recipients)
            .with_context(|| format!("--recipients {}", self.recipients.display()))?;
        let bar = progress(file.metadata()?.len(), self.json);
        let reader = Counted { file: std::io::BufReader::with_capacity(1 << 20, file), bar: bar.clone() };
        let mut builder = EditionBuilder::default();
        let mut bad = Vec::new();
        for row in read_recipients(reader, &region.gazetteer, &region.groups)? {
            match row {
                Ok(recipient) => builder.push(&recipient)?,
                Err(RosterError::Row(row)) => bad.push(row),
                Err(broken) => return Err(broken.into()),
            }
        }
        bar.finish_and_clear();
        Ok(ReadRoster { draft: builder.finish(), bad })
    }

    async fn keep(
        &self,
        store: &dyn Store,
        region: &Region,
        draft: EditionDraft,
        bad: usize,
    ) -> anyhow::Result<EditionId> {
        let bar = progress(u64::from(draft.index().n()), self.json);
        let order = KeepOrder {
            mode: match self.mode {
                ModeWord::Live => ModeKind::Live,
                ModeWord::Drill => ModeKind::Drill,
            },
            pretend: self.pretend,
            bad_rows: bad,
        };
        let clock = SystemClock::shared();
        let kept = |recipients| bar.inc(recipients);
        let edition =
            roster::keep(store, region, &draft, order, clock.as_ref(), &mut StdRng::from_os_rng(), kept)
                .await?;
        bar.finish_and_clear();
        Ok(edition)
    }

    fn tell(&self, bad: &[BadRow], recipients: u32, edition: Option<EditionId>) {
        if self.json {
            let rows: Vec<Value> = bad.iter().take(SHOWN).map(row_json).collect();
            say(json!({ "edition": edition, "recipients": recipients, "bad_rows": bad.len(), "rows": rows }));
            return;
        }
        for row in bad.iter().take(SHOWN) {
            say(format_args!("第 {} 行 {row}", row.line));
        }
        if bad.len() > SHOWN {
            say(format_args!(
                "……另有 {} 行有误 and {} more; see --report",
                bad.len() - SHOWN,
                bad.len() - SHOWN
            ));
        }
        match edition {
            Some(id) => say(format_args!(
                "已导入 imported {recipients} 人（有误 bad rows {}），名册版本 edition {id}",
                bad.len()
            )),
            None => {
                say(format_args!("{} 行有误，未导入 bad rows; nothing was imported (--strict)", bad.len()));
            }
        }
    }
}

fn row_json(row: &BadRow) -> Value {
    json!({ "line": row.line, "field": row.field, "value": row.value, "problem": row.problem.to_string(), "fix": row.problem.fix() })
}

fn write_report(path: &std::path::Path, bad: &[BadRow]) -> anyhow::Result<()> {
    let mut report = csv::Writer::from_path(path).with_context(|| format!("--report {}", path.display()))?;
    report.write_record(["line", "field", "value", "problem", "fix"])?;
    for row in bad {
        let line = row.line.to_string();
        let (problem, fix) = (row.problem.to_string(), row.problem.fix());
        report.write_record([line.as_str(), row.field, row.value.as_str(), &problem, &fix])?;
    }
    Ok(report.flush()?)
}

fn progress(length: u64, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {percent:>3} % {eta}");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A file that moves the bar as it is read.
struct Counted {
    file: std::io::BufReader<File>,
    bar: ProgressBar,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bar.inc(read as u64);
        Ok(read)
    }
}
