//! Stories of accounts that take over from each other.

use crate::{
    LONG, count_in, cut_short,
    far_side::{ACCOUNT, FarSide, Manner, OTHER},
    house::{House, PEOPLE, number},
};
use mingluo_dispatch::{Engine, post::Link, view::PlanView};
use mingluo_ledger::store::{Change, StoredPlan};
use mingluo_model::{
    clock::Clock,
    mode::Live,
    plan::{AccountName, Plan, PlanStatus},
    receipt::{ProviderId, Receipt, ReceiptStatus},
};
use std::{sync::Arc, time::Duration};

fn account(name: &str) -> AccountName {
    AccountName(name.into())
}

fn view_of(engine: &Engine<Live>, name: &str) -> Option<PlanView> {
    engine.views().into_iter().find(|view| view.account == account(name))
}

/// Good news of the first recipient, by their number, as a gateway tells it that has another name for the message.
fn good_news(house: &House) -> Receipt {
    Receipt {
        provider_id: ProviderId::new(b"unheard-of"),
        status: ReceiptStatus::Delivered,
        to: Some(number(0)),
        far_code: "DELIVRD".into(),
        at: house.clock.now(),
    }
}

#[tokio::test]
async fn who_was_heard_of_before_the_other_account_took_over_is_not_sent_to_again() {
    let mut house = House::new().await;
    let alert = cut_short(&mut house, 1).await;
    let engine = house.start_in_line(vec![FarSide::new(Manner::Away, 1, 16)]).await;
    engine.receipts(&account(ACCOUNT), vec![good_news(&house)]).await.unwrap();
    // The node dies when the other account's plan, decided a moment before, is durable and nobody has left the first.
    let first: Plan<Live> = house.store.plans(alert).await.unwrap()[0].typed().unwrap();
    let other = Plan { instead_of: Some(first.id), account: account(OTHER), id: house.plan_id(), ..first };
    let plans = vec![StoredPlan::new(&other, PlanStatus::Open)];
    house.store.commit(&Change { plans, ..Change::default() }).await.unwrap();
    let takes = FarSide::of(OTHER, Manner::Takes, 1, 16);
    let engine = house.start_in_line(vec![FarSide::new(Manner::Away, 1, 16), Arc::clone(&takes)]).await;
    house
        .until(|| view_of(&engine, OTHER).is_some_and(|view| count_in(&view, "accepted") == PEOPLE - 1))
        .await;
    house.pass(LONG).await;
    assert_eq!(takes.sent(), [(1, 1), (2, 1)]);
    let first = view_of(&engine, ACCOUNT).unwrap();
    assert_eq!((first.counts.target, count_in(&first, "delivered")), (1, 1));
}

#[tokio::test]
async fn what_may_have_arrived_and_is_handed_over_is_counted_as_sent_again() {
    let mut house = House::new().await;
    cut_short(&mut house, 1).await;
    let takes = FarSide::of(OTHER, Manner::Takes, 1, 16);
    let engine = house.start_in_line(vec![FarSide::new(Manner::Away, 1, 16), Arc::clone(&takes)]).await;
    house.until(|| view_of(&engine, OTHER).is_some_and(|view| count_in(&view, "accepted") == PEOPLE)).await;
    assert_eq!(view_of(&engine, ACCOUNT).unwrap().resent_in_doubt, 1);
}

#[tokio::test]
async fn accounts_that_come_and_go_by_turns_take_the_same_people_on_a_few_times_only() {
    for (turns_had, hands_over) in [(2, true), (3, false)] {
        let mut house = House::new().await;
        let engine = house.start(Some(FarSide::new(Manner::Away, 1, 16))).await;
        let (alert, admitted) = house.release(&engine).await;
        admitted.unwrap();
        let mut last: Plan<Live> = house.store.plans(alert).await.unwrap()[0].typed().unwrap();
        for turn in 1..2 * turns_had {
            let to = account([ACCOUNT, OTHER][turn % 2]);
            last = Plan { instead_of: Some(last.id), account: to, id: house.plan_id(), ..last };
            let plans = vec![StoredPlan::new(&last, PlanStatus::Open)];
            house.store.commit(&Change { plans, ..Change::default() }).await.unwrap();
        }
        let takes = FarSide::new(Manner::Takes, 1, 16);
        let engine =
            house.start_in_line(vec![Arc::clone(&takes), FarSide::of(OTHER, Manner::Away, 1, 16)]).await;
        house.pass(LONG).await;
        assert_eq!(takes.sent().len(), if hands_over { PEOPLE as usize } else { 0 }, "{turns_had} turns");
        assert_eq!(engine.halted(), None);
    }
}

#[tokio::test]
async fn a_node_that_does_not_dispatch_any_more_hands_nothing_over() {
    let mut house = House::new().await;
    let alert = cut_short(&mut house, 1).await;
    let line = || vec![FarSide::new(Manner::Away, 1, 16), FarSide::of(OTHER, Manner::Takes, 1, 16)];
    let engine = house.start_in_line(line()).await;
    house.lose_the_lease().await;
    house.until(|| engine.halted().is_some()).await;
    assert_eq!(house.store.plans(alert).await.unwrap().len(), 1);
}

#[tokio::test]
async fn where_a_gateway_refuses_everything_for_now_or_answers_nothing_another_account_sends() {
    for manner in [Manner::Later, Manner::Deaf] {
        let mut house = House::new().await;
        let (first, takes) = (FarSide::new(manner, 1, 16), FarSide::of(OTHER, Manner::Takes, 1, 16));
        let engine = house.start_in_line(vec![Arc::clone(&first), takes]).await;
        let (_, admitted) = house.release(&engine).await;
        admitted.unwrap();
        house.pass(LONG).await;
        let of_other = view_of(&engine, OTHER).map(|view| count_in(&view, "accepted"));
        assert_eq!(of_other, Some(PEOPLE), "{manner:?}");
        assert_eq!(first.opened() > 1, manner == Manner::Deaf, "what answers nothing is opened anew");
    }
}

#[tokio::test]
async fn a_fault_of_a_minute_at_the_only_gateway_loses_nobody() {
    let mut house = House::new().await;
    let far = FarSide::new(Manner::Later, 1, 16);
    let engine = house.start(Some(Arc::clone(&far))).await;
    house.release(&engine).await.1.unwrap();
    house.pass(Duration::from_mins(1)).await;
    assert!(matches!(engine.links()[&account(ACCOUNT)], Link::Mute { .. }));
    far.turn(Manner::Takes);
    house.until(|| view_of(&engine, ACCOUNT).is_some_and(|view| count_in(&view, "accepted") == PEOPLE)).await;
    house.until(|| engine.links()[&account(ACCOUNT)] == Link::Up).await;
}
