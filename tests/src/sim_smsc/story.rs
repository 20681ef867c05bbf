//! A story for each knob, told to one desk without sockets; and one over a socket, with the real channel.

use mingluo_channels::sms::smpp::{Body, CommandStatus, MessageState, Pdu};

use super::{Span, desk::Turn, log::Ledger};

mod bench;
mod carriers;
mod wire;
use bench::{Bench, states};

const MS: i64 = 1_000;

#[test]
fn what_is_taken_is_answered_receipted_and_on_record() {
    let mut bench = Bench::new("");
    let said = bench.submit(3, 0);
    assert_eq!(said.len(), 6);
    assert!(said[..3].iter().all(|pdu| pdu.status == CommandStatus::ROK));
    assert_eq!(states(&said), [MessageState::Delivered; 3]);
    bench.take_receipts(&said, 1);

    let ledger = bench.ledger();
    assert_eq!((ledger.distinct(), ledger.surplus(), ledger.receipted), (3, 0, 3));
    assert_eq!((ledger.unanswered.len(), ledger.withheld.len(), ledger.first_us), (0, 0, Some(0)));
}

#[test]
fn over_the_licence_is_throttled_until_the_second_has_passed() {
    let mut bench = Bench::new("--per-second 2");
    let throttled =
        |said: Vec<Pdu>| said.iter().filter(|pdu| pdu.status == CommandStatus::RTHROTTLED).count();
    assert_eq!(throttled(bench.submit(3, 0)), 1);
    assert_eq!(throttled(bench.submit(3, 999 * MS)), 3);
    assert_eq!(throttled(bench.submit(3, 1_000 * MS)), 1);
    assert_eq!(bench.ledger().throttled, 5);
}

#[test]
fn busy_is_said_once_and_refused_for_ever() {
    let mut bench = Bench::new("--busy-percent 100");
    assert!(bench.submit(9, 0).iter().all(|pdu| matches!(pdu.status.0, 0x14 | 0x58)));
    assert!(bench.submit(9, 1).iter().all(|pdu| pdu.status == CommandStatus::ROK));

    let mut bench = Bench::new("--refuse-percent 100");
    for at_us in 0..2 {
        assert!(bench.submit(9, at_us).iter().all(|pdu| pdu.status == CommandStatus::RINVDSTADR));
    }
    assert_eq!((bench.ledger().refused, bench.ledger().distinct()), (18, 0));
}

#[test]
fn a_gateway_that_is_out_of_order_takes_nothing_for_a_while_or_ever_and_a_mute_one_says_so_to_nobody() {
    let all = |said: Vec<Pdu>, status| said.len() == 2 && said.iter().all(|pdu| pdu.status == status);
    let mut bench = Bench::new("--temporary-for-ms 100");
    assert!(all(bench.submit(2, 50 * MS), CommandStatus::RSYSERR));
    assert!(all(bench.submit(2, 149 * MS), CommandStatus::RSYSERR));
    assert_eq!(states(&bench.submit(2, 150 * MS)).len(), 2);
    assert_eq!((bench.ledger().busy, bench.ledger().distinct()), (4, 2));

    let mut bench = Bench::new("--busy-always");
    for at_us in [0, 3_600_000 * MS] {
        assert!(all(bench.submit(2, at_us), CommandStatus::RTHROTTLED));
    }

    let mut bench = Bench::new("--mute-submits");
    assert_eq!((bench.submit(2, 0), bench.at(60_000 * MS)), (vec![], vec![]));
    assert_eq!(bench.turn, Turn::Go);
    assert_eq!((bench.ledger().busy, bench.ledger().distinct()), (2, 0));
}

#[test]
fn a_silent_gateway_owns_up_in_its_log_and_a_lying_one_too() {
    let mut bench = Bench::new("--silent-percent 50");
    let said = bench.submit(100, 0);
    let withheld = bench.ledger().withheld.len();
    assert_eq!(states(&said).len() + withheld, 100);
    assert!((20..80).contains(&withheld));

    let mut bench = Bench::new("--lie-percent 100 --fail-percent 100");
    assert_eq!(states(&bench.submit(2, 0)), [MessageState::Delivered; 2]);
    assert_eq!(bench.ledger().lied.len(), 2);
}

#[test]
fn a_failure_is_receipted_as_one() {
    let mut bench = Bench::new("--fail-percent 100");
    assert_eq!(states(&bench.submit(1, 0)), [MessageState::Undeliverable]);
}

#[test]
fn receipts_come_late_twice_or_before_their_answer() {
    let mut bench = Bench::new("--late-ms 5..5 --latency-ms 3");
    assert_eq!(bench.submit(1, 0), []);
    assert_eq!(bench.at(2 * MS).len(), 0);
    assert!(matches!(bench.at(3 * MS)[..], [Pdu { body: Body::SubmitSmResp(_), .. }]));
    assert_eq!(bench.at(7 * MS).len(), 0);
    assert_eq!(states(&bench.at(9 * MS)).len(), 1);

    assert_eq!(states(&Bench::new("--double-percent 100").submit(1, 0)).len(), 2);

    let first = Bench::new("--receipt-first-percent 100").submit(1, 0);
    assert!(matches!(first[0].body, Body::DeliverSm(_)) && matches!(first[1].body, Body::SubmitSmResp(_)));
}

