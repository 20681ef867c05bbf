//! Keys come and go; the root alone says which.

use super::*;
use mingluo_model::{
    bulletin::{KeyEdition, SignedKeySet},
    link::{Keys, KeysAnswer},
    signer::LocalSigner,
};

fn second() -> LocalSigner {
    LocalSigner::from_seed("fushun-2".parse().unwrap(), &[8; 32])
}

/// Version 2: the second key beside the first.
fn overlapping() -> KeyEdition {
    let mut edition = edition(2);
    let entry = mingluo_model::bulletin::VerifyingEntry {
        id: "fushun-2".parse().unwrap(),
        public: second().public(),
        ..edition.keys[0].clone()
    };
    edition.keys.push(entry);
    edition
}

/// Version 3: the second key alone.
fn revoking() -> KeyEdition {
    let keys = overlapping().keys.into_iter().filter(|key| key.id.as_str() == "fushun-2").collect();
    KeyEdition { version: 3.try_into().unwrap(), keys }
}

fn by_second(seq: u64) -> Order {
    let bulletin = Bulletin { key_id: "fushun-2".parse().unwrap(), ..bulletin(seq) };
    Order { ebm: bulletin.ebm, envelope: second().seal(&bulletin).unwrap().to_bytes() }
}

impl Village {
    fn rekey(&mut self, signed: SignedKeySet) -> KeysAnswer {
        self.agent.hear(CityFrame::Keys(Keys { signed })).unwrap();
        let mut frames = std::iter::from_fn(|| self.agent.next_frame());
        frames.find_map(|frame| if let BoxFrame::Keys(answer) = frame { Some(answer) } else { None }).unwrap()
    }
}

fn signed_by_root(edition: &KeyEdition) -> SignedKeySet {
    edition.sign(&root()).unwrap()
}

#[test]
fn a_key_is_rotated_over_the_link_and_the_old_one_is_refused_afterwards() {
    let mut village = Village::new();
    assert_eq!(village.hear(by_second(1)).last(), Some(&(1, Event::Refused)));
    assert_eq!(village.rekey(signed_by_root(&overlapping())).version, 2);
    assert_eq!(village.hear(by_second(2)).last(), Some(&(2, Event::Playing)));
    village.pass(MINUTE);
    assert_eq!(village.rekey(signed_by_root(&revoking())).version, 3);
    village.agent.hear(CityFrame::Order(order(3))).unwrap();
    assert_eq!(village.reports().pop().unwrap().reason, "unknown-key");
}

#[test]
fn a_revoked_key_falls_silent_at_once_and_stays_so_after_a_power_cut() {
    let mut village = Village::new();
    village.hear(order(1));
    village.hear(signed(&blue(2)));
    assert!(village.air.is_loud());
    village.agent.hear(CityFrame::Keys(Keys { signed: signed_by_root(&revoking()) })).unwrap();
    assert!(!village.air.has_power());
    let mut village = village.power_cut();
    let events = village.events();
    assert!(events.contains(&(1, Event::Stopped)) && events.contains(&(2, Event::Stopped)), "{events:?}");
    assert!(matches!(village.agent.hello([1; 32]), BoxFrame::Hello(hello) if hello.key_set == 3));
    assert!(village.pass(MINUTE).is_empty());
}

#[test]
fn an_older_a_forged_and_a_garbled_key_set_are_refused_with_their_reason() {
    let mut village = Village::new();
    village.rekey(signed_by_root(&revoking()));
    let forged = revoking().sign(&second()).unwrap();
    let garbled = SignedKeySet { set: "{}".to_owned(), signature: signed_by_root(&revoking()).signature };
    for (offered, reason) in [
        (signed_by_root(&overlapping()), "not-newer"),
        (signed_by_root(&revoking()), "not-newer"),
        (forged, "bad-signature"),
        (garbled, "bad-signature"),
    ] {
        let answer = village.rekey(offered);
        assert_eq!((answer.version, answer.reason.as_str()), (3, reason));
    }
}

