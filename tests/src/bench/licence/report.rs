//! The figures as people and programs read them.

use super::{Findings, Score};
use crate::bench::verdict;
use mingluo_console::cli::{Table, grouped};

const HEADS: [&str; 8] = [
    "协议\nprotocol",
    "许可 /s\nlicence",
    "网关放行 /s\ngranted",
    "收到 /s\ncame",
    "收下 /s\ntaken",
    "利用\nused",
    "最忙一秒\nbusiest second",
    "",
];

/// Says what is being measured, on the error stream: the other belongs to the figures.
#[expect(clippy::print_stderr, reason = "a measurement takes minutes, and people want to see it go on")]
pub(super) fn progress(licence: u32, seconds: u32) {
    eprintln!("… {licence}/s · {seconds} s");
}

/// Prints all findings.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
pub(super) fn tell(findings: &Findings, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(findings)?);
        return Ok(());
    }
    println!(
        "许可利用，以模拟网关的钟为准，各 {} 秒 / use of the licence by the pretend gateway's clock, {} s each",
        findings.seconds, findings.seconds
    );
    let mut table = Table::new(HEADS);
    findings.scores.iter().for_each(|score| table.row(row(score)));
    table.lines().iter().for_each(|line| println!("  {line}"));
    println!("{}", verdict(findings.kept));
    Ok(())
}

fn row(score: &Score) -> [String; 8] {
    let Score { protocol, licence, granted, pace, used, at_least, most, kept } = score;
    let per_second = |count: u64| format!("{:.1}", count as f64 / pace.seconds);
    [
        protocol.word().to_owned(),
        grouped((*licence).into()),
        granted.map_or_else(|| "—".to_owned(), |granted| grouped(granted.into())),
        per_second(pace.arrived),
        per_second(pace.taken),
        format!("{used:.2} % ≥ {at_least} %"),
        format!("{} ≤ {}", grouped(pace.busiest_second), grouped(*most)),
        kept.map_or("不判 not judged", verdict).to_owned(),
    ]
}
