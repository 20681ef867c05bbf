//! Live and drill as different types, so that no drill can be handed to a live channel by mistake.

use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// Whether people out there are really warned (实发) or an exercise is held (演练).
pub trait Mode: Debug + Clone + Copy + PartialEq + Eq + Send + Sync + 'static + sealed::Sealed {
    /// The same fact as a value, for the ledger and for pages.
    const KIND: ModeKind;
}

/// Real warnings (实发).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live;

/// Exercises (演练), on credentials, rosters and screens of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drill;

impl Mode for Live {
    const KIND: ModeKind = ModeKind::Live;
}

impl Mode for Drill {
    const KIND: ModeKind = ModeKind::Drill;
}

/// The mode as a value; part of the key of every stored thing that could mix the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModeKind {
    /// 实发.
    Live,
    /// 演练.
    Drill,
}

impl ModeKind {
    /// The word in addresses, configurations and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Drill => "drill",
        }
    }

    /// The number kept in the ledger: 0 live, 1 drill.
    pub const fn number(self) -> u8 {
        match self {
            Self::Live => 0,
            Self::Drill => 1,
        }
    }

    /// The mode of a ledger number, if it is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Live),
            1 => Some(Self::Drill),
            _ => None,
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Live {}
    impl Sealed for super::Drill {}
}
