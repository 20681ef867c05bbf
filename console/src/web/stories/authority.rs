//! Stories of who is set over whom: the city's warnings are the city's, whoever else may sign at home.

use super::{approved, state, town::Town, withdraw::released};
use axum::http::StatusCode;
use mingluo_model::owner::Role;

const VILLAGE: &str = "210423100002";
const ALL: [Role; 3] = [Role::Author, Role::Approver, Role::Releaser];

#[tokio::test]
async fn a_village_neither_releases_nor_recalls_a_city_warning() {
    let town = Town::open().await;
    town.hire_in(VILLAGE, "cun", &ALL).await;
    let id = approved(&town, "/live").await;
    let cun = town.sign_in("cun").await;
    let page = cun.get(&format!("/live/alerts/{id}")).await.body;
    assert!(page.contains("该预警属于其他单位") && !page.contains("/release"), "{page}");
    let tried = cun.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    assert_eq!(tried.status, StatusCode::FORBIDDEN, "{}", tried.body);
    assert!(tried.body.contains("由该单位或其上级办理"));
    town.sign_in("zhao").await.post(&format!("/live/alerts/{id}/release"), &[("deliveries", "2")]).await;
    let tried = cun.post(&format!("/live/alerts/{id}/recall"), &[]).await;
    assert_eq!((tried.status, state(&town, &id).await), (StatusCode::FORBIDDEN, "released"));
}

#[tokio::test]
async fn a_village_lifts_no_city_red() {
    let town = Town::open().await;
    let cun = town.hire_in(VILLAGE, "cun", &ALL).await;
    let id = released(&town).await;
    let page = town.sign_in("cun").await.get(&format!("/live/alerts/{id}/lift")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let order = serde_json::json!({
        "hazard": "11B03", "grade": "red", "body": "解除", "area": [VILLAGE], "channels": ["sms"],
        "expires": town.city.clock.now().0 + 3_600_000, "follows": { "lift": id },
    });
    let refused = town.city.live.draft(&cun, &serde_json::from_value(order).unwrap()).await.unwrap_err();
    assert!(refused.to_string().contains("may not followed it"), "{refused}");
    assert_eq!(state(&town, &id).await, "released");
}

#[tokio::test]
async fn the_city_lifts_what_a_county_released() {
    let town = Town::open().await;
    let id = released(&town).await;
    town.hire_in("21", "sheng", &ALL).await;
    let done = town.program("sheng").await.send(&format!("/api/live/alerts/{id}/lift"), "{}").await;
    assert_eq!((done.status, state(&town, &id).await), (StatusCode::CREATED, "lifted"), "{}", done.body);
}

#[tokio::test]
async fn a_key_sees_and_acts_within_its_own_organisation() {
    let town = Town::open().await;
    town.hire_in(VILLAGE, "cun", &ALL).await;
    let id = released(&town).await;
    let (cun, zhao) = (town.program("cun").await, town.program("zhao").await);
    let path = format!("/api/live/alerts/{id}");
    assert_eq!(cun.get("/api/live/alerts").await.json(), serde_json::json!([]));
    assert_eq!(zhao.get("/api/live/alerts").await.json().as_array().unwrap().len(), 1);
    assert_eq!(cun.get(&path).await.status, StatusCode::NOT_FOUND);
    let plan = zhao.get(&path).await.json()["plans"][0]["plan"].as_str().unwrap().to_owned();
    let plan = format!("/api/live/plans/{plan}/unconfirmed");
    assert_eq!(
        (cun.get(&plan).await.status, zhao.get(&plan).await.status),
        (StatusCode::NOT_FOUND, StatusCode::OK)
    );
    for verb in ["recall", "lift", "correct"] {
        let refused = cun.send(&format!("{path}/{verb}"), "{}").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{verb}: {}", refused.body);
    }
    assert_eq!(state(&town, &id).await, "released");
}
