//! Many village boxes at one city (大喇叭规模): the product's engine, hub, listener and fleet's ledger in this process, its
//! signer's program and the pretend boxes each in another, every box with its own certificate. One red bulletin to all of
//! them, until the last box's word that it has verified it is durable in the city; what a box costs the city in memory; and
//! how long it takes until all are back after the city was away.
//!
//! Beside it, in the same run, what others would build it on: a plain WebSocket hub ([`hub`]) and Debian's Mosquitto
//! ([`peer`]), with as many plain clients ([`crowd`]) over the same mutual TLS. Those verify nothing, keep nothing on disk
//! and answer at once; Mingluo's boxes check the signature and journal, and every answer is in the ledger.

mod city;
mod crowd;
mod hub;
mod mqtt;
mod peer;
mod report;
mod signing;
mod stamp;
mod wave;

use super::{floor, ground::Ground, machine::Machine};
use crate::{
    issuer::red,
    sim_boxes::pki::{self, Made},
};
use anyhow::Result;
use city::City;
pub use crowd::{CrowdOptions, crowd};
pub use hub::{HubOptions, hub};
use mingluo_model::{bulletin::ResourceCode, clock::SharedClock, link::CityFrame};
use report::{Findings, Row, Runs, tell};
use std::path::{Path, PathBuf};

/// The bars, for programs that are built for release: the last hundredth's answer in milliseconds, kilobytes a box, and
/// seconds until everybody is back.
const BARS: (f64, f64, f64) = (1_000.0, 20.0, 60.0);

/// Connections that are begun in a second, on every side.
const CONNECTS_PER_SECOND: &str = "2000";

/// How boxes are measured.
#[derive(Debug, Clone, clap::Args)]
pub struct BoxesOptions {
    /// 终端数 / boxes.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    pub count: u32,
    /// 鸣锣测几轮 / runs of Mingluo; the middle one counts for the time of the order.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    pub runs: u8,
    /// 短测:500 个终端,一轮,不评快慢 / 500 boxes, one run, no bar.
    #[arg(long)]
    pub short: bool,
    /// 不与别的系统比较 / only Mingluo, nothing beside it.
    #[arg(long)]
    pub alone: bool,
    /// 解开 Mosquitto 的根目录;tests/bench 会自己取回 / a root folder with Mosquitto in usr/sbin; `tests/bench` fetches it.
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub mosquitto: PathBuf,
    /// Programs, data, and how it tells.
    #[command(flatten)]
    pub ground: Ground,
}

/// What all sides have in common.
struct Field {
    count: u32,
    /// Where the programs are.
    programs: PathBuf,
    folder: PathBuf,
    made: Made,
    clock: SharedClock,
}

impl Field {
    fn set(options: &BoxesOptions, folder: &Path, clock: SharedClock) -> Result<Self> {
        let count = if options.short { options.count.min(500) } else { options.count };
        let region = "210423001001".parse()?;
        let boxes: Vec<_> = (0..count).map(|number| (code(number), region)).collect();
        let made = pki::make(&folder.join("pki"), &boxes, clock.now())?;
        Ok(Self { count, programs: options.ground.programs()?, folder: folder.to_owned(), made, clock })
    }

    /// The order as it goes over the village link: the same octets for everybody.
    fn order(&self) -> Result<String> {
        let bulletin = red(1, self.clock.now());
        let envelope = crate::issuer::signer().seal(&bulletin)?.to_bytes();
        Ok(CityFrame::Order(mingluo_model::link::Order { ebm: bulletin.ebm, envelope }).write())
    }
}

fn code(number: u32) -> ResourceCode {
    format!("621042300100103140{number:05}").parse().expect("23 digits")
}

/// Measures, tells, and says whether the bars were kept.
///
/// # Errors
/// When a program does not start, or a box does not answer.
pub async fn boxes(options: BoxesOptions, clock: SharedClock) -> Result<bool> {
    let folder = options.ground.folder()?;
    let machine = Machine::ready(folder.path());
    let floors = floor::measure(folder.path(), &*clock)?;
    let field = Field::set(&options, folder.path(), clock)?;
    let mut runs = Vec::new();
    for run in 0..if options.short { 1 } else { options.runs } {
        super::machine::touch_memory();
        runs.push(mingluo(&field, run).await?);
    }
    let runs = Runs(runs);
    let mut rows = vec![runs.together()];
    if !options.alone {
        super::machine::touch_memory();
        rows.push(peer::plain_hub(&field).await?);
        super::machine::touch_memory();
        rows.push(peer::mosquitto(&field, &options.mosquitto).await?);
    }
    let has_bar = !options.short && options.ground.bin_dir.is_none();
    let kept = rows[0].p99_ms < BARS.0
        && rows[0].kb_a_box < BARS.1
        && rows[0].back_s < BARS.2
        && rows[0].turned_away == 0;
    let (boxes, kept_bars) = (field.count, has_bar.then_some(kept));
    let findings =
        Findings { boxes, machine, floors, p99s_ms: runs.p99s(), rows, bars: BARS, kept: kept_bars };
    tell(&findings, options.ground.json)?;
    Ok(kept || !has_bar)
}

async fn mingluo(field: &Field, run: u8) -> Result<Row> {
    let mut city = City::found(field, run).await?;
    city.open().await?;
    let before = super::machine::resident_kb("self")?;
    let mut wave = wave::Wave::boxes(field, city.address())?;
    let connected_s = wave.until_online(field.count, &field.clock).await?;
    let answers = city.order().await?;
    let kb_a_box =
        super::machine::resident_kb("self")?.saturating_sub(before) as f64 / f64::from(field.count);
    city.shut().await?;
    city.check_witness().await?;
    let away = wave.until_closed(&field.clock).await?;
    city.open().await?;
    let back_s = wave.until_online(field.count, &field.clock).await?;
    let turned_away = wave.turned_away() - away;
    wave.end().await?;
    city.shut().await?;
    city.end().await?;
    Ok(Row::new("鸣锣 mingluo", true, connected_s, answers, kb_a_box, back_s, turned_away))
}
