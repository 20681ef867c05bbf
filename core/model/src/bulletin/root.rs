//! The offline root (离线根密钥): it signs which keys the boxes believe, and never a bulletin. A newer set takes the place
//! of an older one, so that a key is brought in by adding it and taken back by leaving it out.
//!
//! The root signs by Ed25519 also where the keys in its sets sign by SM2: a set goes to every box, also to those that are
//! built without `sm2`, and nobody outside this house reads one.

use super::{Alg, KeyId, KeySet, PublicKey, VerifyingEntry};
use crate::signer::{LocalSigner, Purpose};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, num::NonZeroU64, str::FromStr};

/// Bytes of a key set's text at most, about a hundred keys; quoted, it fits one frame of the village link.
pub const LONGEST_SET: usize = 32 * 1024;

/// The public half of the offline root key (根公钥), 64 hexadecimal digits as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RootKey([u8; 32]);

/// Text that is no root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "根公钥有 {length} 个字符，应为 64 位十六进制 / root key: {length} characters, must be the 64 hexadecimal digits of an Ed25519 public key"
)]
pub struct BadRoot {
    /// How long the text is.
    pub length: usize,
}

impl FromStr for RootKey {
    type Err = BadRoot;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| BadRoot { length: text.trim().len() })?;
        Ok(Self(key))
    }
}

impl fmt::Display for RootKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RootKey({self})")
    }
}

/// A key set with its version, as the root signs it (公钥集版本).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEdition {
    /// Rises with each set that the root signs; a box never goes back.
    pub version: NonZeroU64,
    /// The keys that are believed, each with its bounds; all others are not, whatever was believed before.
    pub keys: Vec<VerifyingEntry>,
}

/// A key set as it travels (根签名公钥集).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedKeySet {
    /// The edition as JSON; the signature is over these very characters, so nobody need write JSON alike.
    pub set: String,
    /// The root's Ed25519 signature, hexadecimal in JSON.
    #[serde(with = "hex::serde")]
    pub signature: Vec<u8>,
}

/// Why a key set is not taken (公钥集拒收原因).
#[derive(Debug, thiserror::Error)]
pub enum BadKeySet {
    /// The root did not sign it.
    #[error(
        "公钥集不是这把根密钥签的，请用同一城市的文件 / the root key did not sign this key set; take both from one city"
    )]
    BadSignature,
    /// It is longer than a frame can carry.
    #[error("公钥集有 {length} 字节，最多 {LONGEST_SET} / {length} bytes, at most {LONGEST_SET}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is no key set.
    #[error("签名的内容不是公钥集，请城市重新签发 / not the JSON of a key set; have the city sign it anew")]
    NotASet(#[source] serde_json::Error),
    /// It would leave the boxes deaf, or two keys have one name.
    #[error("公钥集中的公钥有误 / keys: {problem}")]
    Keys {
        /// What is wrong.
        problem: String,
    },
    /// The box has this one or a newer one.
    #[error(
        "版本 {version} 不比终端已有的 {held} 新，请签更高的版本 / version {version}, the box holds {held}: sign a higher one"
    )]
    NotNewer {
        /// The version that was offered.
        version: u64,
        /// The version that the box holds.
        held: u64,
    },
    /// The set holds a key that this program cannot check, and whoever signs a set must have checked all of it; or no key that
    /// it can, so that it would leave a box of this build deaf.
    #[error("公钥 {key_id} 不能核验 / key {key_id}: {}", unusable(*alg))]
    Unusable {
        /// The key.
        key_id: KeyId,
        /// How it signs.
        alg: Alg,
    },
    /// The root key signs by another algorithm.
    #[error(
        "根密钥用 {alg} 签名，应为 ed25519 / the root key signs by {alg}, it must sign by ed25519: every box reads what it signs"
    )]
    RootAlg {
        /// How it signs.
        alg: Alg,
    },
    /// The box was given no root key.
    #[error("本终端没有根公钥，不接受公钥集 / this box was given no root key, so it takes no key set")]
    NoRoot,
}

impl BadKeySet {
    /// The word on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "bad-signature",
            Self::TooLong { .. } | Self::NotASet(_) | Self::Keys { .. } | Self::RootAlg { .. } => "malformed",
            Self::Unusable { .. } => "unsupported",
            Self::NotNewer { .. } => "not-newer",
            Self::NoRoot => "no-root",
        }
    }
}

fn unusable(alg: Alg) -> String {
    if alg.is_built_in() {
        return format!("its public key is no point of the {alg} curve");
    }
    format!("it signs by {alg}, and this program is built without {alg}; build it with --features {alg}")
}

impl KeyEdition {
    /// Signs the edition with the root's private key; done on a machine without a network.
    ///
    /// # Errors
    /// [`BadKeySet`] when boxes would not take it.
    pub fn sign(&self, root: &LocalSigner) -> Result<SignedKeySet, BadKeySet> {
        let PublicKey::Ed25519(public) = root.public() else {
            return Err(BadKeySet::RootAlg { alg: root.public().alg() });
        };
        if let Some(key) = self.keys.iter().find(|key| !key.public.is_usable()) {
            return Err(key.is_unusable());
        }
        let set = serde_json::to_string(self).map_err(BadKeySet::NotASet)?;
        let signature = root.sign_now(Purpose::KeySet, set.as_bytes()).bytes;
        let signed = SignedKeySet { set, signature };
        signed.open(RootKey(public.bytes()))?;
        Ok(signed)
    }

    /// The keys alone.
    pub fn into_keys(self) -> KeySet {
        KeySet { keys: self.keys }
    }

    fn check(&self) -> Result<(), BadKeySet> {
        let problem = |problem: String| BadKeySet::Keys { problem };
        let Some(first) = self.keys.first() else {
            return Err(problem("none; a box that believes nobody can never be spoken to again".to_owned()));
        };
        if !self.keys.iter().any(|key| key.public.is_usable()) {
            return Err(first.is_unusable());
        }
        let mut names: BTreeSet<&KeyId> = BTreeSet::new();
        match self.keys.iter().find(|key| !names.insert(&key.id)) {
            Some(twice) => Err(problem(format!("{} stands twice", twice.id))),
            None => Ok(()),
        }
    }
}

impl SignedKeySet {
    /// Reads the edition if this root signed it.
    ///
    /// # Errors
    /// [`BadKeySet`], everything but its version, which is the caller's to compare.
    pub fn open(&self, root: RootKey) -> Result<KeyEdition, BadKeySet> {
        if self.set.len() > LONGEST_SET {
            return Err(BadKeySet::TooLong { length: self.set.len() });
        }
        if !PublicKey::ed25519(root.0).fits(Purpose::KeySet, self.set.as_bytes(), &self.signature) {
            return Err(BadKeySet::BadSignature);
        }
        let edition: KeyEdition = serde_json::from_str(&self.set).map_err(BadKeySet::NotASet)?;
        edition.check()?;
        Ok(edition)
    }

    /// The version that it claims. Nothing vouches for that: good enough for a carrier, never for a box.
    pub fn claimed_version(&self) -> Option<u64> {
        self.claimed().map(|edition| edition.version.get())
    }

    /// What it claims to be. Nothing vouches for that, as for [`Self::claimed_version`].
    pub fn claimed(&self) -> Option<KeyEdition> {
        serde_json::from_str(&self.set).ok()
    }
}

impl VerifyingEntry {
    fn is_unusable(&self) -> BadKeySet {
        BadKeySet::Unusable { key_id: self.id.clone(), alg: self.public.alg() }
    }
}

#[cfg(test)]
#[path = "root_tests.rs"]
mod tests;
