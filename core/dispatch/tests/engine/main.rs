//! Stories of a whole engine over a real ledger: what a node does that finds other settings than it had, and what
//! brings it to a halt.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop the test where they cannot go on")]

mod far_side;
mod handover;
mod house;

use far_side::{ACCOUNT, FarSide, Manner};
use house::{House, PEOPLE};
use mingluo_dispatch::{Engine, engine::NamedReceipt, view::PlanView};
use mingluo_ledger::event::Fact;
use mingluo_model::{
    audience::ChannelKind,
    channel::JobState,
    clock::{Clock, Timestamp},
    delivery::Reason,
    id::AlertId,
    mode::{Live, ModeKind},
    plan::{AccountName, PlanStatus},
    receipt::{ProviderId, Receipt, ReceiptStatus},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// More than any doubt or retry waits.
const LONG: Duration = Duration::from_mins(5);

fn view(engine: &Engine<Live>, alert: AlertId) -> PlanView {
    engine.views().into_iter().find(|view| view.alert == alert).unwrap()
}

fn count(engine: &Engine<Live>, alert: AlertId, state: &str) -> u32 {
    count_in(&view(engine, alert), state)
}

fn count_in(view: &PlanView, state: &str) -> u32 {
    view.counts.states.get(state).copied().unwrap_or(0)
}

/// Sends to the first alone and hears nothing; then the node is gone.
async fn cut_short(house: &mut House, parts: u16) -> AlertId {
    let far = FarSide::new(Manner::Silent, parts, u32::from(parts));
    let engine = house.start(Some(Arc::clone(&far))).await;
    let (alert, admitted) = house.release(&engine).await;
    admitted.unwrap();
    house.until(|| far.sent().len() == 1).await;
    alert
}

/// An alert that everybody got by an account that takes, folded away.
async fn folded(house: &mut House) -> (Arc<Engine<Live>>, AlertId) {
    let engine = house.start(Some(FarSide::new(Manner::Takes, 1, 16))).await;
    let (alert, admitted) = house.release(&engine).await;
    admitted.unwrap();
    house.until(|| count(&engine, alert, "accepted") == PEOPLE).await;
    house.pass(Duration::from_hours(49)).await;
    house.until(|| view(&engine, alert).status == PlanStatus::Closed).await;
    (engine, alert)
}

#[tokio::test]
async fn what_is_released_and_cannot_be_taken_on_halts_dispatch_and_leaves_after_a_restart() {
    let mut house = House::new().await;
    let engine = house.start(Some(FarSide::new(Manner::Takes, 1, 16))).await;
    house.index_is_readable.store(false, Ordering::Release);
    let (alert, admitted) = house.release(&engine).await;
    admitted.unwrap_err();
    assert!(engine.halted().is_some(), "nobody would know of it");
    house.index_is_readable.store(true, Ordering::Release);
    let engine = house.start(Some(FarSide::new(Manner::Takes, 1, 16))).await;
    house.until(|| count(&engine, alert, "accepted") == PEOPLE).await;
}

#[tokio::test]
async fn a_defect_of_a_channel_halts_dispatch() {
    let mut house = House::new().await;
    let engine = house.start(Some(FarSide::new(Manner::Breaks, 1, 16))).await;
    let (_, admitted) = house.release(&engine).await;
    admitted.unwrap();
    house.until(|| engine.halted().is_some()).await;
}

#[tokio::test]
async fn a_message_that_would_be_cut_otherwise_now_leaves_no_more_in_pieces_of_two_kinds() {
    for parts_now in [3, 1, 0] {
        let mut house = House::new().await;
        let alert = cut_short(&mut house, 2).await;
        let far = FarSide::new(Manner::Takes, parts_now, 16);
        let engine = house.start(Some(Arc::clone(&far))).await;
        house.pass(LONG).await;
        assert!(far.sent().is_empty(), "{:?} in {parts_now} parts", far.sent());
        let view = view(&engine, alert);
        assert_eq!((view.parts, view.counts.failed.get("content")), (2, Some(&(PEOPLE - 1))));
        assert_eq!(count(&engine, alert, "unknown"), 1);
        assert_eq!(engine.halted(), None);
    }
}

#[tokio::test]
async fn what_was_taken_whole_stays_so_and_hears_its_receipts_however_it_would_be_cut_now() {
    let mut house = House::new().await;
    let far = FarSide::new(Manner::Takes, 2, 16);
    let engine = house.start(Some(Arc::clone(&far))).await;
    let (alert, admitted) = house.release(&engine).await;
    admitted.unwrap();
    house.until(|| count(&engine, alert, "accepted") == PEOPLE).await;
    let account = AccountName(ACCOUNT.into());
    let at = house.clock.now();
    let receipt = |key: u64| Receipt {
        provider_id: ProviderId::new(&key.to_be_bytes()),
        status: ReceiptStatus::Delivered,
        to: None,
        far_code: "DELIVRD".into(),
        at,
    };
    // The count moves before the disk does. What is written after the answers is durable after them.
    engine.receipts(&account, vec![receipt(u64::MAX)]).await.unwrap();
    let engine = house.start(Some(FarSide::new(Manner::Takes, 1, 16))).await;
    assert_eq!(count(&engine, alert, "accepted"), PEOPLE);
    engine.receipts(&account, vec![receipt(1), receipt(2)]).await.unwrap();
    assert_eq!((count(&engine, alert, "accepted"), count(&engine, alert, "delivered")), (PEOPLE - 1, 1));
}

#[tokio::test]
async fn what_was_answered_before_an_orderly_stop_is_in_no_doubt_after_it() {
    let mut house = House::new().await;
    let engine = house.start(Some(FarSide::new(Manner::Takes, 1, 16))).await;
    let (alert, admitted) = house.release(&engine).await;
    admitted.unwrap();
    house.until_just(|| count(&engine, alert, "accepted") == PEOPLE).await;
    engine.shutdown().await;
    let events = house.store.events(view(&engine, alert).plan, (0, 0), 100).await.unwrap();
    let answers = events.iter().map(|(_, event)| match &event.fact {
        Fact::Answers(answers) => answers.len(),
        _ => 0,
    });
    assert_eq!(answers.sum::<usize>(), PEOPLE as usize);
}

#[tokio::test]
async fn an_account_that_is_gone_keeps_no_node_from_starting_and_hides_nobody_from_a_lift() {
    let mut house = House::new().await;
    let alert = cut_short(&mut house, 1).await;
    let engine = house.start(None).await;
    assert_eq!(engine.accounts().count(), 0, "nothing new is planned on it");
    assert_eq!(view(&engine, alert).counts.failed.get("not-allowed"), Some(&(PEOPLE - 1)));
    let reached = engine.reached(alert).await.unwrap();
    assert_eq!(reached[&ChannelKind::Sms].iter().collect::<Vec<_>>(), [0]);
}

#[tokio::test]
async fn what_is_told_of_a_folded_plan_moves_its_counts_its_fold_and_its_log_once() {
    let mut house = House::new().await;
    let (engine, alert) = folded(&mut house).await;
    let (plan, account, at) = (view(&engine, alert).plan, AccountName(ACCOUNT.into()), house.clock.now());
    let returned = |ordinal| NamedReceipt {
        plan,
        ordinal,
        receipt: Receipt {
            provider_id: ProviderId::new(b"days later"),
            status: ReceiptStatus::Failed(Reason::BadAddress),
            to: None,
            far_code: "failed 5.1.1".into(),
            at,
        },
    };
    let events = async || house.store.events(plan, (0, 0), 100).await.unwrap().len();
    let before = events().await;

    for _ in 0..2 {
        engine.named_receipts(&account, vec![returned(1), returned(PEOPLE)]).await.unwrap();
        assert_eq!((count(&engine, alert, "accepted"), count(&engine, alert, "failed")), (PEOPLE - 1, 1));
        assert_eq!(events().await, before + 1, "told twice, it is one fact; and nobody has the other number");
    }
    assert!(house.store.unmatched(Timestamp(0)).await.unwrap().is_empty(), "nothing is left to be found");

    let engine = house.start(Some(FarSide::new(Manner::Takes, 1, 16))).await;
    engine.named_receipts(&account, vec![returned(2)]).await.unwrap();
    let views = engine.views_of(alert).await.unwrap();
    assert_eq!((count_in(&views[0], "accepted"), count_in(&views[0], "failed")), (PEOPLE - 2, 2));
}

#[tokio::test]
async fn a_job_that_is_under_way_for_ever_is_given_up_after_twice_its_time() {
    let mut house = House::new().await;
    let engine = house.start(Some(FarSide::of_jobs(JobState::UnderWay))).await;
    let (alert, admitted) = house.release(&engine).await;
    admitted.unwrap();
    house.until(|| count(&engine, alert, "accepted") == PEOPLE).await;

    house.pass(Duration::from_mins(69)).await;
    assert_eq!(count(&engine, alert, "accepted"), PEOPLE, "it is overdue, and may end yet");
    house.pass(Duration::from_mins(2)).await;

    house.until(|| view(&engine, alert).counts.failed.get("no-receipt") == Some(&PEOPLE)).await;
    let ends =
        async || house.store.jobs(ModeKind::Live, 10).await.unwrap().into_iter().filter_map(|job| job.end);
    assert_eq!(ends().await.count(), PEOPLE as usize);
    assert!(ends().await.all(|end| end.refused == Some(Reason::NoReceipt)));
}

#[tokio::test]
async fn a_folded_alert_tells_whom_it_reached_when_its_account_is_gone() {
    let mut house = House::new().await;
    let (_first, alert) = folded(&mut house).await;
    let engine = house.start(None).await;
    let reached = engine.reached(alert).await.unwrap();
    assert_eq!(reached[&ChannelKind::Sms].len(), u64::from(PEOPLE));
    assert_eq!(engine.views_of(alert).await.unwrap().len(), 1);
}
