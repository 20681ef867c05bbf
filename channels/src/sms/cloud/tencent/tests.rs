//! Vectors, what codes do to a call and to a number, and what is pushed.

use mingluo_model::{
    clock::{Timestamp, manual::ManualClock},
    delivery::Reason,
    mode::Live,
    receipt::ReceiptStatus,
};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    account::Secret,
    oracle::{CASES, Odd, authorizations},
    sms::cloud::{CallbackError, wire::sha256_hex},
};
use sign::Request;

/// The last step was made by the provider's Python SDK (`sign_tc3`).
#[test]
fn a_warning_is_signed_as_the_sdk_signs_it() {
    let body = concat!(
        r#"{"PhoneNumberSet":["+8613900000001","+8613900000002"],"SmsSdkAppId":"1400000000","#,
        r#""SignName":"抚顺气象","TemplateId":"100001","TemplateParamSet":["红色"],"SessionContext":"A-1"}"#
    );
    assert_eq!(
        sha256_hex(body.as_bytes()),
        "f1aa101c3d414a28bbcb39d663d3cda9190c97650de4f677337d37c494b3e22d"
    );
    let at = Timestamp(1_795_406_400_000);
    let request = Request { host: "sms.tencentcloudapi.com", body: body.as_bytes(), at };
    assert_eq!(
        sha256_hex(request.canonical().as_bytes()),
        "b0eeec110e19c923a1f62d5b33d8842333ca2c4f6431e1e8fbc344345c540697"
    );
    let signed = request.authorization("id", &Secret::new("testkey"));
    assert_eq!(
        signed,
        "TC3-HMAC-SHA256 Credential=id/2026-11-23/sms/tc3_request, SignedHeaders=content-type;host, \
         Signature=14bf21c5658b6d5b926053da9ca3b9622681c0b2065177bccffd8e4bd2d2d651"
    );
}

#[test]
fn any_request_is_signed_as_the_sdk_signs_it() {
    let mut odd = Odd::new();
    let (mut ours, mut cases) = (Vec::new(), Vec::new());
    for _ in 0..CASES {
        let (body, seconds) = (json!({"TemplateParamSet": [odd.text()]}).to_string(), odd.seconds());
        let (id, secret) = (format!("id{seconds}"), format!("key{}", odd.seconds()));
        let request =
            Request { host: "h.example:8080", body: body.as_bytes(), at: Timestamp(seconds * 1_000 + 999) };
        ours.push(request.authorization(&id, &Secret::new(secret.as_str())));
        cases.push(json!({"provider": "tencent", "host": "h.example:8080", "body": body, "seconds": seconds,
            "content_type": sign::CONTENT_TYPE, "id": id, "secret": secret}));
    }
    if let Some(theirs) = authorizations(&cases) {
        assert_eq!(ours, theirs);
    }
}

#[test]
fn the_day_is_that_of_utc() {
    // Half past seven in Beijing is still the day before in UTC.
    let at = Timestamp(1_795_390_200_000);
    let request = Request { host: "h", body: b"{}", at };
    assert!(request.authorization("id", &Secret::new("k")).contains("/2026-11-22/sms/"));
}

#[test]
fn codes_decide_what_becomes_of_a_call() {
    let permanent = |reason, code: &str| (code.to_owned(), Fault::permanent(reason, code));
    let number = |reason, code: &str| (code.to_owned(), Fault::number(reason, code));
    for (code, expected) in [
        ("LimitExceeded.DeliveryFrequencyLimit".to_owned(), Fault::THROTTLED),
        ("RequestLimitExceeded".to_owned(), Fault::THROTTLED),
        number(Reason::Quota, "LimitExceeded.PhoneNumberThirtySecondLimit"),
        number(Reason::BadAddress, "InvalidParameterValue.IncorrectPhoneNumber"),
        number(Reason::Blocked, "FailedOperation.PhoneNumberInBlacklist"),
        permanent(Reason::Quota, "LimitExceeded.AppDailyLimit"),
        permanent(Reason::Quota, "FailedOperation.InsufficientBalanceInSmsPackage"),
        permanent(Reason::NotAllowed, "FailedOperation.TemplateUnapprovedOrNotExist"),
        permanent(Reason::NotAllowed, "FailedOperation.SignatureIncorrectOrUnapproved"),
        permanent(Reason::Content, "InvalidParameterValue.TemplateParameterLengthLimit"),
    ] {
        assert_eq!(codes::fault(&code), expected);
    }
}

