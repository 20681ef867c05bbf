//! What a warning says, to whom and how long; and the hash that signatures bind to.

use crate::{
    area::Area,
    audience::{Audience, ChannelKind},
    clock::Timestamp,
    grade::Grade,
    hazard::Hazard,
    id::AlertId,
    mode::ModeKind,
    priority::{EmergencyClass, Occasion, Withdraws},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a warning does to an earlier one (关联). A released warning is never edited, only followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// 发布: the first of its chain.
    Alert,
    /// 更新: replaces the earlier one.
    Update(AlertId),
    /// 解除: the danger is over.
    Lift(AlertId),
    /// 更正: the earlier one was wrong.
    Correction(AlertId),
}

impl AlertKind {
    /// The warning that this one follows, if any.
    pub const fn follows(self) -> Option<AlertId> {
        match self {
            Self::Alert => None,
            Self::Update(earlier) | Self::Lift(earlier) | Self::Correction(earlier) => Some(earlier),
        }
    }
}

/// A language tag of a text (BCP 47), `zh-CN` first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(pub String);

impl Language {
    /// Chinese as it is written in the mainland.
    pub fn chinese() -> Self {
        Self("zh-CN".to_owned())
    }
}

/// The words of a warning in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The headline (标题): issuer, action, event, colour.
    pub headline: String,
    /// What happens where and when (正文).
    pub body: String,
    /// What people should do (防御指南); may be empty.
    pub instruction: String,
}

/// What the author wrote and the others sign. The signature binds to the hash of exactly this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Alert, update, lift or correction.
    pub kind: AlertKind,
    /// The event type.
    pub hazard: Hazard,
    /// The grade.
    pub grade: Grade,
    /// Emergency or daily, for the order of sending.
    pub class: EmergencyClass,
    /// The words by language; `zh-CN` must be there.
    pub texts: BTreeMap<Language, Text>,
    /// Where it holds.
    pub area: Area,
    /// Who must hear it, with the counts that were previewed.
    pub audience: Audience,
    /// Channels for those whom the audience's channels fail to reach (补发渠道), in the order in which they are tried.
    #[serde(default)]
    pub reserve: Vec<ChannelKind>,
    /// When it ends (失效时间); nothing of it is sent later.
    pub expires: Timestamp,
}

/// The hash that signatures bind to (SHA-256 over mode and canonical JSON of the content).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(pub [u8; 32]);

impl std::fmt::Debug for ContentHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ContentHash({})", hex::encode(&self.0[..8]))
    }
}

/// Hex, as pages and the API carry it to a signer and back.
impl std::fmt::Display for ContentHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

/// A word that is no content hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a content hash has 64 hexadecimal digits")]
pub struct BadContentHash;

impl std::str::FromStr for ContentHash {
    type Err = BadContentHash;

    fn from_str(word: &str) -> Result<Self, BadContentHash> {
        let mut hash = [0; 32];
        hex::decode_to_slice(word, &mut hash).map_err(|_| BadContentHash)?;
        Ok(Self(hash))
    }
}

impl Content {
    /// What its messages are sent on.
    pub const fn occasion(&self) -> Occasion {
        let withdraws = match self.kind {
            AlertKind::Lift(_) | AlertKind::Correction(_) => Withdraws::Yes,
            AlertKind::Alert | AlertKind::Update(_) => Withdraws::No,
        };
        Occasion { grade: self.grade, withdraws }
    }

    /// The hash of this content in this mode; a drill's never equals a live one's.
    ///
    /// # Panics
    /// Never: every map in a content has text keys and every value encodes.
    pub fn hash(&self, mode: ModeKind) -> ContentHash {
        let json =
            serde_json::to_vec(self).expect("maps here have text keys and no value can fail to encode");
        let mut digest = Sha256::new();
        digest.update(b"mingluo/content/1\0");
        digest.update([mode.number()]);
        digest.update(json);
        ContentHash(digest.finalize().into())
    }
}
