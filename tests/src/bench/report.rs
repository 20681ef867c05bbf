//! The figures as people and programs read them.

use super::{
    Engine,
    contest::Score,
    dispatch::{Findings, Race, Verdict, best, median},
    floor::Floor,
    heat::TEXT,
    machine::Machine,
};
use serde::Serialize;
use std::fmt::Write as _;

pub(super) const MEGABYTE: f64 = (1 << 20) as f64;

/// Says what is being measured, on the error stream: the other belongs to the figures.
#[expect(clippy::print_stderr, reason = "a measurement takes minutes, and people want to see it go on")]
pub(super) fn progress(engine: Engine, rtt_ms: u32, run: u32) {
    eprintln!("… {} · {rtt_ms} ms · {run}", engine.word());
}

/// Prints all findings.
pub(super) fn tell(findings: &Findings, json: bool) -> anyhow::Result<()> {
    print(findings, json, text)
}

/// Prints what a measurement found: as text for people, as JSON for programs.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
pub(super) fn print<F: Serialize>(
    findings: &F,
    json: bool,
    text: impl FnOnce(&F) -> Result<String, std::fmt::Error>,
) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(findings)?);
    } else {
        print!("{}", text(findings)?);
    }
    Ok(())
}

/// So many columns for a name, in the letters that a format counts: a Chinese character is as wide as two.
pub(super) fn width(name: &str, columns: usize) -> usize {
    columns - name.chars().filter(|letter| !letter.is_ascii()).count()
}

fn text(findings: &Findings) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    heading(&mut out, findings)?;
    for (race, verdict) in findings.races.iter().zip(&findings.verdicts) {
        let Race { engine, rtt_ms, rows, log } = race;
        writeln!(out, "\n{} · 应答延迟 rtt {rtt_ms} ms", engine.word())?;
        writeln!(
            out,
            "  {:<22}{:>11}{:>11}{:>11}{:>10}{:>9}{:>9}{:>9}{:>8}{:>6}",
            "", "/s best", "/s median", "gateway/s", "plan ms", "B kept", "B writ.", "cpu s/M", "MB", "smsc"
        )?;
        line(&mut out, "一行一条 rows", rows)?;
        line(&mut out, "鸣锣 log", log)?;
        judged(&mut out, findings, verdict)?;
    }
    let [one, ..] = findings.load_after;
    writeln!(out, "\n结束时负载 load at the end {one:.2}")?;
    Ok(out)
}

/// What everything was measured on.
pub(super) fn ground(out: &mut String, machine: &Machine, floors: &[Floor]) -> std::fmt::Result {
    let [one, five, fifteen] = machine.load;
    writeln!(
        out,
        "机器 machine   {} × {}, Linux {}, {}",
        machine.cores, machine.processor, machine.kernel, machine.file_system
    )?;
    let calm = if machine.is_calm() { "" } else { "  不空闲 not calm: do not quote these figures" };
    writeln!(out, "负载 load      {one:.2} {five:.2} {fifteen:.2}{calm}")?;
    for floor in floors {
        let (group, p50, rate) = (floor.group, floor.p50_us, floor.per_s);
        writeln!(out, "落盘 fsync     {group:>5} × 32 B: p50 {p50} µs, {rate:.0} records/s")?;
    }
    Ok(())
}

fn heading(out: &mut String, findings: &Findings) -> std::fmt::Result {
    ground(out, &findings.machine, &findings.floors)?;
    let setting = &findings.setting;
    writeln!(
        out,
        "设定 setting   {} texts of {} characters in one part, {} sessions × window {}, {} run(s) each",
        setting.count,
        TEXT.chars().count(),
        setting.sessions,
        setting.window,
        setting.runs
    )
}

fn line(out: &mut String, name: &str, scores: &[Score]) -> std::fmt::Result {
    let mid = |value: fn(&Score) -> f64| median(scores, value);
    let each = |value: f64, score: &Score| value / score.gateway.distinct as f64;
    writeln!(
        out,
        "  {:<width$}{:>11.0}{:>11.0}{:>11.0}{:>10.1}{:>9.1}{:>9.1}{:>9.2}{:>8.0}{:>6.2}",
        name,
        best(scores, |score| score.per_s),
        mid(|score| score.per_s),
        mid(|score| score.gateway.per_s),
        mid(|score| score.told.plan_ms),
        median(scores, |score| each(score.told.kept_bytes as f64, score)),
        median(scores, |score| each(score.told.written_bytes as f64, score)),
        median(scores, |score| each(score.told.cpu_s * 1e6, score)),
        mid(|score| score.told.peak_bytes as f64) / MEGABYTE,
        mid(|score| score.gateway.busy),
        width = width(name, 22),
    )
}

fn judged(out: &mut String, findings: &Findings, verdict: &Verdict) -> std::fmt::Result {
    let word = match (verdict.kept, findings.setting.bar) {
        (Some(true), Some(bar)) => format!("及格线 bar {bar:.1}: 达到 kept"),
        (Some(false), Some(bar)) => format!("及格线 bar {bar:.1}: 未达到 MISSED"),
        _ => "不评 not judged".to_owned(),
    };
    writeln!(out, "  log / rows     {:.2} ×   {word}", verdict.ratio)?;
    for (floor, share) in findings.floors.iter().zip(&verdict.of_floors) {
        writeln!(out, "  log / floor    {share:.3} × ({} records a commit)", floor.group)?;
    }
    Ok(())
}
