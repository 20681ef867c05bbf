//! Stories of village boxes: what an officer sees of them, tests and the stop of everything, at pages and API alike.

use super::{
    sent_to,
    town::{Town, added},
};
use axum::http::StatusCode;
use mingluo_ledger::store::Heard;
use mingluo_model::{
    address::Address,
    bulletin::ResourceCode,
    fleet::{Alarm, BoxRecord, Keeper, Power, Seen},
    mode::ModeKind,
    owner::Role,
};
use std::collections::BTreeMap;

fn code(village: &str) -> ResourceCode {
    format!("6{village}0314010101").parse().unwrap()
}

const QINGYUAN: &str = "210423100201";
const XINBIN: &str = "210422100201";

fn record(village: &str) -> BoxRecord {
    BoxRecord {
        code: code(village),
        region: village.parse().unwrap(),
        place: "村委会楼顶".into(),
        at: None,
        organisation: "镇政府".into(),
        power: Power::Solar,
        horns: 4,
        watts: 120,
        people: Some(812),
        certificate_until: None,
        enrolled: None,
        retired: None,
    }
}

/// A town with two boxes: one in 清原 that lost its mains, one in 新宾 that was never heard.
async fn village() -> Town {
    let town = Town::with_boxes().await;
    let store = &town.city.store;
    let now = town.city.clock.now();
    let keeper = Keeper { name: "王强".into(), phone: Address::new("19730601234") };
    let boxes = [(record(QINGYUAN), Some(keeper)), (record(XINBIN), None)];
    store.save_boxes(ModeKind::Live, &boxes, now, added(now)).await.unwrap();
    let alarms = BTreeMap::from([(Alarm::OnBattery, now)]);
    let health = mingluo_model::link::Health { mains: Some(false), ..Default::default() };
    let seen = Seen { last_heard: Some(now), health, alarms, ..Seen::default() };
    let heard = Heard { seen: vec![(code(QINGYUAN), seen)], ..Heard::default() };
    store.keep_heard(ModeKind::Live, &heard).await.unwrap();
    town.restart().await
}

#[tokio::test]
async fn an_officer_sees_the_boxes_of_their_county_and_no_other() {
    let town = village().await;
    town.hire_in("210423", "qian", &[Role::Releaser]).await;
    let (city, county) = (town.sign_in("wang").await, town.sign_in("qian").await);
    let all = city.get("/live/fleet").await;
    assert_eq!(all.status, StatusCode::OK, "{}", all.body);
    assert!(all.body.contains(QINGYUAN) && all.body.contains(XINBIN) && all.body.contains("市电中断"));
    assert!(!all.body.contains(" style=") && !all.body.contains("Unknown localization"), "{}", all.body);
    let own = county.get("/live/fleet").await;
    assert!(own.body.contains(QINGYUAN) && !own.body.contains(XINBIN));
    let foreign = county.get(&format!("/live/fleet/boxes/{}", code(XINBIN))).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let found = city.get("/live/fleet?show=never-heard").await;
    assert!(found.body.contains(code(XINBIN).as_str()) && !found.body.contains(code(QINGYUAN).as_str()));
    assert!(city.get("/live/").await.body.contains("1 台终端有告警"));
    assert_eq!(city.get("/drill/fleet").await.status, StatusCode::UNPROCESSABLE_ENTITY, "no speakers there");
}

#[tokio::test]
async fn who_keeps_a_box_is_told_to_who_asks_and_the_audit_log_says_so() {
    let town = village().await;
    let wang = town.sign_in("wang").await;
    let path = format!("/live/fleet/boxes/{}", code(QINGYUAN));
    let page = wang.get(&path).await;
    assert!(page.body.contains("村委会楼顶") && page.body.contains("太阳能"), "{}", page.body);
    assert!(!page.body.contains("王强") && !page.body.contains("1973"));
    let told = wang.post(&format!("{path}/keeper"), &[]).await;
    assert!(told.body.contains("王强") && told.body.contains("19730601234"), "{}", told.body);
    let lines = town.city.store.audit_rows(0, 1_000).await.unwrap();
    let asked = lines.iter().filter(|row| row.line.action == "box.keeper").count();
    assert_eq!(asked, 1);
    assert!(!format!("{lines:?}").contains("王强"));
}

