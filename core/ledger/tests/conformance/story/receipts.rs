//! Receipts as whoever hands them on reads them.

use crate::{
    cast::{NOON, TTL, account, alert, alert_id, event, node, plan, plan_id},
    house::House,
};
use mingluo_ledger::{
    event::{Event, Fact, PartReceipt},
    store::{AlertWrite, Append, Change, Lease, LogPlace, StoredPlan},
};
use mingluo_model::{
    id::PlanId,
    mode::{Drill, Live, ModeKind},
    plan::{AccountName, PlanStatus},
    receipt::ReceiptStatus,
};

const LIVE: PlanId = plan_id(1);
const DRILL: PlanId = plan_id(2);

/// A live and a drill's alert with a plan each.
async fn two_plans(house: &House) {
    let rehearsed = AccountName("rehearsed".into());
    let accounts = [(account(), ModeKind::Live), (rehearsed.clone(), ModeKind::Drill)];
    house.store.register_accounts(&accounts).await.unwrap();
    let alerts = [alert(1, ModeKind::Live), alert(2, ModeKind::Drill)].map(|alert| AlertWrite { alert });
    let mut drill = plan::<Drill>(2, alert_id(2)).typed::<Drill>().unwrap();
    drill.account = rehearsed;
    let plans = vec![plan::<Live>(1, alert_id(1)), StoredPlan::new(&drill, PlanStatus::Open)];
    house.store.commit(&Change { alerts: alerts.into(), plans, ..Change::default() }).await.unwrap();
}

async fn lease(house: &House, resource: &str, number: u128) -> Lease {
    house.store.acquire(resource, "a", node(number), TTL, NOON).await.unwrap().unwrap()
}

fn receipt(plan: PlanId, ordinal: u32) -> Event {
    let receipt = PartReceipt { ordinal, part: 0, status: ReceiptStatus::Delivered };
    Event { plan, at: NOON, fact: Fact::Receipts(vec![receipt]) }
}

async fn append(house: &House, lease: &Lease, events: Vec<(i64, Event)>) {
    house.store.append(lease, NOON, &Append { events, ..Append::default() }).await.unwrap();
}

/// Everything there is after a place, two events at a time.
async fn read(house: &House, mut after: LogPlace) -> Vec<(LogPlace, Event)> {
    let mut all = Vec::new();
    loop {
        let page = house.store.receipts(ModeKind::Live, after, 2).await.unwrap();
        all.extend(page.receipts);
        if page.read_to == after {
            return all;
        }
        after = page.read_to;
    }
}

pub(crate) async fn receipts_are_read_across_restarts_and_a_drill_s_are_left_out(house: &House) {
    two_plans(house).await;
    let begun = house.store.receipt_cursor(ModeKind::Live).await.unwrap();
    let first = lease(house, "dispatch/live", 1).await;
    let drill = lease(house, "dispatch/drill", 1).await;
    let unread = (1..=5).map(|seq| (seq, event(LIVE, seq as u32))).collect();
    append(house, &first, unread).await;
    append(house, &first, vec![(6, receipt(LIVE, 1)), (7, receipt(LIVE, 2))]).await;
    append(house, &drill, vec![(1, receipt(DRILL, 1))]).await;
    assert_eq!(read(house, begun).await.len(), 2);

    // The drill's stream is later than the one that is still being written.
    append(house, &first, vec![(8, receipt(LIVE, 3))]).await;
    let second = lease(house, "dispatch/live", 2).await;
    append(house, &second, vec![(1, receipt(LIVE, 4))]).await;
    let places = [(first.epoch, 6), (first.epoch, 7), (first.epoch, 8), (second.epoch, 1)];
    let all: Vec<_> = (1..=4).map(|ordinal| receipt(LIVE, ordinal)).collect();
    assert_eq!(read(house, begun).await, places.into_iter().zip(all.clone()).collect::<Vec<_>>());
    assert_eq!(read(house, places[2]).await, [(places[3], all[3].clone())]);
}

pub(crate) async fn handing_on_begins_with_what_is_new_and_never_goes_back(house: &House) {
    two_plans(house).await;
    let before = lease(house, "dispatch/live", 1).await;
    append(house, &before, vec![(1, receipt(LIVE, 1))]).await;
    let begun = house.store.receipt_cursor(ModeKind::Live).await.unwrap();
    assert!(read(house, begun).await.is_empty());

    let held = lease(house, "dispatch/live", 2).await;
    append(house, &held, vec![(1, receipt(LIVE, 2)), (2, receipt(LIVE, 3))]).await;
    assert_eq!(read(house, begun).await.len(), 2);
    house.store.move_receipt_cursor(ModeKind::Live, (held.epoch, 2)).await.unwrap();
    house.store.move_receipt_cursor(ModeKind::Live, (held.epoch, 1)).await.unwrap();
    assert_eq!(house.store.receipt_cursor(ModeKind::Live).await.unwrap(), (held.epoch, 2));
}
