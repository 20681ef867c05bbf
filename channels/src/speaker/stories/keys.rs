//! Whom the boxes are told to believe.

use super::*;
use crate::speaker::keyring::{IssuedKeys, follow};
use mingluo_model::{
    bulletin::{BroadcastClass, KeyEdition, SignedKeySet, VerifyingEntry},
    grade::Grade,
    link::KeysAnswer,
    signer::LocalSigner,
};
use std::path::Path;

pub(super) fn signed(version: u64) -> SignedKeySet {
    let key = VerifyingEntry {
        id: "fushun-1".parse().unwrap(),
        public: signer().public(),
        not_after: Timestamp(NOW.0 + 86_400_000),
        tier: Level::City,
        areas: vec!["2104".parse().unwrap()],
        max_level: Grade::Red,
        classes: vec![BroadcastClass::Emergency],
    };
    let root = LocalSigner::from_seed("root".parse().unwrap(), &[3; 32]);
    KeyEdition { version: version.try_into().unwrap(), keys: vec![key] }.sign(&root).unwrap()
}

fn write(file: &Path, version: u64) {
    std::fs::write(file, serde_json::to_vec(&signed(version)).unwrap()).unwrap();
}

fn issued(version: u64) -> IssuedKeys {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.json");
    write(&file, version);
    IssuedKeys::read(&file).unwrap()
}

async fn hear_keys(village: &mut ScriptedBox) -> SignedKeySet {
    match village.hear().await {
        CityFrame::Keys(keys) => keys.signed,
        other => panic!("no keys: {other:?}"),
    }
}

#[tokio::test]
async fn a_newer_key_set_goes_to_who_believes_an_older_one_and_before_any_order() {
    let mut city = City::new().await;
    let mut here = city.connect(Hello { key_set: 4, ..hello(1) }).await;
    assert!(matches!(here.hear().await, CityFrame::Welcome(_)));
    let mut up_to_date = city.connect(Hello { key_set: 5, ..hello(2) }).await;
    assert!(matches!(up_to_date.hear().await, CityFrame::Welcome(_)));
    city.until(|city| city.channel.hub().count().online == 2).await;

    city.channel.hub().issue(issued(5));
    assert_eq!(hear_keys(&mut here).await, signed(5));
    city.order(&bulletin(1), &[1, 2, 3]).await;
    assert_eq!(up_to_date.hear_order().await, bulletin(1).ebm);
    let mut late = city.connect(hello(3)).await;
    assert!(matches!(late.hear().await, CityFrame::Welcome(_)));
    assert_eq!(hear_keys(&mut late).await, signed(5));
    assert_eq!(late.hear_order().await, bulletin(1).ebm);
}

#[tokio::test]
async fn what_a_box_says_of_its_keys_and_its_case_is_known_and_it_is_not_asked_again() {
    let mut city = City::new().await;
    city.channel.hub().issue(issued(5));
    let mut village = city.welcome(1).await;
    hear_keys(&mut village).await;
    let answer = KeysAnswer { version: 0, reason: "bad-signature".to_owned(), detail: String::new() };
    village.say(&BoxFrame::Keys(answer)).await;
    let beat = Heartbeat {
        state: DeviceState::On,
        volume: 80,
        playing: None,
        waiting: 0,
        pending: 0,
        clock_trusted: false,
        case_open: true,
        health: Health::default(),
        at: NOW,
    };
    village.say(&BoxFrame::Heartbeat(beat)).await;
    city.until(|city| city.channel.hub().fleet()[0].case_open).await;
    assert!(city.channel.hub().fleet()[0].clock_lost, "it plays nothing until somebody tells it the time");
    city.order(&bulletin(1), &[1]).await;
    assert_eq!(village.hear_order().await, bulletin(1).ebm, "a set that was refused is not sent twice");
    village
        .say(&BoxFrame::Keys(KeysAnswer { version: 5, reason: String::new(), detail: String::new() }))
        .await;
    city.until(|city| city.channel.hub().fleet()[0].key_set == 5).await;
}

#[tokio::test]
async fn a_file_that_is_replaced_is_sent_and_one_that_spoiled_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.json");
    let city = City::new().await;
    let mut village = city.welcome(1).await;
    write(&file, 1);
    let clock = city.clock.clone();
    let following = tokio::spawn(follow(city.channel.hub(), file.clone(), clock, city.stop.clone()));
    assert_eq!(hear_keys(&mut village).await, signed(1));
    std::fs::write(&file, "{").unwrap();
    let newer = file.with_extension("new");
    write(&newer, 2);
    city.clock.advance(Duration::from_secs(10));
    tokio::task::yield_now().await;
    std::fs::rename(&newer, &file).unwrap();
    while city.channel.hub().fleet()[0].key_set == 0 {
        city.clock.advance(Duration::from_secs(10));
        tokio::select! {
            keys = hear_keys(&mut village) => {
                assert_eq!(keys, signed(2));
                let answer = KeysAnswer { version: 2, reason: String::new(), detail: String::new() };
                village.say(&BoxFrame::Keys(answer)).await;
                city.until(|city| city.channel.hub().fleet()[0].key_set == 2).await;
            }
            () = tokio::task::yield_now() => {}
        }
    }
    city.stop.cancel();
    following.await.unwrap();
}

#[test]
fn a_file_without_a_key_set_is_named_with_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.json");
    for spoilt in ["", "{}", r#"{"set": "{}", "signature": "00"}"#] {
        std::fs::write(&file, spoilt).unwrap();
        let error = IssuedKeys::read(&file).unwrap_err();
        assert_eq!((error.field, error.fault), ("key_set_file", "no-key-set"));
    }
}
