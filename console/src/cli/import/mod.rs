//! `mingluo import`: a roster file becomes an edition and the current one, or an earlier edition becomes current again.
//! Nothing is visible before everything is kept. Either way, what would lose many of those who are reached now is refused until the
//! number that is lost was typed, and the way back is always told.

mod compare;
mod counts;
mod editions;
mod problem;
mod tell;

use super::{ConfigFile, Told as _};
use crate::{
    app::open_store,
    config::{Config, ConfigError},
    fit::RosterMisfit,
    region::Region,
    roster::{self, KeepOrder},
};
use anyhow::Context;
use clap::ValueEnum;
use compare::Change;
use counts::Counts;
use indicatif::{ProgressBar, ProgressStyle};
use mingluo_ledger::{Store, store::EditionHead};
use mingluo_model::{clock::system::SystemClock, id::EditionId, mode::ModeKind};
use mingluo_targeting::{
    edition::{EditionBuilder, EditionDraft, EditionIndex},
    roster::{BadRow, Decoded, Encoding, RosterError, read_recipients},
};
use problem::ImportProblem;
use rand::{SeedableRng, rngs::StdRng};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What `--help` shows.
pub(super) const EXAMPLES: &str = "\
名册是 UTF-8 的 CSV，第一行为列名，次序不限；每行一人或一只大喇叭，没有的地址留空，多个人群用 | 分隔：
The roster is CSV in UTF-8 with a header, columns in any order; a row is a person or a loudspeaker:
  region,groups,sms,wechat,email,speaker
  210423100201,网格员|灾害信息员,19730601234,,wang@example.cn,
  210423100201,,19730601235,oABCDEF1234567890abcdefghijkl,,
  210423100201,,,,,62104231002010314010101

企业微信成员和群机器人另加两列，没有的文件可以不写 members of WeCom and group robots have two more columns, where there are any:
  region,groups,sms,wechat,email,speaker,wecom,robot
  210423100201,网格员,,,,,zhangsan,
  210423100201,,,,,,,dongzhou-duty

例 Examples:
  mingluo import --config mingluo.toml --recipients roster.csv
  mingluo import --config mingluo.toml --recipients roster.csv --encoding gb18030
  mingluo import --config mingluo.toml --recipients roster.csv --skip-bad-rows --report bad-rows.csv
  mingluo import --config mingluo.toml --recipients roster.csv --replace --losing 2731
  mingluo import --config mingluo.toml --list
  mingluo import --config mingluo.toml --restore 01989a3e-7f00-7000-8000-000000000001
  mingluo import --config mingluo.toml --restore 01989a3e-7f00-7000-8000-000000000001 --replace --losing 37";

/// 导入名册。
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["recipients", "restore", "list"])))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line, not a state")]
pub(super) struct Import {
    #[command(flatten)]
    file: ConfigFile,
    /// 名册 CSV（region,groups,sms,wechat,email,speaker，另可有 wecom,robot）。 The roster.
    #[arg(long, value_name = "FILE")]
    recipients: Option<PathBuf>,
    /// 退回这一版名册（见 --list）。 Make this edition the current one again.
    #[arg(long, value_name = "EDITION")]
    restore: Option<EditionId>,
    /// 列出各版名册，最新在前。 List the editions, newest first.
    #[arg(long)]
    list: bool,
    /// 实发还是演练名册。 For real warnings or for drills.
    #[arg(long, value_enum, default_value_t = ModeWord::Live)]
    mode: ModeWord,
    /// 全部地址均为虚构，只发往模拟账号。 Every address is made up; goes to pretend accounts only.
    #[arg(long, requires = "recipients")]
    pretend: bool,
    /// 文件的编码。 The file's encoding.
    #[arg(long, value_enum, default_value_t = EncodingWord::Utf8, requires = "recipients")]
    encoding: EncodingWord,
    /// 略过有误的行，导入其余的；不加则有一行有误即全部不导入。 Leave bad rows out and import the others; without it one bad
    /// row and nothing is imported.
    #[arg(long, requires = "recipients")]
    skip_bad_rows: bool,
    /// 新名册（或退回的一版）比现用的少一成以上，或少了整个乡镇、人群、渠道，也要替换；须同时键入减少的数目。 Replace the current edition
    /// although the new one, or the one gone back to, loses more than a tenth or a whole township, group or channel; the
    /// number that is lost must be typed as well.
    #[arg(long, conflicts_with = "list", requires = "losing")]
    replace: bool,
    /// 减少的数目，如拒绝时所示。 How many are lost, as the refusal told.
    #[arg(long, value_name = "N", requires = "replace")]
    losing: Option<u64>,
    /// 把有误的行写入该 CSV。 Write the bad rows to this CSV.
    #[arg(long, value_name = "FILE", requires = "recipients")]
    report: Option<PathBuf>,
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// Live or drill, as a word of the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ModeWord {
    Live,
    Drill,
}

