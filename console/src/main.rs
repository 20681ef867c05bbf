//! The program `mingluo` (鸣锣).

use clap::Parser;
use mimalloc::MiMalloc;
use mingluo_console::cli::Mingluo;
use std::process::ExitCode;

/// Receipts of a million people are a few small allocations each, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let command = Mingluo::parse();
    mingluo_console::cli::log(&command);
    match command.run().await {
        Ok(code) => code,
        Err(error) => mingluo_console::cli::report(&error),
    }
}
