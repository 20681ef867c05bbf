//! Stories of words that are worth a second look: told on every page and at the API, and refused nowhere.

use super::{
    approved_form,
    town::{Fields, Town},
    withdraw::released,
};
use axum::http::StatusCode;
use jiff::{ToSpan, civil::DateTime};
use serde_json::json;

/// The red warning for 清原镇 in other words.
fn saying(town: &Town, body: &'static str) -> Fields {
    let mut form = town.red.clone();
    form.retain(|(name, _)| *name != "body");
    form.push(("body", body));
    form
}

async fn preview(town: &Town, form: &Fields) -> String {
    town.sign_in("wang").await.post("/live/compose/preview", form).await.body
}

const STRANGE: &str = "不在所选区域内";

#[tokio::test]
async fn a_place_that_the_words_name_and_nobody_chose_is_flagged() {
    let town = Town::open().await;
    let body = preview(&town, &saying(&town, "预计今晚清原镇、大苏河乡、抚顺县有大暴雨。")).await;
    assert!(body.contains(STRANGE) && body.contains("大苏河乡、抚顺县"), "{body}");
    assert!(!body.contains("正文与区域一致"), "it does not agree as well: {body}");
}

#[tokio::test]
async fn the_county_around_and_the_township_inside_are_no_strangers() {
    let town = Town::open().await;
    let around = preview(&town, &saying(&town, "抚顺市清原满族自治县清原镇有大暴雨，抚顺城区有雨。")).await;
    assert!(!around.contains(STRANGE), "{around}");
    let mut whole = saying(&town, "清原满族自治县清原镇、大苏河乡有大暴雨。");
    whole.retain(|(name, _)| *name != "area");
    whole.push(("area", "210423"));
    let inside = preview(&town, &whole).await;
    assert!(inside.contains("条数") && !inside.contains(STRANGE), "{inside}");
}

#[tokio::test]
async fn a_live_warning_that_calls_itself_a_drill_is_kept_and_loudly_flagged() {
    let town = Town::open().await;
    let form = saying(&town, "清原镇有大暴雨，这是演练，不需要转移。<script>alert(1)</script>");
    let (wang, li) = (town.sign_in("wang").await, town.sign_in("li").await);
    let kept = wang.post("/live/compose", &form).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    let page = kept.location().to_owned();
    wang.post(&format!("{page}/submit"), &[]).await;
    let seen = li.get(&page).await.body;
    li.post(&format!("{page}/approve"), &[]).await;
    let last = town.sign_in("zhao").await.get(&format!("{page}/release")).await.body;
    for body in [seen, last] {
        assert!(body.contains(r#"<p class="alert grave" role="alert">"#), "{body}");
        assert!(body.contains("却有演练或测试字样") && body.contains("有网页代码"), "{body}");
    }
}

#[tokio::test]
async fn a_drill_may_call_itself_one() {
    let town = Town::open().await;
    let wang = town.sign_in("wang").await;
    let form = saying(&town, "清原镇有大暴雨，这是演练，不需要转移。");
    let drill = wang.post("/drill/compose/preview", &form).await.body;
    assert!(drill.contains("条数") && !drill.contains("却有演练"), "{drill}");
}

#[tokio::test]
async fn the_api_tells_the_same_checks() {
    let town = Town::open().await;
    let program = town.program("wang").await;
    let order = json!({
        "hazard": "11B03", "grade": "red", "body": "系统测试，大苏河乡请转移", "area": ["210423100"],
        "channels": ["sms"], "expires": town.city.clock.now().0 + 3_600_000,
    });
    let told = program.send("/api/live/alerts", &order.to_string()).await.json();
    let codes = |told: &serde_json::Value| -> Vec<String> {
        let checks = told["checks"].as_array().unwrap().iter();
        checks.map(|check| check["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&told), ["drill", "beyond", "area"], "{told}");
    assert_eq!(told["checks"][0]["found"], json!(["测试"]));
    let shown = program.get(&format!("/api/live/alerts/{}", told["id"].as_str().unwrap())).await.json();
    assert_eq!(codes(&shown), codes(&told));
}

#[tokio::test]
async fn who_releases_is_told_that_the_same_people_have_such_a_warning_already() {
    let town = Town::open().await;
    released(&town).await;
    let mut form = town.red.clone();
    form.retain(|(name, _)| *name != "key");
    form.push(("key", "another-form"));
    let second = approved_form(&town, "/live", &form).await;
    let last = town.sign_in("zhao").await.get(&format!("/live/alerts/{second}/release")).await.body;
    assert!(last.contains("同区域已有同类预警"), "{last}");
}

#[tokio::test]
async fn an_update_that_ends_sooner_or_is_lower_says_what_was_before() {
    let town = Town::open().await;
    let id = released(&town).await;
    let was: DateTime = town.red.iter().find(|(name, _)| *name == "expires").unwrap().1.parse().unwrap();
    let sooner = was.checked_sub(10.minutes()).unwrap().strftime("%Y-%m-%dT%H:%M").to_string();
    let follows = format!("update:{id}");
    let of = |grade: &'static str, expires: &str| {
        let mut form: Vec<(&str, String)> =
            town.red.iter().map(|(name, value)| (*name, (*value).into())).collect();
        form.retain(|(name, _)| !["grade", "expires"].contains(name));
        form.extend([("grade", grade.into()), ("expires", expires.into()), ("follows", follows.clone())]);
        form
    };
    let wang = town.sign_in("wang").await;
    let mut told = Vec::new();
    for form in [of("red", &was.strftime("%Y-%m-%dT%H:%M").to_string()), of("orange", &sooner)] {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        told.push(wang.post("/live/compose/preview", &form).await.body);
    }
    assert!(
        told[0].contains("条数") && !told[0].contains("更早失效") && !told[0].contains("低于原预警"),
        "{}",
        told[0]
    );
    let before = was.strftime("%m-%d %H:%M").to_string();
    assert!(told[1].contains("更早失效，原来有效至") && told[1].contains(&before), "{}", told[1]);
    assert!(told[1].contains("低于原预警，原来是") && told[1].contains("红色"), "{}", told[1]);
}
