//! Stories of taking a warning back: by whom, how fast, under which policy.

use super::{approved, sent_to, state, town::Town};
use crate::office::Withdrawal;
use axum::http::StatusCode;

pub(super) async fn released(town: &Town) -> String {
    let id = approved(town, "/live").await;
    let zhao = town.sign_in("zhao").await;
    let done = zhao.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    id
}

#[tokio::test]
async fn one_who_may_only_release_lifts_in_one_click() {
    let town = Town::open().await;
    let id = released(&town).await;
    let zhao = town.sign_in("zhao").await;
    let path = format!("/live/alerts/{id}/lift");
    assert!(zhao.get(&format!("/live/alerts/{id}")).await.body.contains(&path));
    let page = zhao.get(&path).await.body;
    assert!(page.contains("现已解除") && page.contains("停止并发解除"), "{page}");
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let done = zhao.post(&path, &[("body", &words), ("key", "k")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(
        (state(&town, &id).await, state(&town, &sent_to(done.location())).await),
        ("lifted", "released")
    );
    let seen = zhao.get(&format!("/live/alerts/{id}")).await.body;
    let panel = seen.split(r#"id="panel""#).nth(1).unwrap();
    assert!(panel.contains("已解除 ") && panel.contains(r#"class="g g0""#), "{panel}");
    assert!(!panel.contains("有效至"), "what was lifted holds no longer: {panel}");
}

#[tokio::test]
async fn an_author_hands_a_lift_in_and_any_releaser_sends_it() {
    let town = Town::open().await;
    let id = released(&town).await;
    let (wang, zhao) = (town.sign_in("wang").await, town.sign_in("zhao").await);
    let path = format!("/live/alerts/{id}/lift");
    assert!(wang.get(&path).await.body.contains("签发之前仍在发送"));
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let lift = sent_to(wang.post(&path, &[("body", &words), ("key", "k")]).await.location());
    assert_eq!((state(&town, &id).await, state(&town, &lift).await), ("released", "approved"));
    let sent = zhao.post(&format!("/live/alerts/{lift}/release"), &[("deliveries", "2")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert_eq!((state(&town, &id).await, state(&town, &lift).await), ("lifted", "released"));
}

#[tokio::test]
async fn a_lift_that_another_one_overtook_is_void_and_waits_for_nobody() {
    let town = Town::open().await;
    let id = released(&town).await;
    let (wang, zhao) = (town.sign_in("wang").await, town.sign_in("zhao").await);
    let path = format!("/live/alerts/{id}/lift");
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let slow = sent_to(wang.post(&path, &[("body", &words), ("key", "k")]).await.location());
    let waiting = "/live/alerts?show=waiting";
    let before = zhao.get(waiting).await.body;
    assert!(before.contains(&slow), "{before}");
    assert!(!zhao.get(&format!("/live/alerts/{slow}")).await.body.contains("已有同类预警"));
    let quick = sent_to(zhao.post(&path, &[("body", &words), ("key", "k2")]).await.location());
    assert!(!zhao.get(waiting).await.body.contains(&slow), "nobody need sign it");
    let page = format!("/live/alerts/{slow}");
    let told = format!("已由预警 {quick} 结束（已解除），本稿作废");
    let own = zhao.get(&page).await.body;
    assert!(own.contains(&told) && !own.contains(&format!("{page}/release")), "{own}");
    let asked = zhao.get(&format!("{page}/release")).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(asked.body.contains(&told) && !asked.body.contains(r#"name="deliveries""#), "{}", asked.body);
    let tried = zhao.post(&format!("{page}/release"), &[("deliveries", "2")]).await;
    assert_eq!((tried.status, state(&town, &slow).await), (StatusCode::CONFLICT, "approved"));
    assert!(tried.body.contains(&told), "{}", tried.body);
}

#[tokio::test]
async fn where_the_policy_wants_two_the_second_one_approves() {
    let town = Town::where_withdrawals_need(2).await;
    let id = released(&town).await;
    let (zhao, li) = (town.sign_in("zhao").await, town.sign_in("li").await);
    let path = format!("/live/alerts/{id}/correct");
    assert!(zhao.get(&path).await.body.contains("须 2 名不同人员签署"));
    let words = town.prewritten(&id, Withdrawal::Correct).await;
    let correction = sent_to(zhao.post(&path, &[("body", &words), ("key", "k")]).await.location());
    assert_eq!((state(&town, &id).await, state(&town, &correction).await), ("released", "submitted"));
    li.post(&format!("/live/alerts/{correction}/approve"), &[]).await;
    zhao.post(&format!("/live/alerts/{correction}/release"), &[("deliveries", "2")]).await;
    assert_eq!(state(&town, &id).await, "corrected");
}

#[tokio::test]
async fn an_approver_takes_nothing_back() {
    let town = Town::open().await;
    let id = released(&town).await;
    let li = town.sign_in("li").await;
    let path = format!("/live/alerts/{id}/lift");
    assert!(!li.get(&format!("/live/alerts/{id}")).await.body.contains(&path));
    for answer in [li.get(&path).await, li.post(&path, &[("body", "x"), ("key", "k")]).await] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(
            answer.body.contains("解除、更正或更新") && answer.body.contains("回到该预警"),
            "{}",
            answer.body
        );
    }
    assert_eq!(state(&town, &id).await, "released");
}

#[tokio::test]
async fn the_api_goes_by_the_same_rule() {
    let town = Town::open().await;
    let id = released(&town).await;
    let path = format!("/api/live/alerts/{id}/lift");
    assert_eq!(town.program("li").await.send(&path, "{}").await.status, StatusCode::FORBIDDEN);
    let done = town.program("zhao").await.send(&path, "{}").await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.body);
    assert_eq!((state(&town, &id).await, done.json()["state"].as_str()), ("lifted", Some("released")));
    let again = town.program("zhao").await.send(&path, "{}").await;
    assert_eq!(
        (again.status, again.json()["error"]["code"].as_str()),
        (StatusCode::CONFLICT, Some("alert-wrong-state"))
    );
}

#[tokio::test]
async fn a_lift_counts_the_people_of_the_roster_that_was_warned() {
    let town = Town::open().await;
    let id = released(&town).await;
    let warned = town.city.live.alert(id.parse().unwrap()).await.unwrap().0.content.audience;
    town.import_again().await;
    let zhao = town.sign_in("zhao").await;
    let path = format!("/live/alerts/{id}/lift");
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let lift = sent_to(zhao.post(&path, &[("body", &words), ("key", "k")]).await.location());
    let lifted = town.city.live.alert(lift.parse().unwrap()).await.unwrap().0.content.audience;
    assert_eq!((lifted.edition, lifted.counts), (warned.edition, warned.counts));
}

#[tokio::test]
async fn words_of_ones_own_take_the_rule_of_the_red_that_they_end() {
    let town = Town::open().await;
    let id = released(&town).await;
    let zhao = town.sign_in("zhao").await;
    let path = format!("/live/alerts/{id}/lift");
    assert!(zhao.get(&path).await.body.contains("改动文字须 3 名不同人员签署"));
    let lift = sent_to(zhao.post(&path, &[("body", "水库已决口，快跑。"), ("key", "k")]).await.location());
    assert_eq!((state(&town, &id).await, state(&town, &lift).await), ("released", "submitted"));
    town.sign_in("li").await.post(&format!("/live/alerts/{lift}/approve"), &[]).await;
    let alone = zhao.post(&format!("/live/alerts/{lift}/release"), &[("deliveries", "2")]).await;
    assert_eq!(alone.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(alone.body.contains("须由 3 名") && alone.body.contains("预写文字"), "{}", alone.body);
}

#[tokio::test]
async fn the_api_tells_that_changed_words_wait_for_others() {
    let town = Town::open().await;
    let id = released(&town).await;
    let path = format!("/api/live/alerts/{id}/correct");
    let told = town.program("zhao").await.send(&path, r#"{"body": "快跑。"}"#).await.json();
    assert_eq!((told["state"].as_str(), told["people_needed"].as_u64()), (Some("submitted"), Some(3)));
    assert_eq!(state(&town, &id).await, "released");
    let told = town.program("zhao").await.send(&path, "{}").await.json();
    assert_eq!((told["state"].as_str(), told["people_needed"].as_u64()), (Some("released"), Some(1)));
}

#[tokio::test]
async fn prewritten_words_under_another_event_are_not_the_prewritten_ones() {
    let town = Town::open().await;
    let id = released(&town).await;
    let order = serde_json::json!({
        "hazard": "11B03", "grade": "blue", "body": town.prewritten(&id, Withdrawal::Lift).await,
        "area": ["210423100"], "channels": ["sms"], "expires": town.city.clock.now().0 + 3_600_000,
        "follows": { "lift": id },
    });
    let program = town.program("wang").await;
    let lift = program.send("/api/live/alerts", &order.to_string()).await.json();
    let lift = lift["id"].as_str().unwrap_or_else(|| panic!("{lift}"));
    let told = program.send(&format!("/api/live/alerts/{lift}/submit"), "").await.json();
    assert_eq!(told["state"].as_str(), Some("submitted"), "a blue end of a red is signed by three");
}
