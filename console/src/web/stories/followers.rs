//! What followers of the service account do, through the door where the platform pushes it.

use super::{
    approved,
    town::{Browser, Town},
};
use mingluo_ledger::store::{AlertWrite, Change, StoredAlert};
use mingluo_model::{
    address::Address,
    alert::Language,
    clock::{Clock, Timestamp, system::SystemClock},
    id::AlertId,
    mode::ModeKind,
};
use rand::{SeedableRng, rngs::StdRng};
use sha1::{Digest, Sha1};
use std::time::Duration;

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

/// How a subscription notice ended, which has no number of its own.
const NOTICE: &str = "<MsgType>event</MsgType><Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List>\
     <TemplateId>N1</TemplateId><MsgID>7</MsgID><ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List>\
     </SubscribeMsgSentEvent>";

#[tokio::test]
async fn the_end_of_a_notice_that_is_said_again_after_a_start_is_not_taken_for_the_next_one_s() {
    let town = Town::with_all_channels().await;
    let now = town.city.clock.now().0 / 1000;
    let kept = async |town: &Town| town.city.store.unmatched(Timestamp(0)).await.unwrap().len();
    pushed(&town.stranger(), now, NOTICE).await;
    assert_eq!(kept(&town).await, 1);

    let town = town.restart().await;
    pushed(&town.stranger(), now, NOTICE).await;
    assert_eq!(kept(&town).await, 1, "it was kept before the start");
    pushed(&town.stranger(), now + 1, NOTICE).await;
    assert_eq!(kept(&town).await, 2, "and this is another one");
}

#[tokio::test]
async fn a_stranger_takes_nobody_off() {
    let town = Town::with_all_channels().await;
    let path = "/callback/wechat/live-wechat?signature=0&timestamp=0&nonce=7";
    let body = format!("<xml><FromUserName>{FOLLOWER}</FromUserName>{}</xml>", event("unsubscribe", ""));
    assert_eq!(town.stranger().send(path, &body).await.status, 403);
    assert!(!is_off(&town).await);
}

/// Something that a follower writes; no other has its number.
fn written(number: u32, words: &str) -> String {
    format!("<MsgType>text</MsgType><Content>{words}</Content><MsgId>{number}</MsgId>")
}

/// Lets time pass until there is an answer. The disk has its own time: it gets a moment of it in each step.
async fn in_the_end<T>(town: &Town, answer: impl Future<Output = T>) -> T {
    let (real, mut answer) = (SystemClock::shared(), std::pin::pin!(answer));
    loop {
        tokio::select! {
            answered = &mut answer => return answered,
            () = real.sleep(Duration::from_millis(1)) => town.shift.advance(Duration::from_millis(100)),
        }
    }
}

#[tokio::test]
async fn who_asks_while_nothing_can_be_read_is_told_to_wait_before_the_platform_gives_up() {
    let town = Town::with_calls("").await;
    let (platform, now) = (town.stranger(), town.city.clock.now().0 / 1000);
    pushed(&platform, now, &written(1, "地区 清原镇")).await;
    let held = town.city.teller.as_ref().unwrap().hold_board().await;

    let began = town.city.clock.ticks();
    let answer = in_the_end(&town, pushed(&platform, now, &written(2, "预警"))).await;

    assert!(answer.contains("查询的人太多，请过一分钟再回复"), "{answer}");
    assert!(
        town.city.clock.ticks().saturating_sub(began) >= Duration::from_secs(3),
        "not before it was waited for"
    );
    drop(held);
    let again = pushed(&platform, now, &written(2, "预警")).await;
    assert!(again.contains("清原镇当前没有生效的预警"), "what the platform says again is answered: {again}");
}

/// A warning like this one, with other words, whose end no calendar has.
async fn kept_without_an_end(town: &Town, like: &str, words: &str) {
    let stored = town.city.store.alert(like.parse().unwrap()).await.unwrap().unwrap();
    let mut content = stored.content.clone();
    content.expires = Timestamp(i64::MAX);
    content.texts.get_mut(&Language::chinese()).unwrap().body = words.to_owned();
    let id = AlertId::new(town.city.clock.now(), &mut StdRng::from_os_rng());
    let alert = StoredAlert { id, content, revision: 0, ..stored };
    let change = Change { alerts: vec![AlertWrite { alert }], ..Change::default() };
    town.city.store.commit(&change).await.unwrap();
}

#[tokio::test]
async fn a_warning_whose_end_cannot_be_written_is_told_without_it_and_keeps_nobody_from_the_others() {
    let town = Town::with_calls("").await;
    let id = approved(&town, "/live").await;
    town.sign_in("zhao").await.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    kept_without_an_end(&town, &id, "山洪即将到来。").await;
    let (platform, now) = (town.stranger(), town.city.clock.now().0 / 1000);
    pushed(&platform, now, &written(1, "地区 清原镇")).await;

    let answer = pushed(&platform, now, &written(2, "预警")).await;

    assert!(answer.contains("清原镇当前生效的预警 2 条："), "{answer}");
    assert!(answer.contains("山洪即将到来。") && answer.contains("预计今晚清原镇有大暴雨。"), "{answer}");
    assert_eq!((answer.matches("影响区域").count(), answer.matches("失效时间").count()), (2, 1), "{answer}");
}
