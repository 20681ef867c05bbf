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
    cmpp::{Body, ConnectResp, ConnectStatus, Deliver, DeliverResp, MsgId, Pdu, Version},
    session::{
        NumberForm, no_number, refusal,
        stage::{ANNA, BERT, next, run, send, so_many, soon},
        unreachable,
    },
};

mod gateway;
use gateway::{Answer, SECRET, answered, config, connected, met, old, report, rubbish, welcome};

#[tokio::test]
async fn a_warning_in_two_parts_leaves_in_order_under_the_warnings_end() {
    let (mut session, mut gateway, _) = connected().await;
    let first = send(&mut session, &run(&"雨".repeat(71), &[(ANNA, 0b11), (BERT, 0b10)])).await;
    let mut seen = Vec::new();
    for id in 1..=3 {
        let (sequence, submit) = gateway.submit().await;
        assert_eq!(
            (submit.tp_udhi, submit.registered_delivery, &*submit.msg_src.to_text()),
            (1, 1, "900001")
        );
        assert_eq!(submit.valid_time.to_text(), "261123130000032+");
        seen.push((submit.destinations[0].to_text().into_owned(), submit.pk_number, submit.pk_total));
        gateway.say(&[answered(sequence, id, 0)]).await;
    }
    let [anna, bert] = ["19730000001", "19730000002"].map(str::to_owned);
    assert_eq!(seen, [(anna.clone(), 1, 2), (anna, 2, 2), (bert, 2, 2)]);
    let id = |id: u64| Verdict::Accepted(Some(ProviderId::new(&id.to_be_bytes())));
    let told = [1, 2, 3].map(|n| Report::Answer { key: first + n - 1, verdict: id(n) });
    assert_eq!(so_many(&mut session, 3).await, told);
}

#[tokio::test]
async fn a_gateway_of_version_2_is_spoken_to_in_version_2() {
    let (session, mut gateway, _) = met(json!({"number_form": "with_86"}), &[old, old]).await;
    let mut session = session.unwrap();
    let key = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let (sequence, submit) = gateway.submit().await;
    assert_eq!((gateway.version, &*submit.destinations[0].to_text()), (Version::V20, "8619730000001"));
    gateway.say(&[answered(sequence, 9, 0), report(5, 9, "DELIVRD", Version::V20)]).await;
    let reports = so_many(&mut session, 2).await;
    assert!(matches!(&reports[0], Report::Answer { key: told, .. } if *told == key));
    assert!(matches!(&reports[1], Report::Receipt { .. }));
}

#[tokio::test]
async fn the_layout_of_the_answer_counts_and_not_its_octet_unless_a_version_is_set() {
    // 33 octets that say 0x20, and 30 that say 0x30.
    let new_says_old: Answer = |connect| ConnectResp { version: 0x20, ..welcome(connect) };
    let old_says_new: Answer = |connect| {
        let resp = ConnectResp::accept(connect, SECRET.as_bytes(), Version::V20);
        ConnectResp { version: 0x30, ..resp }
    };
    let told = [
        ("auto", new_says_old, Version::V30),
        ("auto", old_says_new, Version::V20),
        ("3.0", new_says_old, Version::V30),
        ("3.0", old_says_new, Version::V30),
        ("2.0", old, Version::V20),
    ];
    for (choice, answer, spoken) in told {
        let (session, mut gateway, _) = met(json!({"version": choice}), &[answer]).await;
        gateway.version = spoken;
        send(&mut session.unwrap(), &run("雨", &[(ANNA, 1)])).await;
        let (_, submit) = gateway.submit().await;
        assert_eq!(submit.destinations[0].to_text(), "19730000001", "{choice}, {spoken:?}");
    }
}

#[tokio::test]
async fn without_the_way_back_a_version_too_high_is_refused() {
    let (refused, ..) = met(json!({"version": "3.0"}), &[old]).await;
    let Err(SendError::Refused { detail }) = refused else { panic!() };
    assert!(detail.starts_with("4 版本太高"), "{detail}");
}

#[tokio::test]
async fn a_wrong_secret_is_refused_in_words_and_another_error_is_not_for_good() {
    let (refused, ..) =
        met(json!({}), &[|_| ConnectResp::refuse(ConnectStatus::AUTHENTICATION, Version::V30)]).await;
    let Err(SendError::Refused { detail }) = refused else { panic!() };
    assert!(detail.starts_with("3 认证错 (sp_id, secret_file"), "{detail}");
    let (other, ..) = met(json!({}), &[|_| ConnectResp::refuse(ConnectStatus::OTHER, Version::V30)]).await;
    assert!(matches!(other, Err(SendError::Unreachable { .. })));
}