#[test]
fn what_may_have_been_taken_is_lost_and_not_refused() {
    for code in [
        "InternalError.Timeout",
        "InternalError.SendAndRecvFail",
        "InternalError.UnknownError",
        "FailedOperation.UnknownError",
        "Something.New",
    ] {
        assert_eq!(codes::fault(code), Fault::Lost, "{code}");
    }
    let turned_away = "InternalError.SigFieldMissing";
    assert_eq!(codes::fault(turned_away), Fault::temporary(Reason::FarFault, turned_away));
}

#[test]
fn who_is_not_let_in_is_told_what_to_do() {
    for (code, hint) in [
        ("AuthFailure.SignatureFailure", "secret_key_file"),
        ("AuthFailure.SecretIdNotFound", "secret_id"),
        ("AuthFailure.SignatureExpire", "clock"),
        ("AuthFailure.UnauthorizedOperation", "QcloudSMSFullAccess"),
        ("UnauthorizedOperation.RequestIpNotInWhitelist", "white list"),
        ("UnauthorizedOperation.SmsSdkAppIdVerifyFail", "sdk_app_id"),
    ] {
        let Fault::Refused(detail) = codes::fault(code) else { panic!("{code}") };
        assert!(detail.starts_with(code) && detail.contains(hint), "{detail}");
    }
}

fn sent(codes: &[&str]) -> Vec<SentOne> {
    let one =
        |code: &&str| SentOne { serial_no: "s".into(), phone_number: "+86".into(), code: (*code).into() };
    codes.iter().map(one).collect()
}

#[test]
fn what_all_numbers_are_refused_for_is_no_numbers_fault() {
    let unsigned = "FailedOperation.SignatureIncorrectOrUnapproved";
    assert_eq!(
        same_for_all(&sent(&[unsigned, unsigned])),
        Some((Fault::permanent(Reason::NotAllowed, unsigned), unsigned))
    );
    let bad = "InvalidParameterValue.IncorrectPhoneNumber";
    for codes in [&["Ok", unsigned][..], &["Ok", "Ok"], &[bad, bad], &[]] {
        assert_eq!(same_for_all(&sent(codes)), None);
    }
}

#[test]
fn a_bad_report_in_a_pulled_page_sinks_nobody_else() {
    let one = |serial: Value| {
        json!({"PhoneNumber": "+8613900000001", "SerialNo": serial, "ReportStatus": "SUCCESS",
            "Description": "DELIVRD", "SessionContext": "plan-7-1"})
    };
    let page = report::read_page(
        vec![one(json!("s1")), one(json!(7)), json!("odd"), one(json!("s2"))],
        Timestamp(0),
    );
    let told: Vec<_> =
        page.iter().map(|one| (one.receipt.provider_id.bytes(), one.context.as_str())).collect();
    assert_eq!(told, [(&b"s1"[..], "plan-7-1"), (&b"s2"[..], "plan-7-1")]);
}

fn account(files: &tempfile::TempDir) -> Value {
    let (secret, token) = (files.path().join("secret"), files.path().join("token"));
    std::fs::write(&secret, "testkey\n").unwrap();
    std::fs::write(&token, "0123456789abcdef\n").unwrap();
    json!({
        "name": "cloud", "secret_id": "id", "secret_key_file": secret, "callback_token_file": token,
        "sdk_app_id": "1400000000", "sign_name": "抚顺应急", "calls": 4, "window": 1000, "per_second": 100,
        "templates": [{"code": "100001", "text": "{1}，请注意。",
            "variables": {"1": {"words": "{event}", "longest": 12}}}],
    })
}