impl From<ModeWord> for ModeKind {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Live => Self::Live,
            ModeWord::Drill => Self::Drill,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EncodingWord {
    #[value(name = "utf-8")]
    Utf8,
    #[value(alias = "gbk", alias = "gb2312")]
    Gb18030,
    #[value(name = "utf-16")]
    Utf16,
}

impl From<EncodingWord> for Encoding {
    fn from(word: EncodingWord) -> Self {
        match word {
            EncodingWord::Utf8 => Self::Utf8,
            EncodingWord::Gb18030 => Self::Gb18030,
            EncodingWord::Utf16 => Self::Utf16,
        }
    }
}

/// What reading the file gave.
struct ReadRoster {
    draft: EditionDraft,
    bad: Vec<BadRow>,
}

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config).told()?;
        let region = Region::read(&config).told()?;
        let store = open_store(&config).await.told()?;
        match (&self.recipients, self.restore) {
            (Some(file), _) => self.import(file, store.as_ref(), &config, &region).await,
            (None, Some(edition)) => self.go_back(edition, store.as_ref(), &config, &region).await,
            (None, None) => self.list(store.as_ref(), &config).await,
        }
    }

    async fn import(
        &self,
        file: &Path,
        store: &dyn Store,
        config: &Config,
        region: &Region,
    ) -> anyhow::Result<ExitCode> {
        let ReadRoster { draft, bad } = self.read(file, region)?;
        if let Some(path) = &self.report {
            tell::report(path, &bad).told()?;
        }
        self.tell_rows(&bad);
        let before = store.current_edition(self.mode.into()).await?;
        let change = change(before.as_ref(), Counts::of(draft.index()), self.pretend)?;
        if let Err(problem) = self.may(file, &bad, &change) {
            self.tell_change(&change, region);
            self.tell_refused(&problem, &bad, &change);
            return Ok(ExitCode::FAILURE);
        }
        let edition = self.keep(store, region, &draft, bad.len(), change.replaced).await?;
        self.tell_change(&change, region);
        let misfit = RosterMisfit::of(config, self.mode.into(), self.pretend);
        self.tell_imported(edition, &bad, &change, misfit);
        Ok(ExitCode::SUCCESS)
    }

    /// What forbids this import.
    fn may(&self, file: &Path, bad: &[BadRow], change: &Change) -> Result<(), ImportProblem> {
        if !bad.is_empty() && !self.skip_bad_rows {
            return Err(ImportProblem::BadRows { rows: bad.len() });
        }
        if change.after.recipients == 0 {
            return Err(ImportProblem::Nobody { file: file.to_owned() });
        }
        self.may_replace(change)
    }

    /// What forbids that the current edition gives way: a loss whose number was not typed.
    fn may_replace(&self, change: &Change) -> Result<(), ImportProblem> {
        let lost = change.lost();
        match self.losing {
            Some(typed) if typed != lost => Err(ImportProblem::WrongNumber { typed, lost }),
            None if change.loses_much() && change.all_lost => Err(ImportProblem::LosesTheReal { lost }),
            None if change.loses_much() => Err(ImportProblem::LosesMuch { lost }),
            _ => Ok(()),
        }
    }

    fn read(&self, path: &Path, region: &Region) -> anyhow::Result<ReadRoster> {
        let file = File::open(path).map_err(|source| ConfigError::Unreadable {
            field: "--recipients",
            path: path.to_owned(),
            source,
        });
        let file = file.told()?;
        let bar = progress(file.metadata()?.len(), self.json);
        let file = Counted { file: std::io::BufReader::with_capacity(1 << 20, file), bar: bar.clone() };
        let mut builder = EditionBuilder::default();
        let mut bad = Vec::new();
        let reader = Decoded::new(file, self.encoding.into());
        let said = || format!("--recipients {}", path.display());
        for row in read_recipients(reader, &region.gazetteer, &region.groups).told().with_context(said)? {
            match row {
                Ok(recipient) => builder.push(&recipient)?,
                Err(RosterError::Row(row)) => bad.push(row),
                Err(broken) => return Err(broken).told().with_context(said),
            }
        }
        bar.finish_and_clear();
        Ok(ReadRoster { draft: builder.finish(), bad })
    }

    async fn keep(
        &self,
        store: &dyn Store,
        region: &Region,
        draft: &EditionDraft,
        bad: usize,
        replaces: Option<EditionId>,
    ) -> anyhow::Result<EditionId> {
        let bar = progress(u64::from(draft.index().n()), self.json);
        let order = KeepOrder { mode: self.mode.into(), pretend: self.pretend, bad_rows: bad, replaces };
        let clock = SystemClock::shared();
        let kept = |recipients| bar.inc(recipients);
        let edition =
            roster::keep(store, region, draft, order, clock.as_ref(), &mut StdRng::from_os_rng(), kept)
                .await
                .map_err(ImportProblem::told_by)?;
        bar.finish_and_clear();
        Ok(edition)
    }
}

/// From the current edition to the one that is about to be.
fn change(before: Option<&EditionHead>, after: Counts, pretend: bool) -> anyhow::Result<Change> {
    let Some(head) = before else { return Ok(Change::first(after)) };
    let counts = counts_of(head)?;
    // To a real account a roster of made-up people is an empty one.
    let all_lost = pretend && !head.pretend;
    Ok(Change { replaced: Some(head.id), before: Some(counts), after, all_lost })
}

fn counts_of(head: &EditionHead) -> anyhow::Result<Counts> {
    let index = EditionIndex::from_bytes(&head.index);
    Ok(Counts::of(&index.with_context(|| format!("edition {}", head.id))?))
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
