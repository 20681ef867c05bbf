//! The box on an emulated Raspberry Pi; `tests/pi` builds and fetches what it takes, and starts this.

use anyhow::Context as _;
use clap::Parser;
use mingluo_model::clock::system::SystemClock;
use mingluo_rehearsal::pi::{
    PiOptions,
    story::{self, Found},
};
use std::time::Duration;

/// 在仿真的树莓派 3B 上运行真实的终端程序。Runs the real box on an emulated Raspberry Pi 3B.
#[derive(Parser)]
#[command(version, after_help = "Example:\n  pi --box mingluo-speaker --root target/pi/debian --count 30")]
struct Args {
    #[command(flatten)]
    options: PiOptions,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let temporary = tempfile::tempdir()?;
    let dir = args.options.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let found = story::run(&args.options, &dir, SystemClock::shared()).await?;
    tell(&found);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what was found")]
fn tell(found: &Found) {
    println!("板上时钟 the board's clock at power-on: {}", found.board_clock);
    for (what, times) in [
        ("指令到吸合 order to relay on", &found.to_sound),
        ("停止到断开 stop to relay off", &found.to_silence),
    ] {
        let (half, most) = (share(times, 50), share(times, 99));
        println!("{what:<32} n {:>3}  p50 {half:>6.1} ms  p99 {most:>6.1} ms", times.len());
    }
    println!("{:<12} {:<14} after ExecStopPost", "ended by", "pin then");
    for (signal, left, after) in &found.endings {
        println!("{:<12} {:<14} {after}", format!("SIG{signal}"), left.to_string());
    }
    println!("通过 passed: the pin is at rest after every ending");
}

/// The value that so many of a hundred do not pass, in milliseconds.
fn share(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}
