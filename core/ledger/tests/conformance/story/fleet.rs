//! Village boxes: written down, heard, ordered about.

use crate::{cast::NOON, house::House};
use mingluo_ledger::{
    audit::AuditLine,
    store::{BoxEvent, BoxOrder, BoxOrderKind, Heard},
};
use mingluo_model::{
    address::Address,
    bulletin::{EbmId, ResourceCode},
    clock::Timestamp,
    fleet::{Alarm, BoxRecord, BroadcastState, Keeper, Playout, Position, Power, Seen},
    link::Health,
    mode::ModeKind,
};
use std::collections::BTreeMap;

const LIVE: ModeKind = ModeKind::Live;

fn code(number: u32) -> ResourceCode {
    format!("621042300100103140{number:05}").parse().unwrap()
}

fn ebm(number: u16) -> EbmId {
    EbmId::new("42104000000000103010101".parse().unwrap(), 20_260_705, number).unwrap()
}

fn record(number: u32) -> BoxRecord {
    BoxRecord {
        code: code(number),
        region: "210423001001".parse().unwrap(),
        place: "村委会楼顶".into(),
        at: Some(Position { latitude: 42.1, longitude: 124.9 }),
        organisation: "红透山镇".into(),
        power: Power::Solar,
        horns: 4,
        watts: 120,
        people: Some(812),
        certificate_until: Some(NOON),
        enrolled: Some(Timestamp(7)),
        retired: None,
    }
}

fn line(action: &str) -> AuditLine {
    let (actor, action) = (AuditLine::SYSTEM.to_owned(), action.to_owned());
    AuditLine { at: NOON, actor, action, subject: "boxes".into(), detail: serde_json::json!({}) }
}

pub(crate) async fn boxes_that_are_written_down_come_back_and_keep_what_is_not_said_again(house: &House) {
    let store = &house.store;
    let keeper = Keeper { name: "WANG QIANG".into(), phone: Address::new("+8619730601234") };
    let many: Vec<_> = (0..1_200).map(|number| (record(number), None)).collect();
    store.save_boxes(LIVE, &many, NOON, line("box.import")).await.unwrap();
    assert_eq!(store.boxes_mark(LIVE).await.unwrap(), (1_200, NOON));
    assert_eq!(store.boxes(ModeKind::Drill).await.unwrap(), [], "by mode");
    store.save_boxes(LIVE, &[(record(3), Some(keeper.clone()))], NOON, line("box.import")).await.unwrap();

    let bare = BoxRecord { at: None, people: None, certificate_until: None, enrolled: None, ..record(3) };
    let moved = BoxRecord { place: "小学".into(), retired: Some(NOON), ..bare };
    store
        .save_boxes(LIVE, &[(moved.clone(), None)], Timestamp(NOON.0 + 1), line("box.import"))
        .await
        .unwrap();

    let boxes = store.boxes(LIVE).await.unwrap();
    assert_eq!((boxes.len(), &boxes[0]), (1_200, &(record(0), false)));
    let kept = BoxRecord { certificate_until: Some(NOON), enrolled: Some(Timestamp(7)), ..moved };
    assert_eq!(boxes[3], (kept, true));
    assert_eq!(store.box_keeper(LIVE, code(3)).await.unwrap(), Some(keeper));
    assert_eq!(store.box_keeper(LIVE, code(4)).await.unwrap(), None);
    let bytes = house.everything().await;
    let contains = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(contains("红透山镇"), "the search itself must find what is there");
    assert!(!contains("WANG QIANG") && !contains("19730601234"));
}

pub(crate) async fn what_was_heard_of_boxes_survives_and_the_last_word_holds(house: &House) {
    let store = &house.store;
    let seen = |heard: i64| Seen {
        last_heard: Some(Timestamp(heard)),
        health: Health { mains: Some(false), battery_percent: Some(40), ..Health::default() },
        alarms: BTreeMap::from([(Alarm::OnBattery, Timestamp(5))]),
        ..Seen::default()
    };
    let waiting = Playout { state: BroadcastState::Waiting, ..Playout::new(ebm(1), Timestamp(10)) };
    let done = Playout { state: BroadcastState::Success, ended: Some(Timestamp(30)), ..waiting.clone() };
    let event = |kind: &str, at| {
        let (kind, detail) = (kind.to_owned(), "on-battery".to_owned());
        BoxEvent { code: code(1), at: Timestamp(at), kind, detail }
    };
    let first = Heard {
        seen: (0..1_200).map(|number| (code(number), seen(10))).collect(),
        playouts: (0..1_200).map(|number| (code(number), waiting.clone())).collect(),
        events: vec![event("raised", 5)],
    };
    store.keep_heard(LIVE, &first).await.unwrap();
    let second = Heard {
        seen: vec![(code(1), seen(20))],
        playouts: vec![(code(1), done.clone()), (code(1), Playout::new(ebm(2), Timestamp(40)))],
        events: vec![event("cleared", 20)],
    };
    store.keep_heard(LIVE, &second).await.unwrap();

    let all = store.boxes_seen(LIVE).await.unwrap();
    assert_eq!((all.len(), &all[0], &all[1]), (1_200, &(code(0), seen(10)), &(code(1), seen(20))));
    let playouts = store.playouts(LIVE, &[ebm(1)]).await.unwrap();
    assert_eq!(
        (playouts.len(), &playouts[0], &playouts[1]),
        (1_200, &(code(0), waiting), &(code(1), done.clone()))
    );
    assert_eq!(store.playouts(LIVE, &[]).await.unwrap(), []);
    let of_one = store.playouts_of(LIVE, code(1), 9).await.unwrap();
    assert_eq!(of_one, [Playout::new(ebm(2), Timestamp(40)), done]);
    assert_eq!(store.box_events(LIVE, code(1), 9).await.unwrap(), [event("cleared", 20), event("raised", 5)]);
    assert_eq!(store.box_events(LIVE, code(1), 1).await.unwrap().len(), 1);
    assert_eq!(store.boxes_seen(ModeKind::Drill).await.unwrap(), [], "by mode");
}

pub(crate) async fn an_order_to_boxes_is_kept_once_with_its_audit_line(house: &House) {
    let store = &house.store;
    let order = |number: u16, kind| BoxOrder {
        ebm: ebm(number),
        seq: 1_783_209_600_000 + u64::from(number),
        kind,
        codes: vec![code(1), code(2)],
        envelope: vec![1, 2, 3],
        actor: "qian".into(),
        at: NOON,
        until: Timestamp(NOON.0 + 1),
    };
    let (test, stop) = (order(1, BoxOrderKind::SilentTest), order(2, BoxOrderKind::StopAll));
    store.add_box_order(LIVE, &test, line("box.test")).await.unwrap();
    store.add_box_order(LIVE, &stop, line("box.stop-all")).await.unwrap();
    assert!(store.add_box_order(LIVE, &test, line("box.test")).await.is_err(), "a name is given once");
    assert_eq!(store.box_orders(LIVE, 9).await.unwrap(), [stop.clone(), test]);
    assert_eq!(store.box_orders(LIVE, 1).await.unwrap(), [stop]);
    let lines = store.audit_rows(0, 9).await.unwrap();
    assert_eq!(lines.len(), 2, "what was not kept is not told of either");
}
