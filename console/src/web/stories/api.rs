//! Stories of programs at the JSON door: whatever they ask, they get JSON back.

use super::{
    approved,
    town::{Town, added},
};
use crate::{
    config::Config,
    region::Region,
    roster::{KeepOrder, keep},
};
use axum::http::StatusCode;
use mingluo_model::mode::ModeKind;
use mingluo_targeting::{edition::EditionBuilder, roster::read_recipients};
use rand::{SeedableRng, rngs::StdRng};
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
async fn a_revoked_key_opens_nothing_from_then_on() {
    let town = Town::open().await;
    let (wang, li) = (town.program("wang").await, town.program("li").await);
    assert_eq!(wang.get("/api/live/alerts").await.status, StatusCode::OK);
    let officer = town.officer("wang").await.id;
    let store = &town.city.store;
    let keys = store.api_keys().await.unwrap();
    let key = keys.iter().find(|key| key.officer == officer).unwrap();
    assert!(store.revoke_api_key(key.key_hash, added(town.city.clock.now())).await.unwrap());
    assert_eq!(wang.get("/api/live/alerts").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(li.get("/api/live/alerts").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_id_is_named() {
    let town = Town::open().await;
    let answer = town.program("wang").await.get("/api/live/alerts/what").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let error = &answer.json()["error"];
    assert!(error["zh"].as_str().unwrap().starts_with("id：“what”不是编号。"), "{error}");
    assert!(error["en"].as_str().unwrap().starts_with("id: “what” is no id."), "{error}");
}

#[tokio::test]
async fn a_refusal_tells_times_in_the_zone_of_the_deployment_and_the_way_out() {
    let town = Town::open().await;
    let program = town.program("wang").await;
    let refused = async |change: (&str, serde_json::Value)| {
        let mut order = json!({
            "hazard": "11B03", "grade": "red", "body": "雨", "area": ["210423100"], "channels": ["sms"],
            "expires": town.city.clock.now().0 + 3_600_000,
        });
        order[change.0] = change.1;
        let answer = program.send("/api/live/alerts", &order.to_string()).await.json();
        answer["error"]["zh"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let past = refused(("expires", json!("2019-12-31T16:00:00Z"))).await;
    assert!(past.contains("失效时间（2020-01-01 00:00）已过"), "{past}");
    let empty = refused(("body", json!(""))).await;
    assert!(empty.contains("正文（body）为空"), "{empty}");
    let no_account = refused(("channels", json!(["wechat"]))).await;
    assert!(no_account.contains("“微信”没有配置账号。请改选其他渠道"), "{no_account}");
    let typed = refused(("expires", json!(true))).await;
    assert!(typed.contains("expires 应为"), "{typed}");
    let stranger = town.stranger().get("/api/live/alerts").await.json();
    assert!(stranger["error"]["zh"].as_str().unwrap().contains("Authorization: Bearer"), "{stranger}");
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
async fn a_body_that_cannot_be_read_is_refused_by_field_in_both_languages() {
    let town = Town::open().await;
    let program = town.program("wang").await;
    let draft = |change: (&str, serde_json::Value)| {
        let mut order = json!({
            "hazard": "11B03", "grade": "red", "body": "雨", "area": ["210423100"],
            "expires": "2026-07-05T18:00:00+08:00",
        });
        order[change.0] = change.1;
        order.to_string()
    };
    let id = approved(&town, "/live").await;
    let release = format!("/api/live/alerts/{id}/release");
    for (path, body, code, words) in [
        ("/api/live/alerts", draft(("area", json!("210423100"))), "wrong-type", ["area", "列表"]),
        ("/api/live/alerts", draft(("expires", json!("tonight"))), "wrong-type", ["expires", "+08:00"]),
        ("/api/live/alerts", draft(("colour", json!("red"))), "unknown-field", ["colour", "grade"]),
        (
            "/api/live/alerts",
            draft(("channels", json!(["pigeon"]))),
            "unknown-word",
            ["channels[0]", "speaker"],
        ),
        ("/api/live/alerts", "{".to_owned(), "bad-syntax", ["JSON", "没写完"]),
        (&release, r#"{"people": 2}"#.to_owned(), "unknown-field", ["people", "deliveries"]),
    ] {
        let answer = program.send(path, &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        let error = &answer.json()["error"];
        let (zh, en) = (error["zh"].as_str().unwrap(), error["en"].as_str().unwrap());
        assert_eq!(error["code"], code, "{zh}");
        assert!(words.iter().all(|word| zh.contains(word)) && en.contains(words[0]), "{zh} {en}");
    }
}

#[tokio::test]
async fn a_person_on_two_channels_is_one_person_and_two_deliveries() {
    let town = Town::open().await;
    let config = Config::read(&town.home().join("mingluo.toml")).unwrap();
    let region = Region::read(&config).unwrap();
    let roster = "region,groups,sms,wechat,email,speaker\n\
                  210423100225,,19730601234,oABCDEF1234567890,,\n\
                  210423100225,,19730601235,,,\n\
                  210423100225,,,oABCDEF1234567891,,\n\
                  210423100225,,,,,62104231002250314010101\n";
    let mut builder = EditionBuilder::default();
    for row in read_recipients(roster.as_bytes(), &region.gazetteer, &region.groups).unwrap() {
        builder.push(&row.unwrap()).unwrap();
    }
    let (store, clock, mut chance) =
        (town.city.store.as_ref(), town.city.clock.as_ref(), StdRng::from_os_rng());
    let replaces = store.current_edition(ModeKind::Live).await.unwrap().map(|head| head.id);
    let order = KeepOrder { mode: ModeKind::Live, pretend: true, bad_rows: 0, replaces };
    keep(store, &region, &builder.finish(), order, clock, &mut chance, |_| ()).await.unwrap();
    let wanted = json!({
        "hazard": "11B03", "grade": "red", "body": "雨", "area": ["210423100"],
        "channels": ["sms", "wechat", "speaker"], "expires": clock.now().0 + 3_600_000,
    });
    let order = crate::complaint::json(wanted.to_string().as_bytes()).unwrap();
    let alert = town.city.live.propose(&town.officer("wang").await, &order).await.unwrap();
    let reach = town.city.live.reach(&alert).await.unwrap();
    assert_eq!((reach.people, reach.speakers, reach.deliveries), (3, 1, 5));
    assert_eq!(reach.deliveries, alert.content.audience.deliveries(), "what the releaser types");
}

#[tokio::test]
async fn a_draft_tells_people_and_deliveries() {
    let town = Town::open().await;
    let order = json!({
        "hazard": "11B03", "grade": "red", "body": "雨", "area": ["210423100"], "channels": ["sms"],
        "expires": town.city.clock.now().0 + 3_600_000,
    });
    let program = town.program("wang").await;
    let told = program.send("/api/live/alerts", &order.to_string()).await.json();
    assert_eq!((told["people"].as_u64(), told["deliveries"].as_u64()), (Some(2), Some(2)));
    let shown = program.get(&format!("/api/live/alerts/{}", told["id"].as_str().unwrap())).await.json();
    assert_eq!((shown["people"].as_u64(), shown["deliveries"].as_u64()), (Some(2), Some(2)));
    assert!(shown["expires_at"].as_str().unwrap().ends_with("+08:00"));
}

#[tokio::test]
async fn a_plan_tells_whether_it_is_settled() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let program = town.program("zhao").await;
    let release = format!(r#"{{"content_hash": "{}", "deliveries": 2}}"#, town.shown(&id).await);
    program.send(&format!("/api/live/alerts/{id}/release"), &release).await;
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
