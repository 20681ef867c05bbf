//! The registry out of a file into the store: all of it or nothing, and everything that is wrong with it at once.

use super::row::{COLUMNS, Line, Wrong};
use crate::{
    app::open_store,
    cli::{ConfigFile, Told as _, boxes::write_new, import::ModeWord, say},
    config::Config,
    region::Region,
};
use anyhow::{Context as _, bail};
use mingluo_ledger::audit::AuditLine;
use mingluo_model::{
    bulletin::ResourceCode,
    clock::{Clock as _, Timestamp, system::SystemClock},
    fleet::{BoxRecord, Keeper},
    mode::ModeKind,
    region::Level,
};
use mingluo_targeting::gazetteer::Gazetteer;
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// Errors that are told one by one; more are counted.
const MOST_TOLD: usize = 200;

/// What `--help` shows.
pub(super) const EXAMPLES: &str = "\
台账是 UTF-8 的 CSV，第一行为列名；code 与 region 必填，其余可省略：
The registry is CSV in UTF-8 with a header; code and region must be there, the others may be left out:
  code,region,place,latitude,longitude,organisation,power,horns,watts,people,keeper,phone,certificate_until,enrolled,retired
  62104231002010314010101,210423100201,村委会楼顶,42.09,124.92,清原镇,mains,4,120,812,王强,19730601234,2027-07-01,2026-07-01,

例 Examples:
  mingluo box registry import --config mingluo.toml --dry-run boxes.csv
  mingluo box registry import --config mingluo.toml boxes.csv
  mingluo box registry import --config mingluo.toml --issued boxes-ca/issued.csv boxes.csv";

/// 导入终端台账。
#[derive(Debug, clap::Args)]
pub(in crate::cli::boxes) struct Import {
    #[command(flatten)]
    config: ConfigFile,
    /// 台账 CSV。 The registry.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 实发还是演练终端。 The boxes of real warnings or of drills.
    #[arg(long, value_enum, default_value_t = ModeWord::Live)]
    mode: ModeWord,
    /// 只检查，不导入。 Only look; import nothing.
    #[arg(long)]
    dry_run: bool,
    /// 由发证登记补填证书有效期（mingluo box ca 的 issued.csv）。 Take the certificates' ends from the authority's list.
    #[arg(long, value_name = "FILE")]
    issued: Option<PathBuf>,
}

impl Import {
    pub(in crate::cli::boxes) async fn run(self) -> anyhow::Result<()> {
        let config = Config::read(&self.config.config).told()?;
        let region = Region::read(&config).told()?;
        let text = std::fs::read(&self.file).with_context(|| {
            format!(
                "{}: 读不了，请核对路径和权限 / cannot be read; check path and rights",
                self.file.display()
            )
        })?;
        let (mut boxes, wrong) = read(&text, &region.gazetteer)?;
        if let Some(issued) = &self.issued {
            fill_in(&mut boxes, issued)?;
        }
        for it in wrong.iter().take(MOST_TOLD) {
            say(format!(
                "第 {} 行 line {} {} = {:?}：{}\n    {}",
                it.line, it.line, it.field, it.value, it.zh, it.en
            ));
        }
        if !wrong.is_empty() {
            let n = wrong.len();
            bail!("共 {n} 处错误，未导入\n    {n} errors, nothing was imported");
        }
        let store = open_store(&config).await.told()?;
        let mode = ModeKind::from(self.mode);
        let known: Vec<ResourceCode> =
            store.boxes(mode).await?.into_iter().map(|(record, _)| record.code).collect();
        let new = boxes.iter().filter(|(record, _)| !known.contains(&record.code)).count();
        let (all, changed) = (boxes.len(), boxes.len() - new);
        if self.dry_run {
            say(format!(
                "{all} 台无误：新增 {new}，更新 {changed}；只作检查，未导入。 {all} boxes are good: {new} new, {changed} known; nothing was imported."
            ));
            return Ok(());
        }
        let now = SystemClock::shared().now();
        let (actor, action) = (AuditLine::SYSTEM.to_owned(), "box.import".to_owned());
        let detail = json!({ "boxes": all, "new": new });
        let line = AuditLine { at: now, actor, action, subject: mode.word().to_owned(), detail };
        store.save_boxes(mode, &boxes, now, line).await?;
        say(format!(
            "已导入 {all} 台：新增 {new}，更新 {changed}；控制台 10 秒内生效。 {all} boxes imported: {new} new, {changed} known; the console knows them within 10 s."
        ));
        Ok(())
    }
}

type Boxes = Vec<(BoxRecord, Option<Keeper>)>;

