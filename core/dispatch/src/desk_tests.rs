//! Stories of receipts whose id nobody ever named: they find who is in doubt by the address.

use super::*;
use crate::progress::tests::{START, progress};
use mingluo_model::{
    channel::{Refusal, Report, Verdict},
    delivery::{DeliveryState, Reason},
    grade::Grade,
    mode::Live,
    receipt::{ProviderId, Receipt},
};
use std::time::Duration;

const ANNA: &str = "+8613900000001";

fn desk(plans: usize) -> Desk<Live> {
    let hash = |address: &Address| {
        let mut hash = [0; 16];
        hash[..14].copy_from_slice(&address.expose().as_bytes()[..14]);
        hash
    };
    let mut desk = Desk::new(AccountName("sms".into()), Arc::new(hash));
    (0..plans).for_each(|_| {
        desk.admit(progress(1, 1, Grade::Red));
    });
    desk
}

fn receipt(id: &[u8]) -> Report {
    let receipt = Receipt {
        provider_id: ProviderId::new(id),
        status: ReceiptStatus::Delivered,
        to: Some(Address::new(ANNA)),
        far_code: "DELIVRD".into(),
        at: START,
    };
    Report::Receipt { receipt, token: None }
}

fn hear(desk: &mut Desk<Live>, reports: &[Report]) {
    desk.digest(&mut reports.to_vec(), &mut Flights::default(), START);
}

/// Sends to Anna and hears that no answer will come.
fn lose(desk: &mut Desk<Live>, flights: &mut Flights) {
    let number = desk.pick(1, START, flights).unwrap().number;
    flights.launch(1, Duration::ZERO);
    let _digest = desk.digest(&mut vec![Report::Answer { key: 1, verdict: Verdict::Lost }], flights, START);
    assert_eq!(number, 0);
}

fn state(desk: &mut Desk<Live>) -> DeliveryState {
    desk.plan(0).standing(100).unwrap().state()
}

#[test]
fn a_receipt_that_came_before_the_doubt_is_found_when_the_doubt_is_remembered() {
    let mut desk = desk(1);
    lose(&mut desk, &mut Flights::default());
    hear(&mut desk, &[receipt(b"early")]);
    assert_eq!(state(&mut desk), DeliveryState::Unknown);
    let entries = desk.doubt(&Address::new(ANNA), 0, 100, START);
    assert_eq!((entries.len(), state(&mut desk)), (1, DeliveryState::Delivered));
}

#[test]
fn an_early_receipt_is_left_to_another_plan_that_still_waits_for_its_answer() {
    let mut desk = desk(2);
    lose(&mut desk, &mut Flights::default());
    hear(&mut desk, &[receipt(b"early")]);
    assert_eq!(desk.plan(1).pick(1, START).len(), 1);
    assert!(desk.doubt(&Address::new(ANNA), 0, 100, START).is_empty());
    assert_eq!(state(&mut desk), DeliveryState::Unknown);
}

#[test]
fn a_receipt_that_overtakes_its_answer_dissolves_no_doubt_of_another_plan() {
    let mut desk = desk(2);
    lose(&mut desk, &mut Flights::default());
    desk.doubt(&Address::new(ANNA), 0, 100, START);
    let mut flights = Flights::default();
    assert_eq!(desk.pick(1, START, &mut flights).unwrap().number, 1);
    flights.launch(2, Duration::ZERO);
    hear(&mut desk, &[receipt(b"of the update")]);
    assert_eq!(state(&mut desk), DeliveryState::Unknown, "what was lost is still to be sent again");
    let verdict = Verdict::Accepted(Some(ProviderId::new(b"of the update")));
    let _digest = desk.digest(&mut vec![Report::Answer { key: 2, verdict }], &mut flights, START);
    assert_eq!(desk.plan(1).standing(100).unwrap().state(), DeliveryState::Delivered);
    assert_eq!(state(&mut desk), DeliveryState::Unknown);
}

#[test]
fn a_receipt_that_was_heard_before_the_message_left_is_about_another_message() {
    let mut desk = desk(1);
    hear(&mut desk, &[receipt(b"of yesterday")]);
    let later = START.plus(Duration::from_millis(1));
    let mut flights = Flights::default();
    assert!(desk.pick(1, later, &mut flights).is_some());
    flights.launch(1, Duration::ZERO);
    let _digest =
        desk.digest(&mut vec![Report::Answer { key: 1, verdict: Verdict::Lost }], &mut flights, later);
    assert!(desk.doubt(&Address::new(ANNA), 0, 100, later).is_empty());
    assert_eq!(state(&mut desk), DeliveryState::Unknown);
}

#[test]
fn a_receipt_that_stands_twice_in_a_batch_is_about_one_part() {
    let mut desk = desk(0);
    desk.admit(progress(1, 2, Grade::Red));
    let mut flights = Flights::default();
    assert!(desk.pick(2, START, &mut flights).is_some());
    flights.launch(1, Duration::ZERO);
    let lost = |key| Report::Answer { key, verdict: Verdict::Lost };
    let _digest = desk.digest(&mut vec![lost(1), lost(2)], &mut flights, START);
    desk.doubt(&Address::new(ANNA), 0, 100, START);
    hear(&mut desk, &[receipt(b"one"), receipt(b"one")]);
    assert_eq!(state(&mut desk), DeliveryState::Unknown, "the other part may never have arrived");
    hear(&mut desk, &[receipt(b"other")]);
    assert_eq!(state(&mut desk), DeliveryState::Delivered);
}

#[test]
fn a_plan_that_is_folded_away_is_asked_for_nothing_more_and_its_ids_are_forgotten() {
    let mut desk = desk(2);
    let mut flights = Flights::default();
    assert_eq!(desk.pick(1, START, &mut flights).unwrap().number, 0);
    flights.launch(1, Duration::ZERO);
    let verdict = Verdict::Accepted(Some(ProviderId::new(b"first")));
    let _digest = desk.digest(&mut vec![Report::Answer { key: 1, verdict }], &mut flights, START);
    desk.close(0);
    desk.forget_closed();
    assert_eq!((desk.order.as_slice(), desk.known.len()), (&[1][..], 0));
    assert_eq!(desk.pick(1, START, &mut flights).unwrap().number, 1);
}

#[test]
fn what_is_refused_for_now_uses_up_a_try_unless_the_gateway_refuses_everybody() {
    for (at_fault, vain_tries) in [(false, 5), (true, 50)] {
        let mut desk = desk(1);
        desk.blame_gateway(at_fault);
        let mut now = START;
        for key in 1..=vain_tries {
            let mut flights = Flights::default();
            now = now.plus(Duration::from_mins(2));
            assert!(desk.pick(1, now, &mut flights).is_some(), "try {key}");
            flights.launch(key, Duration::ZERO);
            let refusal = Refusal { reason: Reason::FarFault, far_code: "8".into() };
            let verdict = Verdict::Temporary(refusal);
            let digest = desk.digest(&mut vec![Report::Answer { key, verdict }], &mut flights, now);
            assert_eq!((digest.vain, digest.busy), (1, u32::from(at_fault)));
        }
        assert_eq!(state(&mut desk) == DeliveryState::Failed, !at_fault);
    }
}
