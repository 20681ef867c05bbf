//! Stories of too few hands: a blind alley is told before it is walked into, and who could help is told by name.

use super::{approved, sent_to, state, town::Town};
use axum::http::StatusCode;
use mingluo_model::owner::Role;

/// A red draft of `wang`'s, handed in.
async fn submitted(town: &Town) -> String {
    let wang = town.sign_in("wang").await;
    let id = sent_to(wang.post("/live/compose", &town.red).await.location());
    wang.post(&format!("/live/alerts/{id}/submit"), &[]).await;
    assert_eq!(state(town, &id).await, "submitted");
    id
}

/// A town whose only releaser also approves.
async fn with_one_releaser() -> Town {
    let town = Town::open().await;
    town.retire("zhao").await;
    town.hire_in("2104", "qian", &[Role::Approver, Role::Releaser]).await;
    town
}

#[tokio::test]
async fn who_alone_may_release_is_warned_before_approving() {
    let town = with_one_releaser().await;
    let id = submitted(&town).await;
    let page = format!("/live/alerts/{id}");
    let told = town.sign_in("qian").await.get(&page).await.body;
    assert!(told.contains("照此签署将凑不足 3 名不同人员：有签发权的只有 qian"), "{told}");
    assert!(!town.sign_in("li").await.get(&page).await.body.contains("照此签署"), "li leaves qian free");
    town.hire_in("2104", "sun", &[Role::Releaser]).await;
    assert!(!town.sign_in("qian").await.get(&page).await.body.contains("照此签署"), "sun can release");
}

#[tokio::test]
async fn an_author_who_alone_may_release_is_warned_before_handing_in() {
    let town = Town::open().await;
    town.retire("zhao").await;
    town.hire_in("2104", "all", &[Role::Author, Role::Approver, Role::Releaser]).await;
    let all = town.sign_in("all").await;
    let id = sent_to(all.post("/live/compose", &town.red).await.location());
    let told = all.get(&format!("/live/alerts/{id}")).await.body;
    assert!(told.contains("照此签署将凑不足 3 名"), "{told}");
}

#[tokio::test]
async fn a_blind_alley_names_who_signed_and_the_way_out() {
    let town = with_one_releaser().await;
    let id = submitted(&town).await;
    let page = format!("/live/alerts/{id}");
    let qian = town.sign_in("qian").await;
    qian.post(&format!("{page}/approve"), &[]).await;
    let told = qian.get(&page).await.body;
    assert!(told.contains("没有人能签发") && !told.contains(&format!("{page}/release")), "{told}");
    let asked = qian.get(&format!("{page}/release")).await;
    let tried = qian.post(&format!("{page}/release"), &[("deliveries", "2")]).await;
    for answer in [asked, tried] {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!answer.body.contains(r#"name="deliveries""#), "no number would help");
        for words in ["须由 3 名", "（拟稿员王、qian）", "还差 1 名", "退回拟稿人", "增加一名签发人"]
        {
            assert!(answer.body.contains(words), "{words}: {}", answer.body);
        }
    }
    let board = qian.get("/live/").await.body;
    assert!(!board.contains(&format!("{page}/release")), "the board sends nobody into it");
    town.hire_in("2104", "sun", &[Role::Releaser]).await;
    let tried = qian.post(&format!("{page}/release"), &[("deliveries", "2")]).await.body;
    assert!(tried.contains("请由未签过的签发人签发：sun。"), "{tried}");
    assert!(qian.get(&page).await.body.contains("等待签发：sun 可以签发"));
    let done = town.sign_in("sun").await.post(&format!("{page}/release"), &[("deliveries", "2")]).await;
    assert_eq!((done.status, state(&town, &id).await), (StatusCode::SEE_OTHER, "released"));
}

#[tokio::test]
async fn programs_hear_of_a_blind_alley_too() {
    let town = with_one_releaser().await;
    let id = submitted(&town).await;
    let qian = town.program("qian").await;
    let shown = town.shown(&id).await;
    let approval = format!(r#"{{"content_hash": "{shown}"}}"#);
    qian.send(&format!("/api/live/alerts/{id}/approve"), &approval).await;
    let release = format!(r#"{{"content_hash": "{shown}", "deliveries": 2}}"#);
    let told = qian.send(&format!("/api/live/alerts/{id}/release"), &release).await.json();
    let (error, fields) = (&told["error"], &told["error"]["fields"]);
    assert_eq!((error["code"].as_str(), fields["able"].as_str()), (Some("too-few-people"), Some("none")));
    assert_eq!((fields["missing"].as_str(), fields["by"].as_str()), (Some("1"), Some("拟稿员王、qian")));
    assert!(error["en"].as_str().unwrap().contains("拟稿员王, qian"), "{told}");
}

#[tokio::test]
async fn a_number_typed_wrong_tells_nobody_the_right_one() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let (li, zhao) = (town.program("li").await, town.program("zhao").await);
    let path = format!("/api/live/alerts/{id}/release");
    let release = format!(r#"{{"content_hash": "{}", "deliveries": 977}}"#, town.shown(&id).await);
    let told = li.send(&path, &release).await.json();
    assert_eq!(told["error"]["code"], "alert-no-right", "rights come first");
    let told = zhao.send(&path, &release).await.json();
    assert_eq!(told["error"]["code"], "wrong-number");
    assert_eq!(told["error"]["fields"], serde_json::json!({ "typed": "977" }));
    for language in ["zh", "en"] {
        assert!(!told["error"][language].as_str().unwrap().contains('2'), "{told}");
    }
    let li = town.sign_in("li").await;
    let page = format!("/live/alerts/{id}/release");
    assert_eq!(li.get(&page).await.status, StatusCode::FORBIDDEN, "who may not release is not asked to type");
    assert_eq!(li.post(&page, &[("deliveries", "977")]).await.status, StatusCode::FORBIDDEN);
}
