//! The figures side by side.

use crate::bench::{
    floor::Floor,
    machine::Machine,
    report::{ground, print, width},
    verdict,
};
use anyhow::Result;
use serde::Serialize;
use std::{fmt::Write as _, time::Duration};

/// What was measured of one side.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    name: &'static str,
    /// Whether answers are on the disk when they count.
    durable: bool,
    /// From the first connection to the last that is online, in seconds.
    connected_s: f64,
    /// From the order to its answers, in milliseconds.
    p50_ms: f64,
    pub(super) p99_ms: f64,
    last_ms: f64,
    /// Growth of the server's resident memory for each box, in kilobytes.
    pub(super) kb_a_box: f64,
    /// From the server's return to the last that is online, in seconds.
    pub(super) back_s: f64,
    /// Connections that the server took and did not keep while all came back.
    pub(super) turned_away: u64,
}

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    pub(super) boxes: u32,
    pub(super) machine: Machine,
    pub(super) floors: Vec<Floor>,
    /// The last hundredth's answer in each run of Mingluo, in milliseconds.
    pub(super) p99s_ms: Vec<f64>,
    pub(super) rows: Vec<Row>,
    pub(super) bars: (f64, f64, f64),
    /// Nothing where there is no bar.
    pub(super) kept: Option<bool>,
}

/// The same side several times, at least once. One order is over in less than a second, in which whatever else the machine does
/// counts as much as the city.
pub(super) struct Runs(pub(super) Vec<Row>);

impl Runs {
    /// The answers of the middle run, of an even number the slower of the two. The memory of the first: in the later ones the process has it already. Of all else the
    /// worst.
    pub(super) fn together(&self) -> Row {
        let mut by_time = self.0.clone();
        by_time.sort_by(|one, other| one.p99_ms.total_cmp(&other.p99_ms));
        let middle = by_time.swap_remove(by_time.len() / 2);
        let worst = |of: fn(&Row) -> f64| self.0.iter().map(of).fold(0.0, f64::max);
        Row {
            connected_s: worst(|row| row.connected_s),
            kb_a_box: self.0[0].kb_a_box,
            back_s: worst(|row| row.back_s),
            turned_away: self.0.iter().map(|row| row.turned_away).sum(),
            ..middle
        }
    }

    pub(super) fn p99s(&self) -> Vec<f64> {
        self.0.iter().map(|row| row.p99_ms).collect()
    }
}

impl Row {
    pub(super) fn new(
        name: &'static str,
        durable: bool,
        connected_s: f64,
        mut answers: Vec<Duration>,
        kb_a_box: f64,
        back_s: f64,
        turned_away: u64,
    ) -> Self {
        answers.sort_unstable();
        let [p50_ms, p99_ms, last_ms] = [50, 99, 100].map(|percent| share(&answers, percent));
        Self { name, durable, connected_s, p50_ms, p99_ms, last_ms, kb_a_box, back_s, turned_away }
    }
}

fn share(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

/// Prints them.
pub(super) fn tell(findings: &Findings, as_json: bool) -> Result<()> {
    print(findings, as_json, text)
}

fn text(findings: &Findings) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    ground(&mut out, &findings.machine, &findings.floors)?;
    writeln!(out, "终端 boxes      {}, 双向 TLS mutual TLS, P-256", findings.boxes)?;
    writeln!(
        out,
        "鸣锣 mingluo    签名进程和终端台账照部署运行 with its signer's process and its fleet's ledger, as deployed\n"
    )?;
    writeln!(
        out,
        "  {:<26}{:>9}{:>10}{:>9}{:>9}{:>9}{:>8}{:>10}{:>8}",
        "", "durable", "online s", "p50 ms", "p99 ms", "last ms", "kB/box", "back s", "refused"
    )?;
    for row in &findings.rows {
        let durable = if row.durable { "是 yes" } else { "否 no" };
        writeln!(
            out,
            "  {:<name$}{:>word$}{:>10.1}{:>9.0}{:>9.0}{:>9.0}{:>8.1}{:>10.1}{:>8}",
            row.name,
            durable,
            row.connected_s,
            row.p50_ms,
            row.p99_ms,
            row.last_ms,
            row.kb_a_box,
            row.back_s,
            row.turned_away,
            name = width(row.name, 26),
            word = width(durable, 9),
        )?;
    }
    let runs: Vec<_> = findings.p99s_ms.iter().map(|p99| format!("{p99:.0}")).collect();
    writeln!(out, "\n各轮 runs of mingluo, p99 ms: {}; 取中 the middle one counts", runs.join(", "))?;
    let Findings { bars: (p99, kilobytes, back), kept, .. } = findings;
    match kept {
        None => writeln!(out, "\n不评 not judged")?,
        Some(kept) => writeln!(
            out,
            "\n及格线 bars (mingluo): p99 < {p99:.0} ms, < {kilobytes:.0} kB/box, back < {back:.0} s, nobody refused: {}",
            verdict(*kept)
        )?,
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(p99_ms: u64, kb_a_box: f64, turned_away: u64) -> Row {
        Row::new("mingluo", true, 1.0, vec![Duration::from_millis(p99_ms)], kb_a_box, 1.0, turned_away)
    }

    #[test]
    fn the_middle_run_counts_with_the_first_one_s_memory_and_everybody_who_was_refused() {
        let runs = |p99s: &[u64]| {
            Runs(p99s.iter().enumerate().map(|(at, p99)| run(*p99, 18.0 - at as f64, 1)).collect())
        };
        let row = runs(&[900, 1_100, 700]).together();
        assert_eq!((row.p99_ms, row.kb_a_box, row.turned_away), (900.0, 18.0, 3));
        assert!(runs(&[900, 1_100]).together().p99_ms > 1_000.0, "the slower of two");
    }
}
