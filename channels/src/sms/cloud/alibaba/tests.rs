//! The provider's own vectors, what its codes do to a call, and what others may push in its name.

use std::collections::BTreeMap;

use mingluo_model::{
    clock::{Timestamp, manual::ManualClock},
    delivery::Reason,
    mode::Live,
    receipt::ReceiptStatus,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::account::Secret;
use crate::oracle::{CASES, Odd, authorizations};
use crate::sms::cloud::{
    CallbackError,
    session::Bound,
    wire::{sha256_hex, utc},
};
use sign::{Request, authorization, canonical_request};

fn headers(list: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
    let empty = sha256_hex(&[]);
    let mut headers: BTreeMap<_, _> = list.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    headers.insert("x-acs-content-sha256", empty);
    headers
}

fn signature(authorization: &str) -> &str {
    authorization.rsplit_once("Signature=").unwrap().1
}

/// The example of the provider's page on the signature (V3 版本请求体&签名机制).
#[test]
fn the_providers_example_is_signed_as_it_says() {
    let headers = headers(&[
        ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ("x-acs-action", "RunInstances"),
        ("x-acs-version", "2014-05-26"),
        ("x-acs-date", "2023-10-26T10:22:32Z"),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
    ]);
    let query =
        [("RegionId", "cn-shanghai"), ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd")];
    let body_hash = sha256_hex(&[]);
    let request =
        Request { method: "POST", path: "/", query: &query, headers: &headers, body_hash: &body_hash };
    let signed = authorization("YourAccessKeyId", &Secret::new("YourAccessKeySecret"), &request);
    let expected = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
    assert_eq!(signature(&signed), expected);
}

/// Recorded from the provider's Python SDK.
#[test]
fn a_warning_is_signed_as_the_sdk_signs_it() {
    let sms = [
        ("host", "dysmsapi.aliyuncs.com"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-acs-action", "SendSms"),
        ("x-acs-version", "2017-05-25"),
        ("x-acs-date", "2026-11-23T04:00:00Z"),
        ("x-acs-signature-nonce", "0123456789abcdef0123456789abcdef"),
    ];
    let query = [
        ("TemplateParam", r#"{"level":"红色","text":"暴雨 预警*~"}"#),
        ("TemplateCode", "SMS_100000001"),
        ("SignName", "抚顺气象"),
        ("PhoneNumbers", "13900000001,13900000002"),
        ("OutId", "A-1"),
    ];
    let body_hash = sha256_hex(&[]);
    let signed = |headers: &BTreeMap<&'static str, String>| {
        let request = Request { method: "POST", path: "/", query: &query, headers, body_hash: &body_hash };
        let hash = sha256_hex(canonical_request(&request).as_bytes());
        (hash, signature(&authorization("testid", &Secret::new("testsecret"), &request)).to_owned())
    };
    let (hash, plain) = signed(&headers(&sms));
    assert_eq!(hash, "422fc821f0d6c6a81f7bf21efcc4bcadc04951154bdc9143c3584aa6219ef524");
    assert_eq!(plain, "464cb450be8a11e2457757c039fb4a8d7ada271366fed622acd8b5068ceebbab");
    let mut agent = headers(&sms);
    agent.insert("user-agent", "x".to_owned());
    assert_eq!(signed(&agent).1, "c746cbe643dd566d2da2f153607cffce1e98ce6193c89b6ebf778b846a1ad159");
}

#[test]
fn any_request_is_signed_as_the_sdk_signs_it() {
    let mut odd = Odd::new();
    let (mut ours, mut cases) = (Vec::new(), Vec::new());
    for _ in 0..CASES {
        let query: BTreeMap<String, String> = ["PhoneNumbers", "SignName", "TemplateParam", "a"]
            .map(|name| (name.to_owned(), odd.text()))
            .into();
        let (id, secret, body_hash) =
            (format!("id{}", odd.seconds()), format!("s{}", odd.text()), sha256_hex(&[]));
        let at = utc(Timestamp(odd.seconds() * 1_000), "%Y-%m-%dT%H:%M:%SZ");
        let headers =
            headers(&[("host", "h.example:8080"), ("x-acs-action", "SendSms"), ("x-acs-date", &at)]);
        let pairs: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request =
            Request { method: "POST", path: "/", query: &pairs, headers: &headers, body_hash: &body_hash };
        ours.push(authorization(&id, &Secret::new(secret.as_str()), &request));
        cases.push(json!({"provider": "alibaba", "method": "POST", "path": "/", "query": query,
            "headers": headers, "body_hash": body_hash, "id": id, "secret": secret}));
    }
    if let Some(theirs) = authorizations(&cases) {
        assert_eq!(ours, theirs);
    }
}

#[test]
fn codes_decide_what_becomes_of_a_call() {
    for (code, expected) in [
        ("isv.BUSINESS_LIMIT_CONTROL", Fault::number(Reason::Quota, "isv.BUSINESS_LIMIT_CONTROL")),
        ("isv.MOBILE_NUMBER_ILLEGAL", Fault::number(Reason::BadAddress, "isv.MOBILE_NUMBER_ILLEGAL")),
        ("isv.SMS_TEMPLATE_ILLEGAL", Fault::permanent(Reason::NotAllowed, "isv.SMS_TEMPLATE_ILLEGAL")),
        ("isv.SMS_SIGNATURE_ILLEGAL", Fault::permanent(Reason::NotAllowed, "isv.SMS_SIGNATURE_ILLEGAL")),
        ("isv.DAY_LIMIT_CONTROL", Fault::permanent(Reason::Quota, "isv.DAY_LIMIT_CONTROL")),
        ("Throttling.User", Fault::THROTTLED),
        ("InvalidVersion", Fault::temporary(Reason::FarFault, "InvalidVersion")),
    ] {
        assert_eq!(codes::fault(code), expected);
    }
}

#[test]
fn what_may_have_been_taken_is_lost_and_not_refused() {
    for code in [
        "isp.SYSTEM_ERROR",
        "isp.GATEWAY_TIMEOUT",
        "isp.UNKNOWN_ERR",
        "InternalError",
        "ServiceUnavailable",
        "SignatureNonceUsed",
        "something.new",
    ] {
        assert_eq!(codes::fault(code), Fault::Lost, "{code}");
    }
}

#[test]
fn who_is_not_let_in_is_told_what_to_do() {
    for (code, hint) in [
        ("SignatureDoesNotMatch", "access_key_secret_file"),
        ("InvalidAccessKeyId.NotFound", "access_key_id"),
        ("InvalidTimeStamp.Expired", "clock"),
        ("isp.RAM_PERMISSION_DENY", "AliyunDysmsFullAccess"),
    ] {
        let Fault::Refused(detail) = codes::fault(code) else { panic!("{code}") };
        assert!(detail.starts_with(code) && detail.contains(hint), "{detail}");
    }
}

pub(in crate::sms::cloud) fn account(files: &tempfile::TempDir) -> Value {
    let (secret, token) = (files.path().join("secret"), files.path().join("token"));
    std::fs::write(&secret, "testsecret\n").unwrap();
    std::fs::write(&token, "0123456789abcdef\n").unwrap();
    json!({
        "name": "cloud", "access_key_id": "testid", "access_key_secret_file": secret,
        "callback_token_file": token, "sign_name": "抚顺应急", "calls": 4, "window": 1000, "per_second": 100,
        "templates": [{"code": "SMS_1", "text": "${event}，请注意。",
            "variables": {"event": {"words": "{event}", "longest": 20}}}],
    })
}

fn build(keys: Value) -> Result<CloudChannel<Alibaba, Live>, ConfigError> {
    serde_json::from_value::<AlibabaConfig>(keys).unwrap().build(ManualClock::at(Timestamp(7)))
}

#[test]
fn each_wrong_key_is_named() {
    let files = tempfile::tempdir().unwrap();
    let short = files.path().join("short");
    std::fs::write(&short, "0123456789abcde\n").unwrap();
    for (key, value) in [
        ("api_base", json!("http://dysmsapi.aliyuncs.com")),
        ("access_key_id", json!("")),
        ("access_key_secret_file", json!("/nowhere/secret")),
        ("callback_token_file", json!(short)),
        ("sign_name", json!("【抚顺应急】")),
        ("templates", json!([])),
        ("numbers_per_call", json!(1_001)),
        ("pull_after_s", json!(0)),
        ("window", json!(15)),
        ("calls", json!(0)),
    ] {
        let mut keys = account(&files);
        keys[key] = value;
        let Err(error) = build(keys) else { panic!("{key} passed") };
        assert_eq!(error.field, key);
    }
    assert!(build(account(&files)).is_ok());
}

fn push(phone: &str, success: bool, code: &str) -> Value {
    json!({"phone_number": phone, "send_time": "2017-01-01 11:12:13", "report_time": "2017-02-02 22:23:24",
        "success": success, "err_code": code, "err_msg": "", "sms_size": "1", "biz_id": "932702304080415357^0",
        "out_id": "1"})
}

#[test]
fn a_push_is_as_many_receipts_by_call_and_number() {
    let files = tempfile::tempdir().unwrap();
    let callback = build(account(&files)).unwrap().callback();
    let body =
        json!([push("13900000001", true, "DELIVERED"), push("8613900000002", false, "UNDELIV"), {"odd": 1}]);
    let receipts = callback.parse("0123456789abcdef", "", body.to_string().as_bytes()).unwrap().receipts;
    let told: Vec<_> = receipts.iter().map(|one| (one.provider_id.bytes(), one.status)).collect();
    let (one, two) = (b"932702304080415357^0/13900000001", b"932702304080415357^0/13900000002");
    assert_eq!(
        told,
        [(&one[..], ReceiptStatus::Delivered), (&two[..], ReceiptStatus::Failed(Reason::Unreachable)),]
    );
    assert_eq!(receipts[0].to.as_ref().unwrap().expose(), "+8613900000001");
    assert_eq!(callback.answer(), r#"{"code":0,"msg":"接收成功"}"#);
}

#[test]
fn what_residents_write_is_read_with_who_wrote_it() {
    let files = tempfile::tempdir().unwrap();
    let callback = build(account(&files)).unwrap().callback();
    let wrote = |number: &str, content: &str, sequence: Value| {
        json!({"phone_number": number, "send_time": "2017-09-01 00:00:00", "content": content,
            "sign_name": "抚顺应急", "dest_code": "1234", "sequence_id": sequence})
    };
    let body = json!([
        wrote("13900000001", "退订", json!(1_234_567_890)),
        push("13900000002", true, "DELIVERED"),
        wrote("13900000003", "水进屋了", json!("1234567891")),
    ]);
    let push = callback.parse("0123456789abcdef", "", body.to_string().as_bytes()).unwrap();
    let told: Vec<_> = push.replies.iter().map(|one| (one.from.expose(), one.words.as_str())).collect();
    assert_eq!(told, [("+8613900000001", "退订"), ("+8613900000003", "水进屋了")]);
    assert_eq!((push.replies[0].to.as_str(), push.receipts.len()), ("1234", 1));
}

#[test]
fn a_push_of_which_nothing_can_be_read_is_refused() {
    let files = tempfile::tempdir().unwrap();
    let callback = build(account(&files)).unwrap().callback();
    let read = |body: Value| callback.parse("0123456789abcdef", "", body.to_string().as_bytes());
    let template =
        json!({"template_type": "验证码", "template_code": "SMS_1", "template_status": "approved"});
    assert_eq!(read(json!([template, {"phone_number": "x"}])), Err(CallbackError::NothingRead { told: 2 }));
    assert_eq!(read(json!([push("13900000001", true, ""), template])).unwrap().receipts.len(), 1);
    assert_eq!(read(json!([])), Ok(Push::default()));
}

#[test]
fn who_does_not_know_the_secret_is_not_heard() {
    let files = tempfile::tempdir().unwrap();
    let callback = build(account(&files)).unwrap().callback();
    for secret in ["", "0123456789abcdeF", "0123456789abcdef0"] {
        assert_eq!(callback.parse(secret, "", b"[]"), Err(CallbackError::NotKnown));
    }
    assert!(matches!(callback.parse("0123456789abcdef", "", b"{}"), Err(CallbackError::Malformed { .. })));
}

#[test]
fn who_had_no_receipt_is_asked_for_later_and_later() {
    let (awaited, minute) = (Awaited::default(), Duration::from_mins(1));
    awaited.await_all("b", &[Bound::of("13900000001", 1), Bound::of("13900000002", 2)], Timestamp(0));
    awaited.heard(&id_of("b", "13900000002"));
    assert!(awaited.due(Timestamp(59_999), minute).is_none());
    let one = awaited.due(Timestamp(60_000), minute).unwrap();
    assert_eq!(one.number, "13900000001");
    awaited.again(one, Timestamp(60_000), minute);
    assert!(awaited.due(Timestamp(119_999), minute).is_none());
    let one = awaited.due(Timestamp(120_000), minute).unwrap();
    awaited.again(one, Timestamp(73 * 3_600_000), minute);
    assert!(awaited.due(Timestamp(i64::MAX), minute).is_none(), "after three days it is given up");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in any::<Vec<u8>>(), phone in any::<String>(), code in any::<String>()) {
        let _refused = report::read(&body, Timestamp(0));
        let _taken = report::read(json!([push(&phone, false, &code)]).to_string().as_bytes(), Timestamp(0));
        let _fault = codes::fault(&code);
    }
}
