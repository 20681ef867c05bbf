//! The standards' own numbers, another program's signatures, and whoever tries to pass without the key.

use super::*;
use crate::{
    bulletin::{
        Alg, Bulletin, Circumstances, KeyEdition, KeySet, PublicKey, Refusal, Sequences, VerifyingEntry,
        samples::{red_rain, town},
        verify,
    },
    clock::Timestamp,
    mode::ModeKind,
    signer::{LocalSigner, Purpose},
};
use proptest::prelude::*;
use sm3::{Digest as _, Sm3};
use std::{path::Path, process::Command};

/// n, the order of the group (GB/T 32918.5-2017, chapter 2).
const ORDER: &str = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123";

fn bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

/// GB/T 32918.5-2017, A.2 (GM/T 0003.5-2012, A.2): private key, public key, r and s of a signature over "message digest"
/// under the id of [`USER_ID`].
mod example {
    pub(super) const PRIVATE: &str = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
    pub(super) const PUBLIC: &str = "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020\
        CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13";
    pub(super) const MESSAGE: &[u8] = b"message digest";
    pub(super) const SIGNATURE: &str = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3\
        B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA";
}

fn secret(digits: &str) -> Secret {
    Secret::from_number(&bytes(digits).try_into().unwrap()).unwrap()
}

/// GB/T 32905-2016, A.1 and A.2.
#[test]
fn sm3_gives_the_standards_digests() {
    let digest = |text: &str| hex::encode(Sm3::digest(text));
    assert_eq!(digest("abc"), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    let blocks = "abcd".repeat(16);
    assert_eq!(digest(&blocks), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

#[test]
fn the_standards_signature_fits_its_key_id_and_message_alone() {
    let (public, signature) = (bytes(example::PUBLIC), bytes(example::SIGNATURE));
    assert!(fits("1234567812345678", &public, example::MESSAGE, &signature));
    assert!(!fits("ALICE123@YAHOO.COM", &public, example::MESSAGE, &signature));
    assert!(!fits(USER_ID, &public, b"message digesu", &signature));
    let compressed = [&[3], &public[1..33]].concat();
    assert!(fits(USER_ID, &compressed, example::MESSAGE, &signature), "y is odd");
    assert!(!fits(USER_ID, &[&[2], &public[1..33]].concat(), example::MESSAGE, &signature));
}

#[test]
fn the_standards_private_key_has_its_public_key_and_signs_the_same_way_twice() {
    let secret = secret(example::PRIVATE);
    assert_eq!(secret.public(), bytes(example::PUBLIC));
    let signature = secret.sign(example::MESSAGE);
    assert_eq!((signature.len(), &secret.sign(example::MESSAGE)), (64, &signature));
    assert!(fits(USER_ID, &secret.public(), example::MESSAGE, &signature));
}

#[test]
fn an_r_or_s_of_zero_or_not_below_the_order_is_none() {
    let public = bytes(example::PUBLIC);
    let good = bytes(example::SIGNATURE);
    let (zero, order, most) = ([0; 32].to_vec(), bytes(ORDER), [0xff; 32].to_vec());
    for bad in [zero, order, most] {
        for signature in [[&bad[..], &good[32..]].concat(), [&good[..32], &bad[..]].concat()] {
            assert!(!fits(USER_ID, &public, example::MESSAGE, &signature), "{}", hex::encode(signature));
        }
    }
    // r + s = n, which the equation has no use for (GB/T 32918.2-2016, 7.1, B5).
    let one_less = [&bytes(ORDER)[..31], &[0x22]].concat();
    let one = [&[0; 31][..], &[1]].concat();
    assert!(!fits(USER_ID, &public, example::MESSAGE, &[one, one_less].concat()));
    for length in [0, 32, 63, 65] {
        let mut other = good.clone();
        other.resize(length, 0);
        assert!(!fits(USER_ID, &public, example::MESSAGE, &other), "{length} bytes");
    }
    assert!(!fits(USER_ID, &public, example::MESSAGE, &der(&good)), "DER does not travel");
}

#[test]
fn a_point_beside_the_curve_is_no_key() {
    let mut public = bytes(example::PUBLIC);
    assert!(is_point(&public));
    public[64] ^= 1;
    assert!(!is_point(&public) && !is_point(&[0]) && !is_point(&[4; 65]));
}

fn signer() -> LocalSigner {
    let file = format!("sm2:{}", example::PRIVATE);
    LocalSigner::from_file_content("fushun-1".parse().unwrap(), file.as_bytes()).unwrap()
}

fn ed25519() -> LocalSigner {
    LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32])
}

fn keys_of(signer: &LocalSigner) -> KeySet {
    KeySet { keys: vec![town(signer.public())] }
}

fn judge(envelope: &[u8], keys: &KeySet) -> Result<Bulletin, Refusal> {
    let (seen, region) = (Sequences::new(), "210423001001".parse().unwrap());
    let here = Circumstances { now: Timestamp(2_000_000), region, mode: ModeKind::Live, seen: &seen };
    verify(envelope, keys, here)
}

fn refused(envelope: &[u8], keys: &KeySet) -> &'static str {
    judge(envelope, keys).unwrap_err().code()
}

