//! One village box (单个终端): the real program in a process of its own, linked to the product's hub over mutual TLS. How much
//! memory it takes, how large it is, how soon it is linked, and how soon its relay closes once an order leaves the city.

use super::{machine::Machine, verdict};
use crate::pi::city::{City, box_code, region, trust_files};
use anyhow::{Context as _, Result, ensure};
use mingluo_model::{bulletin::Tone, clock::SharedClock};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};

/// The bars, for a program that is built for release: megabytes of memory and of the stripped file, seconds from start to
/// link, milliseconds from order to relay.
const BARS: (f64, f64, f64, f64) = (30.0, 15.0, 2.0, 100.0);
/// Times it is started.
const STARTS: u16 = 5;
/// Nothing may take longer.
const LIMIT: Duration = Duration::from_secs(30);

/// How a box is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct BoxOptions {
    /// 终端程序 / the box's program.
    #[arg(long = "box", value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// 计时的指令数 / bulletins that are timed.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub count: u16,
    /// 短测:5 条指令,不评快慢 / 5 bulletins, no bar.
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
    /// Resident memory at its highest, and the box's own share of it after all bulletins, in megabytes.
    resident_mb: f64,
    own_share_mb: f64,
    /// The program's file without symbols, in megabytes.
    program_mb: f64,
    /// From the start of the process to the city's welcome, the slowest of all starts, in seconds.
    linked_s: f64,
    /// From the order's leaving the city to the relay's record, in milliseconds.
    relay_p50_ms: f64,
    relay_p99_ms: f64,
    machine: Machine,
}

/// Measures, tells, and says whether the bars were kept.
///
/// # Errors
/// When the box does not start, or does not do as it is told.
pub async fn lone_box(options: BoxOptions, clock: SharedClock) -> Result<bool> {
    let machine = Machine::look(Path::new("/tmp"));
    let program = program(&options)?;
    let dir = tempfile::tempdir()?;
    let mut city = City::open(dir.path(), clock.clone()).await?;
    let config = set_up(dir.path(), &city, &clock)?;
    let mut slowest = Duration::ZERO;
    for _ in 1..STARTS {
        let (taken, child) = switch_on(&program, &config, &city, &clock).await?;
        slowest = slowest.max(taken);
        switch_off(child, &city).await?;
    }
    let (taken, child) = switch_on(&program, &config, &city, &clock).await?;
    let count = if options.short { 5 } else { options.count };
    let mut times = order(dir.path(), &mut city, &clock, count).await?;
    times.sort_unstable();
    let pid = child.id().context("the box has ended")?;
    let found = Found {
        resident_mb: kilobytes(&format!("/proc/{pid}/status"), "VmHWM:")? / 1_024.0,
        own_share_mb: kilobytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:")? / 1_024.0,
        program_mb: stripped(&program, dir.path()).await? as f64 / 1_048_576.0,
        linked_s: slowest.max(taken).as_secs_f64(),
        relay_p50_ms: share(&times, 50),
        relay_p99_ms: share(&times, 99),
        machine,
    };
    switch_off(child, &city).await?;
    let has_bar = !options.short && (options.program.is_some() || options.bin_dir.is_none());
    let kept = found.resident_mb < BARS.0
        && found.program_mb < BARS.1
        && found.linked_s < BARS.2
        && found.relay_p99_ms < BARS.3;
    tell(&found, count, options.json, has_bar.then_some(kept))?;
    Ok(kept || !has_bar)
}

fn program(options: &BoxOptions) -> Result<PathBuf> {
    if let Some(program) = &options.program {
        return Ok(program.clone());
    }
    let own = std::env::current_exe()?;
    let near = own.parent().context("this program lies nowhere")?;
    Ok(options.bin_dir.as_deref().unwrap_or(near).join("mingluo-speaker"))
}