#[tokio::test]
async fn a_test_wants_the_right_and_the_number_and_is_signed_and_kept() {
    let town = village().await;
    let (wang, zhao) = (town.sign_in("wang").await, town.sign_in("zhao").await);
    let form =
        |boxes| vec![("region", "清原满族自治县"), ("audible", "false"), ("boxes", boxes), ("key", "one")];
    let counted = zhao.get("/live/fleet/test?region=210423").await;
    assert!(counted.body.contains("将试播 1 台终端"), "{}", counted.body);
    assert_eq!(wang.post("/live/fleet/test", &form("1")).await.status, StatusCode::FORBIDDEN);
    let wrong = zhao.post("/live/fleet/test", &form("2")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("您键入的是 2"), "{}", wrong.body);
    let done = zhao.post("/live/fleet/test", &form("1")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let again = zhao.post("/live/fleet/test", &form("1")).await;
    assert_eq!(again.location(), done.location(), "one click once");
    let orders = town.city.store.box_orders(ModeKind::Live, 9).await.unwrap();
    assert_eq!((orders.len(), orders[0].codes.clone()), (1, vec![code(QINGYUAN)]));
    let page = zhao.get(done.location()).await;
    assert!(page.body.contains("无声试播") && page.body.contains("0 未处理"), "{}", page.body);
    let program = town.program("zhao").await;
    let told = program.get(&format!("/api/live/boxes/orders/{}", sent_to(done.location()))).await.json();
    assert_eq!((told["brd_state_code"].as_u64(), told["brd_state_desc"].as_str()), (Some(0), Some("未处理")));
    assert_eq!(told["res_brd_info"][0]["resource_code"], code(QINGYUAN).as_str());
}

#[tokio::test]
async fn one_person_stops_everything_and_the_next_bulletin_counts_on_after_a_restart() {
    let town = village().await;
    let (wang, zhao) = (town.sign_in("wang").await, town.sign_in("zhao").await);
    assert_eq!(wang.get("/live/fleet/stop").await.status, StatusCode::FORBIDDEN);
    let page = zhao.get("/live/fleet/stop").await;
    assert!(page.body.contains("2 台终端") && page.body.contains("键入 STOP"), "{}", page.body);
    let unsure = zhao.post("/live/fleet/stop", &[("confirm", "yes"), ("key", "k")]).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = zhao.post("/live/fleet/stop", &[("confirm", "stop"), ("key", "k")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(zhao.get(done.location()).await.body.contains("全部停播"));
    let lines = town.city.store.audit_rows(0, 1_000).await.unwrap();
    assert!(lines.iter().any(|row| row.line.action == "box.stop-all"));
    let first = town.city.store.box_orders(ModeKind::Live, 1).await.unwrap().remove(0);

    let town = town.restart().await;
    let program = town.program("zhao").await;
    let stopped = program.send("/api/live/boxes/stop", r#"{"confirm": "STOP"}"#).await;
    assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.body);
    let second = town.city.store.box_orders(ModeKind::Live, 1).await.unwrap().remove(0);
    assert!(second.seq == first.seq + 1 && second.ebm > first.ebm, "boxes would take it for a replay");
}

#[tokio::test]
async fn the_list_of_visits_is_a_page_and_a_file() {
    let town = village().await;
    let wang = town.sign_in("wang").await;
    let page = wang.get("/live/fleet/visits").await;
    assert!(page.body.contains("市电中断") && page.body.contains("从未上线"), "{}", page.body);
    let file = wang.get("/live/fleet/visits.csv").await;
    assert!(
        file.body.contains("市电中断") && file.header("content-type").contains("text/csv"),
        "{}",
        file.body
    );
    assert_eq!(wang.get("/live/fleet/visits.json").await.json().as_array().unwrap().len(), 2);
    let program = town.program("li").await;
    let told = program.get("/api/live/boxes?show=on-battery").await.json();
    assert_eq!(
        (told["counts"]["all"].as_u64(), told["boxes"].as_array().unwrap().len()),
        (Some(2), 0),
        "{told}"
    );
    let one = program.get(&format!("/api/live/boxes/{}", code(QINGYUAN))).await.json();
    assert_eq!(
        (one["condition"].as_str(), one["registered"]["power"].as_str()),
        (Some("awaited"), Some("solar"))
    );
    assert!(!one.to_string().contains("王强"));
}
