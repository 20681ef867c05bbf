//! Stories of a whole engine over a real ledger: what a node does that finds other settings than it had, and what
//! brings it to a halt.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop the test where they cannot go on")]

mod far_side;
mod house;

use far_side::{ACCOUNT, FarSide, Manner};
use house::{House, PEOPLE};
use mingluo_dispatch::{Engine, view::PlanView};
use mingluo_model::{
    audience::ChannelKind,
    clock::Clock,
    id::AlertId,
    mode::Live,
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
    view(engine, alert).counts.states.get(state).copied().unwrap_or(0)
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

