//! Stories of one session with a gateway that a test plays by hand.

use std::time::Duration;

use mingluo_model::{
    channel::{Report, Verdict},
    delivery::Reason,
    receipt::{ProviderId, ReceiptStatus},
};
use serde_json::{Value, json};

use super::*;
use crate::sms::{
    session::{
        no_number, refusal,
        stage::{ANNA, BERT, next, run, send, so_many, soon},
        unreachable,
    },
    smgp::{
        Body, Deliver, DeliverResp, LoginResp, Pdu, Status,
        option::{M_SERVICE_ID, MSG_SRC, PK_NUMBER, PK_TOTAL, TP_UDHI},
    },
};

mod gateway;
use gateway::{answered, config, connected, id, met, octets, report, rubbish};

#[tokio::test]
async fn a_warning_in_two_parts_leaves_with_all_that_ties_them() {
    let (mut session, mut gateway, _) =
        connected(json!({"msg_src": "12345678", "m_service_id": "product"})).await;
    let first = send(&mut session, &run(&"雨".repeat(71), &[(ANNA, 0b11)])).await;
    for part in 1..=2 {
        let (sequence, submit) = gateway.submit().await;
        assert_eq!((submit.need_report, submit.priority, submit.content.as_bytes()[5]), (1, 3, part));
        assert_eq!(submit.valid_time.to_text(), "261123130000032+");
        assert_eq!(submit.dest_term_ids[0].to_text(), "19730000001");
        let [udhi, total, number] = [TP_UDHI, PK_TOTAL, PK_NUMBER].map(|tag| submit.options.octet(tag));
        assert_eq!((udhi, total, number), (Some(1), Some(2), Some(part)));
        assert_eq!(submit.options.get(MSG_SRC), Some(&b"12345678"[..]));
        assert_eq!(submit.options.get(M_SERVICE_ID).map(<[u8]>::len), Some(21));
        gateway.say(&[answered(sequence, id(part), 0)]).await;
    }
    let accepted = |part: u8| Verdict::Accepted(Some(ProviderId::new(&id(part).0)));
    let told =
        [1, 2].map(|part| Report::Answer { key: first + u64::from(part) - 1, verdict: accepted(part) });
    assert_eq!(so_many(&mut session, 2).await, told);
}

#[tokio::test]
async fn a_refused_login_says_what_to_check_and_a_busy_gateway_is_waited_for() {
    let Err(SendError::Refused { detail }) =
        met(json!({}), |_| LoginResp::refuse(Status::AUTHENTICATION)).await.0
    else {
        panic!()
    };
    assert!(detail.starts_with("21 认证错 (client_id"), "{detail}");
    let busy = met(json!({}), |_| LoginResp::refuse(Status::TOO_MANY_CONNECTIONS)).await.0;
    assert!(matches!(busy, Err(SendError::Busy { .. })));
}

#[tokio::test]
async fn a_gateway_that_proves_nothing_is_believed_only_on_request() {
    let Err(SendError::Refused { detail }) = met(json!({}), rubbish).await.0 else { panic!() };
    assert!(detail.contains("check_gateway_digest = false"), "{detail}");
    assert!(met(json!({"check_gateway_digest": false}), rubbish).await.0.is_ok());
}

#[tokio::test]
async fn a_receipt_before_its_answer_is_told_first_and_answered_after_its_commit() {
    let (mut session, mut gateway, _) = connected(json!({})).await;
    let key = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let (sequence, _) = gateway.submit().await;
    let probe = Pdu { sequence: 50, body: Body::ActiveTest };
    gateway.say(&[report(9, id(7), "DELIVRD", "000"), answered(sequence, id(7), 0), probe]).await;

    let reports = so_many(&mut session, 2).await;
    let Report::Receipt { receipt, token: Some(token) } = &reports[0] else { panic!() };
    assert_eq!((receipt.status, receipt.to.as_ref().unwrap().expose()), (ReceiptStatus::Delivered, ANNA));
    let accepted = Verdict::Accepted(Some(receipt.provider_id.clone()));
    assert_eq!(reports[1], Report::Answer { key, verdict: accepted });

    assert_eq!(gateway.hear().await.unwrap(), Pdu { sequence: 50, body: Body::ActiveTestResp });
    session.answerer.committed(&[*token]).await.unwrap();
    let thanks = DeliverResp { msg_id: id(109), status: Status::OK };
    assert_eq!(gateway.hear().await.unwrap(), Pdu { sequence: 9, body: Body::DeliverResp(thanks) });
}

#[tokio::test]
async fn a_receipt_over_another_link_of_the_account_is_told_there_and_twice_when_it_comes_twice() {
    let (mut other, mut gateway, _) = connected(json!({})).await;
    let word = Pdu { sequence: 2, body: Body::Deliver(Deliver::default().into()) };
    let failed = |sequence| report(sequence, id(7), "UNDELIV", "005");
    gateway.say(&[report(1, id(7), "ACCEPTD", "000"), word, failed(3), failed(4)]).await;
    let reports = so_many(&mut other, 3).await;
    let Report::Reply { token: word, .. } = reports[0] else { panic!("{reports:?}") };
    for report in &reports[1..] {
        let Report::Receipt { receipt, token: Some(_) } = report else { panic!() };
        assert_eq!(receipt.provider_id, ProviderId::new(&id(7).0));
        assert_eq!(receipt.status, ReceiptStatus::Failed(Reason::Blocked));
    }
    assert_eq!(gateway.hear().await.unwrap().sequence, 1);
    other.answerer.committed(&[word]).await.unwrap();
    assert_eq!(gateway.hear().await.unwrap().sequence, 2);
}

