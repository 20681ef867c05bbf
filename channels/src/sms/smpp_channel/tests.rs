//! Stories of one session with a centre that a test plays by hand.

use std::{num::NonZeroU8, time::Duration};

use bytes::BytesMut;
use mingluo_model::{
    channel::{ADDITION, Channel, ReceiptToken, Refusal, Report, Unfit, Verdict},
    clock::manual::ManualClock,
    delivery::Reason,
    mode::Live,
    receipt::{ProviderId, ReceiptStatus},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::sms::{
    segment::{Alphabet, Signature, segment},
    session::{
        Letter, Talk, leaving, no_number,
        stage::{ANNA, BERT, NOW, message, next, run, send, soon},
        unreachable,
    },
    smpp::{
        Body, CommandStatus, MessageState, Pdu, ShortMessage, short_message::ESM_INTERMEDIATE,
        short_message::ESM_RECEIPT,
    },
};

mod centre;
use centre::{Centre, accepted, answered, bound, bound_as, channel, config, met, receipt};

#[tokio::test]
async fn a_warning_in_two_parts_leaves_in_order_and_its_answers_find_their_keys() {
    let (mut session, mut centre, _) = bound().await;
    let run = run(&"雨".repeat(71), &[(ANNA, 0b11), (BERT, 0b10)]);
    let first = session.outlet.prepare(&run).unwrap().first;
    session.outlet.send().await.unwrap();

    let mut seen = Vec::new();
    for _ in 0..3 {
        let (sequence, message) = centre.submit().await;
        let udh = &message.short_message.as_bytes()[..6];
        seen.push((message.destination.digits.to_text().into_owned(), udh[5]));
        assert_eq!(
            (&*message.validity_period.to_text(), message.registered_delivery),
            ("261123130000032+", 1)
        );
        centre.say(&[accepted(sequence, &format!("id-{sequence}"))]).await;
    }

    let anna = "8619730000001".to_owned();
    assert_eq!(seen, [(anna.clone(), 1), (anna, 2), ("8619730000002".into(), 2)]);
    let mut keys = Vec::new();
    while keys.len() < 3 {
        for report in next(&mut session).await {
            let Report::Answer { key, verdict: Verdict::Accepted(Some(_)) } = report else {
                panic!("{report:?}")
            };
            keys.push(key);
        }
    }
    assert_eq!(keys, [first, first + 1, first + 2]);
}

#[tokio::test]
async fn sessions_of_one_account_share_a_warnings_reference_and_no_sequence() {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let channel = channel(door.local_addr().unwrap().port(), &ManualClock::at(NOW));
    let long = run(&"雨".repeat(71), &[(ANNA, 0b01)]);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (session, mut centre) = tokio::join!(channel.open(), Centre::welcome(&door, CommandStatus::ROK));
        send(&mut session.unwrap(), &long).await;
        let (sequence, message) = centre.submit().await;
        seen.push((sequence, message.short_message.as_bytes()[3]));
    }
    let [(one, reference), (other, again)] = seen[..] else { panic!() };
    assert!(one.abs_diff(other) > 10_000_000, "{one}, {other}");
    // The second in which it was drafted.
    assert_eq!([reference, again], [(NOW.0 / 1_000) as u8; 2]);
}

#[tokio::test]
async fn receipt_before_its_acknowledgement_is_told_in_that_order() {
    let (mut session, mut centre, _) = bound().await;
    let key = session.outlet.prepare(&run("雨", &[(ANNA, 1)])).unwrap().first;
    session.outlet.send().await.unwrap();
    let (sequence, _) = centre.submit().await;
    let early = receipt(9, ESM_RECEIPT, "77", MessageState::Delivered);
    centre.say(&[early, accepted(sequence, "77")]).await;

    let mut reports = next(&mut session).await;
    while reports.len() < 2 {
        reports.extend(next(&mut session).await);
    }

    let Report::Receipt { receipt, token: Some(token) } = &reports[0] else { panic!() };
    assert_eq!((receipt.status, &receipt.provider_id), (ReceiptStatus::Delivered, &ProviderId::new(b"77")));
    assert_eq!(
        (receipt.to.as_ref().unwrap().expose(), receipt.far_code.as_str(), receipt.at),
        (ANNA, "DELIVRD", NOW)
    );
    assert_eq!(reports[1], Report::Answer { key, verdict: Verdict::Accepted(Some(ProviderId::new(b"77"))) });

    session.answerer.committed(&[*token]).await.unwrap();
    let answer = centre.hear().await.unwrap();
    assert_eq!(answer, Pdu::response(9, CommandStatus::ROK, Body::DeliverSmResp));
}

