//! Stories of an account with a gateway that a test plays by hand in both directions.

use std::time::Duration;

use mingluo_model::{
    channel::{Channel, Report, Verdict},
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
    sgip::{Body, CommandResult, Deliver, FROM_GATEWAY, FROM_SP, Pdu, Sequence},
};

mod gateway;
use gateway::{Gateway, NODE, Stage, answered, config, octets, report, theirs};

#[tokio::test]
async fn a_part_is_known_by_the_sequence_that_we_chose() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    let first = send(&mut session, &run(&"雨".repeat(71), &[(ANNA, 0b11)])).await;
    for key in [first, first + 1] {
        let (sequence, submit) = gateway.submit().await;
        assert_eq!(
            (sequence.node, sequence.stamp, sequence.counter),
            (NODE, Stamp(1_123_120_000), (key & 0x7FFF_FFFF) as u32)
        );
        assert_eq!((submit.report_flag, submit.priority, submit.tp_udhi), (1, 9, 1));
        assert_eq!(submit.expire_time.to_text(), "261123130000032+");
        assert_eq!(submit.user_numbers[0].to_text(), "8619730000001");
        gateway.say(&[answered(sequence, CommandResult::OK)]).await;
        let id = Verdict::Accepted(Some(ProviderId::new(&sequence.to_bytes())));
        assert_eq!(next(&mut session).await, [Report::Answer { key, verdict: id }]);
    }
}

#[tokio::test]
async fn no_two_sessions_share_a_sequence_not_even_over_a_restart() {
    let stage = Stage::new(json!({"sessions": 3})).await;
    let mut stamps = Vec::new();
    for _ in 0..3 {
        let (stamp, _) = stage.channel.carrier().first_of_session(Clock::now(stage.clock.as_ref())).unwrap();
        stamps.push(stamp.0);
    }
    assert_eq!(stamps, [1_123_120_000, 1_123_120_001, 1_123_120_002]);
    let later = Stage::new(json!({})).await;
    later.clock.advance(Duration::from_millis(2));
    let [one, two] = [&stage, &later].map(|stage| {
        let (_, keys) = stage.channel.carrier().first_of_session(Clock::now(stage.clock.as_ref())).unwrap();
        keys.take(1) & 0x7FFF_FFFF
    });
    assert!(two - one > 4_000_000, "{one} and {two} begin too close together");
}

#[tokio::test]
async fn a_receipt_comes_through_our_door_before_its_answer_and_waits_for_its_commit() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    let key = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let (sequence, _) = gateway.submit().await;
    let mut guest = stage.guest().await;
    let word = Pdu { sequence: theirs(3), body: Body::Deliver(Deliver::default().into()) };
    guest.say(&[report(2, sequence, 1, 0), report(4, sequence, 0, 0), word]).await;

    let reports = next(&mut session).await;
    let [Report::Receipt { receipt, token: Some(token) }, Report::Reply { token: word, .. }] = &reports[..]
    else {
        panic!("{reports:?}")
    };
    assert_eq!((receipt.status, receipt.to.as_ref().unwrap().expose()), (ReceiptStatus::Delivered, ANNA));
    gateway.say(&[answered(sequence, CommandResult::OK)]).await;
    let accepted = Verdict::Accepted(Some(receipt.provider_id.clone()));
    assert_eq!(next(&mut session).await, [Report::Answer { key, verdict: accepted }]);

    // The step was answered at once, the receipt and the resident's word were not.
    assert_eq!(guest.hear().await.unwrap().sequence, theirs(2));
    session.answerer.committed(&[*token, *word]).await.unwrap();
    for (sequence, body) in
        [(4, Body::ReportResp(CommandResult::OK)), (3, Body::DeliverResp(CommandResult::OK))]
    {
        assert_eq!(guest.hear().await.unwrap(), Pdu { sequence: theirs(sequence), body });
    }
}

