//! Kannel's request as its user guide has it, other gateways' forms, and receipts.

use mingluo_model::{
    clock::{Timestamp, manual::ManualClock},
    delivery::Reason,
    mode::Live,
    receipt::ReceiptStatus,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::sms::cloud::CallbackError;

fn account(files: &tempfile::TempDir) -> Value {
    let (secret, token) = (files.path().join("secret"), files.path().join("token"));
    std::fs::write(&secret, "p&w\n").unwrap();
    std::fs::write(&token, "0123456789abcdef\n").unwrap();
    json!({
        "name": "kannel", "calls": 4, "window": 1000, "per_second": 100, "callback_token_file": token,
        "secret_file": secret, "signature": {"placement": "in_front", "text": "抚顺应急"},
        "url": "http://127.0.0.1:13013/cgi-bin/sendsms?username=t&password={secret}&to={number}&coding=2\
                &charset=UTF-8&text={text}&validity={validity_minutes}&dlr-mask=19&dlr-url={dlr_url}",
        "dlr_url": "http://127.0.0.1:8080/callback/sms/kannel/{token}?id={id}&status=%d&number=%p",
    })
}

fn config(keys: Value) -> HttpSmsConfig {
    serde_json::from_value(keys).unwrap()
}

fn build(keys: Value) -> Result<CloudChannel<HttpGateway, Live>, ConfigError> {
    config(keys).build(ManualClock::at(Timestamp(7)))
}

fn request(keys: Value) -> reqwest::Request {
    let channel = build(keys).unwrap();
    let values = Values {
        number: "13900000001",
        text: "【a】雨 & \"风\"",
        id: "plan-7-1",
        secret: "p&w",
        token: "0123456789abcdef",
        validity_minutes: 30,
    };
    let provider = channel.provider();
    provider.form.request(&provider.caller.client, &values).unwrap().build().unwrap()
}

#[test]
fn kannel_is_asked_as_its_user_guide_wants() {
    let files = tempfile::tempdir().unwrap();
    let request = request(account(&files));
    let query: Vec<(String, String)> = request.url().query_pairs().into_owned().collect();
    let find = |name: &str| query.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(request.method(), "GET");
    assert_eq!(
        (find("to"), find("password"), find("validity")),
        ("13900000001".into(), "p&w".into(), "30".into())
    );
    assert_eq!(find("text"), "【a】雨 & \"风\"");
    let expected =
        "http://127.0.0.1:8080/callback/sms/kannel/0123456789abcdef?id=plan-7-1&status=%d&number=%p";
    assert_eq!(find("dlr-url"), expected);
}

#[test]
fn a_gateway_that_wants_json_gets_json() {
    let files = tempfile::tempdir().unwrap();
    let mut keys = account(&files);
    keys["method"] = json!("POST");
    keys["content_type"] = json!("application/json");
    keys["url"] = json!("http://127.0.0.1:9/send");
    keys["dlr_url"] = json!("");
    keys["body"] = json!(r#"{"to":["{number}"],"hex":"{text_hex}","text":"{text}","key":"{secret}"}"#);
    let request = request(keys);
    let body: Value = serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
    assert_eq!((&body["to"][0], &body["text"]), (&json!("13900000001"), &json!("【a】雨 & \"风\"")));
    assert_eq!(body["hex"].as_str().unwrap().get(..8), Some("30100061"));
}

#[test]
fn each_wrong_key_is_named() {
    let files = tempfile::tempdir().unwrap();
    for (key, value, field) in [
        ("url", json!("sendsms"), "url"),
        ("url", json!("http://127.0.0.1/?text={text}&dlr-url={dlr_url}"), "url"),
        ("url", json!("http://127.0.0.1/?to={number}&dlr-url={dlr_url}"), "url"),
        ("url", json!("http://127.0.0.1/?to={number}&text={text}"), "url"),
        ("dlr_url", json!("http://127.0.0.1/callback/sms/kannel?id={id}"), "dlr_url"),
        ("body", json!("x"), "body"),
        ("content_type", json!("text/xml"), "content_type"),
        ("secret_file", json!(null), "secret_file"),
        ("signature", json!({"placement": "in_front", "text": "【a】"}), "signature"),
        ("answers", json!([]), "answers"),
        ("receipt", json!({"status": ""}), "receipt.status"),
        ("max_parts", json!(17), "max_parts"),
    ] {
        let mut keys = account(&files);
        keys[key] = value;
        let Err(error) = build(keys) else { panic!("{key} passed") };
        assert_eq!(error.field, field, "{key}");
    }
    let mut pretend = account(&files);
    (pretend["pretend"], pretend["url"]) =
        (json!(true), json!("http://10.0.0.5/?to={number}&text={text}&dlr-url={dlr_url}"));
    assert_eq!(build(pretend).err().unwrap().field, "url");
    assert!(build(account(&files)).is_ok());
}

#[test]
fn kannels_receipts_are_read_by_our_id() {
    let files = tempfile::tempdir().unwrap();
    let callback = build(account(&files)).unwrap().callback();
    let read = |query: &str| callback.parse("0123456789abcdef", query, b"").map(|push| push.receipts);
    let status = |state: &str| {
        let receipts = read(&format!("id=plan-7-1&status={state}&number=%2B8613900000001")).unwrap();
        receipts.first().map(|one| one.status)
    };
    assert_eq!(status("1"), Some(ReceiptStatus::Delivered));
    assert_eq!(status("2"), Some(ReceiptStatus::Failed(Reason::Unreachable)));
    assert_eq!(status("34"), Some(ReceiptStatus::Expired));
    assert_eq!(status("8"), None, "a step on the way");
    let receipt = read("id=plan-7-1&status=1&number=%2B8613900000001").unwrap().remove(0);
    assert_eq!(receipt.provider_id, ProviderId::new(b"plan-7-1"));
    assert_eq!(receipt.to.unwrap().expose(), "+8613900000001");
    assert!(matches!(read("status=1"), Err(CallbackError::Malformed { field: "id", .. })));
}

#[test]
fn a_receipt_proves_one_part_unless_the_gateway_is_known_to_speak_for_the_message() {
    let files = tempfile::tempdir().unwrap();
    let receipts = |receipt: Value| {
        let mut keys = account(&files);
        keys["receipt"] = receipt;
        mingluo_model::channel::Channel::receipts(&build(keys).unwrap())
    };
    assert_eq!(build(account(&files)).unwrap().provider().receipts(), ReceiptFor::EachPart);
    assert_eq!(receipts(json!({"id": "msgid"})), ReceiptFor::EachPart);
    assert_eq!(receipts(json!({"speaks_for": "part"})), ReceiptFor::EachPart);
    assert_eq!(receipts(json!({"speaks_for": "message"})), ReceiptFor::AllParts);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(query in any::<String>(), body in any::<Vec<u8>>()) {
        let reading = Reading::check(&ReceiptConfig::default()).unwrap();
        let _read = reading.read(&query, &body, Timestamp(0));
    }
}
