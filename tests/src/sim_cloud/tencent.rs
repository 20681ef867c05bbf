//! Pretend Tencent: `SendSms`, `DescribeSmsTemplateList` and `PullSmsSendStatus`, as the provider's pages describe them.

use super::{
    Call, Lot, Platform,
    receipts::{Due, Provider},
    rule,
};
use crate::sim_journal::What;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, atomic::Ordering};

/// Numbers of one call.
const MOST_NUMBERS: usize = 200;

/// Characters of one variable, as an older account's console shows.
const LONGEST_VALUE: usize = 12;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Send {
    phone_number_set: Vec<String>,
    sms_sdk_app_id: String,
    sign_name: String,
    template_id: String,
    template_param_set: Vec<String>,
    #[serde(default)]
    session_context: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Templates {
    template_id_set: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pull {
    limit: usize,
    sms_sdk_app_id: String,
}

/// Answers always have status 200.
pub(super) async fn answer(platform: Arc<Platform>, call: Call) -> Response {
    let request = format!("pretend-{}", platform.calls.load(Ordering::Relaxed));
    let answered = match rule::tencent(&call, &platform.account, platform.clock.now()) {
        Err(code) => Err(code),
        Ok(()) => act(&platform, &call).await,
    };
    let mut response =
        answered.unwrap_or_else(|code| json!({ "Error": { "Code": code, "Message": "模拟 pretend" } }));
    response["RequestId"] = json!(request);
    Json(json!({ "Response": response })).into_response()
}

async fn act(platform: &Arc<Platform>, call: &Call) -> Result<Value, &'static str> {
    if call.header("x-tc-version") != "2021-01-11" {
        return Err("NoSuchVersion");
    }
    match call.header("x-tc-action") {
        "SendSms" => {
            platform.sends.fetch_add(1, Ordering::Relaxed);
            if platform.strikes_call("throttle", platform.faults.throttle_percent) {
                return Err("RequestLimitExceeded");
            }
            platform.be_slow().await;
            let sent = send(platform, &read::<Send>(call)?).await?;
            if platform.strikes_call("mute", platform.faults.mute_percent) {
                std::future::pending::<()>().await;
            }
            Ok(sent)
        }
        "DescribeSmsTemplateList" if platform.is_too_busy_for_templates().await => {
            Err("RequestLimitExceeded")
        }
        "DescribeSmsTemplateList" => Ok(templates(platform, &read::<Templates>(call)?)),
        "PullSmsSendStatus" => pull(platform, &read::<Pull>(call)?),
        _ => Err("InvalidAction"),
    }
}

fn read<T: for<'a> Deserialize<'a>>(call: &Call) -> Result<T, &'static str> {
    serde_json::from_slice(&call.body).map_err(|_| "InvalidParameter")
}

async fn send(platform: &Arc<Platform>, asked: &Send) -> Result<Value, &'static str> {
    if asked.sms_sdk_app_id != platform.account.sdk_app_id {
        return Err("UnauthorizedOperation.SmsSdkAppIdVerifyFail");
    }
    if asked.phone_number_set.len() > MOST_NUMBERS {
        return Err("LimitExceeded.PhoneNumberCountLimit");
    }
    let words = words(platform, asked);
    let (mut due, mut each) = (Vec::new(), Vec::new());
    for phone in &asked.phone_number_set {
        let taken = words.clone().and_then(|words| take(platform, phone, &words, &asked.session_context));
        let (code, serial) = taken.as_ref().map_or_else(|code| (*code, ""), |one| ("Ok", one.id.as_str()));
        each.push(json!({ "SerialNo": serial, "PhoneNumber": phone, "Fee": u8::from(code == "Ok"),
            "SessionContext": asked.session_context, "Code": code, "Message": "模拟 pretend", "IsoCode": "CN" }));
        due.extend(taken.ok());
    }
    Arc::clone(&platform.receipts).owe(Provider::Tencent, due).await;
    Ok(json!({ "SendStatusSet": each }))
}

/// The words that phones would show, or what every number is told.
fn words(platform: &Platform, asked: &Send) -> Result<String, &'static str> {
    if asked.sign_name != platform.account.sign_name {
        return Err("FailedOperation.SignatureIncorrectOrUnapproved");
    }
    let words =
        platform.template(&asked.template_id).ok_or("FailedOperation.TemplateUnapprovedOrNotExist")?;
    let values = &asked.template_param_set;
    if values.iter().any(|value| value.chars().count() > LONGEST_VALUE) {
        return Err("InvalidParameterValue.TemplateParameterLengthLimit");
    }
    let filled = (1..).zip(values).fold(words.to_owned(), |words, (number, value): (u32, _)| {
        words.replace(&format!("{{{number}}}"), value)
    });
    if filled.contains('{') {
        return Err("FailedOperation.TemplateParamSetNotMatchApprovedTemplate");
    }
    Ok(format!("tencent 【{}】{filled}", asked.sign_name))
}

fn take(platform: &Platform, phone: &str, words: &str, context: &str) -> Result<Due, &'static str> {
    let number = phone.strip_prefix("+86").unwrap_or(phone);
    let refused = match platform.lot(number) {
        Lot::Good => None,
        Lot::Bad => Some("InvalidParameterValue.IncorrectPhoneNumber"),
        Lot::Limited => Some("LimitExceeded.PhoneNumberDailyLimit"),
    };
    if let Some(code) = refused {
        platform.journal.note(What::Refused, "", number, &format!("tencent {code}"));
        return Err(code);
    }
    let id = format!("5000:{:021}", platform.next_message());
    platform.journal.note(What::Accepted, &id, number, words);
    Ok(Due { id, number: number.to_owned(), name: context.to_owned() })
}

fn templates(platform: &Platform, asked: &Templates) -> Value {
    let state = |id: &u64| {
        let words = platform.template(&id.to_string());
        let (status, reply) =
            if words.is_some() { (0, "") } else { (-1, "模拟:未通过 pretend: refused") };
        json!({ "TemplateId": id, "International": 0, "StatusCode": status, "ReviewReply": reply,
            "TemplateName": "pretend", "CreateTime": 0, "TemplateContent": words.unwrap_or_default() })
    };
    json!({ "DescribeTemplateStatusSet": asked.template_id_set.iter().map(state).collect::<Vec<_>>() })
}

fn pull(platform: &Platform, asked: &Pull) -> Result<Value, &'static str> {
    if asked.sms_sdk_app_id != platform.account.sdk_app_id {
        return Err("UnauthorizedOperation.SmsSdkAppIdVerifyFail");
    }
    let state = |one: &Due| {
        let (status, words) =
            if platform.receipts.arrives(&one.number) { ("SUCCESS", "DELIVRD") } else { ("FAIL", "UNDELIV") };
        json!({ "UserReceiveTime": platform.clock.now().0 / 1_000, "CountryCode": "86",
            "SubscriberNumber": one.number, "PhoneNumber": format!("+86{}", one.number), "SerialNo": one.id,
            "ReportStatus": status, "Description": words, "SessionContext": one.name })
    };
    let pulled = platform.receipts.pulled(asked.limit.min(100));
    Ok(json!({ "PullSmsSendStatusSet": pulled.iter().map(state).collect::<Vec<_>>() }))
}