#[tokio::test]
async fn receipts_that_come_twice_or_while_no_session_is_open_are_all_told() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let (sequence, _) = gateway.submit().await;
    drop((session, gateway));
    let mut guest = stage.guest().await;
    guest.say(&[report(2, sequence, 2, 25)]).await;
    let mut other = stage.guest().await;
    other.say(&[report(3, sequence, 2, 25)]).await;

    let (mut session, _gateway) = stage.bound().await;
    let reports = so_many(&mut session, 2).await;
    for report in &reports {
        let Report::Receipt { receipt, token: Some(token) } = report else { panic!() };
        assert_eq!(receipt.status, ReceiptStatus::Failed(Reason::Unreachable));
        session.answerer.committed(&[*token]).await.unwrap();
    }
    for guest in [&mut guest, &mut other] {
        assert_eq!(guest.hear().await.unwrap().body, Body::ReportResp(CommandResult::OK));
    }
}

#[tokio::test]
async fn who_does_not_know_the_password_does_not_come_in() {
    let stage = Stage::new(json!({})).await;
    let _bound = stage.bound().await;
    let refused =
        [(FROM_GATEWAY, "wrong", CommandResult::LOGIN), (FROM_SP, "theirs", CommandResult::LOGIN_TYPE)];
    for (login_type, password, result) in refused {
        let (mut stranger, told) = Gateway::come(&stage, login_type, password).await;
        assert_eq!((told, stranger.hear().await), (Some(result), None));
    }
    let elsewhere = Stage::new(json!({"gateway_addresses": ["10.1.2.3"]})).await;
    let _bound = elsewhere.bound().await;
    assert_eq!(Gateway::come(&elsewhere, FROM_GATEWAY, "theirs").await.1, None);
}

#[tokio::test]
async fn a_guest_that_speaks_nonsense_is_told_so_and_loses_its_own_link_only() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    let mut guest = stage.guest().await;
    let mut lying = octets(&[report(2, theirs(1), 0, 0)]);
    lying.truncate(30);
    lying[3] = 30;
    guest.peer.say(&lying).await;
    assert_eq!(guest.hear().await.unwrap().body, Body::ReportResp(CommandResult::PARAMETER));
    assert_eq!(guest.hear().await, None);
    send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    gateway.submit().await;
    let mut guest = stage.guest().await;
    guest.say(&[Pdu { sequence: theirs(9), body: Body::Unbind }]).await;
    assert_eq!(guest.hear().await.unwrap().body, Body::UnbindResp);
    assert_eq!(guest.hear().await, None);
}

#[tokio::test]
async fn a_busy_node_is_busy_and_a_forgotten_bind_ends_the_session() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    let first = send(&mut session, &run("雨", &[("nobody", 1), (ANNA, 1), (BERT, 1)])).await;
    assert_eq!(next(&mut session).await, [Report::Answer { key: first, verdict: no_number() }]);
    let (one, two) = (gateway.submit().await.0, gateway.submit().await.0);
    gateway.say(&[answered(one, CommandResult::NODE_BUSY), answered(two, CommandResult::NUMBER)]).await;
    let busy = Verdict::Busy { retry_after: Duration::from_secs(1) };
    let wrong = refusal(Reason::BadAddress, "6 非法手机号码，或号码前未加86".into());
    let told = [
        Report::Answer { key: first + 1, verdict: busy.clone() },
        Report::Answer { key: first + 2, verdict: Verdict::Permanent(wrong) },
    ];
    assert_eq!(so_many(&mut session, 2).await, told);

    let key = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let sequence = gateway.submit().await.0;
    // An answer under another's sequence is nobody's.
    let strange = Sequence { node: NODE + 1, ..sequence };
    gateway.say(&[answered(strange, CommandResult::OK), answered(sequence, CommandResult::LOGIN)]).await;
    assert_eq!(next(&mut session).await, [Report::Answer { key, verdict: busy }]);
    assert!(soon(session.inlet.next(&mut Vec::new())).await.is_err());
}

