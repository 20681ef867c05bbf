//! A library is believed for its signature alone.

use super::*;
use crate::{
    bulletin::{BroadcastClass, VerifyingEntry},
    clock::Timestamp,
    region::Level,
    signer::LocalSigner,
};

fn signer() -> LocalSigner {
    LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32])
}

fn keys(area: &str) -> KeySet {
    KeySet {
        keys: vec![VerifyingEntry {
            id: "fushun-1".parse().unwrap(),
            public: signer().public(),
            not_after: Timestamp(9_000_000_000),
            tier: Level::City,
            areas: vec![area.parse().unwrap()],
            max_level: Grade::Red,
            classes: vec![BroadcastClass::Emergency],
        }],
    }
}

fn here() -> RegionCode {
    "210423001001".parse().unwrap()
}

fn clip(event: &str, grade: Option<Grade>) -> LibraryClip {
    let event = event.parse().unwrap();
    LibraryClip {
        event, grade, sha256: [3; 32], len: 9, length_ms: 1_000, text: "暴雨红色预警".to_owned()
    }
}

fn library() -> ClipLibrary {
    let red = Some(Grade::Red);
    ClipLibrary { version: NonZeroU64::MIN, clips: vec![clip("11B03", red), clip("00000", red)] }
}

fn signed(list: String) -> SignedLibrary {
    let signature = signer().sign_now(Purpose::ClipLibrary, list.as_bytes()).bytes;
    SignedLibrary { list, key_id: "fushun-1".parse().unwrap(), signature }
}

#[test]
fn a_signed_list_is_read_and_its_own_words_come_before_those_for_any_event() {
    let signed = signed(serde_json::to_string(&library()).unwrap());
    let travelled: SignedLibrary = serde_json::from_str(&serde_json::to_string(&signed).unwrap()).unwrap();
    let opened = travelled.open(&keys("2104"), here()).unwrap();
    let event = |code: &str| opened.find(code.parse().unwrap(), Some(Grade::Red)).map(|clip| clip.event);
    assert_eq!((event("11B03"), event("11A01")), (Some("11B03".parse().unwrap()), Some(EventType::OTHER)));
    assert_eq!(opened.find(EventType::OTHER, None), None);
}

#[test]
fn a_changed_list_a_strange_key_and_a_key_of_elsewhere_are_not_believed() {
    let good = signed(serde_json::to_string(&library()).unwrap());
    let changed = SignedLibrary { list: good.list.replace("红色", "蓝色"), ..good.clone() };
    assert!(matches!(changed.open(&keys("2104"), here()), Err(BadLibrary::BadSignature { .. })));
    assert!(matches!(good.open(&KeySet::default(), here()), Err(BadLibrary::UnknownKey { .. })));
    assert!(matches!(good.open(&keys("2105"), here()), Err(BadLibrary::UnknownKey { .. })));
    let head = signer().sign_now(Purpose::AuditHead, good.list.as_bytes()).bytes;
    let other_purpose = SignedLibrary { signature: head, ..good };
    assert!(matches!(other_purpose.open(&keys("2104"), here()), Err(BadLibrary::BadSignature { .. })));
    assert!(matches!(signed("[]".to_owned()).open(&keys("2104"), here()), Err(BadLibrary::NotAList(_))));
}
