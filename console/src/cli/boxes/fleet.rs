//! `mingluo box registry`, `status`, `test`, `stop`: the boxes of a running city. What people write down goes to the store
//! like a roster; everything else goes through the API with a key, under the same policy as anybody.

mod import;
mod row;

use crate::cli::{Table, console::Console, say};
use anyhow::bail;
use clap::Subcommand;
pub(super) use import::Import;
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    region::RegionCode,
};
use serde_json::{Value, json};

/// What `--show` may be: the conditions, and every box with an alarm.
const SHOWN: [&str; 9] =
    ["offline", "fault", "playing", "on-battery", "online", "awaited", "off", "never-heard", "alarm"];

/// 终端台账。
#[derive(Debug, Subcommand)]
pub(super) enum Registry {
    /// 导入终端台账 CSV；--dry-run 只检查。有一行有误即全部不导入，所有错误一次列出。 Import the registry; one bad row and nothing is
    /// imported, and every error is told at once.
    #[command(after_help = import::EXAMPLES)]
    Import(Import),
    /// 按区域包的村庄生成一份演示台账，坐标与人员均为虚构。 A registry for trying out, of the region pack's villages; made up.
    #[command(
        after_help = "例 Example:\n  mingluo box registry demo --config mingluo.toml --out boxes.csv\n  mingluo box registry import --config mingluo.toml --mode drill boxes.csv"
    )]
    Demo(import::Demo),
}

/// 终端状态。
#[derive(Debug, clap::Args)]
pub(super) struct Status {
    #[command(flatten)]
    console: Console,
    /// 只看这一台，连同时间线。 This box alone, with its timeline.
    #[arg(long)]
    code: Option<ResourceCode>,
    /// 只看这一区划（代码）。 Only this division, by code.
    #[arg(long, conflicts_with = "code")]
    region: Option<RegionCode>,
    /// 只看这一状态：offline fault playing on-battery online awaited off never-heard，或 alarm 有告警。 Only those in this state.
    #[arg(long, conflicts_with = "code", value_parser = SHOWN)]
    show: Option<String>,
    /// 维护清单：须上门处理的，最紧急的在前。 Where somebody has to go, the most urgent first.
    #[arg(long, conflicts_with_all = ["code", "region", "show"])]
    visits: bool,
    /// 输出接口的 JSON 原文。 The API's JSON as it is.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let told = match &self.code {
            Some(code) => self.console.get(&format!("/boxes/{code}")).await?,
            None if self.visits => self.console.get("/boxes/visits").await?,
            None => {
                let region = self.region.map_or_else(String::new, |region| region.to_string());
                let show = self.show.as_deref().unwrap_or_default();
                self.console.get(&format!("/boxes?region={region}&show={show}")).await?
            }
        };
        if self.json || self.code.is_some() {
            say(serde_json::to_string_pretty(&told)?);
            return Ok(());
        }
        if let Some(by) = told["counts"]["by_condition"].as_object() {
            let counts = by.iter().filter(|(_, n)| **n != 0).map(|(word, n)| format!("{word} {n}"));
            say(counts.collect::<Vec<_>>().join("  "));
        }
        let boxes = told["boxes"].as_array().or_else(|| told.as_array());
        table(boxes.map_or(&[], Vec::as_slice)).lines().into_iter().for_each(say);
        Ok(())
    }
}

fn table(boxes: &[Value]) -> Table {
    let mut table =
        Table::new(["编码\ncode", "区划\nregion", "状态\nstate", "告警\nalarms", "最后上线\nlast heard"]);
    for one in boxes {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let alarms =
            one["alarms"].as_array().map_or(&[][..], Vec::as_slice).iter().map(|it| text(&it["alarm"]));
        let heard = one["last_heard"].as_i64().map(|ms| crate::tongue::instant(ms, &jiff::tz::TimeZone::UTC));
        table.row([
            text(&one["code"]),
            text(&one["region"]),
            text(&one["condition"]),
            alarms.collect::<Vec<_>>().join(" "),
            heard.unwrap_or_default(),
        ]);
    }
    table
}

/// 试播。
#[derive(Debug, clap::Args)]
pub(super) struct Test {
    #[command(flatten)]
    console: Console,
    /// 这些终端。 These boxes.
    #[arg(long, required_unless_present_any = ["region", "order"])]
    code: Vec<ResourceCode>,
    /// 这些区划内的全部终端，代码或名称。 All boxes in these divisions, by code or name.
    #[arg(long)]
    region: Vec<String>,
    /// 有声；不加则音量为 0，只检功放与拾音。 Audible; without it the volume is zero.
    #[arg(long)]
    audible: bool,
    /// 终端数，须与所选相符。 How many boxes these are: another number tests nothing.
    #[arg(long, value_name = "N", required_unless_present = "order")]
    boxes: Option<u64>,
    /// 查看此前试播或停播的结果。 What became of an earlier test or stop.
    #[arg(long, value_name = "EBM", conflicts_with_all = ["code", "region", "audible", "boxes"])]
    order: Option<EbmId>,
}

impl Test {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let told = if let Some(ebm) = self.order {
            self.console.get(&format!("/boxes/orders/{ebm}")).await?
        } else {
            let wanted = json!({
                "codes": self.code, "regions": self.region, "audible": self.audible, "boxes": self.boxes,
            });
            self.console.post("/boxes/test", &wanted).await?
        };
        say(serde_json::to_string_pretty(&told)?);
        Ok(())
    }
}

/// 全部停播。
#[derive(Debug, clap::Args)]
pub(super) struct Stop {
    #[command(flatten)]
    console: Console,
    /// 键入 STOP 以确认。 Type STOP.
    #[arg(long, value_name = "STOP")]
    confirm: String,
}

impl Stop {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.confirm.is_empty() {
            bail!("--confirm: 空，须为 STOP；未停播\n    is empty, must be STOP; nothing was stopped");
        }
        let told = self.console.post("/boxes/stop", &json!({ "confirm": self.confirm })).await?;
        say(serde_json::to_string_pretty(&told)?);
        Ok(())
    }
}