#[tokio::test]
async fn a_receipt_and_a_residents_word_wait_for_their_commit_but_a_step_on_the_way_does_not() {
    let (mut session, mut centre, _) = bound().await;
    let word = Pdu::request(2, Body::DeliverSm(ShortMessage::default()));
    let step = receipt(1, ESM_INTERMEDIATE, "77", MessageState::Enroute);
    centre.say(&[step, word, receipt(3, ESM_RECEIPT, "77", MessageState::Undeliverable)]).await;

    let mut reports = Vec::new();
    while reports.len() < 2 {
        reports.extend(next(&mut session).await);
    }

    assert_eq!(centre.hear().await.unwrap().sequence, 1);
    let [Report::Reply { token: word, .. }, Report::Receipt { receipt, token: Some(token) }] = &reports[..]
    else {
        panic!("{reports:?}")
    };
    assert_eq!((receipt.status, *token), (ReceiptStatus::Failed(Reason::Unreachable), ReceiptToken(3)));
    session.answerer.committed(&[*word, *token]).await.unwrap();
    assert_eq!((centre.hear().await.unwrap().sequence, centre.hear().await.unwrap().sequence), (2, 3));
}

#[tokio::test]
async fn throttled_is_busy_and_a_bad_number_is_for_good() {
    let (mut session, mut centre, _) = bound().await;
    session.outlet.prepare(&run("雨", &[(ANNA, 1), (BERT, 1)])).unwrap();
    session.outlet.send().await.unwrap();
    let (first, second) = (centre.submit().await.0, centre.submit().await.0);
    let nack = Pdu::nack(second, CommandStatus::RINVDSTADR);
    centre.say(&[answered(first, CommandStatus::RTHROTTLED), nack]).await;

    let mut reports = next(&mut session).await;
    while reports.len() < 2 {
        reports.extend(next(&mut session).await);
    }

    let busy = Verdict::Busy { retry_after: Duration::from_secs(1) };
    let far_code = "ESME_RINVDSTADR (0x0000000b)".to_owned();
    let wrong = Verdict::Permanent(Refusal { reason: Reason::BadAddress, far_code });
    let keys = [u64::from(first), u64::from(second)];
    assert_eq!(
        reports,
        [Report::Answer { key: keys[0], verdict: busy }, Report::Answer { key: keys[1], verdict: wrong }]
    );
}

