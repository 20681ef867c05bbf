//! What targets of webhooks are told, and the log of it.

use crate::{
    cast::{NOON, alert, alert_id, line},
    house::House,
};
use mingluo_ledger::store::{
    AlertWrite, Change, Replay, StoredAlert, WebhookAttempt, WebhookDue, WebhookEnd, WebhookFate,
    WebhookStanding,
};
use mingluo_model::{
    alert::{AlertState, ContentHash, Signature},
    clock::Timestamp,
    id::OfficerId,
    mode::ModeKind,
};
use std::time::Duration;

const DESK: &str = "media";
const SCHOOL: &str = "school";
const FLOOR: Timestamp = Timestamp(0);
const NOBODY: [u128; 0] = [];

const fn at(ms: i64) -> Timestamp {
    Timestamp(NOON.0 + ms)
}

fn officer() -> OfficerId {
    OfficerId::from_bytes([9; 16])
}

/// A warning of which the hold ends so many milliseconds after noon.
fn released(number: u128, mode: ModeKind, hold_ms: i64) -> StoredAlert {
    let release = Signature { officer: officer(), at: NOON, content: ContentHash([0; 32]) };
    StoredAlert { state: AlertState::Released { release, hold_until: at(hold_ms) }, ..alert(number, mode) }
}

async fn keep(house: &House, alert: StoredAlert) {
    house.store.commit(&Change { alerts: vec![AlertWrite { alert }], ..Change::default() }).await.unwrap();
}

async fn due(house: &House, target: &str, mode: ModeKind, now: i64) -> Vec<u128> {
    let due = house.store.due_webhooks(target, mode, FLOOR, at(now)).await.unwrap();
    due.iter().map(|due| due.alert.0.as_u128()).collect()
}

fn end(answer: Result<u16, &str>) -> WebhookEnd {
    WebhookEnd { answer: answer.map_err(str::to_owned), took: Duration::from_millis(17) }
}

pub(crate) async fn a_release_is_due_at_the_end_of_its_hold_to_who_was_known_by_then(house: &House) {
    let store = &house.store;
    store.know_webhooks(&[DESK], at(0)).await.unwrap();
    keep(house, released(1, ModeKind::Live, 500)).await;
    keep(house, released(2, ModeKind::Live, 100)).await;
    keep(house, released(3, ModeKind::Drill, 100)).await;
    keep(house, alert(4, ModeKind::Live)).await;
    store.know_webhooks(&[DESK, SCHOOL], at(300)).await.unwrap();

    assert_eq!(due(house, DESK, ModeKind::Live, 99).await, NOBODY);
    assert_eq!(due(house, DESK, ModeKind::Live, 499).await, [2]);
    assert_eq!(due(house, DESK, ModeKind::Live, 500).await, [2, 1], "in the order in which holds ended");
    assert_eq!(due(house, DESK, ModeKind::Drill, 500).await, [3]);
    assert_eq!(due(house, SCHOOL, ModeKind::Live, 500).await, [1], "known too late for the other");
    assert_eq!(due(house, "nobody", ModeKind::Live, 500).await, NOBODY);
    let late = store.due_webhooks(DESK, ModeKind::Live, at(200), at(500)).await.unwrap();
    assert_eq!(late, [WebhookDue { alert: alert_id(1), due: at(500), asked: None }]);
    assert_eq!(store.released_at(alert_id(2)).await.unwrap(), Some(at(100)));
    assert_eq!(store.released_at(alert_id(4)).await.unwrap(), None);
}

pub(crate) async fn the_end_of_a_hold_stays_when_the_warning_is_over(house: &House) {
    let store = &house.store;
    store.know_webhooks(&[DESK], at(0)).await.unwrap();
    keep(house, released(1, ModeKind::Live, 100)).await;
    let over = AlertState::Lifted { by: alert_id(2), at: at(200) };
    keep(house, StoredAlert { state: over, revision: 1, ..alert(1, ModeKind::Live) }).await;
    assert_eq!(due(house, DESK, ModeKind::Live, 300).await, [1]);
    assert_eq!(store.released_at(alert_id(1)).await.unwrap(), Some(at(100)));
}

pub(crate) async fn what_was_begun_waits_until_it_is_taken_and_each_request_is_logged(house: &House) {
    let store = &house.store;
    store.know_webhooks(&[DESK, SCHOOL], at(0)).await.unwrap();
    keep(house, released(1, ModeKind::Live, 0)).await;
    assert_eq!(store.webhook_standing(DESK, alert_id(1)).await.unwrap(), None);

    let mut numbers = Vec::new();
    for (ms, answer) in [(10, None), (20, Some(Err("no-answer"))), (30, Some(Ok(503))), (40, Some(Ok(204)))] {
        assert_eq!(due(house, DESK, ModeKind::Live, 50).await, [1], "{answer:?}");
        let number = store.begin_webhook(DESK, alert_id(1), "alert.released", at(ms)).await.unwrap();
        if let Some(answer) = answer {
            store.end_webhook(DESK, alert_id(1), number, &end(answer)).await.unwrap();
        }
        numbers.push(number);
    }

    assert_eq!(due(house, DESK, ModeKind::Live, 50).await, NOBODY);
    assert_eq!(due(house, SCHOOL, ModeKind::Live, 50).await, [1], "nobody waits for another");
    let standing = store.webhook_standing(DESK, alert_id(1)).await.unwrap();
    assert_eq!(standing, Some(WebhookStanding { fate: WebhookFate::Taken, tries: 4 }));
    let log = store.webhook_log(Some(DESK), 10).await.unwrap();
    let attempt = |at_ms: i64, end| WebhookAttempt {
        number: numbers[usize::try_from(at_ms / 10 - 1).unwrap()],
        target: DESK.into(),
        alert: alert_id(1),
        event: "alert.released".into(),
        begun: at(at_ms),
        end,
    };
    let ends = [Some(end(Ok(204))), Some(end(Ok(503))), Some(end(Err("no-answer"))), None];
    let expected: Vec<_> = [40, 30, 20, 10].into_iter().zip(ends).map(|(ms, end)| attempt(ms, end)).collect();
    assert_eq!(log, expected, "newest first, and one that never ended");
    assert_eq!(store.webhook_log(None, 1).await.unwrap(), expected[..1]);
    assert!(store.webhook_log(Some(SCHOOL), 10).await.unwrap().is_empty());
}

