//! The figures side by side, and the bars.

use crate::bench::{
    dispatch::median,
    floor::Floor,
    machine::Machine,
    report::{ground, print, width},
    verdict,
};
use serde::Serialize;
use std::fmt::Write as _;

/// At least so many mails a second to a sink, every answer durable.
const RATE: f64 = 10_000.0;

/// At least so much of the generator's rate to a Postfix.
const SHARE: f64 = 0.8;

/// Postfix's own load generator.
pub(super) const SOURCE: &str = "smtp-source";

/// One run.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Score {
    /// Mails a second, from the order to the last answer.
    pub(super) per_s: f64,
    /// Processor microseconds a mail, where they were measured.
    pub(super) cpu_us: Option<f64>,
}

/// One sender.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    name: &'static str,
    /// Whether what counts is on a disk.
    durable: bool,
    pub(super) scores: Vec<Score>,
}

/// A bar and whether it was kept.
#[derive(Debug, Serialize)]
pub(super) struct Bar {
    what: &'static str,
    asked: f64,
    found: f64,
    pub(super) kept: bool,
}

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    pub(super) machine: Machine,
    pub(super) floors: Vec<Floor>,
    pub(super) count: u32,
    pub(super) to_postfix: u32,
    pub(super) sockets: u32,
    pub(super) runs: u32,
    pub(super) sink: Vec<Row>,
    /// Nothing where no Postfix could be had.
    pub(super) postfix: Option<Vec<Row>>,
    /// None where nothing is judged.
    pub(super) bars: Vec<Bar>,
    pub(super) load_after: f64,
}

impl Row {
    pub(super) const fn new(name: &'static str, durable: bool) -> Self {
        Self { name, durable, scores: Vec::new() }
    }

    fn rate(&self) -> f64 {
        median(&self.scores, |score| score.per_s)
    }
}

/// What is asked of unsigned mails. A comparison that was not made is a bar that was missed.
pub(super) fn bars(sink: &[Row], postfix: Option<&[Row]>) -> Vec<Bar> {
    let theirs = |rows: &[Row]| rows.iter().find(|row| row.name == SOURCE).map_or(f64::NAN, Row::rate);
    let ours =
        |rows: &[Row]| rows.iter().find(|row| row.name != SOURCE && row.durable).map_or(f64::NAN, Row::rate);
    let rate = ours(sink);
    let share = postfix.map_or(f64::NAN, |rows| ours(rows) / theirs(rows));
    vec![
        Bar { what: "mails/s to smtp-sink", asked: RATE, found: rate, kept: rate >= RATE },
        Bar { what: "of smtp-source to Postfix", asked: SHARE, found: share, kept: share >= SHARE },
    ]
}

/// Says what is being measured, on the error stream: the other belongs to the figures.
#[expect(clippy::print_stderr, reason = "a measurement takes minutes, and people want to see it go on")]
pub(super) fn progress(what: &str, run: u32) {
    eprintln!("… {what} · {run}");
}

/// Prints all findings.
pub(super) fn tell(findings: &Findings, json: bool) -> anyhow::Result<()> {
    print(findings, json, text)
}

fn text(findings: &Findings) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    ground(&mut out, &findings.machine, &findings.floors)?;
    let Findings { sockets, runs, count, to_postfix, .. } = findings;
    writeln!(out, "设定 setting   {sockets} sockets, {runs} run(s), medians")?;
    table(&mut out, &format!("{count} 封到 to smtp-sink"), &findings.sink)?;
    match &findings.postfix {
        Some(rows) => table(&mut out, &format!("{to_postfix} 封到 to Postfix"), rows)?,
        None => writeln!(out, "\nPostfix 未测 NOT MEASURED: it wants root and Debian's package (--postfix)")?,
    }
    writeln!(out)?;
    if findings.bars.is_empty() {
        writeln!(out, "不评 not judged; all counts agree")?;
    }
    for bar in &findings.bars {
        let Bar { what, asked, found, kept } = bar;
        writeln!(out, "及格线 bar     {what} >= {asked}: {found:.2}, {}", verdict(*kept))?;
    }
    writeln!(out, "结束时负载 load at the end {:.2}", findings.load_after)?;
    Ok(out)
}

fn table(out: &mut String, heading: &str, rows: &[Row]) -> std::fmt::Result {
    writeln!(out, "\n{heading}\n  {:<28}{:>9}{:>12}{:>14}", "", "durable", "mails/s", "cpu µs/mail")?;
    for row in rows {
        let durable = if row.durable { "yes" } else { "no" };
        let cpu = row
            .scores
            .first()
            .and_then(|score| score.cpu_us)
            .map(|_| format!("{:.0}", median(&row.scores, |score| score.cpu_us.unwrap_or(f64::NAN))));
        writeln!(
            out,
            "  {:<width$}{durable:>9}{:>12.0}{:>14}",
            row.name,
            row.rate(),
            cpu.unwrap_or_else(|| "-".into()),
            width = width(row.name, 28)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, per_s: f64) -> Row {
        Row { name, durable: name != SOURCE, scores: vec![Score { per_s, cpu_us: None }] }
    }

    fn missed(sink: f64, postfix: Option<(f64, f64)>) -> Vec<&'static str> {
        let sink = [row(SOURCE, 25_000.0), row("mingluo", sink), row("mingluo, RSA", 1.0)];
        let postfix = postfix.map(|(theirs, ours)| [row(SOURCE, theirs), row("mingluo", ours)]);
        let bars = bars(&sink, postfix.as_ref().map(|rows| &rows[..]));
        bars.into_iter().filter(|bar| !bar.kept).map(|bar| bar.what).collect()
    }

    #[test]
    fn each_bar_is_missed_by_its_own_fault() {
        assert!(missed(10_000.0, Some((900.0, 720.0))).is_empty());
        assert_eq!(missed(9_999.0, Some((900.0, 720.0))), ["mails/s to smtp-sink"]);
        assert_eq!(missed(10_000.0, Some((900.0, 719.0))), ["of smtp-source to Postfix"]);
        assert_eq!(
            missed(10_000.0, None),
            ["of smtp-source to Postfix"],
            "what was not measured is not kept"
        );
    }
}