#[tokio::test]
async fn an_idle_link_is_closed_in_good_order_and_opened_for_the_next_run() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    let first = send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    let sequence = gateway.submit().await.0;
    gateway.say(&[answered(sequence, CommandResult::OK)]).await;
    next(&mut session).await;

    let story = async {
        stage.clock.advance(Duration::from_mins(1));
        assert_eq!(gateway.hear().await.unwrap().body, Body::Unbind);
        assert_eq!(gateway.hear().await, None);
        let again = run("雪", &[(ANNA, 1)]);
        let (key, mut gateway) = tokio::join!(
            async {
                let key = session.outlet.prepare(&again).unwrap().first;
                session.outlet.send().await.unwrap();
                key
            },
            Gateway::welcome(&stage.door, CommandResult::OK)
        );
        let sequence = gateway.submit().await.0;
        gateway.say(&[answered(sequence, CommandResult::OK)]).await;
        (key, gateway)
    };
    let mut reports = Vec::new();
    let (heard, (key, _gateway)) =
        soon(async { tokio::join!(session.inlet.next(&mut reports), story) }).await;
    assert_eq!(heard, Ok(()));
    assert!(key > first);
    assert!(
        matches!(&reports[..], [Report::Answer { key: told, verdict: Verdict::Accepted(_) }] if *told == key)
    );
}

#[tokio::test]
async fn a_link_that_the_gateway_drops_is_missed_only_while_it_owes_an_answer() {
    let stage = Stage::new(json!({})).await;
    let (mut session, gateway) = stage.bound().await;
    drop(gateway);
    let while_ago = async {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    };
    let mut reports = Vec::new();
    tokio::select! {
        end = session.inlet.next(&mut reports) => panic!("{end:?}"),
        () = while_ago => {}
    }

    let (mut session, mut gateway) = stage.bound().await;
    send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    gateway.submit().await;
    drop(gateway);
    let end = soon(session.inlet.next(&mut Vec::new())).await;
    assert_eq!(end, Err(unreachable("the gateway closed the connection")));
}

#[tokio::test]
async fn a_gateway_that_unbinds_an_idle_link_is_answered_and_not_missed() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    let story = async {
        gateway.say(&[Pdu { sequence: theirs(9), body: Body::Unbind }]).await;
        let agreed = Pdu { sequence: theirs(9), body: Body::UnbindResp };
        assert_eq!(gateway.hear().await, Some(agreed));
        assert_eq!(gateway.hear().await, None);
        let again = run("雪", &[(ANNA, 1)]);
        let key = session.outlet.prepare(&again).unwrap().first;
        let (sent, mut gateway) =
            tokio::join!(session.outlet.send(), Gateway::welcome(&stage.door, CommandResult::OK));
        assert_eq!(sent, Ok(()));
        let sequence = gateway.submit().await.0;
        gateway.say(&[answered(sequence, CommandResult::OK)]).await;
        (key, gateway)
    };
    let mut reports = Vec::new();
    let (heard, (key, mut gateway)) =
        soon(async { tokio::join!(session.inlet.next(&mut reports), story) }).await;
    assert_eq!(heard, Ok(()));
    assert!(matches!(&reports[..], [Report::Answer { key: told, .. }] if *told == key));

    // One that owes an answer ends the session by it, and is answered all the same.
    send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    gateway.submit().await;
    gateway.say(&[Pdu { sequence: theirs(10), body: Body::Unbind }]).await;
    let end = soon(session.inlet.next(&mut Vec::new())).await;
    assert_eq!(end, Err(unreachable("the gateway ended the session")));
    assert_eq!(gateway.hear().await.unwrap().body, Body::UnbindResp);
}

