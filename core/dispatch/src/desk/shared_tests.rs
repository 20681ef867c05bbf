//! Stories of names that several deliveries share.

use super::*;
use crate::{
    flights::Flights,
    progress::tests::{START, told_by},
};
use mingluo_ledger::event::RawId;
use mingluo_model::{
    channel::{Report, Verdict},
    delivery::DeliveryState::{self, Accepted, Delivered, Failed},
    mode::Live,
    plan::AccountName,
    receipt::Receipt,
};
use std::{sync::Arc, time::Duration};

const JOB: &[u8] = b"34182";

fn desk(receipts: ReceiptFor, plans: usize, recipients: u32) -> Desk<Live> {
    let mut desk = Desk::new(AccountName("mass".into()), Arc::new(|_| [0; 16]));
    (0..plans).for_each(|_| {
        desk.admit(told_by(receipts, recipients));
    });
    desk
}

fn taken(key: u64, id: &[u8]) -> Report {
    Report::Answer { key, verdict: Verdict::Accepted(Some(ProviderId::new(id))) }
}

fn receipt(id: &[u8], status: ReceiptStatus) -> Report {
    let (provider_id, far_code) = (ProviderId::new(id), String::new());
    Report::Receipt { receipt: Receipt { provider_id, status, to: None, far_code, at: START }, token: None }
}

/// Sends all of the next plan, and hears these reports one batch after the other.
fn send(desk: &mut Desk<Live>, flights: &mut Flights, first_key: u64, batches: &[&[Report]]) {
    assert!(desk.pick(100, START, flights).is_some());
    flights.launch(first_key, Duration::ZERO);
    for batch in batches {
        let _digest = desk.digest(&mut batch.to_vec(), flights, START);
    }
}

fn states(desk: &Desk<Live>, number: usize, recipients: u32) -> Vec<DeliveryState> {
    (100..100 + recipients).map(|ordinal| desk.plans()[number].standing(ordinal).unwrap().state()).collect()
}

const REFUSED: ReceiptStatus = ReceiptStatus::Failed(Reason::NotAllowed);

#[test]
fn what_is_said_of_a_job_is_said_of_everybody_in_it() {
    let mut desk = desk(ReceiptFor::Job, 1, 3);
    send(&mut desk, &mut Flights::default(), 1, &[&[taken(1, JOB), taken(2, JOB), taken(3, b"34183")]]);
    let begun: Vec<_> = desk
        .unkept_jobs()
        .into_iter()
        .filter_map(|job| Some((job.provider_id, job.begun?.recipients)))
        .collect();
    assert_eq!(begun.len(), 2);
    assert!(begun.contains(&(ProviderId::new(JOB), 2)));
    let _digest = desk.digest(&mut vec![receipt(JOB, REFUSED)], &mut Flights::default(), START);
    assert_eq!(states(&desk, 0, 3), [Failed, Failed, Accepted], "the other call is another job");
}

#[test]
fn a_refusal_that_overtakes_the_answer_holds_for_all_whose_answers_come_after_it() {
    let mut desk = desk(ReceiptFor::Job, 1, 3);
    let mut flights = Flights::default();
    assert!(desk.pick(100, START, &mut flights).is_some());
    flights.launch(1, Duration::ZERO);
    for batch in [vec![receipt(JOB, REFUSED)], vec![taken(1, JOB)], vec![taken(2, JOB), taken(3, JOB)]] {
        let _digest = desk.digest(&mut batch.clone(), &mut flights, START);
    }
    assert_eq!(states(&desk, 0, 3), [Failed; 3]);
}

#[test]
fn a_refusal_that_was_kept_raw_is_taken_up_for_everybody_after_a_restart() {
    let mut desk = desk(ReceiptFor::Job, 1, 2);
    send(&mut desk, &mut Flights::default(), 1, &[&[taken(1, JOB), taken(2, JOB)]]);
    let raw = mingluo_ledger::event::RawReceipt {
        account: AccountName("mass".into()),
        provider_id: ProviderId::new(JOB),
        address_hash: None,
        status: REFUSED,
        far_code: "err(40001)".into(),
        at: START,
    };
    let entries = desk.take_up(RawId { epoch: 1, seq: 1 }, &raw, START);
    assert_eq!((entries.len(), states(&desk, 0, 2)), (2, vec![Failed; 2]));
}

#[test]
fn a_job_whose_end_nobody_told_is_asked_after_and_one_that_ended_is_not() {
    let mut desk = desk(ReceiptFor::Job, 2, 2);
    let mut flights = Flights::default();
    // The end of the second is heard before its answer.
    desk.end_job(&ProviderId::new(b"34183"));
    send(&mut desk, &mut flights, 1, &[&[taken(1, JOB), taken(2, JOB)]]);
    send(&mut desk, &mut flights, 3, &[&[taken(3, b"34183"), taken(4, b"34183")]]);
    let [before, later] = [Timestamp(START.0 - 1), Timestamp(START.0 + 1)];
    assert!(desk.jobs_to_ask(before, START, before).is_empty(), "there is time");
    assert!(desk.waits_for_job(&ProviderId::new(JOB)) && !desk.waits_for_job(&ProviderId::new(b"34183")));
    assert_eq!(desk.jobs_to_ask(before, START, START).len(), 1, "nothing was heard of it for a while");
    let of_earlier_run = desk.jobs_to_ask(before, later, before);
    assert!(matches!(&of_earlier_run[..], [job] if job.id == ProviderId::new(JOB) && job.begun == START));
    desk.note_asked(&ProviderId::new(JOB), START);
    assert!(desk.jobs_to_ask(before, later, before).is_empty(), "once");
    assert_eq!(desk.jobs_to_ask(START, later, START).len(), 1, "it is overdue");
    desk.end_job(&ProviderId::new(JOB));
    assert!(desk.jobs_to_ask(START, later, START).is_empty());
}

#[test]
fn a_job_is_kept_once_with_all_its_people() {
    let mut desk = desk(ReceiptFor::Job, 1, 3);
    let mut flights = Flights::default();
    send(&mut desk, &mut flights, 1, &[&[taken(1, JOB)]]);
    let some = desk.unkept_jobs();
    let _digest = desk.digest(&mut vec![taken(2, JOB), taken(3, JOB)], &mut flights, START);
    desk.jobs_are_kept(&some);
    let all = desk.unkept_jobs();
    assert_eq!(all[0].begun.unwrap().recipients, 3, "it grew while it was being kept");
    desk.jobs_are_kept(&all);
    assert!(desk.unkept_jobs().is_empty());
}

#[test]
fn notices_of_one_name_are_told_of_in_the_order_in_which_they_left() {
    let mut desk = desk(ReceiptFor::InTurn, 2, 1);
    let mut flights = Flights::default();
    send(&mut desk, &mut flights, 1, &[&[taken(1, b"anna")]]);
    send(&mut desk, &mut flights, 2, &[&[taken(2, b"anna")]]);
    let mut hear = |status| {
        let _digest = desk.digest(&mut vec![receipt(b"anna", status)], &mut Flights::default(), START);
        [0, 1].map(|number| desk.plans()[number].standing(100).unwrap().state())
    };
    assert_eq!(hear(ReceiptStatus::Delivered), [Delivered, Accepted]);
    assert_eq!(hear(ReceiptStatus::Failed(Reason::Blocked)), [Delivered, Failed]);
    assert_eq!(
        hear(ReceiptStatus::Failed(Reason::Blocked)),
        [Delivered, Failed],
        "one too many changes nothing"
    );
}