#[tokio::test]
async fn busy_is_busy_and_a_forbidden_hour_is_told_as_such() {
    let (mut session, mut gateway, _) = connected(json!({})).await;
    let first = send(&mut session, &run("雨", &[("+12125550123", 1), (ANNA, 1), (BERT, 1)])).await;
    assert_eq!(next(&mut session).await, [Report::Answer { key: first, verdict: no_number() }]);
    let (busy, late) = (gateway.submit().await.0, gateway.submit().await.0);
    gateway.say(&[answered(busy, id(0), 1), answered(late, id(0), 74)]).await;
    let busy = Verdict::Busy { retry_after: Duration::from_secs(1) };
    let forbidden = refusal(Reason::NotAllowed, "74 SP禁止下发时段".into());
    let told = [
        Report::Answer { key: first + 1, verdict: busy },
        Report::Answer { key: first + 2, verdict: Verdict::Closed(forbidden) },
    ];
    assert_eq!(so_many(&mut session, 2).await, told);
}

#[tokio::test]
async fn a_cut_in_mid_frame_ends_the_session_after_all_that_was_said() {
    let (mut session, mut gateway, _) = connected(json!({})).await;
    let key = send(&mut session, &run("雨", &[(ANNA, 1), (BERT, 1)])).await;
    let (one, two) = (gateway.submit().await.0, gateway.submit().await.0);
    let octets = octets(&[answered(one, id(1), 0), answered(two, id(2), 0)]);
    gateway.peer.say(&octets[..octets.len() - 3]).await;
    drop(gateway);
    let told = next(&mut session).await;
    assert!(matches!(&told[..], [Report::Answer { key: told, .. }] if *told == key));
    assert!(matches!(soon(session.inlet.next(&mut Vec::new())).await, Err(SendError::Unreachable { .. })));
}

#[tokio::test]
async fn an_unreadable_answer_loses_one_part_and_a_length_that_lies_the_session() {
    let (mut session, mut gateway, _) = connected(json!({})).await;
    let key = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let (sequence, _) = gateway.submit().await;
    let mut octets = octets(&[answered(sequence, id(1), 0)]);
    octets.truncate(20);
    octets[3] = 20;
    octets.extend_from_slice(&[0, 0, 0, 3]);
    gateway.peer.say(&octets).await;
    assert_eq!(next(&mut session).await, [Report::Answer { key, verdict: Verdict::Lost }]);
    assert!(matches!(soon(session.inlet.next(&mut Vec::new())).await, Err(SendError::Unreachable { .. })));
}

#[tokio::test]
async fn silence_is_asked_three_times_and_then_believed() {
    let (mut session, mut gateway, clock) = connected(json!({"active_test_s": 60})).await;
    let silence = async {
        clock.advance(Duration::from_mins(1));
        for _ in 0..3 {
            assert_eq!(gateway.hear().await.unwrap().body, Body::ActiveTest);
            clock.advance(Duration::from_secs(30));
        }
    };
    let mut reports = Vec::new();
    let (end, ()) = soon(async { tokio::join!(session.inlet.next(&mut reports), silence) }).await;
    assert_eq!(end, Err(unreachable("no sign of life for 150s")));
}

#[tokio::test]
async fn both_sides_say_goodbye_first() {
    let (mut session, mut gateway, clock) = connected(json!({})).await;
    let goodbye = async {
        assert_eq!(gateway.hear().await.unwrap().body, Body::Exit);
        clock.advance(Duration::from_secs(1));
        assert_eq!(gateway.hear().await, None);
    };
    tokio::join!(session.outlet.close(), goodbye);

    let (mut session, mut gateway, _) = connected(json!({})).await;
    gateway.say(&[Pdu { sequence: 5, body: Body::ActiveTest }, Pdu { sequence: 6, body: Body::Exit }]).await;
    let end = soon(session.inlet.next(&mut Vec::new())).await;
    assert_eq!(end, Err(unreachable("the gateway ended the session")));
    assert_eq!(gateway.hear().await.unwrap(), Pdu { sequence: 5, body: Body::ActiveTestResp });
    assert_eq!(gateway.hear().await.unwrap(), Pdu { sequence: 6, body: Body::ExitResp });
}

#[test]
fn each_wrong_key_is_named_with_its_value() {
    let fault = |changes: Value| {
        let error = config(8890, &changes).unwrap().check().err().unwrap();
        (error.field, error.value)
    };
    assert_eq!(fault(json!({"client_id": "123456789"})), ("client_id", "123456789".into()));
    assert_eq!(fault(json!({"priority": 4})), ("priority", "4".into()));
    assert_eq!(fault(json!({"msg_src": "123456789"})), ("msg_src", "123456789".into()));
    assert_eq!(fault(json!({"utc_offset_minutes": 7})), ("utc_offset_minutes", "7".into()));
    assert!(config(8890, &json!({"mode": 1})).unwrap_err().to_string().contains("mode"));
}
