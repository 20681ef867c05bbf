//! A pretend village for this crate's tests: one key, one region, bulletins by number.

use mingluo_model::{
    alert::Language,
    bulletin::{
        Action, AudioClip, BroadcastClass, Bulletin, EbmId, EventType, KeyEdition, KeySet, ResourceCode,
        RootKey, Tone, VerifyingEntry,
    },
    clock::Timestamp,
    grade::Grade,
    link::Order,
    mode::ModeKind,
    region::Level,
    signer::LocalSigner,
};
use std::path::{Path, PathBuf};
/// A clip of one pitch as a file, named by its digest.
pub(crate) fn clip_file(dir: &Path, hz: f64, count: usize) -> (PathBuf, AudioClip) {
    let (bytes, clip) = crate::pretend_clips::clip(hz, count);
    let file = dir.join(format!("{}.opus", hex::encode(clip.sha256)));
    std::fs::write(&file, bytes).unwrap();
    (file, clip)
}

/// The present of the tests: 2026-07-05T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_783_209_600_000);

pub(crate) fn box_code() -> ResourceCode {
    "62104230010010314010101".parse().unwrap()
}

pub(crate) fn signer() -> LocalSigner {
    LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32])
}

/// The town's key where it signs by SM2.
#[cfg(feature = "sm2")]
pub(crate) fn sm2_signer() -> LocalSigner {
    let file = format!("sm2:{}", "07".repeat(32));
    LocalSigner::from_file_content("fushun-1".parse().unwrap(), file.as_bytes()).unwrap()
}

/// The offline root's private key.
pub(crate) fn root() -> LocalSigner {
    LocalSigner::from_seed("root".parse().unwrap(), &[3; 32])
}

/// What boxes are given of it.
pub(crate) fn believed() -> RootKey {
    hex::encode(root().public()).parse().unwrap()
}

/// The village's one key as this version.
pub(crate) fn edition(version: u64) -> KeyEdition {
    KeyEdition { version: version.try_into().unwrap(), keys: keys().keys }
}

pub(crate) fn keys() -> KeySet {
    KeySet {
        keys: vec![VerifyingEntry {
            id: "fushun-1".parse().unwrap(),
            public: signer().public(),
            not_after: Timestamp(NOW.0 + 365 * 86_400_000),
            tier: Level::City,
            areas: vec!["2104".parse().unwrap()],
            max_level: Grade::Red,
            classes: vec![BroadcastClass::Emergency, BroadcastClass::Daily],
        }],
    }
}

/// A red rainstorm bulletin for one township, valid for an hour; its EBM id ends in its number.
pub(crate) fn bulletin(seq: u64) -> Bulletin {
    Bulletin {
        tier: Level::City,
        key_id: "fushun-1".parse().unwrap(),
        seq,
        ebm: EbmId::new("42104000000000103010101".parse().unwrap(), 20_260_705, seq as u16).unwrap(),
        class: BroadcastClass::Emergency,
        grade: Some(Grade::Red),
        event: EventType::OTHER,
        areas: vec!["210423001".parse().unwrap()],
        action: Action::Play,
        related: Vec::new(),
        start: NOW,
        end: Timestamp(NOW.0 + 3_600_000),
        volume: 80,
        repeats: 2,
        tone: Tone::Red,
        script: "暴雨红色预警".to_owned(),
        audio: None,
        language: Language::chinese(),
        created: NOW,
        mode: ModeKind::Live,
    }
}

pub(crate) fn signed(bulletin: &Bulletin) -> Order {
    Order { ebm: bulletin.ebm, envelope: signer().seal(bulletin).unwrap().to_bytes() }
}

pub(crate) fn order(seq: u64) -> Order {
    signed(&bulletin(seq))
}