/// The folder of a box with everything switched on that takes memory: WAV files, self-tests, the page.
fn set_up(dir: &Path, city: &City, clock: &SharedClock) -> Result<PathBuf> {
    let (root, keys) = trust_files(clock.now())?;
    fs::write(dir.join("root.pub"), root)?;
    fs::write(dir.join("keys.json"), keys)?;
    let (code, region, port) = (box_code(), region(), city.port);
    let config = format!(
        "[box]\ncode = \"{code}\"\nregion = \"{region}\"\nmode = \"live\"\nstate_dir = \"state\"\n\
         [city]\naddresses = [\"wss://127.0.0.1:{port}/link\"]\nca_file = \"{}\"\n\
         cert_file = \"pki/{code}.pem\"\nkey_file = \"pki/{code}.key\"\n\
         [trust]\nroot_file = \"root.pub\"\nkeys_file = \"keys.json\"\nclock = \"own\"\n\
         [relay]\nkind = \"simulated\"\n[sense]\nkind = \"simulated\"\nlevels = true\n\
         [feedback]\nkind = \"simulated\"\n[self_test]\nsilent_hour = 4\n[page]\nlisten = \"127.0.0.1:0\"\n",
        city.made.ca.display()
    );
    let path = dir.join("speaker.toml");
    fs::write(&path, config)?;
    Ok(path)
}

async fn switch_on(
    program: &Path,
    config: &Path,
    city: &City,
    clock: &SharedClock,
) -> Result<(Duration, Child)> {
    let began = clock.ticks();
    let child = Command::new(program)
        .arg("run")
        .arg("--config")
        .arg(config)
        .env("RUST_LOG", "error")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| program.display().to_string())?;
    city.until_online(1).await?;
    Ok((clock.ticks().saturating_sub(began), child))
}

async fn switch_off(mut child: Child, city: &City) -> Result<()> {
    child.kill().await?;
    city.until_online(0).await
}

/// Sounds and stops again and again; how long each took from the order to the relay's record.
async fn order(dir: &Path, city: &mut City, clock: &SharedClock, count: u16) -> Result<Vec<Duration>> {
    let record = dir.join("state/relay.log");
    let mut times = Vec::new();
    for _ in 0..count {
        let play = city.bulletin(Tone::Red, 10);
        let since = clock.ticks();
        city.send(&play).await?;
        until_record(&record, "on", clock).await?;
        times.push(clock.ticks().saturating_sub(since));
        let stop = city.stop(play.ebm);
        city.send(&stop).await?;
        until_record(&record, "off", clock).await?;
        city.hear("stopped").await?;
    }
    Ok(times)
}

/// Waits until the pretend relay's last move is this one.
async fn until_record(record: &Path, state: &str, clock: &SharedClock) -> Result<()> {
    let since = clock.ticks();
    while !fs::read_to_string(record)?.trim_end().ends_with(&format!(" {state}")) {
        ensure!(clock.ticks().saturating_sub(since) < LIMIT, "the relay is not {state}");
        clock.sleep(Duration::from_micros(200)).await;
    }
    Ok(())
}

/// A line of proc(5) in kilobytes.
fn kilobytes(file: &str, key: &str) -> Result<f64> {
    let text = fs::read_to_string(file).with_context(|| file.to_owned())?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)).with_context(|| key.to_owned())?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// Bytes of the program without symbols, as it is packaged.
async fn stripped(program: &Path, dir: &Path) -> Result<u64> {
    let bare = dir.join("stripped");
    let done = Command::new("strip").arg("-o").arg(&bare).arg(program).status().await.context("strip")?;
    ensure!(done.success(), "strip {}: {done}", program.display());
    Ok(fs::metadata(bare)?.len())
}

#[expect(clippy::print_stdout, reason = "this is what was measured")]
fn tell(found: &Found, count: u16, as_json: bool, kept: Option<bool>) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string(found)?);
        return Ok(());
    }
    let Machine { cores, processor, load, .. } = &found.machine;
    println!("{cores} × {processor}, 负荷 load {:.2}, 平静 calm: {}", load[0], found.machine.is_calm());
    println!("最高常驻内存 resident at most        {:>8.1} MB  < {} MB", found.resident_mb, BARS.0);
    println!("  其中自有 its own share (Pss)      {:>8.1} MB", found.own_share_mb);
    println!("程序去符号后 program, stripped       {:>8.1} MB  < {} MB", found.program_mb, BARS.1);
    println!(
        "启动到连上城市 start to linked        {:>8.2} s   < {} s, {STARTS} 次 starts",
        found.linked_s, BARS.2
    );
    println!(
        "指令到吸合 order to relay           p50 {:>4.1} ms  p99 {:>5.1} ms  < {} ms, {count} 条 bulletins",
        found.relay_p50_ms, found.relay_p99_ms, BARS.3
    );
    match kept {
        None => println!("未设及格线 no bar in this form"),
        Some(kept) => println!("{}", verdict(kept)),
    }
    Ok(())
}

fn share(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}
