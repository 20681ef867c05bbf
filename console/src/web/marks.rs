//! Small pieces of HTML that many pages show: a grade mark, a bar. Colour comes by class or SVG attribute only.

use super::{
    situation::is_end,
    voice::{Voice, per_mille},
};
use crate::office::ended_at;
use askama::Template;
use mingluo_ledger::store::StoredAlert;
use mingluo_model::grade::Grade;

/// A grade (预警级别) as a mark: colour, roman numeral, word and a count of bars, never colour alone.
#[derive(Clone, Template)]
#[template(path = "grade.html")]
pub(super) struct GradeMark {
    /// 1 red to 4 blue, the number of the colour class.
    pub(super) n: u8,
    /// Without colour, for what warns of nothing.
    pub(super) is_hollow: bool,
    pub(super) word: String,
    pub(super) roman: &'static str,
    pub(super) level: String,
}

impl GradeMark {
    pub(super) fn new(voice: &Voice, grade: Grade) -> Self {
        let roman = grade.roman();
        Self {
            n: 5 - grade.rank(),
            is_hollow: false,
            word: voice.grade(grade),
            roman,
            level: voice.with("web-level", "a", roman),
        }
    }

    /// The mark of an alert: hollow for a lift or a correction, which ends a warning of that grade and is none, and for
    /// a warning that has ended.
    pub(super) fn of(voice: &Voice, alert: &StoredAlert) -> Self {
        Self {
            is_hollow: is_end(alert) || ended_at(&alert.state).is_some(),
            ..Self::new(voice, alert.content.grade)
        }
    }

    /// The bars alone, for broad bands.
    pub(super) const fn bars(&self) -> Bars {
        Bars { n: self.n }
    }
}

/// Four steps, as many full as the grade is grave.
#[derive(Clone, Copy, Template)]
#[template(path = "bars.html")]
pub(super) struct Bars {
    pub(super) n: u8,
}

/// A bar of up to three shares, in tenths of a per cent of its width: done, under way, failed.
#[derive(Clone, Copy, Template)]
#[template(path = "bar.html")]
pub(super) struct Bar {
    pub(super) done: u64,
    pub(super) under_way: u64,
    pub(super) failed: u64,
}

impl Bar {
    /// A bar with one share.
    pub(super) const fn of(part: u64, whole: u64) -> Self {
        Self { done: per_mille(part, whole), under_way: 0, failed: 0 }
    }
}

/// A sign in the navigation, drawn by hand as one path.
#[derive(Clone, Copy, Template)]
#[template(
    source = r#"<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{{ path }}"/></svg>"#,
    ext = "html"
)]
pub(super) struct Icon {
    path: &'static str,
}

impl Icon {
    /// The sign of a page by its word in the navigation.
    pub(super) fn of(page: &str) -> Self {
        let path = match page {
            "board" => "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2z M9 4v14 M15 6v14",
            "compose" => "M4 20h4L19 9l-4-4L4 16z M13 7l4 4",
            "waiting" => "M5 4h14v16H5z M8.5 12.5l2.5 2.5 5-6",
            "fleet" => "M4 9v6h4l6 4V5L8 9z M17 9a4 4 0 0 1 0 6 M19.5 6.5a8 8 0 0 1 0 11",
            "alerts" => "M12 4l9 16H3z M12 10v5 M12 17.5v.5",
            _ => "M5 21V4 M5 5h13l-3 4 3 4H5",
        };
        Self { path }
    }
}
