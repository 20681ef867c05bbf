//! Stories of decisions that are taken whole or not at all, whoever goes away or clicks at the same time.

use super::{approved, state, town::Town, withdraw::released};
use crate::{
    config::Config,
    office::{OfficeError, Withdrawal},
};
use futures_util::poll;
use mingluo_dispatch::{EngineError, engine};
use mingluo_ledger::store::{AlertWrite, Change};
use mingluo_model::{
    alert::{Alert, AlertState},
    audience::ChannelKind,
    mode::Live,
    plan::PlanStatus,
};
use rand::{SeedableRng, rngs::StdRng};
use std::time::Duration;

/// Looks every few milliseconds until `look` is true, for at most ten seconds.
async fn until(town: &Town, look: impl Fn() -> bool) -> bool {
    for _ in 0..2_000 {
        if look() {
            return true;
        }
        town.city.clock.sleep(Duration::from_millis(5)).await;
    }
    false
}

#[tokio::test]
async fn a_browser_that_goes_away_leaves_no_half_release() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let (zhao, shown) = (town.officer("zhao").await, town.shown(&id).await);
    let mut release = Box::pin(town.city.live.release(&zhao, id.parse().unwrap(), shown, 2));
    assert!(poll!(&mut release).is_pending());
    drop(release);
    assert!(until(&town, || !town.city.live.progress(None).is_empty()).await, "dispatch hears of it");
    town.city.live.finish().await;
    assert_eq!(state(&town, &id).await, "released");
}

#[tokio::test]
async fn a_browser_that_goes_away_leaves_no_half_lift() {
    let town = Town::open().await;
    let id = released(&town).await;
    let zhao = town.officer("zhao").await;
    let words = town.prewritten(&id, Withdrawal::Lift).await;
    let live = &town.city.live;
    let mut lift = Box::pin(live.withdraw(&zhao, id.parse().unwrap(), Withdrawal::Lift, &words));
    assert!(poll!(&mut lift).is_pending());
    drop(lift);
    live.finish().await;
    assert_eq!(state(&town, &id).await, "lifted");
}

#[tokio::test]
async fn of_two_lifts_at_once_one_is_done_and_nothing_runs_on() {
    let town = Town::open().await;
    let id = released(&town).await;
    let (zhao, words) = (town.officer("zhao").await, town.prewritten(&id, Withdrawal::Lift).await);
    let lift = || town.city.live.withdraw(&zhao, id.parse().unwrap(), Withdrawal::Lift, &words);
    let (first, second) = tokio::join!(lift(), lift());
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|done| **done).count(), 1);
    let plans = town.city.live.progress(Some(id.parse().unwrap()));
    assert!(!plans.is_empty() && plans.iter().all(|plan| plan.status != PlanStatus::Open));
    assert_eq!(town.city.live.alerts(10).await.unwrap().len(), 2, "the loser drafted nothing");
}

#[tokio::test]
async fn a_halted_dispatch_releases_nothing() {
    let mut town = Town::open().await;
    let first = released(&town).await;
    town.red.retain(|(name, _)| *name != "key");
    let id = approved(&town, "/live").await;
    let (store, clock) = (town.city.store.as_ref(), &town.city.clock);
    let config = Config::read(&town.home().join("mingluo.toml")).unwrap().dispatch;
    let mut chance = StdRng::from_os_rng();
    // Another process of the same node takes over.
    engine::take_lease::<Live>(store, "town", &config, clock, &mut chance).await.unwrap();
    let zhao = town.officer("zhao").await;
    town.city.live.recall(&zhao, first.parse().unwrap()).await.ok();
    assert!(until(&town, || town.city.live.engine().halted().is_some()).await);
    let refused =
        town.city.live.release(&zhao, id.parse().unwrap(), town.shown(&id).await, 2).await.unwrap_err();
    assert!(matches!(refused, OfficeError::Engine(EngineError::Halted { .. })), "{refused}");
    assert_eq!(state(&town, &id).await, "approved");
}

#[tokio::test]
async fn what_was_signed_for_two_is_not_sent_to_others() {
    let town = Town::open().await;
    let id = approved(&town, "/live").await;
    let (alert, revision) = town.city.live.alert(id.parse().unwrap()).await.unwrap();
    let AlertState::Approved { mut submitted, mut approvals } = alert.state else { panic!("not approved") };
    let mut content = alert.content;
    content.audience.counts.get_mut(&ChannelKind::Sms).unwrap().recipients = 3;
    submitted.content = content.hash(mingluo_model::mode::ModeKind::Live);
    for approval in &mut approvals {
        approval.content = submitted.content;
    }
    let state = AlertState::Approved { submitted, approvals };
    let alert = Alert::<Live>::restore(alert.id, alert.owner, alert.author, alert.created, content, state);
    let change = Change { alerts: vec![AlertWrite::new(&alert, revision)], ..Change::default() };
    town.city.store.commit(&change).await.unwrap();
    let (zhao, shown) = (town.officer("zhao").await, alert.content_hash());
    let refused = town.city.live.release(&zhao, alert.id, shown, 3).await.unwrap_err();
    assert!(
        matches!(&refused, OfficeError::AudienceChanged { signed, found, .. }
        if (signed.recipients, found.recipients) == (3, 2)),
        "{refused}"
    );
    assert_eq!(super::state(&town, &id).await, "approved");
}
