//! The release rules by grade, as data that an operator sets and the audit log shows.

use crate::{alert::AlertKind, grade::Grade};
use serde::{Deserialize, Serialize};
use std::{num::NonZeroU8, time::Duration};

/// What must happen before a warning of one grade leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeRule {
    /// How many different people must have signed, author and releaser among them.
    pub people: NonZeroU8,
    /// Milliseconds between the release and the first byte, in which it can be recalled (撤回).
    pub hold_ms: u32,
    /// The longest time from release to expiry, in hours; a longer one is refused.
    pub longest_hours: NonZeroU8,
}

impl GradeRule {
    /// The hold as a duration.
    pub const fn hold(&self) -> Duration {
        Duration::from_millis(self.hold_ms as u64)
    }
}

/// The release policy (发布规则): separation of duty, hold and longest validity by grade.
///
/// The default follows the practice of provincial rules: blue and yellow need two people, orange and red
/// three; ten seconds of hold; at most 24 hours, after which a warning is renewed. A lift needs one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReleasePolicy {
    /// The rule for blue.
    pub blue: GradeRule,
    /// The rule for yellow.
    pub yellow: GradeRule,
    /// The rule for orange.
    pub orange: GradeRule,
    /// The rule for red.
    pub red: GradeRule,
    /// The rule for lifts and corrections of any grade: stopping must be as easy as starting, so one person may be
    /// enough and nothing is held; a second one looks at it afterwards.
    pub withdrawal: GradeRule,
    /// Event codes that leave with no hold, because seconds count (earthquake early warning).
    pub without_hold: Vec<String>,
}

impl ReleasePolicy {
    /// The rule for an alert of this kind and grade.
    pub const fn rule(&self, kind: AlertKind, grade: Grade) -> &GradeRule {
        if matches!(kind, AlertKind::Lift(_) | AlertKind::Correction(_)) {
            return &self.withdrawal;
        }
        match grade {
            Grade::Blue => &self.blue,
            Grade::Yellow => &self.yellow,
            Grade::Orange => &self.orange,
            Grade::Red => &self.red,
        }
    }

    /// The hold for an alert of this kind, grade and event code.
    pub fn hold(&self, kind: AlertKind, grade: Grade, hazard_code: &str) -> Duration {
        if self.without_hold.iter().any(|code| code == hazard_code) {
            return Duration::ZERO;
        }
        self.rule(kind, grade).hold()
    }
}

impl Default for ReleasePolicy {
    fn default() -> Self {
        let rule = |people, hold_ms| GradeRule {
            people: NonZeroU8::new(people).unwrap_or(NonZeroU8::MIN),
            hold_ms,
            longest_hours: NonZeroU8::new(24).unwrap_or(NonZeroU8::MIN),
        };
        Self {
            blue: rule(2, 10_000),
            yellow: rule(2, 10_000),
            orange: rule(3, 10_000),
            red: rule(3, 10_000),
            withdrawal: rule(1, 0),
            without_hold: Vec::new(),
        }
    }
}