#[tokio::test]
async fn a_gateway_that_proves_nothing_is_believed_only_on_request() {
    let (refused, ..) = met(json!({}), &[rubbish]).await;
    let Err(SendError::Refused { detail }) = refused else { panic!() };
    assert!(detail.contains("check_gateway_digest = false"), "{detail}");
    assert!(met(json!({"check_gateway_digest": false}), &[rubbish]).await.0.is_ok());
}

#[tokio::test]
async fn a_receipt_before_its_answer_is_told_first_and_answered_after_its_commit_under_its_own_id() {
    let (mut session, mut gateway, _) = connected().await;
    let key = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let (sequence, _) = gateway.submit().await;
    // Some gateways send the short report of 2.0 over 3.0.
    let probe = Pdu { sequence: 50, body: Body::ActiveTest };
    gateway.say(&[report(9, 77, "DELIVRD", Version::V20), answered(sequence, 77, 0), probe]).await;

    let reports = so_many(&mut session, 2).await;
    let Report::Receipt { receipt, token: Some(token) } = &reports[0] else { panic!() };
    assert_eq!((receipt.status, receipt.far_code.as_str()), (ReceiptStatus::Delivered, "DELIVRD"));
    assert_eq!(receipt.to.as_ref().unwrap().expose(), ANNA);
    let accepted = Verdict::Accepted(Some(receipt.provider_id.clone()));
    assert_eq!(reports[1], Report::Answer { key, verdict: accepted });

    assert_eq!(gateway.hear().await.unwrap(), Pdu { sequence: 50, body: Body::ActiveTestResp });
    session.answerer.committed(&[*token]).await.unwrap();
    let thanks = DeliverResp { msg_id: MsgId(1009), ..DeliverResp::default() };
    assert_eq!(gateway.hear().await.unwrap(), Pdu { sequence: 9, body: Body::DeliverResp(thanks) });
}

#[tokio::test]
async fn a_receipt_told_twice_is_answered_twice_but_a_step_at_once() {
    let (mut session, mut gateway, _) = connected().await;
    let word = Pdu { sequence: 2, body: Body::Deliver(Deliver::default().into()) };
    let step = report(1, 77, "ACCEPTD", Version::V30);
    let failed = |sequence| report(sequence, 77, "MA:0054", Version::V30);
    gateway.say(&[step, word, failed(3), failed(4)]).await;

    let reports = so_many(&mut session, 3).await;
    assert_eq!(gateway.hear().await.unwrap().sequence, 1);
    let Report::Reply { token, .. } = reports[0] else { panic!("{reports:?}") };
    let mut tokens = vec![token];
    for report in &reports[1..] {
        let Report::Receipt { receipt, token } = report else { panic!() };
        assert_eq!(
            (receipt.status, &*receipt.far_code),
            (ReceiptStatus::Failed(Reason::Unreachable), "MA:0054")
        );
        tokens.extend(*token);
    }
    tokens.reverse();
    session.answerer.committed(&tokens).await.unwrap();
    for sequence in [4, 3, 2] {
        assert_eq!(gateway.hear().await.unwrap().sequence, sequence);
    }
}

#[tokio::test]
async fn flow_control_is_busy_and_what_is_no_mainland_number_never_leaves() {
    let (mut session, mut gateway, _) = connected().await;
    let first = send(&mut session, &run("雨", &[("+12125550123", 1), (ANNA, 1), (BERT, 1)])).await;
    let told = next(&mut session).await;
    assert_eq!(told, [Report::Answer { key: first, verdict: no_number() }]);
    let (busy, wrong) = (gateway.submit().await.0, gateway.submit().await.0);
    gateway.say(&[answered(busy, 0, 8), answered(wrong, 0, 13)]).await;
    let refused = refusal(Reason::BadAddress, "13 Dest_terminal_Id错误".into());
    let busy = Verdict::Busy { retry_after: Duration::from_secs(1) };
    let told = [
        Report::Answer { key: first + 1, verdict: busy },
        Report::Answer { key: first + 2, verdict: Verdict::Permanent(refused) },
    ];
    assert_eq!(so_many(&mut session, 2).await, told);
}

#[tokio::test]
async fn a_cut_in_mid_frame_ends_the_session_after_all_that_was_said() {
    let (mut session, mut gateway, _) = connected().await;
    let key = send(&mut session, &run("雨", &[(ANNA, 1), (BERT, 1)])).await;
    let (one, two) = (gateway.submit().await.0, gateway.submit().await.0);
    let octets = gateway.octets(&[answered(one, 1, 0), answered(two, 2, 0)]);
    gateway.peer.say(&octets[..octets.len() - 3]).await;
    drop(gateway);
    let told = next(&mut session).await;
    assert!(matches!(&told[..], [Report::Answer { key: told, .. }] if *told == key));
    assert!(matches!(soon(session.inlet.next(&mut Vec::new())).await, Err(SendError::Unreachable { .. })));
}

