//! Stories of warnings that go back to their author: returned with a reason, taken back, written anew.

use super::{approved, sent_to, state, town::Town, withdraw::released};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_returned_warning_is_edited_and_handed_in_again() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let (wang, li, zhao) = (town.sign_in("wang").await, town.sign_in("li").await, town.sign_in("zhao").await);
    let page = format!("/live/alerts/{id}");
    assert!(zhao.get(&page).await.body.contains("退回理由"), "a releaser may return it");
    let back = zhao.post(&format!("{page}/return"), &[("reason", "地名写错")]).await;
    assert_eq!((back.status, state(&town, &id).await), (StatusCode::SEE_OTHER, "draft"), "{}", back.body);
    let own = wang.get(&page).await.body;
    let edit = format!("/live/compose?edit={id}");
    assert!(own.contains("签发人赵退回，理由：“地名写错”") && own.contains(&edit), "{own}");
    assert!(!li.get(&page).await.body.contains(&edit), "only its author edits it");
    let form = wang.get(&edit).await.body;
    assert!(form.contains("修改草稿") && form.contains("预计今晚清原镇有大暴雨。"), "{form}");
    let mut fields = town.red.clone();
    fields.retain(|(name, _)| *name != "body");
    fields.extend([("body", "预计今晚清原镇有特大暴雨。"), ("edits", id.as_str())].map(leaked));
    let edited = wang.post("/live/compose", &fields).await;
    assert_eq!((edited.status, sent_to(edited.location())), (StatusCode::SEE_OTHER, id.clone()));
    for (browser, step, typed) in
        [(&wang, "submit", &[][..]), (&li, "approve", &[]), (&zhao, "release", &[("deliveries", "2")])]
    {
        let done = browser.post(&format!("{page}/{step}"), typed).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{step}: {}", done.body);
    }
    let told = zhao.get(&page).await.body;
    assert!(told.contains("特大暴雨") && told.contains("退回（地名写错）"), "{told}");
}

/// Fields live as long as the story.
fn leaked((name, value): (&'static str, &str)) -> (&'static str, &'static str) {
    (name, value.to_owned().leak())
}

#[tokio::test]
async fn a_return_is_kept_with_its_reason_and_the_signatures_that_it_made_void() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let path = format!("/live/alerts/{id}/return");
    let li = town.sign_in("li").await;
    for reason in ["", " ", &"长".repeat(201)] {
        let refused = li.post(&path, &[("reason", reason)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("退回理由须为 1 至 200 字"), "{}", refused.body);
    }
    li.post(&path, &[("reason", "重写")]).await;
    assert_eq!(li.post(&path, &[("reason", "重写")]).await.status, StatusCode::SEE_OTHER, "a second click");
    let rows = town.city.store.audit_rows(0, 100).await.unwrap();
    let line = &rows.iter().filter(|row| row.line.action == "alert.return").collect::<Vec<_>>()[..];
    let [row] = line else { panic!("one line, not {}", line.len()) };
    assert_eq!(row.line.detail["reason"], "重写");
    assert_eq!(row.line.detail["void"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_author_takes_back_what_nobody_has_released() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let (wang, li) = (town.sign_in("wang").await, town.sign_in("li").await);
    let path = format!("/live/alerts/{id}/retract");
    assert!(!li.get(&format!("/live/alerts/{id}")).await.body.contains(&path));
    assert_eq!(li.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(state(&town, &id).await, "approved");
    let own = wang.get(&format!("/live/alerts/{id}")).await.body;
    assert!(own.contains(&path) && !own.contains("退回理由"), "{own}");
    let done = wang.post(&path, &[]).await;
    assert_eq!((done.status, state(&town, &id).await), (StatusCode::SEE_OTHER, "draft"));
}

#[tokio::test]
async fn what_was_released_does_not_go_back_that_way() {
    let town = Town::open().await;
    let id = released(&town).await;
    let (wang, zhao) = (town.sign_in("wang").await, town.sign_in("zhao").await);
    let back = zhao.post(&format!("/live/alerts/{id}/return"), &[("reason", "错")]).await;
    let retracted = wang.post(&format!("/live/alerts/{id}/retract"), &[]).await;
    assert_eq!([back.status, retracted.status], [StatusCode::CONFLICT; 2]);
    assert_eq!(state(&town, &id).await, "released");
}

#[tokio::test]
async fn a_releaser_without_an_authors_right_edits_their_own_returned_lift() {
    let town = Town::where_withdrawals_need(2).await;
    let id = released(&town).await;
    let (zhao, li) = (town.sign_in("zhao").await, town.sign_in("li").await);
    let words = town.prewritten(&id, crate::office::Withdrawal::Lift).await;
    let lift = zhao.post(&format!("/live/alerts/{id}/lift"), &[("body", &words), ("key", "k")]).await;
    let page = lift.location().to_owned();
    li.post(&format!("{page}/return"), &[("reason", "再等等")]).await;
    assert_eq!(state(&town, &sent_to(&page)).await, "draft");
    let own = zhao.get(&page).await.body;
    assert!(own.contains(&format!("{page}/submit")) && own.contains("/live/compose?edit="), "{own}");
    assert_eq!(zhao.post(&format!("{page}/submit"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&town, &sent_to(&page)).await, "submitted");
}

#[tokio::test]
async fn programs_return_edit_and_retract_by_the_same_rules() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let (wang, li) = (town.program("wang").await, town.program("li").await);
    let path = format!("/api/live/alerts/{id}");
    assert_eq!(li.send(&format!("{path}/return"), "{}").await.status, StatusCode::BAD_REQUEST);
    let back = format!(r#"{{"content_hash": "{}", "reason": "地名写错"}}"#, town.shown(&id).await);
    let told = li.send(&format!("{path}/return"), &back).await.json();
    assert_eq!((told["state"].as_str(), told["approvals"].as_u64()), (Some("draft"), Some(0)));
    let order = json!({
        "hazard": "11B03", "grade": "orange", "body": "雨", "area": ["210423100"], "channels": ["sms"],
        "expires": town.city.clock.now().0 + 3_600_000,
    });
    let edit = format!("{path}/edit");
    let refused = li.send(&edit, &order.to_string()).await.json();
    assert_eq!(refused["error"]["code"], "alert-no-right", "an approver writes nothing");
    let told = wang.send(&edit, &order.to_string()).await.json();
    assert_eq!((told["people"].as_u64(), told["id"].as_str()), (Some(2), Some(id.as_str())), "{told}");
    wang.post(&format!("{path}/submit"), &[]).await;
    let told = wang.post(&format!("{path}/retract"), &[]).await.json();
    assert_eq!(told["state"], "draft");
    let told = wang.get(&path).await.json();
    assert_eq!(told["content"]["grade"], "orange");
    let steps: Vec<_> = told["steps"].as_array().unwrap().iter().map(|one| one["step"].clone()).collect();
    assert_eq!(steps, ["draft", "submit", "approve", "return", "edit", "submit", "retract"]);
    assert_eq!(told["steps"][3]["reason"], "地名写错");
}
