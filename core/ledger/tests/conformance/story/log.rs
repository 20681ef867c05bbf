//! The log and its leases.

use crate::{
    cast::{NOON, RESOURCE, TTL, event, node, plan_id, raw_receipt},
    house::House,
};
use mingluo_ledger::{
    StoreError,
    event::RawId,
    store::{Append, Lease},
};
use mingluo_model::clock::Timestamp;
use std::time::Duration;

async fn lease(house: &House, name: &str, number: u128, now: Timestamp) -> Option<Lease> {
    house.store.acquire(RESOURCE, name, node(number), TTL, now).await.unwrap()
}

fn events(numbers: impl IntoIterator<Item = i64>) -> Append {
    let events = numbers.into_iter().map(|seq| (seq, event(plan_id(1), seq as u32))).collect();
    Append { events, ..Append::default() }
}

pub(crate) async fn fenced_append_writes_nothing(house: &House) {
    let lost = lease(house, "a", 1, NOON).await.unwrap();
    let over = lost.until;
    let mut group = events(1..=400);
    group.raws.push((401, raw_receipt(1)));
    let too_late = house.store.append(&lost, over, &group).await;
    assert!(matches!(too_late, Err(StoreError::Fenced { .. })));

    let held = lease(house, "b", 2, over).await.unwrap();
    let moment = over.plus(Duration::from_secs(1));
    let single = Append { raws: vec![(1, raw_receipt(1))], ..Append::default() };
    for group in [&group, &single] {
        let taken = house.store.append(&lost, moment, group).await;
        assert!(matches!(taken, Err(StoreError::Fenced { epoch, .. }) if epoch == lost.epoch));
    }
    assert!(matches!(house.store.renew(&lost, TTL, moment).await, Err(StoreError::Fenced { .. })));
    assert!(house.store.events(plan_id(1), (0, 0), 10).await.unwrap().is_empty());
    assert!(house.store.unmatched(NOON).await.unwrap().is_empty());
    house.store.append(&held, moment, &group).await.unwrap();
}

pub(crate) async fn later_epoch_sorts_after(house: &House) {
    let first = lease(house, "a", 1, NOON).await.unwrap();
    house.store.append(&first, NOON, &events(7..10)).await.unwrap();
    let second = lease(house, "a", 2, NOON).await.unwrap();
    assert!(second.epoch > first.epoch);
    house.store.append(&second, NOON, &events(1..3)).await.unwrap();

    let all = house.store.events(plan_id(1), (0, 0), 10).await.unwrap();
    let numbers: Vec<_> = all.iter().map(|((_, seq), _)| *seq).collect();
    assert_eq!(numbers, [7, 8, 9, 1, 2]);
    let rest = house.store.events(plan_id(1), all[2].0, 1).await.unwrap();
    assert_eq!(rest, all[3..4]);
    assert!(house.store.events(plan_id(2), (0, 0), 10).await.unwrap().is_empty());
}

pub(crate) async fn a_large_group_comes_back_whole(house: &House) {
    let held = lease(house, "a", 1, NOON).await.unwrap();
    let mut last = 0;
    for size in [1, 2, 5, 17, 65, 257, 700] {
        let group = events(last + 1..=last + size);
        house.store.append(&held, NOON, &group).await.unwrap();
        let kept = house.store.events(plan_id(1), (held.epoch, last), 1_000).await.unwrap();
        let expected: Vec<_> =
            group.events.into_iter().map(|(seq, event)| ((held.epoch, seq), event)).collect();
        assert_eq!(kept, expected);
        last += size;
    }
    let twice = house.store.append(&held, NOON, &events([1])).await;
    assert!(matches!(twice, Err(StoreError::Database { .. })));
}

pub(crate) async fn raw_receipt_is_kept_until_matched(house: &House) {
    let held = lease(house, "a", 1, NOON).await.unwrap();
    let raws: Vec<_> = (1..=3).map(|number| (i64::from(number), raw_receipt(number))).collect();
    house.store.append(&held, NOON, &Append { raws: raws.clone(), ..Append::default() }).await.unwrap();
    let waiting = house.store.unmatched(Timestamp(NOON.0 + 2)).await.unwrap();
    let id = |seq| RawId { epoch: held.epoch, seq };
    assert_eq!(waiting, [(id(2), raw_receipt(2)), (id(3), raw_receipt(3))]);

    let later = lease(house, "a", 2, NOON).await.unwrap();
    let mut found = events([1]);
    found.matched.push(id(2));
    house.store.append(&later, NOON, &found).await.unwrap();
    house.store.append(&later, NOON, &Append { matched: vec![id(1)], ..Append::default() }).await.unwrap();
    assert_eq!(house.store.unmatched(NOON).await.unwrap(), [(id(3), raw_receipt(3))]);
}

pub(crate) async fn a_restart_takes_its_lease_at_once_and_a_stranger_waits(house: &House) {
    let first = lease(house, "a", 1, NOON).await.unwrap();
    assert_eq!(lease(house, "b", 2, NOON).await, None);
    let restarted = lease(house, "a", 3, NOON).await.unwrap();
    assert!(restarted.epoch > first.epoch);
    let renewed = house.store.renew(&restarted, TTL, NOON.plus(TTL / 2)).await.unwrap();
    assert_eq!(lease(house, "b", 2, restarted.until).await, None);
    assert!(lease(house, "b", 2, renewed.until).await.is_some());
    let other = house.store.acquire("dispatch/drill", "c", node(4), TTL, NOON).await.unwrap();
    assert!(other.is_some());
}

/// A backup reads the log for hours; a new day's partitions must not make the appends wait behind it.
pub(crate) async fn a_long_reader_of_the_log_does_not_cost_the_lease(house: &House) {
    let held = lease(house, "a", 1, NOON).await.unwrap();
    let reader = house.hold_the_log().await;
    let tomorrow = NOON.plus(Duration::from_hours(24));
    house.store.renew(&held, Duration::from_hours(48), NOON).await.unwrap();
    house.store.renew(&held, TTL, tomorrow).await.unwrap();
    house.store.append(&held, tomorrow, &events(1..3)).await.unwrap();
    drop(reader);
    assert_eq!(house.store.events(plan_id(1), (0, 0), 10).await.unwrap().len(), 2);
}

/// Pages may be slow; dispatch must not halt for it.
pub(crate) async fn readers_that_take_every_connection_hold_up_no_append(house: &House) {
    const READERS: u64 = 12;
    const ALL_CONNECTIONS: u64 = 10;
    let held = lease(house, "a", 1, NOON).await.unwrap();
    let lock = house.hold_the_audit().await;
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let store = house.store.clone();
            tokio::spawn(async move { store.audit_rows(0, 1).await })
        })
        .collect();
    while house.waiting_for_locks().await.is_some_and(|waiting| waiting < ALL_CONNECTIONS) {
        tokio::task::yield_now().await;
    }
    let renewed = house.store.renew(&held, TTL, NOON).await.unwrap();
    house.store.append(&renewed, NOON, &events(1..3)).await.unwrap();
    drop(lock);
    for reader in readers {
        reader.await.unwrap().unwrap();
    }
}