/// Reads a registry: the good boxes, and everything that is wrong.
fn read(text: &[u8], gazetteer: &Gazetteer) -> anyhow::Result<(Boxes, Vec<Wrong>)> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let heads = columns(reader.headers()?)?;
    let (mut boxes, mut wrong) = (Vec::new(), Vec::new());
    let mut lines = HashMap::new();
    for record in reader.records() {
        let record = record.context("不是 UTF-8 的 CSV / is no CSV in UTF-8")?;
        let number = record.position().map_or(0, csv::Position::line);
        if record.len() != heads.len() {
            let (zh, en) = (
                format!("有 {} 列，应有 {} 列", record.len(), heads.len()),
                format!("{} cells, must be {}", record.len(), heads.len()),
            );
            wrong.push(Wrong {
                line: number,
                field: "code",
                value: record.get(0).unwrap_or("").to_owned(),
                zh,
                en,
            });
            continue;
        }
        let cells = heads.iter().copied().zip(record.iter()).collect();
        match (Line { number, cells, wrong: Vec::new() }).read(gazetteer) {
            Ok((record, keeper)) => {
                if let Some(earlier) = lines.insert(record.code, number) {
                    let (zh, en) =
                        (format!("与第 {earlier} 行重复"), format!("stands in line {earlier} already"));
                    wrong.push(Wrong { line: number, field: "code", value: record.code.to_string(), zh, en });
                }
                boxes.push((record, keeper));
            }
            Err(more) => wrong.extend(more),
        }
    }
    Ok((boxes, wrong))
}

fn columns(heads: &csv::StringRecord) -> anyhow::Result<Vec<&'static str>> {
    let known = |head: &str| COLUMNS.into_iter().find(|column| *column == head.trim());
    let unknown: Vec<&str> = heads.iter().filter(|head| known(head).is_none()).collect();
    if !unknown.is_empty() {
        let (unknown, all) = (unknown.join(" "), COLUMNS.join(","));
        bail!(
            "第 1 行：没有这些列 {unknown}；可用的列：{all}\n    line 1: there are no columns {unknown}; known are {all}"
        );
    }
    let columns: Vec<&'static str> = heads.iter().filter_map(known).collect();
    for needed in ["code", "region"] {
        if columns.iter().filter(|column| **column == needed).count() != 1 {
            bail!("第 1 行：须有且只有一列 {needed}\n    line 1: there must be one column {needed}");
        }
    }
    Ok(columns)
}

/// A line of an authority's list.
#[derive(Deserialize)]
struct Issued {
    code: ResourceCode,
    until: Timestamp,
    revoked: Option<Timestamp>,
}

/// The ends of the certificates that are good.
fn fill_in(boxes: &mut [(BoxRecord, Option<Keeper>)], issued: &Path) -> anyhow::Result<()> {
    let told = || format!("--issued {}", issued.display());
    let mut ends: HashMap<ResourceCode, Timestamp> = HashMap::new();
    for entry in csv::Reader::from_path(issued).with_context(told)?.deserialize() {
        let Issued { code, until, revoked } = entry.with_context(told)?;
        if revoked.is_none() {
            let end = ends.entry(code).or_insert(until);
            *end = until.max(*end);
        }
    }
    for (record, _) in boxes {
        record.certificate_until = ends.get(&record.code).copied().or(record.certificate_until);
    }
    Ok(())
}

/// 演示台账。
#[derive(Debug, clap::Args)]
pub(in crate::cli::boxes) struct Demo {
    #[command(flatten)]
    config: ConfigFile,
    /// 写入的文件，须是新文件。 Where to write it; a new file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Demo {
    pub(in crate::cli::boxes) fn run(self) -> anyhow::Result<()> {
        let config = Config::read(&self.config.config).told()?;
        let region = Region::read(&config).told()?;
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["code", "region", "place", "organisation", "power", "horns", "watts"])?;
        let gazetteer = &region.gazetteer;
        let mut n = 0_usize;
        for root in gazetteer.roots() {
            for village in gazetteer.inside(root.code, Level::Village) {
                // The sixth level of resources, its kind and the first of its village (GY/T 386-2023).
                let code = format!("6{}0314010101", village.code);
                let above = village.code.parent().and_then(|code| gazetteer.get(code));
                let organisation = above.map_or("", |above| &*above.name);
                let power = ["mains", "solar"][usize::from(n % 5 == 4)];
                let region = village.code.to_string();
                writer.write_record([
                    code.as_str(),
                    &region,
                    "村委会（演示）",
                    organisation,
                    power,
                    "4",
                    "120",
                ])?;
                n += 1;
            }
        }
        let text = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        write_new("--out", &self.out, &text, 0o644)?;
        say(format!("{n} 台演示终端。 {n} boxes that are made up."));
        Ok(())
    }
}
