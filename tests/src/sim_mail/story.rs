//! Stories of the e-mail channel and its relay, over real sockets.

use super::*;
use crate::{
    sim_courier::{Courier, PLAN},
    sim_journal::{Entry, What},
};
use mingluo_channels::email::{EmailChannel, EmailConfig};
use mingluo_model::{
    alert::Language,
    channel::{SendError, Verdict},
    clock::{Clock, system::SystemClock},
    delivery::Reason,
    grade::Grade,
    message::{Body, Message},
    mode::Live,
};
use serde_json::json;
use std::collections::BTreeSet;

async fn relay(address: &str, faults: MailFaults) -> (SimMail, Arc<Journal>) {
    let clock: SharedClock = SystemClock::shared();
    let journal = Arc::new(Journal::in_memory(Arc::clone(&clock)));
    let listener = TcpListener::bind(address).await.unwrap();
    (SimMail::start(listener, faults, Arc::clone(&journal), clock).unwrap(), journal)
}

async fn courier(relay: &SimMail, sockets: u32) -> Courier {
    let config: EmailConfig = serde_json::from_value(json!({
        "name": "relay", "pretend": true, "relay": "127.0.0.1", "port": relay.address().port(),
        "security": "none", "from": "应急局 <warn@fushun.example>", "sockets": sockets, "per_second": 1000,
        "helo_name": "disp.fushun.example", "answer_seconds": 5,
    }))
    .unwrap();
    let channel = EmailChannel::<Live>::new(config, SystemClock::shared()).unwrap();
    let (subject, text, html, cap_xml) =
        ("【红色预警】暴雨".into(), "请转移\n.\n立即".into(), String::new(), String::new());
    let body = Body::Email { subject, text, html, cap_xml };
    Courier::open(&channel, Message::new(PLAN.parse().unwrap(), Grade::Red, Language::chinese(), body))
        .await
        .unwrap()
}

fn people(number: usize) -> Vec<String> {
    (0..number).map(|person| format!("p{person}@ok.example")).collect()
}

