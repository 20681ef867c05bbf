//! The pretend village boxes as a program of their own.

use anyhow::Context as _;
use clap::Parser;
use mimalloc::MiMalloc;
use mingluo_model::{
    clock::{SharedClock, system::SystemClock},
    mode::ModeKind,
};
use mingluo_rehearsal::{
    sim_boxes::{BoxFaults, City, SimBoxes, Village, log::BoxLog, read_list, standing},
    sim_stage::{Leash, ended, mention, no_log, say},
};
use std::{num::NonZeroU32, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

/// The allocator of `mingluo`: thousands of boxes in one process are no board with its own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// 模拟大喇叭终端(仅供演练):验签、排队、"播放",不发出任何声音。
///
/// Pretend village boxes for rehearsals: they check, queue and "play" signed bulletins; nothing sounds. They print
/// {"boxes":N,"city":"…"} when they start and {"online":N} when all that ever connect are welcomed, and end on SIGTERM.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  sim-boxes --city wss://127.0.0.1:8444/link --ca pki/ca.pem --boxes pki --keys keys.json --log boxes.jsonl\n  \
                  sim-boxes --city wss://localhost:8444/link --ca ca.pem --boxes boxes.csv --keys keys.json --silent-percent 2 --seed 7\n  \
                  (…) --dead-halfway-percent 5 --back-after-ms 2000 --double-percent 10 --deaf-percent 1"
)]
struct Args {
    /// Where the city listens, on this machine: wss://127.0.0.1:PORT/link.
    #[arg(long, value_name = "URL")]
    city: City,
    /// The authority of the city's certificate, PEM.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// The boxes: a CSV file with box_code,region,cert,key, or a directory with boxes.csv in it.
    #[arg(long, value_name = "PATH")]
    boxes: PathBuf,
    /// The signing keys that boxes believe, a key set as JSON.
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// The mode of all boxes.
    #[arg(long, default_value = "live", value_parser = ["live", "drill"])]
    mode: String,
    /// Append what really happened to this file, one JSON line each.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// Keep journals in this directory; without it they are in memory and gone with the program.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Connections begun in a second.
    #[arg(long, default_value = "500")]
    connects_per_second: NonZeroU32,
    /// Print {"online":N,"turned_away":M} whenever that has changed: boxes online, and connections that the city took and
    /// did not keep.
    #[arg(long)]
    standing: bool,
    /// Touch so many kilobytes of memory for each box before anything else, and give them back: where the program keeps what
    /// it touched (MIMALLOC_PURGE_DELAY=-1), no box waits for memory in the middle of an order.
    #[arg(long, value_name = "KB", default_value_t = 0)]
    room_kb: u32,
    #[command(flatten)]
    faults: BoxFaults,
    #[command(flatten)]
    leash: Leash,
}

#[tokio::main]
async fn main() -> ExitCode {
    ended(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "warn,mingluo_speaker=error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let clock: SharedClock = SystemClock::shared();
    let listed = read_list(&args.boxes)?;
    let n_connecting = listed.iter().filter(|it| !args.faults.lot(it.box_code).offline).count();
    announce(&args, listed.len());
    touch(args.room_kb, listed.len());
    let (leash, tells) = (args.leash, args.standing);
    let boxes = SimBoxes::start(village(args, &clock)?, listed)?;
    let work = async {
        all_online(&boxes, n_connecting, clock.as_ref()).await;
        if tells {
            standing::tell(|| boxes.standing(), clock.as_ref()).await
        } else {
            std::future::pending().await
        }
    };
    tokio::select! {
        told = work => told?,
        ended = leash.ended() => ended?,
    }
    boxes.stop().await
}

/// In blocks that any thread may cut up again.
fn touch(room_kb: u32, boxes: usize) {
    const BLOCK: usize = 32 << 20;
    let octets = room_kb as usize * 1024 * boxes;
    let blocks: Vec<_> = (0..octets.div_ceil(BLOCK)).map(|_| vec![1_u8; BLOCK]).collect();
    std::hint::black_box(&blocks);
}

fn village(args: Args, clock: &SharedClock) -> anyhow::Result<Village> {
    let read = |key: &str, file: &PathBuf| {
        let file_name = file.display();
        std::fs::read(file).with_context(|| {
            format!("{key} {file_name}：读不了，请核对路径和权限 / cannot be read, check path and rights")
        })
    };
    let keys = serde_json::from_slice(&read("--keys", &args.keys)?)
        .with_context(|| format!("--keys {}：不是公钥集 / no key set", args.keys.display()))?;
    if let Some(dir) = &args.state_dir {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("--state-dir {}：建不了 / cannot be made", dir.display()))?;
    }
    let log = BoxLog::append_to(&args.log).with_context(|| no_log(&args.log))?;
    Ok(Village {
        ca: read("--ca", &args.ca)?,
        keys: Arc::new(keys),
        mode: if args.mode == "drill" { ModeKind::Drill } else { ModeKind::Live },
        city: args.city,
        state_dir: args.state_dir,
        connects_per_second: args.connects_per_second,
        faults: args.faults,
        log: Arc::new(log),
        clock: Arc::clone(clock),
    })
}

fn announce(args: &Args, n_boxes: usize) {
    mention("sim-boxes: 演练用的模拟终端,不会真的发声 / pretend boxes for rehearsals, nothing really sounds");
    say(serde_json::json!({ "boxes": n_boxes, "city": args.city.to_string() }));
}

async fn all_online(boxes: &SimBoxes, n_connecting: usize, clock: &dyn mingluo_model::clock::Clock) {
    while boxes.online() < n_connecting {
        clock.sleep(Duration::from_millis(50)).await;
    }
    say(serde_json::json!({ "online": n_connecting }));
}