#[test]
fn a_bulletin_signed_by_sm2_is_read_as_it_was_signed() {
    let envelope = signer().seal(&red_rain()).unwrap();
    assert_eq!((envelope.alg, envelope.signature.len()), (Alg::Sm2, 64));
    assert_eq!(judge(&envelope.to_bytes(), &keys_of(&signer())).unwrap(), red_rain());
}

#[test]
fn one_changed_bit_anywhere_in_an_sm2_bulletin_is_refused() {
    let (good, keys) = (signer().seal(&red_rain()).unwrap().to_bytes(), keys_of(&signer()));
    for at in 0..good.len() {
        let mut forged = good.clone();
        forged[at] ^= 1;
        assert!(judge(&forged, &keys).is_err(), "byte {at}");
    }
}

#[test]
fn a_foreign_sm2_key_under_the_citys_name_is_a_bad_signature() {
    let file = format!("sm2:{}", "08".repeat(32));
    let forger = LocalSigner::from_file_content("fushun-1".parse().unwrap(), file.as_bytes()).unwrap();
    let envelope = forger.seal(&red_rain()).unwrap().to_bytes();
    assert_eq!(refused(&envelope, &keys_of(&signer())), "bad-signature");
}

#[test]
fn neither_algorithm_passes_under_a_key_of_the_other_whatever_the_envelope_says() {
    for (signs, believed) in [(signer(), ed25519()), (ed25519(), signer())] {
        let mut envelope = signs.seal(&red_rain()).unwrap();
        assert_eq!(refused(&envelope.to_bytes(), &keys_of(&believed)), "bad-signature");
        envelope.alg = believed.public().alg();
        assert_eq!(refused(&envelope.to_bytes(), &keys_of(&believed)), "bad-signature");
    }
}

#[test]
fn an_sm2_signature_for_another_purpose_does_not_pass() {
    let mut envelope = signer().seal(&red_rain()).unwrap();
    let signature = signer().sign_now(Purpose::Time, &envelope.body);
    assert!(signature.fits(&signer().public(), Purpose::Time, &envelope.body));
    assert!(!signature.fits(&ed25519().public(), Purpose::Time, &envelope.body));
    envelope.signature = signature.bytes;
    assert_eq!(refused(&envelope.to_bytes(), &keys_of(&signer())), "bad-signature");
}

#[test]
fn an_ed25519_root_signs_sets_of_both_and_an_sm2_key_is_no_root() {
    let other = VerifyingEntry { id: "fushun-2".parse().unwrap(), ..town(ed25519().public()) };
    let edition = KeyEdition { version: 1.try_into().unwrap(), keys: vec![town(signer().public()), other] };
    let root = hex::encode(ed25519().public()).parse().unwrap();
    assert_eq!(edition.sign(&ed25519()).unwrap().open(root).unwrap(), edition);
    let told = edition.sign(&signer()).unwrap_err().to_string();
    assert!(told.contains("must sign by ed25519"), "{told}");
    let mut beside = bytes(example::PUBLIC);
    beside[64] ^= 1;
    let beside = town(PublicKey::new(Alg::Sm2, &beside).unwrap());
    let told = KeyEdition { keys: vec![beside], ..edition }.sign(&ed25519()).unwrap_err().to_string();
    assert!(told.contains("fushun-1") && told.contains("no point of the sm2 curve"), "{told}");
}