pub(crate) async fn what_is_settled_is_sent_again_when_somebody_asks(house: &House) {
    let store = &house.store;
    store.know_webhooks(&[DESK], at(50)).await.unwrap();
    for (number, hold) in [(1, 10), (2, 60), (3, 70)] {
        keep(house, released(number, ModeKind::Live, hold)).await;
    }
    keep(house, released(4, ModeKind::Drill, 60)).await;
    let recalled = AlertState::Recalled { by: officer(), at: at(1) };
    keep(house, StoredAlert { state: recalled, revision: 1, ..alert(3, ModeKind::Live) }).await;
    for number in [2, 3] {
        store.settle_webhook(DESK, alert_id(number), WebhookFate::NotWanted).await.unwrap();
    }
    assert_eq!(due(house, DESK, ModeKind::Live, 100).await, NOBODY);

    let ask = async |mode, which, now| {
        store.replay_webhooks(DESK, mode, which, at(now), line("webhook.replay")).await.unwrap()
    };
    assert_eq!(ask(ModeKind::Live, Replay::Alert(alert_id(3)), 100).await, 0, "recalled");
    assert_eq!(ask(ModeKind::Live, Replay::Alert(alert_id(4)), 100).await, 0, "a drill");
    assert_eq!(ask(ModeKind::Live, Replay::Alert(alert_id(2)), 59).await, 0, "still held back");
    assert!(store.audit_rows(0, 10).await.unwrap().is_empty());
    assert_eq!(ask(ModeKind::Live, Replay::Alert(alert_id(2)), 100).await, 1);
    let waiting = store.due_webhooks(DESK, ModeKind::Live, FLOOR, at(100)).await.unwrap();
    assert_eq!(waiting, [WebhookDue { alert: alert_id(2), due: at(60), asked: Some(at(100)) }]);
    assert_eq!(ask(ModeKind::Live, Replay::Since(at(5)), 110).await, 2, "from before it was known as well");
    assert_eq!(due(house, DESK, ModeKind::Live, 110).await, [1, 2]);
    assert_eq!(store.audit_rows(0, 10).await.unwrap().len(), 2);
    store.settle_webhook(DESK, alert_id(1), WebhookFate::Over).await.unwrap();
    assert_eq!(due(house, DESK, ModeKind::Live, 110).await, [2]);

    let took = WebhookEnd { answer: Ok(204), took: Duration::from_millis(10) };
    let under_way = store.begin_webhook(DESK, alert_id(2), "alert.released", at(120)).await.unwrap();
    assert_eq!(ask(ModeKind::Live, Replay::Alert(alert_id(2)), 125).await, 1);
    store.end_webhook(DESK, alert_id(2), under_way, &took).await.unwrap();
    assert_eq!(
        due(house, DESK, ModeKind::Live, 130).await,
        [2],
        "what was asked for meanwhile is sent again"
    );
    let again = store.begin_webhook(DESK, alert_id(2), "alert.released", at(140)).await.unwrap();
    store.end_webhook(DESK, alert_id(2), again, &took).await.unwrap();
    assert_eq!(due(house, DESK, ModeKind::Live, 150).await, NOBODY);
}

pub(crate) async fn the_log_of_webhooks_is_bounded_by_time_and_number(house: &House) {
    let store = &house.store;
    store.know_webhooks(&[DESK], at(0)).await.unwrap();
    keep(house, released(1, ModeKind::Live, 0)).await;
    for ms in 1..=6 {
        store.begin_webhook(DESK, alert_id(1), "alert.released", at(ms)).await.unwrap();
    }
    let left = async || {
        let log = store.webhook_log(None, 10).await.unwrap();
        log.iter().map(|attempt| attempt.begun.0 - NOON.0).collect::<Vec<_>>()
    };
    assert_eq!(store.prune_webhook_log(at(3), 100).await.unwrap(), 2);
    assert_eq!(left().await, [6, 5, 4, 3]);
    assert_eq!(store.prune_webhook_log(at(0), 3).await.unwrap(), 1);
    assert_eq!(left().await, [6, 5, 4]);
    let standing = store.webhook_standing(DESK, alert_id(1)).await.unwrap();
    assert_eq!(standing.map(|standing| standing.tries), Some(6), "what became of it stays");
}
