//! Stories of programs at the JSON door: whatever they ask, they get JSON back.

use super::{approved, town::Town};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn an_unknown_path_is_refused_in_json() {
    let town = Town::open().await;
    let program = town.program("wang").await;
    for path in
        ["/api", "/api/", "/api/nothing", "/api/live", "/api/live/", "/api/live/warnings", "/api/drill/a/b/c"]
    {
        let answer = program.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        let error = &answer.json()["error"];
        assert_eq!((error["code"].as_str(), error["fields"]["path"].as_str()), (Some("no-path"), Some(path)));
    }
}

#[tokio::test]
async fn a_wrong_method_is_refused_in_json() {
    let town = Town::open().await;
    let program = town.program("wang").await;
    for path in ["/api/health", "/api/live/alerts/0"] {
        let answer = program.post(path, &[]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let fields = &answer.json()["error"]["fields"];
        assert_eq!((fields["path"].as_str(), fields["method"].as_str()), (Some(path), Some("POST")));
    }
    let get = program.get("/api/live/alerts/0/release").await;
    assert_eq!(
        (get.status, get.json()["error"]["code"].as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, Some("wrong-method"))
    );
}

#[tokio::test]
async fn what_is_no_id_is_named() {
    let town = Town::open().await;
    let answer = town.program("wang").await.get("/api/live/alerts/what").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.json()["error"]["zh"].as_str().unwrap().contains("what"), "{}", answer.body);
}

/// What is asked for instead of a good draft, and what both doors must name: the value and the way out.
const WRONG: [(&str, &str, &[&str]); 7] = [
    ("area", "999999", &["区域", "999999", "您要的是否为"]),
    ("area", "12345", &["区域", "12345", "2、4、6、9 或 12 位"]),
    ("area", "210402200", &["210402200 是民政部门的代码", "请改填 210402201"]),
    ("area", "210402", &["没有人会收到", "210402 辽宁省抚顺市新抚区", "请扩大区域"]),
    ("expires", "2020-01-01T00:00", &["失效时间（20", "请填写将来的时间"]),
    ("expires", "2036-01-01T00:00", &["有效期为", "最长允许 24 小时"]),
    ("body", "LONG", &["短信的文字过长", "最多 536", "请精简文字"]),
];

#[tokio::test]
async fn what_is_wrong_in_a_draft_is_named_at_both_doors() {
    let town = Town::open().await;
    let (program, wang) = (town.program("wang").await, town.sign_in("wang").await);
    for (field, value, told) in WRONG {
        let value = value.replace("LONG", &"雨".repeat(700));
        let mut form: Vec<(&str, &str)> = town.red.clone();
        form.retain(|(name, _)| *name != field);
        form.push((field, &value));
        let page = wang.post("/live/compose", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        let mut order = json!({
            "hazard": "11B03", "grade": "red", "body": "雨", "area": "210423100", "channels": ["sms"],
            "expires": town.city.clock.now().0 + 3_600_000,
        });
        order[field] = match value.parse::<jiff::civil::DateTime>() {
            Ok(at) => {
                json!(at.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond())
            }
            Err(_) => json!(value),
        };
        order["area"] = json!([order["area"]]);
        let answer = program.send("/api/live/alerts", &order.to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        let zh = answer.json()["error"]["zh"].as_str().unwrap().to_owned();
        for words in told {
            assert!(zh.contains(words), "{words}: {zh}");
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn a_draft_tells_the_text_that_phones_will_show() {
    let town = Town::open().await;
    let order = json!({
        "hazard": "11B03", "grade": "red", "body": "雨".repeat(80), "area": ["210423100"], "channels": ["sms"],
        "expires": town.city.clock.now().0 + 3_600_000,
    });
    let answer = town.program("wang").await.send("/api/live/alerts", &order.to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let told = answer.json();
    let parts = told["sms"].as_array().unwrap();
    assert_eq!((parts.len() as u64, parts.len()), (told["parts"]["sms"].as_u64().unwrap(), 2));
    assert!(parts[0].as_str().unwrap().starts_with("【抚顺预警】抚顺市发布"));
    assert_eq!(parts[0].as_str().unwrap().chars().count(), 67);
}

#[tokio::test]
async fn a_plan_tells_whether_it_is_settled() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let program = town.program("zhao").await;
    program.send(&format!("/api/live/alerts/{id}/release"), r#"{"people": 2}"#).await;
    let settled = async || {
        let told = program.get(&format!("/api/live/alerts/{id}")).await.json();
        told["plans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|plan| plan["settled"].as_bool().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(settled().await.iter().all(|one| !one), "held, and all is still to be sent");
    program.post(&format!("/api/live/alerts/{id}/recall"), &[]).await;
    assert!(settled().await.iter().all(|one| *one), "withdrawn, and nothing is open");
}
