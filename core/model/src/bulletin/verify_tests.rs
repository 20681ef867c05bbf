//! A forger, a replayer and a neighbour each try one speaker.

use super::*;
use crate::{
    bulletin::{
        BroadcastClass, SeenWindow,
        samples::{red_rain, town},
    },
    grade::Grade,
    region::Level,
    signer::LocalSigner,
};

const NOW: Timestamp = Timestamp(2_000_000);

fn signer() -> LocalSigner {
    LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32])
}

fn keys() -> KeySet {
    KeySet { keys: vec![town(signer().public())] }
}

fn signed(bulletin: &Bulletin) -> Vec<u8> {
    signer().seal(bulletin).unwrap().to_bytes()
}

fn judge(envelope: &[u8], keys: &KeySet) -> Result<Bulletin, Refusal> {
    let seen = Sequences::new();
    let region = "210423001001".parse().unwrap();
    verify(envelope, keys, Circumstances { now: NOW, region, mode: ModeKind::Live, seen: &seen })
}

fn refused(change: impl FnOnce(&mut Bulletin)) -> &'static str {
    let mut bulletin = red_rain();
    change(&mut bulletin);
    judge(&signed(&bulletin), &keys()).unwrap_err().code()
}

#[test]
fn a_good_bulletin_is_read_as_it_was_signed() {
    assert_eq!(judge(&signed(&red_rain()), &keys()).unwrap(), red_rain());
}

#[test]
fn one_changed_bit_anywhere_is_refused() {
    let good = signed(&red_rain());
    for at in 0..good.len() {
        let mut forged = good.clone();
        forged[at] ^= 1;
        assert!(judge(&forged, &keys()).is_err(), "byte {at}");
    }
}

#[test]
fn another_key_under_the_same_name_is_a_bad_signature() {
    let forger = LocalSigner::from_seed("fushun-1".parse().unwrap(), &[8; 32]);
    let envelope = forger.seal(&red_rain()).unwrap().to_bytes();
    assert_eq!(judge(&envelope, &keys()).unwrap_err().code(), "bad-signature");
}

#[test]
fn a_signature_for_another_purpose_is_a_bad_signature() {
    let mut envelope = signer().seal(&red_rain()).unwrap();
    envelope.signature = signer().sign_now(Purpose::Cap, &envelope.body).bytes;
    assert_eq!(judge(&envelope.to_bytes(), &keys()).unwrap_err().code(), "bad-signature");
}

#[test]
fn the_wrong_time_place_mode_or_scope_is_named() {
    assert_eq!(refused(|it| (it.start, it.end) = (Timestamp(1), Timestamp(2_000_000))), "expired");
    assert_eq!(refused(|it| (it.start, it.end) = (Timestamp(90_000_000), Timestamp(90_000_001))), "not-yet");
    assert_eq!(refused(|it| it.areas = vec!["210422".parse().unwrap()]), "out-of-area");
    assert_eq!(refused(|it| it.areas = vec!["21".parse().unwrap()]), "out-of-scope");
    assert_eq!(refused(|it| it.tier = Level::Province), "out-of-scope");
    assert_eq!(refused(|it| it.class = BroadcastClass::Daily), "out-of-scope");
    let mut drill_keys = keys();
    drill_keys.keys[0].classes.push(BroadcastClass::RealDrill);
    let mut drill = red_rain();
    (drill.class, drill.mode) = (BroadcastClass::RealDrill, ModeKind::Drill);
    assert_eq!(judge(&signed(&drill), &drill_keys).unwrap_err().code(), "wrong-mode");
}

#[test]
fn the_city_s_key_speaks_for_a_county_as_well_and_silences_what_it_could_sign() {
    let county = Bulletin { tier: Level::County, ..red_rain() };
    assert_eq!(judge(&signed(&county), &keys()).unwrap(), county);
    let key = &keys().keys[0];
    assert!(key.may_silence(&county) && key.may_silence(&Bulletin { grade: None, ..red_rain() }));
    assert!(!key.may_silence(&Bulletin { class: BroadcastClass::Daily, ..red_rain() }));
}

#[test]
fn keys_that_expired_or_sign_only_blue_are_bounded() {
    let (mut old, mut mild) = (keys(), keys());
    old.keys[0].not_after = NOW;
    assert_eq!(judge(&signed(&red_rain()), &old).unwrap_err().code(), "unknown-key");
    mild.keys[0].max_level = Grade::Blue;
    assert_eq!(judge(&signed(&red_rain()), &mild).unwrap_err().code(), "out-of-scope");
}

/// An SM2 bulletin is told apart from a forgery, which would raise an alarm.
#[cfg(not(feature = "sm2"))]
#[test]
fn without_sm2_its_bulletins_are_unsupported_and_the_feature_is_named() {
    let mut keys = keys();
    keys.keys[0].public = PublicKey::new(Alg::Sm2, &[4; 65]).unwrap();
    let mut envelope = signer().seal(&red_rain()).unwrap();
    envelope.alg = Alg::Sm2;
    let refused = judge(&envelope.to_bytes(), &keys).unwrap_err();
    assert_eq!((refused.code(), refused.clone()), ("unsupported", Refusal::Unsupported { alg: Alg::Sm2 }));
    assert!(refused.to_string().contains("built without the feature sm2"), "{refused}");
}

#[test]
fn a_replay_is_refused() {
    let mut window = SeenWindow::default();
    window.mark(red_rain().seq);
    let seen = Sequences::from([(red_rain().key_id, window)]);
    let region = "210423001001".parse().unwrap();
    let here = Circumstances { now: NOW, region, mode: ModeKind::Live, seen: &seen };
    assert_eq!(verify(&signed(&red_rain()), &keys(), here).unwrap_err().code(), "replayed");
}
