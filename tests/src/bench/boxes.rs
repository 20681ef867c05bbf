//! Many village boxes at one city (大喇叭规模): the product's hub and listener in this process, pretend boxes in another,
//! each with its own certificate. One red bulletin to all of them, until the last has verified it; what a box costs the
//! city in memory; and how long it takes until all are back after the city was away.

mod city;

use super::machine::Machine;
use anyhow::{Context as _, Result};
use city::City;
use mingluo_model::clock::SharedClock;
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The bars, for programs that are built for release: the last hundredth's answer, memory of a box, everybody back.
const BARS: (f64, f64, f64) = (1_000.0, 20.0, 60.0);

/// How boxes are measured.
#[derive(Debug, Clone, clap::Args)]
pub struct BoxesOptions {
    /// 终端数 / boxes.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    pub count: u32,
    /// 短测:500 个终端,不评快慢 / 500 boxes, no bar.
    #[arg(long)]
    pub short: bool,
    /// 用已编译的程序(可为调试版),不评快慢 / programs that are built already, maybe without optimisation: no bar.
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
    /// 输出 JSON / JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Found {
    boxes: u32,
    /// From the first connection to the last welcome, in seconds.
    connected_s: f64,
    /// From the order in the hub to the answer "verified" in the hub, in milliseconds.
    verified_p50_ms: f64,
    verified_p99_ms: f64,
    verified_last_ms: f64,
    /// Growth of the city's resident memory a box, in kilobytes.
    kb_a_box: f64,
    /// From the city's return to the last welcome, in seconds.
    back_s: f64,
    machine: Machine,
}

/// Measures, tells, and says whether the bars were kept.
///
/// # Errors
/// When a program does not start, or a box does not answer.
pub async fn boxes(options: BoxesOptions, clock: SharedClock) -> Result<bool> {
    let count = if options.short { options.count.min(500) } else { options.count };
    let machine = Machine::look(Path::new("/tmp"));
    let dir = tempfile::tempdir()?;
    let mut city = City::open(dir.path(), count, clock.clone()).await?;
    let before = resident_kb()?;
    let began = clock.ticks();
    let mut boxes = city.switch_on(&options, dir.path())?;
    city.until_online(count as usize, &mut boxes).await?;
    let connected_s = clock.ticks().saturating_sub(began).as_secs_f64();
    let mut answers = city.order(count).await?;
    answers.sort_unstable();
    let kb_a_box = resident_kb()?.saturating_sub(before) as f64 / f64::from(count);
    city.shut().await?;
    city.until_online(0, &mut boxes).await?;
    let began = clock.ticks();
    city.serve().await?;
    city.until_online(count as usize, &mut boxes).await?;
    let back_s = clock.ticks().saturating_sub(began).as_secs_f64();
    boxes.kill().await?;
    let found = Found {
        boxes: count,
        connected_s,
        verified_p50_ms: share(&answers, 50),
        verified_p99_ms: share(&answers, 99),
        verified_last_ms: share(&answers, 100),
        kb_a_box,
        back_s,
        machine,
    };
    let kept = found.verified_p99_ms < BARS.0 && found.kb_a_box < BARS.1 && found.back_s < BARS.2;
    let has_bar = !options.short && options.bin_dir.is_none();
    tell(&found, options.json, has_bar.then_some(kept))?;
    Ok(kept || !has_bar)
}

#[expect(clippy::print_stdout, reason = "this is what was measured")]
fn tell(found: &Found, as_json: bool, kept: Option<bool>) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string(found)?);
        return Ok(());
    }
    let Machine { cores, processor, load, .. } = &found.machine;
    println!("{cores} × {processor}, 负荷 load {:.2}, 平静 calm: {}", load[0], found.machine.is_calm());
    println!("终端 boxes                      {:>9}   双向 TLS mutual TLS, P-256", found.boxes);
    println!("全部接入 all connected          {:>9.1} s", found.connected_s);
    println!(
        "一条红色指令到验签回执 red order to verified  p50 {:.0} ms  p99 {:.0} ms  末 last {:.0} ms",
        found.verified_p50_ms, found.verified_p99_ms, found.verified_last_ms
    );
    println!("每终端内存 memory a box          {:>9.1} kB", found.kb_a_box);
    println!("重启后全部接回 all back           {:>9.1} s", found.back_s);
    match kept {
        None => println!("未设及格线 no bar in this form"),
        Some(true) => println!("及格 the bars were kept: p99 < 1 s, < 20 kB a box, all back < 60 s"),
        Some(false) => println!("未达标 a bar was missed: p99 < 1 s, < 20 kB a box, all back < 60 s"),
    }
    Ok(())
}

fn share(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

/// The resident memory of this process (VmRSS of proc(5)), in kilobytes.
fn resident_kb() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
