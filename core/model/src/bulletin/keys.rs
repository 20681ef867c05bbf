//! The keys that a speaker believes, and what each of them may sign: a county's key cannot sound another county.

use super::{Alg, BadPublicKey, BroadcastClass, Bulletin, KeyId, PublicKey};
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
#[serde(try_from = "Written", into = "Written")]
pub struct VerifyingEntry {
    /// The key's name.
    pub id: KeyId,
    /// The public key and how it signs; `alg` and `public` in JSON.
    pub public: PublicKey,
    /// When it ceases to be believed, in milliseconds since 1970 UTC.
    pub not_after: Timestamp,
    /// The issuer's level; a bulletin cannot claim a higher one. One signing process serves a city and the counties under it.
    pub tier: Level,
    /// The divisions it may sign for.
    pub areas: Vec<RegionCode>,
    /// The gravest grade it may sign.
    pub max_level: Grade,
    /// The classes it may sign; a drill's key holds drills only.
    pub classes: Vec<BroadcastClass>,
}

/// An entry as it stands in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: KeyId,
    #[serde(default = "ed25519")]
    alg: Alg,
    /// Hexadecimal.
    #[serde(with = "hex::serde")]
    public: Vec<u8>,
    not_after: Timestamp,
    tier: Level,
    areas: Vec<RegionCode>,
    max_level: Grade,
    classes: Vec<BroadcastClass>,
}

/// An entry whose public key is none.
#[derive(Debug, thiserror::Error)]
#[error("key {id}: public: {source}")]
struct BadEntry {
    id: KeyId,
    source: BadPublicKey,
}

impl TryFrom<Written> for VerifyingEntry {
    type Error = BadEntry;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { id, alg, public, not_after, tier, areas, max_level, classes } = written;
        match PublicKey::new(alg, &public) {
            Ok(public) => Ok(Self { id, public, not_after, tier, areas, max_level, classes }),
            Err(source) => Err(BadEntry { id, source }),
        }
    }
}

impl From<VerifyingEntry> for Written {
    fn from(entry: VerifyingEntry) -> Self {
        let VerifyingEntry { id, public, not_after, tier, areas, max_level, classes } = entry;
        let (alg, public) = (public.alg(), public.as_ref().to_vec());
        Self { id, alg, public, not_after, tier, areas, max_level, classes }
    }
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
        if bulletin.tier > self.tier {
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

    /// Whether an order under this key may silence that bulletin where it is heard: nothing of a class or grade that the key
    /// could not have signed itself. Its tier is the order's own, and is judged by that.
    pub fn may_silence(&self, bulletin: &Bulletin) -> bool {
        self.classes.contains(&bulletin.class) && bulletin.grade.is_none_or(|grade| grade <= self.max_level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set as it was signed before there was another algorithm.
    const ED25519: &str = r#"{"keys":[{"id":"city-2026","alg":"ed25519","public":"HEX","not_after":1830297600000,"tier":"city","areas":["2104"],"max_level":"red","classes":["emergency"]}]}"#;

    fn set(alg: &str, public: &str) -> String {
        ED25519.replace("ed25519", alg).replace("HEX", public)
    }

    #[test]
    fn sets_of_either_algorithm_are_written_as_they_are_read() {
        let keys = [("ed25519", "ab".repeat(32)), ("sm2", format!("04{}", "cd".repeat(64)))];
        for (alg, public) in keys {
            let read: KeySet = serde_json::from_str(&set(alg, &public)).unwrap();
            assert_eq!(read.keys[0].public.alg().to_string(), alg);
            assert_eq!(serde_json::to_string(&read).unwrap(), set(alg, &public));
        }
        let unsaid = set("", &"ab".repeat(32)).replace("\"alg\":\"\",", "");
        let read: KeySet = serde_json::from_str(&unsaid).unwrap();
        assert_eq!(read.keys[0].public.alg(), Alg::Ed25519);
    }

    #[test]
    fn a_public_key_of_another_algorithms_length_is_told_with_the_keys_name() {
        for (alg, digits) in [("sm2", "ab".repeat(32)), ("ed25519", format!("03{}", "cd".repeat(32)))] {
            let told = serde_json::from_str::<KeySet>(&set(alg, &digits)).unwrap_err().to_string();
            assert!(told.contains("key city-2026: public") && told.contains(alg), "{told}");
        }
    }
}