proptest! {
    #[test]
    fn whatever_is_signed_fits_and_nothing_near_it_does(
        number in prop::array::uniform32(1_u8..), message in prop::collection::vec(any::<u8>(), 0..300),
        at in 0_usize..64, bit in 0_u8..8,
    ) {
        let Some(secret) = Secret::from_number(&number) else { return Ok(()) };
        let mut signature = secret.sign(&message);
        prop_assert!(fits(USER_ID, &secret.public(), &message, &signature));
        signature[at] ^= 1 << bit;
        prop_assert!(!fits(USER_ID, &secret.public(), &message, &signature));
    }

    #[test]
    fn no_random_bytes_pass_as_a_signature_or_panic(
        signature in prop::collection::vec(any::<u8>(), 64..=64), point in prop::collection::vec(any::<u8>(), 0..70),
    ) {
        prop_assert!(!fits(USER_ID, &bytes(example::PUBLIC), example::MESSAGE, &signature));
        prop_assert!(!fits(USER_ID, &point, example::MESSAGE, &signature));
    }
}

/// r and s as ASN.1 writes them, which is how OpenSSL does: SEQUENCE of two INTEGERs.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let digits: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = if digits.first().is_none_or(|first| *first >= 0x80) { &[0][..] } else { &[] };
        [&[2, (sign.len() + digits.len()) as u8], sign, &digits].concat()
    };
    let both = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, both.len() as u8], &both[..]].concat()
}

/// The other way round.
fn raw(der: &[u8]) -> Vec<u8> {
    let integer = |at: usize| {
        let end = at + 2 + usize::from(der[at + 1]);
        let digits: Vec<u8> = der[at + 2..end].iter().copied().skip_while(|byte| *byte == 0).collect();
        ([vec![0; 32 - digits.len()], digits].concat(), end)
    };
    let (r, next) = integer(2);
    [r, integer(next).0].concat()
}

fn openssl(at: &Path, words: &str) -> Vec<u8> {
    let output = Command::new("openssl").current_dir(at).args(words.split(' ')).output().unwrap();
    assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The numbers below a heading of what `openssl pkey -text` prints.
fn under(heading: &str, text: &str) -> Vec<u8> {
    let below = text.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let digits: String = below.take_while(|line| line.starts_with(' ')).collect();
    let digits = bytes(&digits.replace([' ', ':'], ""));
    digits.strip_prefix(&[0]).map_or_else(|| digits.clone(), <[u8]>::to_vec)
}

#[test]
fn openssl_and_the_signer_check_each_others_sm2_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    openssl(at, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out key.pem");
    openssl(at, "pkey -in key.pem -pubout -out public.pem");
    let text = String::from_utf8(openssl(at, "pkey -in key.pem -text -noout")).unwrap();
    let (private, public) = (under("priv:", &text), under("pub:", &text));
    let mut number = vec![0; 32 - private.len()];
    number.extend(private);
    let file = format!("sm2:{}", hex::encode(number));
    let signer = LocalSigner::from_file_content("fushun-1".parse().unwrap(), file.as_bytes()).unwrap();
    assert_eq!(signer.public().as_ref(), public);

    let ours = signer.seal(&red_rain()).unwrap();
    std::fs::write(at.join("message"), Purpose::Bulletin.message(&ours.body)).unwrap();
    std::fs::write(at.join("ours"), der(&ours.signature)).unwrap();
    let id = format!("-sm3 -sigopt distid:{USER_ID}");
    let told = openssl(at, &format!("dgst {id} -verify public.pem -signature ours message"));
    assert_eq!(String::from_utf8(told).unwrap(), "Verified OK\n");

    openssl(at, &format!("dgst {id} -sign key.pem -out theirs message"));
    let mut theirs = ours;
    theirs.signature = raw(&std::fs::read(at.join("theirs")).unwrap());
    assert_eq!(judge(&theirs.to_bytes(), &keys_of(&signer)).unwrap(), red_rain());
}
