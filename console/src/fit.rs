//! Whether roster and accounts fit (名册与账号相配): made-up people are sent to pretend far sides only, and real people
//! never. A release refuses a mixture; import and check say so days before.

use crate::config::Config;
use mingluo_model::{mode::ModeKind, problem::Problem};

/// A roster that no account of its mode may send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} roster, and all {} accounts are {}", kind(*pretend), mode.word(), kind(!*pretend))]
pub struct RosterMisfit {
    /// The roster's mode.
    pub mode: ModeKind,
    /// Whether the roster is of made-up people; the accounts are the other.
    pub pretend: bool,
}

impl RosterMisfit {
    /// What is wrong with a roster of this mode, if anything.
    pub fn of(config: &Config, mode: ModeKind, pretend: bool) -> Option<Self> {
        let accounts = config.accounts(mode).pretend()?;
        (accounts != pretend).then_some(Self { mode, pretend })
    }
}

impl Problem for RosterMisfit {
    fn code(&self) -> &'static str {
        if self.pretend { "roster-pretend" } else { "roster-real" }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("mode", self.mode.word().to_owned())]
    }
}

const fn kind(pretend: bool) -> &'static str {
    if pretend { "pretend" } else { "real" }
}