#[test]
fn a_key_of_one_county_for_one_class_and_grade_signs_nothing_else() {
    let mut narrow = edition(2);
    let key = &mut narrow.keys[0];
    (key.areas, key.max_level) = (vec!["210423".parse().unwrap()], Grade::Yellow);
    key.classes = vec![BroadcastClass::Emergency];
    let mut village = Village::new();
    village.rekey(signed_by_root(&narrow));
    let inside = Bulletin { grade: Some(Grade::Yellow), ..bulletin(1) };
    let cases = [
        Bulletin { seq: 2, ebm: bulletin(2).ebm, ..bulletin(2) },
        Bulletin { areas: vec!["2104".parse().unwrap()], grade: Some(Grade::Yellow), ..bulletin(3) },
        Bulletin { class: BroadcastClass::Daily, grade: Some(Grade::Yellow), ..bulletin(4) },
        Bulletin { tier: Level::Province, grade: Some(Grade::Yellow), ..bulletin(5) },
    ];
    for outside in cases {
        village.agent.hear(CityFrame::Order(signed(&outside))).unwrap();
        assert_eq!(village.reports().pop().unwrap().reason, "out-of-scope");
    }
    assert_eq!(village.hear(signed(&inside)).last(), Some(&(1, Event::Playing)));
}

#[cfg(feature = "sm2")]
#[test]
fn a_village_goes_over_to_sm2_by_a_key_set_and_stays_there_after_a_power_cut() {
    let sm2 = crate::village::sm2_signer();
    let by_sm2 = |seq| {
        let bulletin = bulletin(seq);
        Order { ebm: bulletin.ebm, envelope: sm2.seal(&bulletin).unwrap().to_bytes() }
    };
    let mut village = Village::new();
    assert_eq!(village.hear(by_sm2(1)).last(), Some(&(1, Event::Refused)));
    let mut edition = edition(2);
    edition.keys[0].public = sm2.public();
    assert_eq!(village.rekey(signed_by_root(&edition)).version, 2);
    let mut village = village.power_cut();
    assert_eq!(village.hear(by_sm2(2)).last(), Some(&(2, Event::Playing)));
    village.pass(MINUTE);
    village.agent.hear(CityFrame::Order(order(3))).unwrap();
    assert_eq!(village.reports().pop().unwrap().reason, "bad-signature");
}

/// As the root's holder signs it with a program that has SM2: by hand here.
#[cfg(not(feature = "sm2"))]
#[test]
fn a_box_without_sm2_takes_a_set_of_both_and_none_of_sm2_alone() {
    use mingluo_model::{
        bulletin::{Alg, Envelope, PublicKey},
        signer::Purpose,
    };
    let signed = |edition: &KeyEdition| {
        let set = serde_json::to_string(edition).unwrap();
        let signature = root().sign_now(Purpose::KeySet, set.as_bytes()).bytes;
        SignedKeySet { set, signature }
    };
    let mut both = overlapping();
    both.keys[1].public = PublicKey::new(Alg::Sm2, &[4; 65]).unwrap();
    let mut village = Village::new();
    assert_eq!(village.rekey(signed(&both)).version, 2);
    let order = by_second(1);
    let envelope = Envelope { alg: Alg::Sm2, ..Envelope::from_bytes(&order.envelope).unwrap() };
    village.agent.hear(CityFrame::Order(Order { envelope: envelope.to_bytes(), ..order })).unwrap();
    let report = village.reports().pop().unwrap();
    assert_eq!(report.reason, "unsupported");
    assert!(report.detail.contains("sm2"), "{}", report.detail);

    both.keys.remove(0);
    let answer = village.rekey(signed(&KeyEdition { version: 3.try_into().unwrap(), ..both }));
    assert_eq!((answer.version, answer.reason.as_str()), (2, "unsupported"));
    assert!(answer.detail.contains("built without sm2"), "{}", answer.detail);
}
