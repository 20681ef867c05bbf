//! Stories of answers by customer-service messages at their platform, over real sockets.

use super::{
    WeChatFaults,
    story::{Scene, scene},
};
use crate::sim_journal::What;
use mingluo_channels::wechat::{CustomService, LONGEST_TEXT, Untold};
use mingluo_model::address::Address;
use std::time::Duration;

/// How many messages the follower can be told now.
async fn told(service: &CustomService) -> (u32, Untold) {
    for count in 0.. {
        if let Err(untold) = service.tell(&Address::new("o1"), "请立即转移").await {
            return (count, untold);
        }
    }
    unreachable!("the platform ends it")
}

async fn writes(scene: &Scene) {
    scene.act(r#"{"openid": "o1", "words": "预警"}"#).await;
}

#[tokio::test]
async fn who_wrote_can_be_told_five_times_and_who_pressed_a_key_three_times() {
    let scene = scene(WeChatFaults::default()).await;
    let service = scene.channel.custom_service();
    assert_eq!(told(&service).await, (0, Untold::OutsideWindow), "nobody asked");
    scene.act(r#"{"openid": "o1", "event": "CLICK", "key": "预警"}"#).await;
    assert_eq!(told(&service).await, (3, Untold::TooMany));
    writes(&scene).await;
    assert_eq!(told(&service).await, (5, Untold::TooMany));
    assert!(scene.told(What::Accepted).iter().all(|entry| entry.detail == "请立即转移"));
}

#[tokio::test]
async fn two_days_later_nobody_can_be_told_and_a_token_that_died_meanwhile_is_renewed() {
    let scene = scene(WeChatFaults::default()).await;
    let service = scene.channel.custom_service();
    writes(&scene).await;
    service.tell(&Address::new("o1"), "雨").await.unwrap();
    scene.far_clock.set(Duration::from_hours(47));
    service.tell(&Address::new("o1"), "雨").await.unwrap();
    assert_eq!(scene.platform.asked_for_tokens(), 2);
    scene.far_clock.set(Duration::from_hours(48));
    assert_eq!(told(&service).await, (0, Untold::OutsideWindow));
}

#[tokio::test]
async fn the_longest_text_is_taken_and_a_longer_one_refused_without_a_name() {
    let scene = scene(WeChatFaults::default()).await;
    let service = scene.channel.custom_service();
    writes(&scene).await;
    let to = Address::new("o1");
    service.tell(&to, &"a".repeat(LONGEST_TEXT)).await.unwrap();
    let Err(Untold::Refused { far_code }) = service.tell(&to, &"a".repeat(LONGEST_TEXT + 1)).await else {
        panic!("it is too long")
    };
    assert!(far_code.starts_with("45002"), "{far_code}");
}
