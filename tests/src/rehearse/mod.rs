//! The rehearsal (排练): one command that shows the main job on the real programs. It makes pretend residents, starts
//! pretend far sides and the city as processes of their own, lets three officers release a warning through the API,
//! watches it go out, and lets the judge hold the ledger against the simulators' logs. It knows the city only from
//! outside, as an operator does: commands, configuration file, API.

mod api;
mod bars;
mod city;
mod far;
mod kill;
mod open;
mod options;
mod order;
mod play;
mod postgres;
pub(crate) mod program;
mod reckon;
mod report;
mod search;
mod send;
mod stage;
mod voice;
mod watch;

pub use options::{Engine, Expiry, Options, Plant, Victim};

use crate::{
    judge::{self, Figures, Finding},
    residents::Pack,
};
use anyhow::{Context, anyhow, bail, ensure};
use mingluo_console::{office::OfficeError, tongue::tell};
use mingluo_model::{audience::ChannelKind, clock::SharedClock, region::RegionCode};
use mingluo_targeting::gazetteer::Gazetteer;
use open::Opened;
use order::Vocabulary;
use play::{House, Played};
use search::{Leak, Searched};
use stage::Stage;
use std::{
    collections::BTreeSet,
    fs::File,
    path::{Path, PathBuf},
};
use voice::Voice;

/// Leaks that are told one by one.
const MOST_LEAKS: usize = 20;

/// Rehearses as the options say; `root` is the project's directory. Without `--once` the city stays up until the
/// caller's `stop` is ready; when it is ready before the verdict, everything that was started ends and there is none.
/// Gives whether all was well.
///
/// # Errors
/// What could not be read, started or released, in the words of whoever refused.
pub async fn rehearse(
    options: &Options,
    root: &Path,
    clock: &SharedClock,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<bool> {
    let voice = Voice::new(options.json);
    voice.say("鸣锣排练：真程序、真协议；居民、运营商、平台、大喇叭都是假的，什么也不会离开本机");
    voice.say("Mingluo rehearsal: real programs and protocols; residents and far sides are PRETEND, nothing leaves this machine");
    let programs = programs(options)?;
    let house = house(options, root, clock, &voice, &programs)?;
    let mut stop = std::pin::pin!(stop);
    // The programs go with the future that holds them.
    let Played { outcome, opened } = tokio::select! {
        played = house.play() => played?,
        () = &mut stop => bail!("被中断，没有结论 / interrupted, no verdict"),
    };
    outcome.tell(&voice, &house.gazetteer);
    if options.json {
        Voice::new(false).say(serde_json::to_string_pretty(&outcome)?);
    }
    if !options.once {
        invite(&voice, &opened);
        stop.await;
    }
    let stage = opened.close().await;
    let clean = !options.search_logs || searched(&stage, &voice)?;
    Ok(outcome.good && clean)
}

/// Whether nothing is in the city's logs that must not be; says what is.
fn searched(stage: &Stage, voice: &Voice) -> anyhow::Result<bool> {
    voice.step("在日志里搜查地址和密钥", "searching the logs for addresses and secrets");
    let Searched { lines, sought, leaks } = search::search(stage)?;
    for Leak { file, line, what } in leaks.iter().take(MOST_LEAKS) {
        voice.note(format_args!("✗ {file}:{line}: {what}"));
    }
    voice.note(format_args!(
        "日志 {lines} 行，查 {sought} 个地址和密钥，找到 {} 处 / {lines} lines of log, {sought} addresses and secrets, found in {} lines",
        leaks.len(),
        leaks.len()
    ));
    Ok(leaks.is_empty())
}

/// What one rehearsal of short messages alone came to, for whoever rehearses many times.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The share of all parts that the simulator held at the kill, in percent.
    pub killed_at_percent: Option<f64>,
    /// The judge's numbers.
    pub figures: Figures,
    /// What it found wrong.
    pub findings: Vec<Finding>,
    /// Parts a second at the simulator, the gap of the kill included.
    pub per_second: Option<f64>,
}

