//! What the platform may push, and what others may push in its name.

use super::*;
use mingluo_model::clock::manual::ManualClock;
use proptest::prelude::*;

const SECONDS: i64 = 1_409_304_348;
/// Made over the token `pamtest`, the timestamp above and the nonce `xxxxxx`; computed outside of this program.
const SIGNATURE: &str = "76480565cbe296026c53aaacd1ad523a1ddba24f";

fn callback() -> Callback {
    Callback::new(Secret::new("pamtest"), ManualClock::at(Timestamp(SECONDS * 1000 + 7)))
}

fn query(more: &str) -> String {
    format!("signature={SIGNATURE}&timestamp={SECONDS}&nonce=xxxxxx{more}")
}

fn event(kind: &str, status: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>\
         <FromUserName><![CDATA[oia2TjuEGTNoeX76QEjQNrcURxG8]]></FromUserName><CreateTime>1395658920</CreateTime>\
         <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{kind}]]></Event><MsgID>3600000000000163836</MsgID>\
         <Status><![CDATA[{status}]]></Status></xml>"
    )
}

fn status_of(words: &str) -> ReceiptStatus {
    let body = event("TEMPLATESENDJOBFINISH", words);
    callback().parse(&query(""), body.as_bytes()).unwrap().remove(0).status
}

#[test]
fn signatures_are_those_that_others_compute() {
    assert_eq!(sign(["pamtest", "1409304348", "xxxxxx"]), SIGNATURE);
    assert_eq!(sign(["a", "b", "c"]), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_eq!(sign(["345", "123", ""]), "9f537aeb751ec72605f57f94a2f6dc3e3958e1dd");
}

#[test]
fn the_address_check_is_answered_verbatim() {
    let answer = callback().verify_url(&query("&echostr=5927782489442352469%2B"));
    assert_eq!(answer, Ok("5927782489442352469+".into()));
}

#[test]
fn a_finished_job_is_a_receipt_by_its_exact_number() {
    let body = event("TEMPLATESENDJOBFINISH", "success");
    let receipts = callback().parse(&query("&openid=o1"), body.as_bytes()).unwrap();
    let expected = Receipt {
        provider_id: ProviderId::new(b"3600000000000163836"),
        status: ReceiptStatus::Delivered,
        to: Some(Address::new("oia2TjuEGTNoeX76QEjQNrcURxG8")),
        far_code: "success".into(),
        at: Timestamp(SECONDS * 1000 + 7),
    };
    assert_eq!(receipts, [expected]);
}

#[test]
fn a_failed_job_says_why() {
    assert_eq!(status_of("failed:user block"), ReceiptStatus::Failed(Reason::Blocked));
    assert_eq!(status_of("failed: system failed"), ReceiptStatus::Failed(Reason::FarFault));
    assert_eq!(status_of("failed:something new"), ReceiptStatus::Failed(Reason::Other));
}

#[test]
fn other_events_are_taken_and_are_no_receipts() {
    assert_eq!(callback().parse(&query(""), event("subscribe", "").as_bytes()), Ok(vec![]));
    let text = b"<xml><MsgType>text</MsgType><Content>hello</Content></xml>";
    assert_eq!(callback().parse(&query(""), text), Ok(vec![]));
}

#[test]
fn who_does_not_know_the_token_is_not_heard() {
    let body = event("TEMPLATESENDJOBFINISH", "success");
    let forged = query("").replace("7648", "7649");
    assert_eq!(callback().parse(&forged, body.as_bytes()), Err(CallbackError::NotSigned));
    let short = query("").replace(SIGNATURE, &SIGNATURE[..39]);
    assert_eq!(callback().parse(&short, body.as_bytes()), Err(CallbackError::NotSigned));
    let missing = CallbackError::Missing { parameter: "timestamp" };
    assert_eq!(callback().parse("signature=x&nonce=y", body.as_bytes()), Err(missing));
}

#[test]
fn an_old_call_is_not_heard_again() {
    let later = ManualClock::at(Timestamp((SECONDS + 601) * 1000));
    let callback = Callback::new(Secret::new("pamtest"), later);
    assert_eq!(callback.verify_url(&query("&echostr=1")), Err(CallbackError::Stale { seconds: SECONDS }));
}

#[test]
fn an_encrypted_body_says_what_to_change() {
    let body = b"<xml><Encrypt>abc</Encrypt></xml>";
    assert_eq!(callback().parse(&query("&encrypt_type=aes"), body), Err(CallbackError::Encrypted));
}

#[test]
fn a_bomb_of_entities_and_a_flood_are_refused() {
    let bomb = b"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><xml><Event>&a;</Event></xml>";
    assert!(matches!(callback().parse(&query(""), bomb), Err(CallbackError::Malformed { .. })));
    let flood = vec![b' '; LONGEST + 1];
    assert_eq!(callback().parse(&query(""), &flood), Err(CallbackError::TooLong { length: LONGEST + 1 }));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in any::<String>(), body in any::<Vec<u8>>(), words in any::<String>()) {
        let _refused = callback().parse(&text, &body);
        let _taken = callback().parse(&query(""), &body);
        let _status = status(&words);
    }
}