#[tokio::test]
async fn a_length_that_lies_ends_the_session_and_an_unreadable_answer_loses_one_part() {
    let (mut session, mut gateway, _) = connected().await;
    let key = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let (sequence, _) = gateway.submit().await;
    let mut octets = gateway.octets(&[answered(sequence, 1, 0)]);
    octets.extend_from_slice(&[0; 3]);
    octets[3] += 3;
    octets.extend_from_slice(&u32::MAX.to_be_bytes());
    gateway.peer.say(&octets).await;
    assert_eq!(next(&mut session).await, [Report::Answer { key, verdict: Verdict::Lost }]);
    assert!(matches!(soon(session.inlet.next(&mut Vec::new())).await, Err(SendError::Unreachable { .. })));
}

#[tokio::test]
async fn silence_is_asked_three_times_and_then_believed() {
    let (mut session, mut gateway, clock) = connected().await;
    let silence = async {
        for _ in 0..3 {
            clock.advance(Duration::from_secs(30));
            assert_eq!(gateway.hear().await.unwrap().body, Body::ActiveTest);
        }
        clock.advance(Duration::from_secs(30));
    };
    let mut reports = Vec::new();
    let (end, ()) = soon(async { tokio::join!(session.inlet.next(&mut reports), silence) }).await;
    assert_eq!(end, Err(unreachable("no sign of life for 120s")));
}

#[tokio::test]
async fn any_octet_is_life_also_while_the_window_is_stalled() {
    let (mut session, mut gateway, clock) = connected().await;
    let key = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let talk = async {
        let (sequence, _) = gateway.submit().await;
        for sequence in 1..=4 {
            clock.advance(Duration::from_secs(30));
            assert_eq!(gateway.hear().await.unwrap().body, Body::ActiveTest);
            // Not the answer to the question, and yet a sign of life.
            gateway.say(&[Pdu { sequence, body: Body::ActiveTest }]).await;
            assert_eq!(gateway.hear().await.unwrap(), Pdu { sequence, body: Body::ActiveTestResp });
        }
        gateway.say(&[answered(sequence, 1, 0)]).await;
    };
    let (reports, ()) = soon(async { tokio::join!(next(&mut session), talk) }).await;
    assert!(matches!(&reports[..], [Report::Answer { key: told, .. }] if *told == key));
}

#[tokio::test]
async fn both_sides_say_goodbye_first() {
    let (mut session, mut gateway, clock) = connected().await;
    let goodbye = async {
        assert_eq!(gateway.hear().await.unwrap().body, Body::Terminate);
        clock.advance(Duration::from_secs(1));
        assert_eq!(gateway.hear().await, None);
    };
    tokio::join!(session.outlet.close(), goodbye);

    let (mut session, mut gateway, _) = connected().await;
    gateway.say(&[Pdu { sequence: 5, body: Body::Terminate }]).await;
    let end = soon(session.inlet.next(&mut Vec::new())).await;
    assert_eq!(end, Err(unreachable("the gateway ended the session")));
    assert_eq!(gateway.hear().await.unwrap(), Pdu { sequence: 5, body: Body::TerminateResp });
}

#[test]
fn each_wrong_key_is_named_with_its_value() {
    let fault = |changes: Value| {
        let error = config(7890, &changes).unwrap().check().err().unwrap();
        (error.field, error.value)
    };
    assert_eq!(fault(json!({"sp_id": "9000011"})), ("sp_id", "9000011".into()));
    assert_eq!(fault(json!({"sp_id": ""})), ("sp_id", String::new()));
    assert_eq!(fault(json!({"active_tests": 0})), ("active_tests", "0".into()));
    assert_eq!(fault(json!({"service_id": "eleven-long"})), ("service_id", "eleven-long".into()));
    assert_eq!(fault(json!({"secret_file": "/nowhere"})), ("secret_file", "/nowhere".into()));
    assert_eq!(fault(json!({"host": "10.0.0.1"})), ("host", "10.0.0.1".into()));
    assert_eq!(config(1, &json!({"number_form": "with_86"})).unwrap().number_form, NumberForm::With86);
    assert!(config(7890, &json!({"versions": "2.0"})).unwrap_err().to_string().contains("versions"));
}