fn told(journal: &Journal, what: What) -> Vec<Entry> {
    journal.entries().into_iter().filter(|entry| entry.what == what).collect()
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_harms_nobody_else() {
    let faults = MailFaults { refuse_percent: 20, ..MailFaults::default() };
    let (relay, journal) = relay("127.0.0.1:0", faults).await;
    let to = people(60);

    let verdicts = courier(&relay, 4).await.deliver(&to, 1).await.unwrap();

    let taken: BTreeSet<String> = told(&journal, What::Accepted).into_iter().map(|entry| entry.to).collect();
    assert!((30..60).contains(&taken.len()), "{}", taken.len());
    for (to, verdict) in to.iter().zip(verdicts) {
        match verdict {
            Verdict::Accepted(None) => assert!(taken.contains(to)),
            Verdict::NoSuchAddress { far_code } => {
                assert_eq!(far_code, "550 5.1.1");
                assert!(!taken.contains(to));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(relay.connections() <= 4, "a refusal costs no connection: {}", relay.connections());
}

#[tokio::test]
async fn a_relay_that_dies_in_data_leaves_one_mail_unknown() {
    let faults = MailFaults { die_in_data_after: Some(5), ..MailFaults::default() };
    let (relay, journal) = relay("127.0.0.1:0", faults).await;

    let verdicts = courier(&relay, 2).await.deliver(&people(12), 1).await.unwrap();

    let lost: Vec<usize> =
        (0..).zip(&verdicts).filter(|(_, v)| **v == Verdict::Lost).map(|(n, _)| n).collect();
    let withheld = told(&journal, What::Withheld);
    assert_eq!((lost.len(), withheld.len(), told(&journal, What::Accepted).len()), (1, 1, 11));
    assert_eq!(withheld[0].id, format!("<{PLAN}.{}.1@fushun.example>", lost[0]));
}

#[tokio::test]
async fn a_busy_mailbox_costs_nothing_and_is_tried_again() {
    let faults = MailFaults { busy_percent: 50, ..MailFaults::default() };
    let (relay, journal) = relay("127.0.0.1:0", faults).await;
    let mut courier = courier(&relay, 4).await;
    let mut left = people(20);
    for _round in 0..40 {
        let verdicts = courier.deliver(&left, 1).await.unwrap();
        let busy = |verdict: &Verdict| matches!(verdict, Verdict::Busy { .. });
        left =
            left.into_iter().zip(&verdicts).filter(|(_, verdict)| busy(verdict)).map(|(to, _)| to).collect();
    }
    assert_eq!((left.len(), told(&journal, What::Accepted).len()), (0, 20));
}

#[tokio::test]
async fn one_connection_is_no_snail() {
    let (relay, journal) = relay("127.0.0.1:0", MailFaults::default()).await;
    let clock = SystemClock::shared();
    let begun = clock.ticks();

    courier(&relay, 1).await.deliver(&people(250), 1).await.unwrap();

    let took = clock.ticks().saturating_sub(begun);
    assert_eq!((relay.connections(), told(&journal, What::Accepted).len()), (1, 250));
    assert!(took.as_millis() < 5_000, "without TCP_NODELAY it takes 11 s; it took {took:?}");
}

#[tokio::test]
async fn what_waits_for_a_connection_does_not_leave_after_a_stop() {
    let faults = MailFaults { slow_ms: 150, ..MailFaults::default() };
    let (relay, journal) = relay("127.0.0.1:0", faults).await;
    let mut courier = courier(&relay, 2).await;
    let recall = courier.recall();
    let stop = async {
        while told(&journal, What::Accepted).is_empty() {
            tokio::task::yield_now().await;
        }
        recall.call();
    };

    let to = people(20);
    let (verdicts, ()) = tokio::join!(courier.deliver(&to, 1), stop);

    let verdicts = verdicts.unwrap();
    let taken = verdicts.iter().filter(|verdict| **verdict == Verdict::Accepted(None)).count();
    assert!((1..=4).contains(&taken), "what was under way when it was stopped: {taken}");
    assert_eq!(told(&journal, What::Accepted).len(), taken);
    let is_held =
        |verdict: &&Verdict| matches!(verdict, Verdict::Busy { retry_after } if retry_after.is_zero());
    assert_eq!(verdicts.iter().filter(is_held).count(), 20 - taken);
}

#[tokio::test]
async fn a_relay_that_restarts_between_two_mails_costs_nothing() {
    let (first, _) = relay("127.0.0.1:0", MailFaults::default()).await;
    let mut courier = courier(&first, 1).await;
    courier.deliver(&people(1), 1).await.unwrap();
    let address = first.address().to_string();
    drop(first);
    // The dropped listener's port is free once its task is gone.
    let mut bound = TcpListener::bind(&address).await;
    while bound.is_err() {
        tokio::task::yield_now().await;
        bound = TcpListener::bind(&address).await;
    }
    drop(bound);
    let (_second, journal) = relay(&address, MailFaults::default()).await;

    let verdicts = courier.deliver(&people(1), 1).await.unwrap();

    assert_eq!((verdicts, told(&journal, What::Accepted).len()), (vec![Verdict::Accepted(None)], 1));
}

#[tokio::test]
async fn a_relay_that_is_gone_ends_the_session_and_nothing_is_unknown() {
    let (relay, _) = relay("127.0.0.1:0", MailFaults::default()).await;
    let mut courier = courier(&relay, 4).await;
    courier.deliver(&people(8), 1).await.unwrap();
    drop(relay);
    tokio::task::yield_now().await;

    let verdicts = courier.deliver(&people(4), 1).await.unwrap();

    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Busy { .. })), "{verdicts:?}");
    assert!(matches!(courier.hear().await, Err(SendError::Unreachable { .. })));
}

#[tokio::test]
async fn what_is_no_mailbox_never_reaches_the_relay() {
    let (relay, journal) = relay("127.0.0.1:0", MailFaults::default()).await;
    let mut courier = courier(&relay, 2).await;
    let verdicts = courier.deliver(&["p1@ok.example".into(), "没有".into()], 1).await.unwrap();
    assert!(matches!(&verdicts[1], Verdict::Permanent(refusal) if refusal.reason == Reason::BadAddress));
    assert_eq!((&verdicts[0], journal.entries().len()), (&Verdict::Accepted(None), 1));
    courier.close().await;
}
