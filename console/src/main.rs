//! The program `mingluo` (鸣锣).

use clap::Parser;
use mingluo_console::cli::Mingluo;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let command = Mingluo::parse();
    mingluo_console::cli::log(&command);
    match command.run().await {
        Ok(code) => code,
        Err(error) => mingluo_console::cli::report(&error),
    }
}
