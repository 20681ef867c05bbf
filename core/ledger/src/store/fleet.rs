//! Village boxes as the ledger keeps them.

use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    clock::Timestamp,
    fleet::{Playout, Seen},
};

/// Something that happened to a box (终端事件).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxEvent {
    /// The box.
    pub code: ResourceCode,
    /// When.
    pub at: Timestamp,
    /// What, as a word: `raised`, `cleared`, `self-test`, `enrolled`.
    pub kind: String,
    /// More of it: the alarm's word, how the test came out.
    pub detail: String,
}

/// What was heard of boxes since it was last kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// Boxes as they are now.
    pub seen: Vec<(ResourceCode, Seen)>,
    /// Broadcasts as they stand now.
    pub playouts: Vec<(ResourceCode, Playout)>,
    /// What happened.
    pub events: Vec<BoxEvent>,
}

impl Heard {
    /// Whether there is nothing to keep.
    pub const fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.playouts.is_empty() && self.events.is_empty()
    }
}

/// What kind of order goes to boxes without a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum BoxOrderKind {
    /// 无声试播: the amplifier is keyed and nothing sounds.
    SilentTest = 0,
    /// 有声试播.
    AudibleTest = 1,
    /// 全部停播.
    StopAll = 2,
}

impl BoxOrderKind {
    /// The kind of a ledger number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::SilentTest, Self::AudibleTest, Self::StopAll].into_iter().find(|kind| *kind as u8 == number)
    }

    /// The word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SilentTest => "silent-test",
            Self::AudibleTest => "audible-test",
            Self::StopAll => "stop-all",
        }
    }
}

/// An order to boxes that no warning stands behind (试播、全部停播).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxOrder {
    /// Its name.
    pub ebm: EbmId,
    /// Its number under its key.
    pub seq: u64,
    /// What it asks for.
    pub kind: BoxOrderKind,
    /// The boxes it goes to.
    pub codes: Vec<ResourceCode>,
    /// The signed bulletin.
    pub envelope: Vec<u8>,
    /// The officer's id.
    pub actor: String,
    /// When it was signed.
    pub at: Timestamp,
    /// Until when boxes are to obey it.
    pub until: Timestamp,
}
