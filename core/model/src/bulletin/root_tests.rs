//! What the root signs is read; what anybody else made of it is not.

use super::*;
use crate::{bulletin::BroadcastClass, clock::Timestamp, grade::Grade, region::Level};
use proptest::prelude::*;

fn root() -> LocalSigner {
    LocalSigner::from_seed("root".parse().unwrap(), &[1; 32])
}

fn own() -> RootKey {
    hex::encode(root().public()).parse().unwrap()
}

fn key(id: &str) -> VerifyingEntry {
    VerifyingEntry {
        id: id.parse().unwrap(),
        public: PublicKey::ed25519([9; 32]),
        not_after: Timestamp(9_000_000_000),
        tier: Level::City,
        areas: vec!["2104".parse().unwrap()],
        max_level: Grade::Red,
        classes: vec![BroadcastClass::Emergency],
    }
}

fn edition(ids: &[&str]) -> KeyEdition {
    KeyEdition { version: NonZeroU64::new(3).unwrap(), keys: ids.iter().copied().map(key).collect() }
}

#[test]
fn what_the_root_signed_is_read_as_it_was_written() {
    let signed = edition(&["fushun-1", "fushun-2"]).sign(&root()).unwrap();
    let travelled: SignedKeySet = serde_json::from_str(&serde_json::to_string(&signed).unwrap()).unwrap();
    assert_eq!(travelled.open(own()).unwrap(), edition(&["fushun-1", "fushun-2"]));
    assert_eq!(travelled.claimed_version(), Some(3));
}

#[test]
fn another_root_another_purpose_and_another_word_are_bad_signatures() {
    let signed = edition(&["fushun-1"]).sign(&root()).unwrap();
    let stranger = LocalSigner::from_seed("root".parse().unwrap(), &[2; 32]);
    let foreign = edition(&["fushun-1"]).sign(&stranger).unwrap();
    let purpose = root().sign_now(Purpose::Bulletin, signed.set.as_bytes()).bytes;
    let other = SignedKeySet { signature: purpose, ..signed.clone() };
    let changed = SignedKeySet { set: signed.set.replace("red", "blue"), ..signed };
    for forged in [foreign, other, changed] {
        assert_eq!(forged.open(own()).unwrap_err().code(), "bad-signature");
    }
}

#[test]
fn a_set_without_keys_with_a_name_twice_or_of_version_zero_is_not_signed() {
    assert!(edition(&[]).sign(&root()).unwrap_err().to_string().contains("believes nobody"));
    assert!(edition(&["a", "a"]).sign(&root()).unwrap_err().to_string().contains("a stands twice"));
    let set = serde_json::to_string(&edition(&["a"])).unwrap().replace("\"version\":3", "\"version\":0");
    let signature = root().sign_now(Purpose::KeySet, set.as_bytes()).bytes;
    let zero = SignedKeySet { set, signature };
    assert_eq!(zero.open(own()).unwrap_err().code(), "malformed");
}

#[cfg(not(feature = "sm2"))]
#[test]
fn without_sm2_a_set_of_both_is_read_and_not_signed_and_one_of_sm2_alone_is_refused() {
    let sm2 = VerifyingEntry { public: PublicKey::new(Alg::Sm2, &[4; 65]).unwrap(), ..key("gm-1") };
    let travels = |keys: Vec<VerifyingEntry>| {
        let set = serde_json::to_string(&KeyEdition { keys, ..edition(&[]) }).unwrap();
        let signature = root().sign_now(Purpose::KeySet, set.as_bytes()).bytes;
        SignedKeySet { set, signature }.open(own())
    };
    let both = travels(vec![sm2.clone(), key("fushun-1")]).unwrap();
    let told = both.sign(&root()).unwrap_err().to_string();
    assert!(told.contains("key gm-1") && told.contains("built without sm2"), "{told}");
    let deaf = travels(vec![sm2]).unwrap_err();
    assert_eq!(deaf.code(), "unsupported");
    assert!(deaf.to_string().contains("--features sm2"), "{deaf}");
}

#[test]
fn a_root_key_is_sixty_four_digits() {
    let text = own().to_string();
    assert_eq!(format!(" {text}\n").parse(), Ok(own()));
    assert_eq!("abc".parse::<RootKey>(), Err(BadRoot { length: 3 }));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(set in "\\PC{0,200}", signature in prop::collection::vec(any::<u8>(), 0..80)) {
        let signed = SignedKeySet { set, signature };
        prop_assert!(signed.open(own()).is_err());
        let _ = signed.claimed_version();
    }
}