#[tokio::test]
async fn a_run_for_which_no_link_is_to_be_had_never_left_and_is_put_off() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    let story = async {
        stage.clock.advance(Duration::from_mins(1));
        assert_eq!(gateway.hear().await.unwrap().body, Body::Unbind);
        let again = run("雨", &[("nobody", 1), (ANNA, 1)]);
        let first = session.outlet.prepare(&again).unwrap().first;
        let (sent, _gateway) =
            tokio::join!(session.outlet.send(), Gateway::welcome(&stage.door, CommandResult::LOGIN));
        assert_eq!(sent, Ok(()));
        first
    };
    let mut reports = Vec::new();
    let (_, first) = soon(async { tokio::join!(session.inlet.next(&mut reports), story) }).await;
    while reports.len() < 2 {
        session.inlet.next(&mut reports).await.unwrap();
    }
    let busy = Verdict::Busy { retry_after: Duration::from_secs(1) };
    assert!(reports.contains(&Report::Answer { key: first + 1, verdict: busy }));
    assert!(reports.contains(&Report::Answer { key: first, verdict: no_number() }));
    let end = soon(session.inlet.next(&mut Vec::new())).await;
    assert!(matches!(end, Err(SendError::Refused { .. })), "{end:?}");
}

#[tokio::test]
async fn a_gateway_that_owes_an_answer_for_too_long_is_given_up() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    send(&mut session, &run("雨", &[(ANNA, 1)])).await;
    gateway.submit().await;
    let silence = async { stage.clock.advance(Duration::from_secs(30)) };
    let mut reports = Vec::new();
    let (end, ()) = soon(async { tokio::join!(session.inlet.next(&mut reports), silence) }).await;
    assert_eq!(end, Err(unreachable("no answer for 30s")));
}

#[tokio::test]
async fn a_refused_bind_and_a_taken_port_say_what_to_do() {
    let stage = Stage::new(json!({})).await;
    let Err(SendError::Refused { detail }) = stage.met(CommandResult::LOGIN).await.0 else { panic!() };
    assert!(detail.contains("(login_name, password_file)"), "{detail}");
    assert!(matches!(stage.met(CommandResult::TOO_MANY_CONNECTIONS).await.0, Err(SendError::Busy { .. })));

    let taken = stage.door.local_addr().unwrap().to_string();
    let stage = Stage::new(json!({"listen": taken})).await;
    let Err(SendError::Refused { detail }) = stage.channel.open().await else { panic!() };
    assert!(detail.starts_with(&format!("listen = {taken}")), "{detail}");
}

#[tokio::test]
async fn closing_says_goodbye_first() {
    let stage = Stage::new(json!({})).await;
    let (mut session, mut gateway) = stage.bound().await;
    let goodbye = async {
        assert_eq!(gateway.hear().await.unwrap().body, Body::Unbind);
        stage.clock.advance(Duration::from_secs(1));
        assert_eq!(gateway.hear().await, None);
    };
    tokio::join!(session.outlet.close(), goodbye);
}

#[test]
fn each_wrong_key_is_named_with_its_value() {
    let clock = || mingluo_model::clock::manual::ManualClock::at(Timestamp(0)) as SharedClock;
    let fault = |changes: Value| {
        let error = config(8801, &changes).unwrap().check(clock()).err().unwrap();
        (error.field, error.value)
    };
    assert_eq!(fault(json!({"area_code": "24a"})), ("area_code", "24a".into()));
    assert_eq!(fault(json!({"corp_id": "123"})), ("corp_id", "123".into()));
    assert_eq!(fault(json!({"priority": 10})), ("priority", "10".into()));
    assert_eq!(fault(json!({"alphabet": "gsm7"})), ("alphabet", "gsm7".into()));
    assert_eq!(fault(json!({"listen": "0.0.0.0:8801"})), ("listen", "0.0.0.0:8801".into()));
    assert_eq!(fault(json!({"gateway_login_name": ""})), ("gateway_login_name", String::new()));
    assert_eq!(
        fault(json!({"gateway_password_file": "/nowhere"})),
        ("gateway_password_file", "/nowhere".into())
    );
    assert!(config(8801, &json!({"listens": "x"})).unwrap_err().to_string().contains("listens"));
}
