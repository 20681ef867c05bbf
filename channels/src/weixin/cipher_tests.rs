//! The cipher against messages that others made, and against what nobody should make.

use super::*;
use proptest::prelude::*;

/// Vectors of WxJava's tests, whose key ends in set bits; the second was computed from the first by another program.
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APP: &str = "wxb11529c136998cb6";
const SEALED: &str =
    "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";
/// Vectors of wechatpy's tests.
const CORP_KEY: &str = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR";
const CORP: &str = "wx49f0ab532d5d035a";
const ECHO: &str = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==";

fn cipher() -> Cipher {
    Cipher::new(KEY, APP).unwrap()
}

/// A message whose plain octets are these, padded or not.
fn raw(plain: &[u8]) -> String {
    let cipher = cipher();
    let (key, start) = cipher.key_and_start();
    let encryptor = cbc::Encryptor::<Aes256>::new(key.into(), start.into());
    STANDARD.encode(encryptor.encrypt_padded_vec_mut::<NoPadding>(plain))
}

/// Chance, a length, a message and an id, filled up with `padding` octets of the value `said`.
fn plain(length: u32, id: &str, padding: usize, said: u8) -> Vec<u8> {
    let head = [&[b'r'; CHANCE][..], &length.to_be_bytes(), b"hello", id.as_bytes()].concat();
    [head, vec![said; padding]].concat()
}

#[test]
fn a_key_whose_last_bits_are_set_is_a_key() {
    let expected = "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051";
    assert_eq!(hex::encode(cipher().key), expected);
    assert!(Cipher::new(CORP_KEY, CORP).is_some());
    for wrong in [&KEY[..42], "", "abcdefghijklmnopqrstuvwxyz0123456789ABCDE雨", &format!("{KEY}=")] {
        assert!(Cipher::new(wrong, APP).is_none(), "{wrong}");
    }
}

#[test]
fn others_seal_as_we_do() {
    assert_eq!(cipher().seal(*b"aaaabbbbccccdddd", "我是中文abcd123".as_bytes()), SEALED);
}

#[test]
fn what_others_sealed_is_read() {
    assert_eq!(cipher().open(SEALED).unwrap(), "我是中文abcd123".as_bytes());
    assert_eq!(Cipher::new(CORP_KEY, CORP).unwrap().open(ECHO).unwrap(), b"5927782489442352469");
}

#[test]
fn what_is_for_another_account_is_not_read() {
    assert_eq!(Cipher::new(KEY, "wx-other").unwrap().open(SEALED), Err(Undeciphered::Account));
}

#[test]
fn another_key_reads_nothing() {
    let other = Cipher::new(CORP_KEY, APP).unwrap();
    assert_eq!(other.open(SEALED), Err(Undeciphered::Padding));
}

#[test]
fn paddings_of_one_to_thirty_two_are_paddings() {
    // 43 octets before the padding leave 21; with a longer id they leave 32 and 1.
    for (id, padding) in [(APP, 21), ("wxb11529c136998cb6.....", 16), ("i".repeat(39).as_str(), 32)] {
        let cipher = Cipher::new(KEY, id).unwrap();
        assert_eq!(cipher.open(&raw(&plain(5, id, padding, padding as u8))).unwrap(), b"hello", "{padding}");
    }
    for (padding, said) in [(21, 0), (21, 33), (21, 20), (53, 53)] {
        let opened = cipher().open(&raw(&plain(5, APP, padding, said)));
        let expected = if said == 20 { Err(Undeciphered::Account) } else { Err(Undeciphered::Padding) };
        assert_eq!(opened, expected, "{padding} of {said}");
    }
    let mut mixed = plain(5, APP, 21, 21);
    let last_but_one = mixed.len() - 2;
    mixed[last_but_one] = 20;
    assert_eq!(cipher().open(&raw(&mixed)), Err(Undeciphered::Padding));
}

#[test]
fn a_length_beyond_the_end_is_refused() {
    for length in [24, 1_000, u32::MAX] {
        assert_eq!(cipher().open(&raw(&plain(length, APP, 21, 21))), Err(Undeciphered::Length), "{length}");
    }
    assert_eq!(cipher().open(&raw(&[32; 32])), Err(Undeciphered::Length), "nothing but padding");
}

#[test]
fn what_is_no_whole_blocks_is_refused() {
    assert_eq!(cipher().open(""), Err(Undeciphered::Blocks(0)));
    assert_eq!(cipher().open(&STANDARD.encode([7; 17])), Err(Undeciphered::Blocks(17)));
    assert_eq!(cipher().open("雨"), Err(Undeciphered::NotBase64));
}

proptest! {
    #[test]
    fn what_is_sealed_is_read_and_nothing_panics(
        message in any::<Vec<u8>>(), chance in any::<[u8; 16]>(), octets in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let sealed = cipher().seal(chance, &message);
        prop_assert_eq!(STANDARD.decode(&sealed).unwrap().len() % BLOCK, 0);
        prop_assert_eq!(cipher().open(&sealed).unwrap(), message);
        let _refused = cipher().open(&STANDARD.encode(&octets));
        let whole = octets.len() / 16 * 16;
        let _refused = cipher().open(&raw(&octets[..whole]));
    }
}
