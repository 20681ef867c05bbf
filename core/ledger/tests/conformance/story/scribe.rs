//! Group commit over a real store.

use crate::{
    cast::{NOON, RESOURCE, TTL, event, node, plan_id, raw_receipt},
    house::House,
};
use async_trait::async_trait;
use mingluo_ledger::{
    StoreError,
    event::RawId,
    scribe::{Entry, Scribe, ScribeError},
};
use mingluo_model::clock::{Clock, Timestamp, manual::ManualClock};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// A wall clock that can be set; the time that passes stands still.
struct Adjusted {
    passed: Arc<ManualClock>,
    set_forward_ms: AtomicI64,
}

#[async_trait]
impl Clock for Adjusted {
    fn now(&self) -> Timestamp {
        Timestamp(self.passed.now().0 + self.set_forward_ms.load(Ordering::Acquire))
    }

    fn ticks(&self) -> Duration {
        self.passed.ticks()
    }

    async fn sleep(&self, duration: Duration) {
        self.passed.sleep(duration).await;
    }
}

async fn scribe(house: &House, clock: &Arc<ManualClock>) -> Scribe {
    let lease = house.store.acquire(RESOURCE, "a", node(1), TTL, clock.now()).await.unwrap().unwrap();
    Scribe::start(house.store.clone(), lease, TTL, clock.clone())
}

fn entry(ordinal: u32) -> Entry {
    Entry::Event(event(plan_id(1), ordinal))
}

pub(crate) async fn what_the_scribe_answered_is_on_disk(house: &House) {
    let scribe = scribe(house, &ManualClock::at(NOON)).await;
    let callers: Vec<_> = (0..50)
        .map(|ordinal| {
            let scribe = scribe.clone();
            tokio::spawn(async move { scribe.append(vec![entry(ordinal), Entry::Raw(raw_receipt(1))]).await })
        })
        .collect();
    let mut ids = Vec::<RawId>::new();
    for caller in callers {
        ids.extend(caller.await.unwrap().unwrap());
    }
    assert_eq!(house.store.events(plan_id(1), (0, 0), 100).await.unwrap().len(), 50);
    scribe.append(ids[1..].iter().map(|id| Entry::Matched(*id)).collect()).await.unwrap();
    let waiting = house.store.unmatched(Timestamp(0)).await.unwrap();
    assert_eq!(waiting, [(ids[0], raw_receipt(1))]);
    let counts = scribe.counts();
    assert!(counts.entries == 149 && counts.commits < 51, "{counts:?}");
}

pub(crate) async fn a_scribe_that_lost_its_lease_fails_for_good(house: &House) {
    let clock = ManualClock::at(NOON);
    let first = scribe(house, &clock).await;
    first.append(vec![entry(1)]).await.unwrap();
    let second = scribe(house, &clock).await;
    for _ in 0..2 {
        let ScribeError::Failed(cause) = first.append(vec![entry(2)]).await.unwrap_err() else { panic!() };
        assert!(matches!(*cause, StoreError::Fenced { .. }));
    }
    assert!(matches!(first.failed().await, ScribeError::Failed(_)));
    second.append(vec![entry(3)]).await.unwrap();
    assert_eq!(house.store.events(plan_id(1), (0, 0), 100).await.unwrap().len(), 2);
}

pub(crate) async fn an_idle_scribe_keeps_its_lease(house: &House) {
    let clock = ManualClock::at(NOON);
    let scribe = scribe(house, &clock).await;
    for _ in 0..9 {
        clock.advance(TTL / 2);
        scribe.append(vec![entry(1)]).await.unwrap();
    }
    clock.advance(TTL * 2);
    scribe.append(vec![entry(2)]).await.expect("after a stall the lease comes first");
    let stranger = house.store.acquire(RESOURCE, "b", node(2), TTL, clock.now()).await.unwrap();
    assert_eq!(stranger, None);
    drop(scribe);
    let mut taken = None;
    while taken.is_none() {
        tokio::task::yield_now().await;
        taken = house.store.acquire(RESOURCE, "b", node(2), TTL, clock.now()).await.unwrap();
    }
}

pub(crate) async fn a_wall_clock_set_forward_costs_no_lease_that_nobody_took(house: &House) {
    let clock = Arc::new(Adjusted { passed: ManualClock::at(NOON), set_forward_ms: AtomicI64::new(0) });
    let lease = house.store.acquire(RESOURCE, "a", node(1), TTL, NOON).await.unwrap().unwrap();
    let scribe = Scribe::start(house.store.clone(), lease, TTL, clock.clone());
    scribe.append(vec![entry(1)]).await.unwrap();
    clock.set_forward_ms.store(TTL.as_millis() as i64 * 2, Ordering::Release);
    scribe.append(vec![entry(2)]).await.expect("the lease is ours still");

    clock.set_forward_ms.store(TTL.as_millis() as i64 * 4, Ordering::Release);
    let taken = house.store.acquire(RESOURCE, "b", node(2), TTL, clock.now()).await.unwrap();
    assert!(taken.is_some());
    let ScribeError::Failed(cause) = scribe.append(vec![entry(3)]).await.unwrap_err() else { panic!() };
    assert!(matches!(*cause, StoreError::Fenced { .. }));
}
