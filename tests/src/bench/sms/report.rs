//! The figures as people and programs read them.

use super::score::{Findings, Ratios, Score};
use crate::bench::{
    dispatch::median,
    heat::TEXT,
    report::{ground, print, width},
};
use std::fmt::Write as _;

/// Says how far it is, on the error stream: the other belongs to the figures.
#[expect(clippy::print_stderr, reason = "a measurement takes minutes, and people want to see it go on")]
pub(super) fn progress(pair: u32, pairs: u32) {
    eprintln!("… kannel | mingluo · {pair}/{pairs}");
}

/// Prints all findings.
pub(super) fn tell(findings: &Findings, json: bool) -> anyhow::Result<()> {
    print(findings, json, text)
}

fn text(findings: &Findings) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    ground(&mut out, &findings.machine, &findings.floors)?;
    setting(&mut out, findings)?;
    writeln!(
        out,
        "\n  {:<26}{:>11}{:>11}{:>11}{:>9}   每次 each /s",
        "", "/s median", "/s best", "cpu ms", "MB"
    )?;
    let scores = &findings.scores;
    line(&mut out, "Kannel 仅内存 memory only", &scores.kannel)?;
    line(&mut out, "鸣锣 一次预警 one warning", &scores.warning)?;
    line(&mut out, "鸣锣 并转回执 forwarded", &scores.forwarded)?;
    writeln!(out, "\n鸣锣 / Kannel")?;
    ratios(&mut out, "一次预警 one warning to all", &findings.warning)?;
    ratios(&mut out, "同等条件 like for like", &findings.like_for_like)?;
    bars(&mut out, findings)?;
    let loads: Vec<_> = findings.loads.iter().map(|load| format!("{load:.2}")).collect();
    writeln!(out, "\n各对之前与结束时负载 load before each pair and at the end: {}", loads.join(" "))?;
    Ok(out)
}

fn setting(out: &mut String, findings: &Findings) -> std::fmt::Result {
    let Findings { kannel, count, pairs, window, receipt_ms, connections, .. } = findings;
    writeln!(
        out,
        "设定 setting   {count} messages of {} characters in one part, 1 session × window {window}, receipt after \
         {receipt_ms} ms, {pairs} pair(s)",
        TEXT.chars().count(),
    )?;
    writeln!(
        out,
        "Kannel         {kannel}: a request for each message over {connections} connections, a GET for each receipt, \
         nothing on disk"
    )?;
    writeln!(
        out,
        "鸣锣 mingluo   one release; every intent, answer and receipt durable (SQLite, synchronous=FULL)"
    )
}

fn line(out: &mut String, name: &str, scores: &[Score]) -> std::fmt::Result {
    let best = scores.iter().map(|score| score.per_s).fold(f64::NAN, f64::max);
    let peak = scores.iter().map(|score| score.peak_bytes).max().unwrap_or(0);
    let each: Vec<_> = scores.iter().map(|score| format!("{:.0}", score.per_s)).collect();
    writeln!(
        out,
        "  {name:<width$}{:>11.0}{best:>11.0}{:>11.4}{:>9.1}   {}",
        median(scores, |score| score.per_s),
        median(scores, |score| score.cpu_ms),
        peak as f64 / 1e6,
        each.join(" "),
        width = width(name, 26),
    )
}

fn ratios(out: &mut String, name: &str, ratios: &Ratios) -> std::fmt::Result {
    let Ratios { rate, cpu, memory, .. } = ratios;
    let width = width(name, 28);
    writeln!(out, "  {name:<width$}rate {rate:.2} ×   cpu a message {cpu:.3} ×   memory {memory:.2} ×")
}

fn bars(out: &mut String, findings: &Findings) -> std::fmt::Result {
    if findings.bars.is_empty() {
        return writeln!(out, "\n不评快慢，条数都对 not judged; every count is right");
    }
    writeln!(out, "\n及格线 bars, on like for like")?;
    for bar in &findings.bars {
        let asked = match bar.what {
            "rate" => format!("≥ {:.1} × Kannel", bar.asked),
            "cpu" => format!("≤ {:.2} × Kannel", bar.asked),
            _ => format!("< {:.0} MB", bar.asked),
        };
        let word = if bar.kept { "达到 kept" } else { "未达到 MISSED" };
        writeln!(out, "  {:<8}{asked:<16}{:>8.2}   {word}", bar.what, bar.found)?;
    }
    Ok(())
}
