//! Stories of what each channel says and what is known of it.

use super::{
    sent_to,
    town::{Fields, Town},
};
use axum::http::StatusCode;
use mingluo_model::delivery::{DeliveryState, Reason, Standing};

/// The red warning on mail and WeChat, approved.
async fn approved_on(town: &Town, channels: &[&'static str], instruction: &'static str) -> String {
    let mut form: Fields = town.red.clone();
    form.retain(|(name, _)| !["channels", "instruction"].contains(name));
    form.push(("instruction", instruction));
    form.extend(channels.iter().map(|channel| ("channels", *channel)));
    let (wang, li) = (town.sign_in("wang").await, town.sign_in("li").await);
    let drafted = wang.post("/live/compose", &form).await;
    assert_eq!(drafted.status, StatusCode::SEE_OTHER, "{}", drafted.body);
    let id = sent_to(drafted.location());
    wang.post(&format!("/live/alerts/{id}/submit"), &[]).await;
    li.post(&format!("/live/alerts/{id}/approve"), &[]).await;
    id
}

#[tokio::test]
async fn the_releaser_reads_every_field_that_wechat_will_show() {
    let town = Town::with_all_channels().await;
    let id = approved_on(&town, &["wechat", "email"], "请立即转移。").await;
    let page = town.sign_in("zhao").await.get(&format!("/live/alerts/{id}/release")).await.body;
    assert!(page.contains("<dt>thing4</dt><dd>请立即转移。</dd>"), "the officer's own words: {page}");
    assert!(
        page.contains("<dt>thing1</dt><dd>暴雨红色预警</dd>") && page.contains("影响区域：清原镇"),
        "{page}"
    );
    assert!(!page.contains("固定短语"), "{page}");
}

#[tokio::test]
async fn whoever_signs_reads_the_groups_and_what_a_reserve_channel_would_say() {
    let town = Town::with_all_channels().await;
    let mut form: Fields = town.red.clone();
    form.retain(|(name, _)| *name != "channels");
    form.extend([("channels", "sms"), ("reserve", "email"), ("groups", "grid_worker")]);
    let (wang, li) = (town.sign_in("wang").await, town.sign_in("li").await);
    let id = sent_to(wang.post("/live/compose", &form).await.location());
    wang.post(&format!("/live/alerts/{id}/submit"), &[]).await;
    let approving = li.get(&format!("/live/alerts/{id}")).await.body;
    li.post(&format!("/live/alerts/{id}/approve"), &[]).await;
    let releasing = town.sign_in("zhao").await.get(&format!("/live/alerts/{id}/release")).await.body;
    for page in [approving, releasing] {
        assert!(page.contains("<dt>只发给</dt><dd>网格员</dd>"), "{page}");
        assert!(page.contains("<dt>补发渠道</dt><dd>邮件</dd>"), "{page}");
        assert!(page.contains("补发渠道：首选渠道未送达时改用"), "{page}");
        assert!(page.matches("<h3>邮件</h3>").count() == 1, "{page}");
    }
}

#[tokio::test]
async fn fixed_words_in_place_of_the_officers_are_told() {
    let town = Town::with_all_channels().await;
    let long = "请低洼处、沟谷和山边的居民立即向高处转移，服从当地安排。";
    let id = approved_on(&town, &["wechat"], long).await;
    let page = town.sign_in("zhao").await.get(&format!("/live/alerts/{id}/release")).await.body;
    assert!(page.contains("<dt>thing4</dt><dd>请立即避险，服从转移安排</dd>"), "{page}");
    assert!(page.contains("用固定短语“请立即避险，服从转移安排”，不是防御指南原文"), "{page}");
}

#[tokio::test]
async fn mail_that_the_relay_took_has_left_us_and_has_not_arrived() {
    let town = Town::with_all_channels().await;
    let id = approved_on(&town, &["sms", "email"], "请立即转移。").await;
    let zhao = town.sign_in("zhao").await;
    let done = zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "3")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let plans = town.city.store.plans(id.parse().unwrap()).await.unwrap();
    let standing = |channel| match channel {
        mingluo_model::audience::ChannelKind::Email => Standing::new(DeliveryState::Accepted, Reason::None),
        _ => Standing::new(DeliveryState::Delivered, Reason::None),
    };
    let standings: Vec<_> = plans.iter().map(|plan| standing(plan.fields().channel)).collect();
    let town = town.closed_with(&id, &standings).await;
    let page = town.sign_in("zhao").await.get(&format!("/live/alerts/{id}")).await.body;
    assert!(page.contains("1<small>已离开本方</small>"), "{page}");
    assert!(page.contains("<dd>2 <small>/ 3</small></dd>") && page.contains("<dd>100.0%</dd>"), "{page}");
    assert!(page.contains("邮件没有送达回执"), "{page}");
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_no_empty_number() {
    let town = Town::with_all_channels().await;
    let id = approved_on(&town, &["email"], "请立即转移。").await;
    town.sign_in("zhao").await.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "1")]).await;
    let bad = Standing::new(DeliveryState::Failed, Reason::BadAddress);
    let town = town.closed_with(&id, &[bad]).await;
    let page = town.sign_in("zhao").await.get(&format!("/live/alerts/{id}")).await.body;
    assert!(page.contains("邮件：邮箱不存在") && !page.contains("空号"), "{page}");
}

#[tokio::test]
async fn a_lift_on_wechat_does_not_look_like_the_warning() {
    let town = Town::with_all_channels().await;
    let id = approved_on(&town, &["wechat"], "请立即转移。").await;
    let zhao = town.sign_in("zhao").await;
    zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "1")]).await;
    let words = town.prewritten(&id, crate::office::Withdrawal::Lift).await;
    let lift = zhao.post(&format!("/live/alerts/{id}/lift"), &[("body", &words), ("key", "k")]).await;
    let page = zhao.get(lift.location()).await.body;
    assert!(page.contains("<dt>thing1</dt><dd>解除暴雨红色预警</dd>"), "{page}");
}
