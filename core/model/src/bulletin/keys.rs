//! The keys that a speaker believes, and what each of them may sign: a county's key cannot sound another county.

use super::{Alg, BroadcastClass, Bulletin, KeyId};
use crate::{
    clock::Timestamp,
    grade::Grade,
    region::{Level, RegionCode},
};
use serde::{Deserialize, Serialize};

/// The keys that a speaker believes (验签公钥集).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySet {
    /// The keys; ids are unique.
    pub keys: Vec<VerifyingEntry>,
}

/// One public key with its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyingEntry {
    /// The key's name.
    pub id: KeyId,
    /// How it signs.
    #[serde(default = "ed25519")]
    pub alg: Alg,
    /// The public key, 32 bytes as 64 hexadecimal digits.
    #[serde(with = "hex::serde")]
    pub public: [u8; 32],
    /// When it ceases to be believed, in milliseconds since 1970 UTC.
    pub not_after: Timestamp,
    /// The issuer's level; a bulletin cannot claim another.
    pub tier: Level,
    /// The divisions it may sign for.
    pub areas: Vec<RegionCode>,
    /// The gravest grade it may sign.
    pub max_level: Grade,
    /// The classes it may sign; a drill's key holds drills only.
    pub classes: Vec<BroadcastClass>,
}

const fn ed25519() -> Alg {
    Alg::Ed25519
}

impl KeySet {
    /// The key of this name.
    pub fn find(&self, id: &KeyId) -> Option<&VerifyingEntry> {
        self.keys.iter().find(|key| key.id == *id)
    }
}

impl VerifyingEntry {
    /// What of this bulletin the key may not sign; `None` when all is within its bounds.
    pub fn outside(&self, bulletin: &Bulletin) -> Option<String> {
        if bulletin.tier != self.tier {
            return Some(format!("tier {:?}, the key is of {:?}", bulletin.tier, self.tier));
        }
        if !self.classes.contains(&bulletin.class) {
            return Some(format!("class {:?} is not among the key's", bulletin.class));
        }
        if bulletin.grade.is_some_and(|grade| grade > self.max_level) {
            return Some(format!("level {:?}, the key signs up to {:?}", bulletin.grade, self.max_level));
        }
        let inside = |area: &RegionCode| self.areas.iter().any(|own| own.contains(*area));
        bulletin.areas.iter().find(|area| !inside(area)).map(|area| format!("area {area} is not the key's"))
    }
}