#[tokio::test]
async fn what_is_no_number_never_leaves_and_is_told_without_the_gateway() {
    let (mut session, mut centre, _) = bound().await;
    let first = session.outlet.prepare(&run("雨", &[("nobody", 1), (ANNA, 1)])).unwrap().first;
    session.outlet.send().await.unwrap();

    let told = next(&mut session).await;
    assert_eq!(told, [Report::Answer { key: first, verdict: no_number() }]);
    let (sequence, message) = centre.submit().await;
    assert_eq!((u64::from(sequence), &*message.destination.digits.to_text()), (first + 1, "8619730000001"));
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_a_busy_centre_is_not() {
    let (refused, ..) = met(CommandStatus::RINVPASWD).await;
    let detail = "ESME_RINVPASWD (0x0000000e)".to_owned();
    assert_eq!(refused.err(), Some(SendError::Refused { detail }));
    assert!(matches!(met(CommandStatus::RTHROTTLED).await.0, Err(SendError::Busy { .. })));
    assert!(matches!(met(CommandStatus::RSYSERR).await.0, Err(SendError::Unreachable { .. })));
    assert!(matches!(met(CommandStatus::RINVSYSID).await.0, Err(SendError::Refused { .. })));
}

#[tokio::test]
async fn a_centre_that_still_holds_an_earlier_bind_is_asked_again_soon() {
    for status in [CommandStatus::RALYBND, CommandStatus::RBINDFAIL] {
        let Err(SendError::Unreachable { detail }) = met(status).await.0 else { panic!("{status}") };
        assert!(detail.starts_with(&format!("{status}: the centre may still hold binds")), "{detail}");
    }
}

#[tokio::test]
async fn a_peer_that_closes_in_mid_frame_is_unreachable_after_all_it_said() {
    let (mut session, mut centre, _) = bound().await;
    let key = session.outlet.prepare(&run("雨", &[(ANNA, 1), (BERT, 1)])).unwrap().first;
    session.outlet.send().await.unwrap();
    let (first, second) = (centre.submit().await.0, centre.submit().await.0);
    let mut octets = BytesMut::new();
    accepted(first, "1").encode(&mut octets);
    accepted(second, "2").encode(&mut octets);
    centre.peer.say(&octets[..octets.len() - 5]).await;
    drop(centre);

    let accepted = Verdict::Accepted(Some(ProviderId::new(b"1")));
    assert_eq!(next(&mut session).await, [Report::Answer { key, verdict: accepted }]);
    assert!(matches!(session.inlet.next(&mut Vec::new()).await, Err(SendError::Unreachable { .. })));
}

#[tokio::test]
async fn silence_is_asked_and_then_believed() {
    let (mut session, mut centre, clock) = bound().await;
    let silence = async {
        clock.advance(Duration::from_secs(30));
        assert_eq!(centre.hear().await.unwrap().body, Body::EnquireLink);
        clock.advance(Duration::from_secs(30));
    };
    let mut reports = Vec::new();
    let (end, ()) = soon(async { tokio::join!(session.inlet.next(&mut reports), silence) }).await;
    assert_eq!(end, Err(unreachable("no sign of life for 60s")));
}

#[tokio::test]
async fn any_octet_is_life_and_our_own_is_given_at_once() {
    let (mut session, mut centre, clock) = bound().await;
    let talk = async {
        clock.advance(Duration::from_secs(30));
        assert_eq!(centre.hear().await.unwrap().body, Body::EnquireLink);
        centre.say(&[Pdu::request(5, Body::EnquireLink)]).await;
        assert_eq!(centre.hear().await.unwrap(), Pdu::response(5, CommandStatus::ROK, Body::EnquireLinkResp));
        clock.advance(Duration::from_secs(29));
        centre.say(&[receipt(6, ESM_RECEIPT, "1", MessageState::Delivered)]).await;
    };
    let (reports, ()) = soon(async { tokio::join!(next(&mut session), talk) }).await;
    assert_eq!(reports.len(), 1);
}

#[tokio::test]
async fn a_gateway_that_says_goodbye_is_answered_and_believed() {
    let (mut session, mut centre, _) = bound().await;
    centre.say(&[Pdu::request(5, Body::Unbind)]).await;
    let end = session.inlet.next(&mut Vec::new()).await;
    assert_eq!(end, Err(unreachable("the gateway ended the session")));
    assert_eq!(centre.hear().await.unwrap(), Pdu::response(5, CommandStatus::ROK, Body::UnbindResp));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_leaves_its_part_lost_and_not_waiting() {
    let (mut session, mut centre, _) = bound().await;
    let key = session.outlet.prepare(&run("雨", &[(ANNA, 1)])).unwrap().first;
    session.outlet.send().await.unwrap();
    let (sequence, _) = centre.submit().await;
    let mut octets = BytesMut::new();
    accepted(sequence, "x").encode(&mut octets);
    *octets.last_mut().unwrap() = b'y';
    centre.peer.say(&octets).await;
    assert_eq!(next(&mut session).await, [Report::Answer { key, verdict: Verdict::Lost }]);
}

#[tokio::test]
async fn closing_says_goodbye_first() {
    let (mut session, mut centre, clock) = bound().await;
    let goodbye = async {
        assert_eq!(centre.hear().await.unwrap().body, Body::Unbind);
        clock.advance(Duration::from_secs(1));
        assert_eq!(centre.hear().await, None);
    };
    tokio::join!(session.outlet.close(), goodbye);
}

#[tokio::test]
async fn who_hangs_up_instead_of_saying_goodbye_is_not_waited_for() {
    let (mut session, mut centre, _) = bound().await;
    let mut reports = Vec::new();
    let hang_up = async {
        assert_eq!(centre.hear().await.unwrap().body, Body::Unbind);
        drop(centre);
    };
    let parting = async { tokio::join!(session.outlet.close(), session.inlet.next(&mut reports), hang_up) };
    assert_eq!(soon(parting).await.1, Err(unreachable("the gateway closed the connection")));
}

#[test]
fn what_is_measured_is_what_is_cut() {
    let clock = ManualClock::at(NOW);
    let signed = json!({"signature": {"placement": "in_front", "text": "抚顺气象"}, "max_parts": 2});
    let channel: SmppChannel<Live> = config(1, &signed).unwrap().build(clock).unwrap();
    let signature = Signature::InFront("抚顺气象".into());
    for length in [1, 64, 65, 128] {
        let text = "雨".repeat(length);
        let cut = segment(&text, &signature, Alphabet::Ucs2, 0, NonZeroU8::MAX).unwrap().parts.len();
        assert_eq!(usize::from(channel.measure(&message(&text)).unwrap().get()), cut);
    }
    let long = Unfit::TooLong { field: "text".into(), length: 135, longest: 134, unit: "characters" };
    assert_eq!(channel.measure(&message(&"雨".repeat(129))), Err(long));
}

#[tokio::test]
async fn a_flash_leaves_beside_the_message_where_the_account_says_so() {
    let (mut session, mut centre) = bound_as(&json!({"flash": ["red"], "priority": 2})).await;
    let warning = run(&"雨".repeat(71), &[(ANNA, 0b11 | 1 << ADDITION)]);
    send(&mut session, &warning).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (_, message) = centre.submit().await;
        assert_eq!(message.priority_flag, 2);
        let length = message.short_message.as_bytes().len();
        seen.push((message.data_coding, message.esm_class, message.registered_delivery, length));
    }
    assert_eq!(seen, [(8, 0x40, 1, 140), (8, 0x40, 1, 14), (0x18, 0, 0, 140)]);
    let unasked = run("雨", &[(ANNA, 0b1 | 1 << ADDITION)]);
    let (mut session, _centre, _) = bound().await;
    assert!(
        matches!(session.outlet.prepare(&unasked), Err(Unfit::Wrong { field, .. }) if field == "part_set")
    );
}

#[tokio::test]
async fn a_sender_may_be_a_name_in_letters() {
    let (mut session, mut centre) =
        bound_as(&json!({"source_address": "FushunAlert", "source_ton": 5})).await;
    send(&mut session, &run("雨", &[(ANNA, 0b1)])).await;
    let (_, ShortMessage { source, .. }) = centre.submit().await;
    assert_eq!((source.ton, source.npi, &*source.digits.to_text()), (5, 0, "FushunAlert"));
}

#[tokio::test]
async fn latin_text_leaves_in_the_alphabet_of_the_centre() {
    let none = json!({"placement": "none"});
    let (mut session, mut centre) = bound_as(&json!({"alphabet": "gsm7", "signature": none})).await;
    send(&mut session, &run("Flood @ 23:15 [town]", &[(ANNA, 0b1)])).await;
    let (_, message) = centre.submit().await;
    assert_eq!(message.data_coding, 0);
    assert_eq!(message.short_message.as_bytes(), b"Flood \x00 23:15 \x1b<town\x1b>");
}

#[test]
fn parts_that_a_message_has_not_are_refused_before_they_leave() {
    let talk = SmppTalk::new(Arc::new(config(1, &json!({})).unwrap().check().unwrap()));
    let run = run("雨", &[(ANNA, 0b10)]);
    let letter = Letter::new(talk.account(), &run, |part, terms| talk.template(part, terms));
    assert_eq!(letter.unwrap().templates.len(), 1);
    assert!(matches!(leaving(&run, 1, false), Err(Unfit::Wrong { field, .. }) if field == "part_set"));
    assert_eq!(leaving(&run, 2, false), Ok(1));
    assert_eq!(leaving(&run, 15, false), Ok(1));
}

#[test]
fn each_wrong_key_is_named_with_its_value() {
    let fault = |changes: Value| {
        let error = config(2775, &changes).unwrap().check().err().unwrap();
        (error.field, error.value)
    };
    assert_eq!(fault(json!({"host": "10.0.0.1"})), ("host", "10.0.0.1".into()));
    assert_eq!(fault(json!({"window": 4})), ("window", "4".into()));
    assert_eq!(fault(json!({"window": 8, "flash": ["red"]})), ("window", "8".into()));
    assert_eq!(fault(json!({"priority": 4})), ("priority", "4".into()));
    assert_eq!(fault(json!({"max_parts": 16})), ("max_parts", "16".into()));
    assert_eq!(fault(json!({"max_parts": 17})), ("max_parts", "17".into()));
    assert_eq!(fault(json!({"system_id": "sixteen-letters-"})), ("system_id", "sixteen-letters-".into()));
    assert_eq!(fault(json!({"source_address": "+1069"})), ("source_address", "+1069".into()));
    assert_eq!(fault(json!({"source_ton": 4})), ("source_ton", "4".into()));
    assert_eq!(fault(json!({"source_npi": 19})), ("source_npi", "19".into()));
    let name = json!({"source_address": "Fushun Alert", "source_ton": 5});
    assert_eq!(fault(name), ("source_address", "Fushun Alert".into()));
    assert_eq!(fault(json!({"utc_offset_minutes": 7})), ("utc_offset_minutes", "7".into()));
    assert_eq!(fault(json!({"password_file": "/nowhere"})), ("password_file", "/nowhere".into()));
    let bracketed = json!({"signature": {"placement": "gateway_adds", "text": "【抚顺】"}});
    assert_eq!(fault(bracketed), ("signature", "【抚顺】".into()));
    assert!(config(2775, &json!({"windows": 4})).unwrap_err().to_string().contains("windows"));
}
