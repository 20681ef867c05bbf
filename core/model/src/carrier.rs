//! The carriers of the mainland's mobile networks: a short message leaves by an account at the carrier of its number.

use serde::{Deserialize, Serialize};

/// A carrier (运营商). Resellers (虚拟运营商) are carried by one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carrier {
    /// 中国移动.
    Mobile,
    /// 中国联通.
    Unicom,
    /// 中国电信.
    Telecom,
    /// 中国广电.
    Broadnet,
}

impl Carrier {
    /// All of them, in the order in which pages show them.
    pub const ALL: [Self; 4] = [Self::Mobile, Self::Unicom, Self::Telecom, Self::Broadnet];

    /// The word in configurations and files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Unicom => "unicom",
            Self::Telecom => "telecom",
            Self::Broadnet => "broadnet",
        }
    }

    /// The Chinese name.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Mobile => "中国移动",
            Self::Unicom => "中国联通",
            Self::Telecom => "中国电信",
            Self::Broadnet => "中国广电",
        }
    }

    /// The carrier that a word or Chinese name stands for.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|carrier| carrier.word() == word || carrier.zh() == word)
    }
}
