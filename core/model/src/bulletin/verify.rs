//! The one gate between bytes from outside and a bulletin that may be obeyed. It is pure: keys, time, place and what
//! was seen before are handed in, so that the city can ask the same question of its own work.

use super::{Alg, Bulletin, Envelope, KeyId, KeySet, Malformed, PublicKey, Sequences, codec};
use crate::{clock::Timestamp, mode::ModeKind, region::RegionCode, signer::Purpose};
use std::time::Duration;

/// How far ahead of its start a speaker takes a bulletin and holds it.
pub const LONGEST_AHEAD: Duration = Duration::from_hours(24);

/// Where and when a bulletin is judged.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The present, by a clock that is trusted.
    pub now: Timestamp,
    /// The speaker's own division.
    pub region: RegionCode,
    /// Whether this speaker takes part in exercises or in real warnings.
    pub mode: ModeKind,
    /// What was seen before, by key.
    pub seen: &'a Sequences,
}

/// Why a bulletin is not obeyed (拒播原因). Each is reported to the city, which raises an alarm on the first three.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such key, or it is no longer believed.
    #[error("公钥 {key_id} 不认识或已过期 / key {key_id} is not known or has expired")]
    UnknownKey {
        /// The key that the envelope names.
        key_id: KeyId,
    },
    /// The signature does not fit the bytes.
    #[error("公钥 {key_id} 的签名不符 / the signature of key {key_id} does not fit")]
    BadSignature {
        /// The key that the envelope names.
        key_id: KeyId,
    },
    /// The key may not sign this tier, class, level or area.
    #[error("公钥 {key_id} 无权签发 / key {key_id} may not sign this: {what}")]
    OutOfScope {
        /// The key.
        key_id: KeyId,
        /// What is outside its bounds.
        what: String,
    },
    /// Its end has passed.
    #[error("{} 已结束，现在是 {} 北京时间 / ended at {0}, it is {1}, Beijing time", end.in_beijing(), now.in_beijing())]
    Expired {
        /// The bulletin's end.
        end: Timestamp,
        /// The speaker's present.
        now: Timestamp,
    },
    /// Its start is too far ahead to be held.
    #[error("{} 才开始，距 {} 超过一天，北京时间 / starts at {0}, more than a day after {1}, Beijing time", start.in_beijing(), now.in_beijing())]
    NotYet {
        /// The bulletin's start.
        start: Timestamp,
        /// The speaker's present.
        now: Timestamp,
    },
    /// This sequence number was seen before.
    #[error("公钥 {key_id} 的序号 {seq} 用过了 / sequence {seq} of key {key_id} was seen before")]
    Replayed {
        /// The key.
        key_id: KeyId,
        /// The sequence number.
        seq: u64,
    },
    /// The speaker stands elsewhere.
    #[error("{region} 不在播发区域内 / {region} is in none of its areas")]
    OutOfArea {
        /// The speaker's division.
        region: RegionCode,
    },
    /// A drill on a live speaker, or the reverse.
    #[error("{bulletin:?} 指令与本终端的 {own:?} 模式不符 / a {bulletin:?} bulletin on a {own:?} speaker")]
    WrongMode {
        /// The bulletin's mode.
        bulletin: ModeKind,
        /// The speaker's mode.
        own: ModeKind,
    },
    /// An algorithm that this speaker cannot check.
    #[error(
        "本程序不能核验 {alg} 签名 / {alg} signatures cannot be checked here: built without the feature {alg}"
    )]
    Unsupported {
        /// The algorithm.
        alg: Alg,
    },
    /// The bytes are no bulletin.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Refusal {
    /// A stable word for the wire and for tables.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey { .. } => "unknown-key",
            Self::BadSignature { .. } => "bad-signature",
            Self::OutOfScope { .. } => "out-of-scope",
            Self::Expired { .. } => "expired",
            Self::NotYet { .. } => "not-yet",
            Self::Replayed { .. } => "replayed",
            Self::OutOfArea { .. } => "out-of-area",
            Self::WrongMode { .. } => "wrong-mode",
            Self::Unsupported { .. } => "unsupported",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// Reads an envelope and says whether a speaker in these circumstances may obey it.
///
/// # Errors
/// [`Refusal`], the first reason that holds; authenticity is settled before anything the bulletin says is believed.
pub fn verify(envelope: &[u8], keys: &KeySet, here: Circumstances<'_>) -> Result<Bulletin, Refusal> {
    let envelope = Envelope::from_bytes(envelope)?;
    let key_id = &envelope.key_id;
    let key = keys
        .find(key_id)
        .filter(|key| here.now < key.not_after)
        .ok_or_else(|| Refusal::UnknownKey { key_id: key_id.clone() })?;
    check_signature(&envelope, &key.public)?;
    let bulletin = codec::decode(&envelope.body)?;
    if bulletin.key_id != *key_id {
        let problem = format!("{} inside, {key_id} outside", bulletin.key_id);
        return Err(Malformed::new("key_id", problem).into());
    }
    if let Some(what) = key.outside(&bulletin) {
        return Err(Refusal::OutOfScope { key_id: key_id.clone(), what });
    }
    fits_here(&bulletin, here)?;
    Ok(bulletin)
}

/// Whether the key really signed the body, by its own algorithm: what the envelope says of that is nobody's word.
fn check_signature(envelope: &Envelope, public: &PublicKey) -> Result<(), Refusal> {
    let alg = envelope.alg;
    if !alg.is_built_in() {
        return Err(Refusal::Unsupported { alg });
    }
    if public.alg() == alg && public.fits(Purpose::Bulletin, &envelope.body, &envelope.signature) {
        return Ok(());
    }
    Err(Refusal::BadSignature { key_id: envelope.key_id.clone() })
}

fn fits_here(bulletin: &Bulletin, here: Circumstances<'_>) -> Result<(), Refusal> {
    if bulletin.mode != here.mode {
        return Err(Refusal::WrongMode { bulletin: bulletin.mode, own: here.mode });
    }
    if !bulletin.areas.iter().any(|area| area.contains(here.region)) {
        return Err(Refusal::OutOfArea { region: here.region });
    }
    if bulletin.end <= here.now {
        return Err(Refusal::Expired { end: bulletin.end, now: here.now });
    }
    if bulletin.start > here.now.plus(LONGEST_AHEAD) {
        return Err(Refusal::NotYet { start: bulletin.start, now: here.now });
    }
    let seen = here.seen.get(&bulletin.key_id).copied().unwrap_or_default();
    if !seen.is_new(bulletin.seq) {
        return Err(Refusal::Replayed { key_id: bulletin.key_id.clone(), seq: bulletin.seq });
    }
    Ok(())
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
