//! Speech for the day without a network (本地语音库): fixed words for each event type and grade, made in the city, signed
//! as one list of digests by a key of the boxes' key set. It travels on cards and over any wire; the list vouches for it.

use super::{AudioClip, AudioCodec, EventType, KeyId, KeySet};
use crate::{
    grade::Grade,
    region::RegionCode,
    signer::{Purpose, Signer, SignerError},
};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// Bytes of a list's text at most: some 4,000 clips.
const LONGEST_LIST: usize = 1024 * 1024;

/// Fixed words as speech (固定播报).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryClip {
    /// The event type; [`EventType::OTHER`] for what has no words of its own, and for the village's own alarm.
    pub event: EventType,
    /// The grade; `None` says that the danger is over (解除).
    pub grade: Option<Grade>,
    /// SHA-256 over the clip's file, which has this name in hexadecimal and the ending `.opus`.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
    /// Its length in bytes.
    pub len: u32,
    /// How long it sounds, in milliseconds.
    pub length_ms: u32,
    /// What it says.
    pub text: String,
}

impl LibraryClip {
    /// As a bulletin would name it.
    pub const fn clip(&self) -> AudioClip {
        AudioClip { codec: AudioCodec::Opus, len: self.len, sha256: self.sha256 }
    }
}

/// The list of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipLibrary {
    /// Rises with each library that is made.
    pub version: NonZeroU64,
    /// Its clips.
    pub clips: Vec<LibraryClip>,
}

/// A list with its signature, `manifest.json` beside the clips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedLibrary {
    /// The list as JSON; the signature is over these very characters.
    pub list: String,
    /// Who signed it.
    pub key_id: KeyId,
    /// The signature, by the key's own algorithm, hexadecimal in JSON.
    #[serde(with = "hex::serde")]
    pub signature: Vec<u8>,
}

/// Why a library is not used.
#[derive(Debug, thiserror::Error)]
pub enum BadLibrary {
    /// None of the keys that are believed here has this name and speaks for this place.
    #[error(
        "签名的公钥 {key_id} 在本地不可信，请用公钥集中的密钥重新制作 / its key {key_id} is not believed here; make it anew with a key of the key set"
    )]
    UnknownKey {
        /// The key.
        key_id: KeyId,
    },
    /// The key did not sign it.
    #[error("清单不是密钥 {key_id} 签的，请重新制作 / the key {key_id} did not sign this list")]
    BadSignature {
        /// The key.
        key_id: KeyId,
    },
    /// It is no list.
    #[error("签名的内容不是语音清单，请重新制作 / not the JSON of a list of clips")]
    NotAList(#[source] serde_json::Error),
    /// It is longer than any list should be.
    #[error("清单有 {length} 字节，最多 {LONGEST_LIST} / {length} bytes, at most {LONGEST_LIST}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
}

impl ClipLibrary {
    /// Has the list signed by the city's signer.
    ///
    /// # Panics
    /// Never: a list of plain values is JSON.
    ///
    /// # Errors
    /// [`SignerError`]; nothing was signed.
    pub async fn sign(&self, signer: &dyn Signer) -> Result<SignedLibrary, SignerError> {
        let list = serde_json::to_string(self).expect("a list of plain values is JSON");
        let signature = signer.sign(Purpose::ClipLibrary, list.as_bytes()).await?;
        Ok(SignedLibrary { list, key_id: signature.key_id, signature: signature.bytes })
    }

    /// The words for an event and grade: its own, else those for any event.
    pub fn find(&self, event: EventType, grade: Option<Grade>) -> Option<&LibraryClip> {
        let of = |event| self.clips.iter().find(|clip| clip.event == event && clip.grade == grade);
        of(event).or_else(|| of(EventType::OTHER))
    }
}

impl SignedLibrary {
    /// Reads the list if a key signed it that is believed and may speak for this place. A key's end is not asked, since
    /// the box may not know the time; one that must not be believed any more is left out of the set.
    ///
    /// # Errors
    /// [`BadLibrary`].
    pub fn open(&self, keys: &KeySet, region: RegionCode) -> Result<ClipLibrary, BadLibrary> {
        if self.list.len() > LONGEST_LIST {
            return Err(BadLibrary::TooLong { length: self.list.len() });
        }
        let key_id = &self.key_id;
        let speaks_here = |areas: &[RegionCode]| areas.iter().any(|area| area.contains(region));
        let key = keys.find(key_id).filter(|key| speaks_here(&key.areas));
        let key = key.ok_or_else(|| BadLibrary::UnknownKey { key_id: key_id.clone() })?;
        if !key.public.fits(Purpose::ClipLibrary, self.list.as_bytes(), &self.signature) {
            return Err(BadLibrary::BadSignature { key_id: key_id.clone() });
        }
        serde_json::from_str(&self.list).map_err(BadLibrary::NotAList)
    }
}

#[cfg(test)]
#[path = "library_tests.rs"]
mod tests;
