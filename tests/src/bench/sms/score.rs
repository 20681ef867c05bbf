//! What was measured, and what it comes to.

use super::SmsOptions;
use crate::bench::{dispatch::median, floor::Floor, machine::Machine};
use serde::Serialize;

/// At least so many times Kannel's rate, which keeps nothing on disk.
const RATE: f64 = 5.0;

/// At most so much of Kannel's processor time a message.
const CPU: f64 = 0.25;

/// Less memory than this, in bytes.
const MEMORY: u64 = 60 * 1_000_000;

/// One side in one heat.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Score {
    /// Messages a second, from the first request to the last final receipt.
    pub(super) per_s: f64,
    /// Processor milliseconds a message, over all processes of the side.
    pub(super) cpu_ms: f64,
    /// The most memory held, in bytes, over all processes of the side.
    pub(super) peak_bytes: u64,
}

/// All heats, in the order in which they were run.
#[derive(Debug, Default, Serialize)]
pub(super) struct Scores {
    /// A request for each message, each receipt handed on, nothing durable.
    pub(super) kannel: Vec<Score>,
    /// One warning to everybody, everything durable.
    pub(super) warning: Vec<Score>,
    /// The same, and every receipt handed on.
    pub(super) forwarded: Vec<Score>,
}

/// Mingluo beside Kannel, by the medians; memory by the worst.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Ratios {
    pub(super) rate: f64,
    pub(super) cpu: f64,
    pub(super) memory: f64,
    /// Mingluo's, in bytes.
    pub(super) peak_bytes: u64,
}

/// A bar and whether it was kept.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Bar {
    pub(super) what: &'static str,
    pub(super) asked: f64,
    pub(super) found: f64,
    pub(super) kept: bool,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    pub(super) machine: Machine,
    pub(super) floors: Vec<Floor>,
    pub(super) kannel: String,
    pub(super) count: u32,
    pub(super) pairs: u32,
    pub(super) window: u32,
    pub(super) receipt_ms: u32,
    pub(super) connections: u32,
    pub(super) scores: Scores,
    /// One warning beside Kannel's single requests.
    pub(super) warning: Ratios,
    /// Both hand every receipt on to the same listener.
    pub(super) like_for_like: Ratios,
    /// None where nothing is judged.
    pub(super) bars: Vec<Bar>,
    /// The load before each pair and at the end, over one minute.
    pub(super) loads: Vec<f64>,
}

impl Ratios {
    pub(super) fn of(ours: &[Score], theirs: &[Score]) -> Self {
        let of = |value: fn(&Score) -> f64| median(ours, value) / median(theirs, value);
        let most = |scores: &[Score]| scores.iter().map(|score| score.peak_bytes).max().unwrap_or(0);
        Self {
            rate: of(|score| score.per_s),
            cpu: of(|score| score.cpu_ms),
            memory: most(ours) as f64 / most(theirs) as f64,
            peak_bytes: most(ours),
        }
    }

    /// The bars, where they are asked for.
    pub(super) fn bars(&self, options: &SmsOptions) -> Vec<Bar> {
        if !options.is_judged() {
            return Vec::new();
        }
        let memory = self.peak_bytes as f64 / 1e6;
        vec![
            Bar { what: "rate", asked: RATE, found: self.rate, kept: self.rate >= RATE },
            Bar { what: "cpu", asked: CPU, found: self.cpu, kept: self.cpu <= CPU },
            Bar { what: "memory", asked: MEMORY as f64 / 1e6, found: memory, kept: self.peak_bytes < MEMORY },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches as _};

    fn options(words: &[&str]) -> SmsOptions {
        let command = SmsOptions::augment_args(clap::Command::new("sms"));
        let matches = command.try_get_matches_from([&["sms"], words].concat()).unwrap();
        SmsOptions::from_arg_matches(&matches).unwrap().settled()
    }

    fn missed(ours: (f64, f64, u64)) -> Vec<&'static str> {
        let score = |(per_s, cpu_ms, megabytes)| Score { per_s, cpu_ms, peak_bytes: megabytes * 1_000_000 };
        let ratios = Ratios::of(&[score(ours)], &[score((3_500.0, 0.4, 44))]);
        ratios.bars(&options(&[])).into_iter().filter(|bar| !bar.kept).map(|bar| bar.what).collect()
    }

    #[test]
    fn each_bar_is_missed_by_its_own_fault() {
        assert!(missed((17_500.0, 0.1, 59)).is_empty());
        assert_eq!(missed((17_000.0, 0.1, 59)), ["rate"]);
        assert_eq!(missed((17_500.0, 0.11, 59)), ["cpu"]);
        assert_eq!(missed((17_500.0, 0.1, 60)), ["memory"]);
    }

    #[test]
    fn the_short_form_judges_nothing() {
        let short = options(&["--short"]);
        assert_eq!((short.count, short.pairs, short.is_judged()), (2_000, 1, false));
        assert!(!options(&["--bin-dir", "x"]).is_judged());
    }
}
