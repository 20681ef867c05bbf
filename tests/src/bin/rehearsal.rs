//! The rehearsal as a program: see [`mingluo_rehearsal::rehearse`].

use clap::Parser;
use mingluo_model::clock::{SharedClock, system::SystemClock};
use mingluo_rehearsal::{
    rehearse::{Options, rehearse},
    sim_stage::{ended, told_to_stop},
};
use std::{path::Path, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let clock: SharedClock = SystemClock::shared();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    match rehearse(&options, root, &clock, stopped()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => ended(Err(error)),
    }
}

async fn stopped() {
    if told_to_stop().await.is_err() {
        std::future::pending::<()>().await;
    }
}
