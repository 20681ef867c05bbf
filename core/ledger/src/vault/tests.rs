use super::*;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

fn text(seed: u64) -> String {
    Vault::generate(&mut StdRng::seed_from_u64(seed))
}

fn vault(text: &str) -> Vault {
    Vault::read("vault.keys", text).unwrap()
}

#[test]
fn an_old_key_still_opens_after_a_new_one_is_added() {
    let old = vault(&text(1));
    let sealed = old.seal(b"place", "13900000000".as_bytes());
    let both = vault(&format!("# two keys\n{}\n{}", text(1), text(2)));
    assert_eq!(both.open(b"place", &sealed).unwrap(), b"13900000000");
    let later = both.seal(b"place", b"x");
    assert!(matches!(old.open(b"place", &later), Err(OpenError::NoKey { .. })));
}

#[test]
fn a_hash_knows_an_address_again_after_the_key_was_changed() {
    let address = Address::new("13900000000");
    let hash = vault(&text(1)).address_hash(&address);
    assert_eq!(vault(&(text(1) + &text(2))).address_hash(&address), hash);
    assert_ne!(vault(&text(2)).address_hash(&address), hash);
}

#[test]
fn what_is_sealed_for_one_place_does_not_open_in_another() {
    let vault = vault(&text(1));
    let sealed = vault.seal(b"block 1", b"13900000000");
    assert!(matches!(vault.open(b"block 2", &sealed), Err(OpenError::Changed { .. })));
}

#[test]
fn equal_plain_bytes_look_different_sealed() {
    let vault = vault(&text(1));
    assert_ne!(vault.seal(b"", b"13900000000"), vault.seal(b"", b"13900000000"));
}

#[test]
fn a_bad_line_is_named_and_not_shown() {
    let bad = text(1) + "k9 c0ffee\n";
    let error = Vault::read("/etc/keys", &bad).unwrap_err().to_string();
    assert!(error.starts_with("/etc/keys, line 2:") && !error.contains("c0ffee"), "{error}");
    assert!(matches!(Vault::read("f", "# none\n"), Err(RingError::Empty { .. })));
    assert!(matches!(Vault::read("f", &(text(1) + &text(1))), Err(RingError::Line { line: 2, .. })));
}

#[test]
fn debug_hides_the_keys() {
    assert_eq!(format!("{:?}", vault(&text(1))), "Vault(1 keys)");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        prop_assert!(vault(&text(1)).open(b"", &bytes).is_err());
    }
}
