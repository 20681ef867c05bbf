//! The curve of arrivals as an SVG: from the times at which a half, 90 % and 95 % had arrived and from where each channel
//! stands now. Lines differ by dashes, not by colour.

use super::{
    funnel::Funnel,
    panel::{name, share_words},
    voice::{Voice, per_mille},
};
use askama::Template;
use std::time::Duration;

/// The plot's box in the SVG.
const LEFT: u64 = 40;
const RIGHT: u64 = 500;
const TOP: u64 = 14;
const BOTTOM: u64 = 154;

/// The curves of some channels.
#[derive(Template)]
#[template(path = "curve.html")]
pub(super) struct Curve {
    label: String,
    lines: Vec<Line>,
    ticks: Vec<(u64, String)>,
    empty: String,
}

/// Points of (milliseconds, per mille of the target) in rising order.
type Points = Vec<(u64, u64)>;

struct Line {
    number: usize,
    points: String,
    name: String,
}

impl Curve {
    /// Draws the rows of a funnel; `elapsed` is the time since the hold ended.
    pub(super) fn of(voice: &Voice, rows: &[Funnel], elapsed: Duration) -> Self {
        let curves: Vec<Points> =
            rows.iter().map(|row| milestones(row, elapsed.as_millis() as u64)).collect();
        let end = round_up(curves.iter().flatten().map(|(ms, _)| *ms).max().unwrap_or(0));
        let line = |(number, (row, points)): (usize, (&Funnel, &Points))| Line {
            number: number % 4,
            points: points.iter().map(|point| place(*point, end)).collect::<Vec<_>>().join(" "),
            name: label(voice, row),
        };
        let drawn = rows.iter().zip(&curves).filter(|(_, points)| points.len() > 1);
        let lines = drawn.enumerate().map(line).collect();
        let tick = |part: u64| {
            let at = Duration::from_millis(end * part / 4);
            (LEFT + (RIGHT - LEFT) * part / 4, if part == 0 { "0".to_owned() } else { voice.span(at) })
        };
        Self {
            label: voice.say("web-curve"),
            lines,
            ticks: (0..=4).map(tick).collect(),
            empty: voice.say("web-curve-empty"),
        }
    }
}

fn label(voice: &Voice, row: &Funnel) -> String {
    format!("{} {}", name(voice, row), share_words(voice, row))
}

/// What is known of one channel.
fn milestones(row: &Funnel, elapsed_ms: u64) -> Points {
    let shares = [500, 900, 950];
    let mut points = vec![(0, 0)];
    points.extend(row.reached_ms.iter().zip(shares).filter_map(|(ms, share)| Some(((*ms)?, share))));
    let (done, whole) = row.progress();
    let now = per_mille(done, whole);
    let (last_ms, last_share) = points.last().copied().unwrap_or_default();
    if row.under_way > 0 && elapsed_ms > last_ms && now >= last_share {
        points.push((elapsed_ms, now));
    }
    points
}

/// The next round length of the axis, so that it does not creep.
fn round_up(ms: u64) -> u64 {
    let steps = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400];
    steps.into_iter().map(|seconds| seconds * 1000).find(|step| *step >= ms).unwrap_or(ms)
}

fn height(share: u64) -> u64 {
    BOTTOM - (BOTTOM - TOP) * share.min(1000) / 1000
}

fn place((ms, share): (u64, u64), end: u64) -> String {
    format!("{},{}", LEFT + (RIGHT - LEFT) * ms / end.max(1), height(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_channel_ends_at_its_last_milestone() {
        let row = Funnel {
            target: 100,
            countable: 100,
            arrived: 96,
            failed: 4,
            reached_ms: [Some(1_000), Some(3_000), Some(4_000)],
            ..Funnel::default()
        };
        assert_eq!(milestones(&row, 60_000), [(0, 0), (1_000, 500), (3_000, 900), (4_000, 950)]);
        let going = Funnel { arrived: 60, under_way: 40, reached_ms: [Some(1_000), None, None], ..row };
        assert_eq!(milestones(&going, 2_000), [(0, 0), (1_000, 500), (2_000, 600)]);
    }

    #[test]
    fn the_axis_is_round_and_the_curve_stays_inside() {
        assert_eq!(round_up(4_000), 10_000);
        assert_eq!(place((10_000, 1000), 10_000), "500,14");
        assert_eq!(place((0, 0), 0), "40,154");
    }
}
