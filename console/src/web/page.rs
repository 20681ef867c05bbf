//! The frame around every page: where we are, who is signed in, which mode, which language.

use super::{marks::Icon, pretend::Pretend, voice::Voice};
use mingluo_model::{clock::Timestamp, mode::ModeKind};

/// What the frame shows.
pub(super) struct Page {
    pub(super) v: Voice,
    /// Live or drill; none before sign-in.
    pub(super) mode: Option<ModeKind>,
    /// Which far sides only pretend.
    pub(super) pretend: Pretend,
    /// The officer's name; none before sign-in.
    pub(super) officer: Option<String>,
    /// The issuing organisation.
    pub(super) issuer: String,
    /// The page's word in the navigation.
    pub(super) here: &'static str,
    /// Whether there are village boxes in this mode.
    pub(super) has_boxes: bool,
    /// Alerts that wait for somebody's signature.
    pub(super) waiting: usize,
    /// The path, for the links that change the language.
    pub(super) path: String,
    pub(super) now: Timestamp,
}

/// One entry of the navigation.
pub(super) struct Entry {
    pub(super) href: String,
    pub(super) word: String,
    pub(super) icon: Icon,
    pub(super) is_here: bool,
    pub(super) count: usize,
}

impl Page {
    /// `/live` or `/drill`.
    pub(super) const fn base(&self) -> &'static str {
        base(matches!(self.mode, Some(ModeKind::Drill)))
    }

    pub(super) const fn is_drill(&self) -> bool {
        matches!(self.mode, Some(ModeKind::Drill))
    }

    /// The server's time of day.
    pub(super) fn clock(&self) -> String {
        self.v.time(self.now)
    }

    /// Minutes east of UTC, for the clock that goes on.
    pub(super) fn offset(&self) -> i32 {
        self.v.offset_minutes(self.now)
    }

    /// A sentence that differs between live and drill: `key-live`, `key-drill`.
    pub(super) fn by_mode(&self, key: &str) -> String {
        self.v.say(&format!("{key}-{}", if self.is_drill() { "drill" } else { "live" }))
    }

    /// The band that tells that nobody, or not everybody, will get anything.
    pub(super) fn band(&self) -> Option<String> {
        self.pretend.band(&self.v)
    }

    /// Who gets what is released here: the public, participants, or nobody.
    pub(super) fn public(&self) -> String {
        match self.pretend {
            Pretend::Everywhere => self.v.say("web-public-pretend"),
            _ => self.by_mode("web-public"),
        }
    }

    /// The navigation of this mode and the way to the other.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let base = self.base();
        let other = if self.is_drill() { "live" } else { "drill" };
        let entry = |here: &str, href: String, count| Entry {
            href,
            word: self.v.word("nav", here),
            icon: Icon::of(here),
            is_here: here == self.here,
            count,
        };
        let boxes = self.has_boxes.then(|| entry("fleet", format!("{base}/fleet"), 0));
        let mut entries = vec![
            entry("board", format!("{base}/"), 0),
            entry("compose", format!("{base}/compose"), 0),
            entry("waiting", format!("{base}/alerts?show=waiting"), self.waiting),
            entry("alerts", format!("{base}/alerts"), 0),
        ];
        entries.extend(boxes);
        entries.push(entry(other, format!("/{other}/"), 0));
        entries
    }
}

const fn base(is_drill: bool) -> &'static str {
    if is_drill { "/drill" } else { "/live" }
}