fn build(keys: Value) -> Result<CloudChannel<Tencent, Live>, ConfigError> {
    serde_json::from_value::<TencentConfig>(keys).unwrap().build(ManualClock::at(Timestamp(7)))
}

#[test]
fn each_wrong_key_is_named() {
    let files = tempfile::tempdir().unwrap();
    for (key, value) in [
        ("api_base", json!("sms.tencentcloudapi.com")),
        ("secret_id", json!(" ")),
        ("secret_key_file", json!("/nowhere/secret")),
        ("sdk_app_id", json!("1400x")),
        ("numbers_per_call", json!(201)),
        ("pull_every_s", json!(0)),
    ] {
        let mut keys = account(&files);
        keys[key] = value;
        let Err(error) = build(keys) else { panic!("{key} passed") };
        assert_eq!(error.field, key);
    }
    let mut keys = account(&files);
    keys["templates"][0]["code"] = json!("SMS_1");
    assert_eq!(build(keys).err().unwrap().field, "templates");
    assert!(build(account(&files)).is_ok());
}

#[test]
fn a_push_is_as_many_receipts_by_serial_number() {
    let files = tempfile::tempdir().unwrap();
    let callback = build(account(&files)).unwrap().callback();
    let one = |sid: &str, status: &str, errmsg: &str| {
        json!({"user_receive_time": "2015-10-17 08:03:04", "nationcode": "86", "mobile": "13900000001",
            "report_status": status, "errmsg": errmsg, "description": "", "sid": sid})
    };
    let body = json!([one("s1", "SUCCESS", "DELIVRD"), one("s2", "FAIL", "EXPIRED"), one("s3", "WAIT", "")]);
    let receipts = callback.parse("0123456789abcdef", "", body.to_string().as_bytes()).unwrap().receipts;
    let told: Vec<_> = receipts.iter().map(|one| (one.provider_id.bytes(), one.status)).collect();
    assert_eq!(told, [(&b"s1"[..], ReceiptStatus::Delivered), (&b"s2"[..], ReceiptStatus::Expired)]);
    assert_eq!(receipts[0].to.as_ref().unwrap().expose(), "+8613900000001");
    assert_eq!(callback.answer(), r#"{"result":0,"errmsg":"OK"}"#);
}

#[test]
fn what_a_resident_writes_is_read_and_what_cannot_be_read_is_refused() {
    let files = tempfile::tempdir().unwrap();
    let callback = build(account(&files)).unwrap().callback();
    let read = |body: Value| callback.parse("0123456789abcdef", "", body.to_string().as_bytes());
    let wrote = json!({"extend": "12", "mobile": "13900000001", "nationcode": "86", "sign": "抚顺应急",
        "text": "TD", "time": 1_457_336_869});
    let reply = read(wrote).unwrap().replies.remove(0);
    assert_eq!(
        (reply.from.expose(), reply.to.as_str(), reply.words.as_str()),
        ("+8613900000001", "12", "TD")
    );
    let step = json!([{"mobile": "13900000001", "nationcode": "86", "report_status": "WAIT", "sid": "s"}]);
    assert_eq!(read(step), Ok(Push::default()), "a step on the way is heard");
    assert_eq!(read(json!([{"odd": 1}])), Err(CallbackError::NothingRead { told: 1 }));
    assert_eq!(read(json!({"odd": 1})), Err(CallbackError::NothingRead { told: 1 }));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in any::<Vec<u8>>(), code in any::<String>()) {
        let _refused = report::read(&body, Timestamp(0));
        let _fault = codes::fault(&code);
    }
}
