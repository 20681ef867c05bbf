//! What followers of the service account do, through the door where the platform pushes it.

use super::town::{Browser, Town};
use mingluo_model::{address::Address, mode::ModeKind};
use sha1::{Digest, Sha1};

const FOLLOWER: &str = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

/// Pushes as the platform does, bare, signed with the town's token; what is answered.
async fn pushed(platform: &Browser, seconds: i64, fields: &str) -> String {
    let (timestamp, nonce) = (seconds.to_string(), "7");
    let mut parts = ["secret", timestamp.as_str(), nonce];
    parts.sort_unstable();
    let signature = hex::encode(Sha1::digest(parts.concat()));
    let path =
        format!("/callback/wechat/live-wechat?signature={signature}&timestamp={timestamp}&nonce={nonce}");
    let body = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>{FOLLOWER}</FromUserName><CreateTime>{seconds}</CreateTime>\
         {fields}</xml>"
    );
    let answer = platform.send(&path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn event(name: &str, key: &str) -> String {
    format!("<MsgType>event</MsgType><Event>{name}</Event><EventKey>{key}</EventKey>")
}

async fn is_off(town: &Town) -> bool {
    let hash = town.city.store.vault().address_hash(&Address::new(FOLLOWER));
    town.city.store.opt_outs(ModeKind::Live).await.unwrap().contains(&hash)
}

#[tokio::test]
async fn who_unfollows_gets_no_more_until_they_follow_again() {
    let town = Town::with_all_channels().await;
    let (platform, now) = (town.stranger(), town.city.clock.now().0 / 1000);

    pushed(&platform, now, &event("unsubscribe", "")).await;
    assert!(is_off(&town).await);
    let answer = pushed(&platform, now + 1, &event("subscribe", "qrscene_210423100201")).await;
    assert!(!is_off(&town).await);
    assert!(answer.contains("<Content>已记下您的地区：镇西村民委员会"), "{answer}");

    // The platform did not hear the first answer in time, and says it again.
    pushed(&platform, now, &event("unsubscribe", "")).await;
    assert!(!is_off(&town).await, "what was said before they came back takes nobody off");
    let kept = town.city.store.replies(ModeKind::Live, None, 10).await.unwrap();
    let words: Vec<_> = kept.iter().map(|one| one.reply.words.as_str()).collect();
    assert_eq!(words, ["地区 210423100201", "subscribe", "unsubscribe"], "once each, the latest first");
}

#[tokio::test]
async fn who_writes_is_told_what_was_understood() {
    let town = Town::with_all_channels().await;
    let (platform, now) = (town.stranger(), town.city.clock.now().0 / 1000);
    let written = |words: &str| {
        format!("<MsgType>text</MsgType><Content>{words}</Content><MsgId>{now}{}</MsgId>", words.len())
    };

    let answer = pushed(&platform, now, &written("退订")).await;
    assert!(
        answer.contains("已退订") && answer.contains(&format!("<ToUserName>{FOLLOWER}</ToUserName>")),
        "{answer}"
    );
    assert!(is_off(&town).await);
    assert_eq!(pushed(&platform, now, &written("水进屋了")).await, "success");
    assert!(pushed(&platform, now, &written("DY")).await.contains("已订阅"));
    assert!(!is_off(&town).await);
}

#[tokio::test]
async fn a_stranger_takes_nobody_off() {
    let town = Town::with_all_channels().await;
    let path = "/callback/wechat/live-wechat?signature=0&timestamp=0&nonce=7";
    let body = format!("<xml><FromUserName>{FOLLOWER}</FromUserName>{}</xml>", event("unsubscribe", ""));
    assert_eq!(town.stranger().send(path, &body).await.status, 403);
    assert!(!is_off(&town).await);
}