/// Rehearses once in silence, with SMS as the only channel.
///
/// # Errors
/// As [`rehearse`].
pub async fn trial(options: &Options, root: &Path, clock: &SharedClock) -> anyhow::Result<Trial> {
    let voice = Voice::hushed();
    let programs = programs(options)?;
    let Played { outcome, opened } = house(options, root, clock, &voice, &programs)?.play().await?;
    opened.close().await;
    let killed_at_percent = outcome.killed_at_percent;
    let per_second = outcome.measured.per_second;
    let sms = outcome.channels.into_iter().next().context("--channels sms: it was not reckoned")?;
    let judge::Verdict { figures, findings } = sms.verdict;
    Ok(Trial { killed_at_percent, figures, findings, per_second })
}

fn house<'a>(
    options: &'a Options,
    root: &'a Path,
    clock: &'a SharedClock,
    voice: &'a Voice,
    programs: &'a Path,
) -> anyhow::Result<House<'a>> {
    let pack_folder =
        root.join("deploy/regions/fushun").canonicalize().with_context(|| root.display().to_string())?;
    let open = |name: &str| File::open(pack_folder.join(name)).with_context(|| name.to_owned());
    let gazetteer =
        Gazetteer::read(open("divisions.csv")?)?.with_township_codes(open("township_codes.csv")?)?;
    let area =
        options.area.iter().map(|word| gazetteer.resolve(word)).collect::<Result<Vec<_>, _>>().map_err(
            |problem| {
                let told = tell(&OfficeError::from(problem));
                anyhow!("--area: {} / {}", told.zh, told.en)
            },
        )?;
    let channels = far::all(&options.channels, options.carriers, programs);
    let sms = channels.iter().any(|side| side.kind() == ChannelKind::Sms);
    for (option, given) in [
        ("--plant", options.plant.is_some()),
        ("--smsc-faults", options.smsc_faults.is_some()),
        ("--carriers", options.carriers),
    ] {
        ensure!(
            !given || sms,
            "{option}: 要有短信模拟端，请在 --channels 中加上 sms / the SMS centre must be there; add sms to --channels"
        );
    }
    let words = Vocabulary { places: names(&gazetteer, &area), hazards: hazards(open("event_types.csv")?)? };
    let draft = order::draft(options, &words, clock.now())?;
    let pack = Pack::read(&pack_folder, options.seed)?;
    Ok(House { options, clock, voice, root, programs, pack_folder, pack, gazetteer, area, draft })
}

fn names(gazetteer: &Gazetteer, area: &[RegionCode]) -> Vec<String> {
    area.iter().filter_map(|code| gazetteer.get(*code)).map(|division| division.name.to_string()).collect()
}

/// Codes and Chinese names of the pack's event types.
fn hazards(file: File) -> anyhow::Result<BTreeSet<String>> {
    let mut words = BTreeSet::new();
    for row in csv::Reader::from_reader(file).records() {
        words.extend(row?.iter().take(2).map(str::to_owned));
    }
    Ok(words)
}

/// Where the programs are: as told, or beside this one.
fn programs(options: &Options) -> anyhow::Result<PathBuf> {
    let folder = match &options.bin_dir {
        Some(folder) => folder.clone(),
        None => std::env::current_exe()?.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let mingluo = folder.join("mingluo");
    ensure!(
        mingluo.exists(),
        "--bin-dir: 没有 {}，请先编译，或给出它所在的目录 / is not there; build it or name its directory",
        mingluo.display()
    );
    Ok(folder.canonicalize()?)
}

fn invite(voice: &Voice, opened: &Opened) {
    voice.say(format_args!("\n控制台 console: http://{}", opened.console));
    for (login, password) in &opened.sign_ins {
        voice.say(format_args!("    {}", open::sign_in(login, password)));
    }
    voice.say("按 Ctrl-C 结束 / Ctrl-C ends it");
}
