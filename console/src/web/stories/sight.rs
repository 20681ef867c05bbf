//! Stories of officers who looked at one text while its author wrote another: nobody signs what they have not seen.

use super::{approved, sent_to, state, town::Town};
use axum::http::StatusCode;

/// What `page` would send back when its button is pressed.
fn hidden(page: &str) -> String {
    let (_, rest) = page.split_once(r#"name="content_hash" value=""#).expect("a form that signs");
    rest.split('"').next().unwrap().to_owned()
}

/// The author takes it back, writes other words and hands it in again.
async fn rewritten(town: &Town, id: &str) {
    let wang = town.sign_in("wang").await;
    wang.post(&format!("/live/alerts/{id}/retract"), &[]).await;
    let mut fields = town.red.clone();
    fields.retain(|(name, _)| *name != "body");
    fields.extend([("body", "请全市立即撤离。"), ("edits", id.to_owned().leak())]);
    let edited = wang.post("/live/compose", &fields).await;
    assert_eq!(edited.status, StatusCode::SEE_OTHER, "{}", edited.body);
    wang.post(&format!("/live/alerts/{id}/submit"), &[]).await;
}

/// A red of `wang`'s, handed in.
async fn submitted(town: &Town) -> String {
    let wang = town.sign_in("wang").await;
    let id = sent_to(wang.post("/live/compose", &town.red).await.location());
    wang.post(&format!("/live/alerts/{id}/submit"), &[]).await;
    id
}

#[tokio::test]
async fn words_that_changed_after_the_page_was_opened_are_not_approved() {
    let town = Town::open().await;
    let (id, li) = (submitted(&town).await, town.sign_in("li").await);
    let page = format!("/live/alerts/{id}");
    let seen = hidden(&li.get(&page).await.body);
    rewritten(&town, &id).await;
    let tried = li.post(&format!("{page}/approve"), &[("content_hash", &seen)]).await;
    assert_eq!((tried.status, state(&town, &id).await), (StatusCode::CONFLICT, "submitted"));
    assert!(tried.body.contains("内容在您打开之后被修改") && tried.body.contains(&page), "{}", tried.body);
    let seen = hidden(&li.get(&page).await.body);
    li.post(&format!("{page}/approve"), &[("content_hash", &seen)]).await;
    assert_eq!(state(&town, &id).await, "approved");
}

#[tokio::test]
async fn words_that_changed_after_the_page_was_opened_are_not_released() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let (li, zhao) = (town.sign_in("li").await, town.sign_in("zhao").await);
    let page = format!("/live/alerts/{id}");
    let seen = hidden(&zhao.get(&format!("{page}/release")).await.body);
    rewritten(&town, &id).await;
    li.post(&format!("{page}/approve"), &[]).await;
    let typed = [("deliveries", "2"), ("content_hash", seen.as_str())];
    let tried = zhao.post(&format!("{page}/release"), &typed).await;
    assert_eq!((tried.status, state(&town, &id).await), (StatusCode::CONFLICT, "approved"));
    assert!(tried.body.contains("没有签署") && town.city.live.progress(None).is_empty(), "{}", tried.body);
    let seen = hidden(&zhao.get(&format!("{page}/release")).await.body);
    let typed = [("deliveries", "2"), ("content_hash", seen.as_str())];
    assert_eq!(zhao.post(&format!("{page}/release"), &typed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&town, &id).await, "released");
}

#[tokio::test]
async fn words_that_changed_after_the_page_was_opened_are_not_returned() {
    let town = Town::open().await;
    let (id, li) = (submitted(&town).await, town.sign_in("li").await);
    let page = format!("/live/alerts/{id}");
    let seen = hidden(&li.get(&page).await.body);
    rewritten(&town, &id).await;
    let fields = [("reason", "地名写错"), ("content_hash", seen.as_str())];
    let tried = li.post(&format!("{page}/return"), &fields).await;
    assert_eq!((tried.status, state(&town, &id).await), (StatusCode::CONFLICT, "submitted"));
    let seen = hidden(&li.get(&page).await.body);
    let fields = [("reason", "地名写错"), ("content_hash", seen.as_str())];
    li.post(&format!("{page}/return"), &fields).await;
    assert_eq!(state(&town, &id).await, "draft");
}

#[tokio::test]
async fn a_form_that_does_not_tell_what_it_showed_signs_nothing() {
    let town = Town::open().await;
    let (id, li) = (submitted(&town).await, town.sign_in("li").await);
    let tried = li.post(&format!("/live/alerts/{id}/approve"), &[("content_hash", "")]).await;
    assert_eq!((tried.status, state(&town, &id).await), (StatusCode::BAD_REQUEST, "submitted"));
}

#[tokio::test]
async fn programs_sign_what_they_were_shown_and_say_so() {
    let town = Town::open().await;
    let (id, li, zhao) = (submitted(&town).await, town.program("li").await, town.program("zhao").await);
    let path = format!("/api/live/alerts/{id}");
    let seen = li.get(&path).await.json()["content_hash"].clone();
    for (verb, body) in [
        ("approve", ""),
        ("approve", "{}"),
        ("return", r#"{"reason": "错"}"#),
        ("release", r#"{"deliveries": 2}"#),
    ] {
        let refused = li.send(&format!("{path}/{verb}"), body).await;
        let error = &refused.json()["error"];
        assert_eq!(
            (refused.status, error["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some("missing-field"))
        );
        assert_eq!(error["fields"]["field"], "content_hash", "{verb} {body}");
    }
    let refused = li.send(&format!("{path}/approve"), r#"{"content_hash": "8f"}"#).await.json();
    assert!(refused["error"]["zh"].as_str().unwrap().contains("64 位十六进制"), "{refused}");
    rewritten(&town, &id).await;
    for (program, verb, more) in [
        (&li, "approve", serde_json::json!({})),
        (&li, "return", serde_json::json!({ "reason": "错" })),
        (&zhao, "release", serde_json::json!({ "deliveries": 2 })),
    ] {
        let mut body = more;
        body["content_hash"] = seen.clone();
        let refused = program.send(&format!("{path}/{verb}"), &body.to_string()).await;
        assert_eq!(
            (refused.status, refused.json()["error"]["code"].as_str()),
            (StatusCode::CONFLICT, Some("content-changed")),
            "{verb}"
        );
    }
    let seen = li.get(&path).await.json()["content_hash"].clone();
    let body = serde_json::json!({ "content_hash": seen }).to_string();
    assert_eq!(li.send(&format!("{path}/approve"), &body).await.json()["state"], "approved");
}
