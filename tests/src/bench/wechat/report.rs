//! The figure and its bar.

use super::WeChatOptions;
use crate::bench::{
    dispatch::median,
    floor::Floor,
    machine::Machine,
    report::{ground, print},
    rig::Spent,
    verdict,
};
use serde::Serialize;
use std::fmt::Write as _;

/// At least so many messages a second, every receipt durable.
const BAR: f64 = 5_000.0;

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    machine: Machine,
    floors: Vec<Floor>,
    count: u32,
    calls: u32,
    runs: u32,
    /// Messages a second, from the order to the last durable receipt.
    per_s: f64,
    /// Processor microseconds of the engine's process a message, both ways.
    cpu_us: f64,
    /// Nothing where there is no bar.
    pub(super) kept: Option<bool>,
    load_after: f64,
}

impl Findings {
    pub(super) fn of(
        options: &WeChatOptions,
        machine: Machine,
        floors: Vec<Floor>,
        spent: &[Spent],
        load_after: f64,
    ) -> Self {
        let WeChatOptions { count, calls, runs, .. } = *options;
        let per_s = median(spent, |spent| f64::from(count) / spent.seconds);
        let cpu_us = median(spent, |spent| spent.cpu_s * 1e6 / f64::from(count));
        let kept = options.is_judged().then_some(per_s >= BAR);
        Self { machine, floors, count, calls, runs, per_s, cpu_us, kept, load_after }
    }
}

/// Says what is being measured, on the error stream: the other belongs to the figures.
#[expect(clippy::print_stderr, reason = "a measurement takes minutes, and people want to see it go on")]
pub(super) fn progress(run: u32, runs: u32) {
    eprintln!("… {run}/{runs}");
}

/// Prints all findings.
pub(super) fn tell(findings: &Findings, json: bool) -> anyhow::Result<()> {
    print(findings, json, text)
}

fn text(findings: &Findings) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    ground(&mut out, &findings.machine, &findings.floors)?;
    let Findings { count, calls, runs, per_s, cpu_us, kept, load_after, .. } = findings;
    writeln!(out, "设定 setting   {count} template messages, {calls} calls, {runs} run(s), medians")?;
    writeln!(out, "\n鸣锣 mingluo   {per_s:.0} messages/s, {cpu_us:.0} µs cpu a message, receipts durable")?;
    match kept {
        None => writeln!(out, "不评 not judged; all counts agree")?,
        Some(kept) => writeln!(out, "及格线 bar     >= {BAR:.0} messages/s: {}", verdict(*kept))?,
    }
    writeln!(out, "结束时负载 load at the end {load_after:.2}")?;
    Ok(out)
}