#[test]
fn an_unanswered_receipt_comes_again_and_outlives_its_session() {
    let mut bench = Bench::new("--resend-ms 100");
    assert_eq!(states(&bench.submit(2, 0)).len(), 2);
    assert_eq!(states(&bench.at(99 * MS)).len(), 0);
    assert_eq!(states(&bench.at(100 * MS)).len(), 2);

    bench.rebind();
    let again = bench.at(101 * MS);
    assert_eq!(states(&again).len(), 2);
    bench.take_receipts(&again, 102 * MS);
    assert_eq!(states(&bench.at(900 * MS)).len(), 0);
    let ledger = bench.ledger();
    assert_eq!((ledger.receipted, ledger.unanswered.len()), (2, 0));
}

#[test]
fn receipts_keep_their_window() {
    let mut bench = Bench::new("--receipt-window 2");
    let said = bench.submit(5, 0);
    assert_eq!(states(&said).len(), 2);
    bench.take_receipts(&said, 1);
    assert_eq!(states(&bench.at(2)).len(), 2);
}

#[test]
fn receipts_go_round_all_sessions_when_told_to() {
    let mut bench = Bench::new("--other-session");
    let other = bench.bind();
    let own = states(&bench.submit(10, 0)).len();
    assert_eq!((own, states(&other.said(0)).len()), (5, 5));
}

#[test]
fn a_session_dies_in_mid_frame_or_stalls_when_its_number_is_up() {
    let mut bench = Bench::new("--die-after 3");
    bench.submit(2, 0);
    assert_eq!(bench.turn, Turn::Go);
    bench.submit(5, 0);
    assert_eq!((bench.turn, bench.ledger().arrived), (Turn::Die, 3));

    let mut bench = Bench::new("--wrong-length-after 3");
    bench.submit(5, 0);
    assert_eq!(bench.turn, Turn::Lie);

    let mut bench = Bench::new("--stall-ms 70");
    bench.submit(200, 0);
    assert!(matches!(bench.turn, Turn::Stall(pause) if pause.as_millis() == 70));
}

#[test]
fn what_exceeds_the_agreed_window_is_counted() {
    let mut bench = Bench::new("--window 3 --latency-ms 5");
    bench.submit(5, 0);
    assert_eq!(bench.over_window(), 2);
    bench.submit(3, 6 * MS);
    assert_eq!(bench.over_window(), 2);
}

#[test]
fn each_planted_fault_shows_only_to_who_compares() {
    let ledger = |plant: &str| -> (usize, Ledger) {
        let mut bench = Bench::new(plant);
        let said = bench.submit(5, 0);
        assert_eq!(said.iter().filter(|pdu| matches!(pdu.body, Body::SubmitSmResp(_))).count(), 5);
        bench.take_receipts(&said, 1);
        (states(&said).len(), bench.ledger())
    };
    let (receipts, lost) = ledger("--plant lose-one");
    assert_eq!((receipts, lost.distinct(), lost.withheld.len()), (4, 4, 0));
    let (receipts, doubled) = ledger("--plant double-one");
    assert_eq!((receipts, doubled.distinct(), doubled.surplus()), (5, 5, 1));
    let (receipts, dropped) = ledger("--plant drop-receipt");
    assert_eq!((receipts, dropped.receipted, dropped.unanswered.len()), (4, 5, 1));
}

#[test]
fn the_same_seed_has_the_same_faults() {
    let withheld = |options: &str| {
        let mut bench = Bench::new(options);
        bench.submit(200, 0);
        bench.ledger().withheld
    };
    assert_eq!(withheld("--silent-percent 20 --seed 7"), withheld("--silent-percent 20 --seed 7"));
    assert_ne!(withheld("--silent-percent 20 --seed 7"), withheld("--silent-percent 20 --seed 8"));
}

#[test]
fn a_log_is_gone_on_with_and_what_is_none_is_left_alone() {
    use super::log::{LogError, Sink};
    let mut bench = Bench::new("");
    bench.submit(3, 0);
    assert_eq!(bench.ledger().distinct(), 3);
    let whole = std::fs::read(&bench.path).unwrap();
    std::fs::write(&bench.path, [&whole[..], &whole[8..20]].concat()).unwrap();
    Sink::append_to(&bench.path).unwrap().close().unwrap();
    assert_eq!(
        std::fs::read(&bench.path).unwrap(),
        whole,
        "half a record is cut off, nothing else is touched"
    );
    std::fs::write(&bench.path, "somebody's notes").unwrap();
    assert!(matches!(Sink::append_to(&bench.path), Err(LogError::Strange { at: 0, .. })));
    assert_eq!(std::fs::read(&bench.path).unwrap(), b"somebody's notes");
}

#[test]
fn options_are_off_unless_given() {
    let faults = super::SmscConfig::default().faults;
    assert_eq!((faults.late_ms, faults.per_second, faults.plant), (Span { from_ms: 0, to_ms: 0 }, 0, None));
}
