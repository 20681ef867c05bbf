//! Pretend Alibaba: `SendSms`, `QuerySmsTemplate` and `QuerySendDetails`, as the provider's pages describe them.

use super::{
    Call, Lot, Platform,
    receipts::{Due, Known, Provider},
    rule,
};
use crate::sim_journal::What;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, atomic::Ordering},
};

/// Numbers of one call.
const MOST_NUMBERS: usize = 1_000;

/// Characters of one variable (变量规范: 1~35个字符).
const LONGEST_VALUE: usize = 35;

/// An answer that says no, with the status that the provider's gateway or the service itself gives.
struct No(StatusCode, &'static str);

pub(super) async fn answer(platform: Arc<Platform>, call: Call) -> Response {
    let request = format!("{:08X}-PRETEND", platform.calls.load(Ordering::Relaxed));
    let answered = match admitted(&platform, &call) {
        Err(no) => Err(no),
        Ok(()) => act(&platform, &call).await,
    };
    match answered {
        Ok(mut answer) => {
            answer["Code"] = json!("OK");
            answer["Message"] = json!("OK");
            answer["RequestId"] = json!(request);
            Json(answer).into_response()
        }
        Err(No(status, code)) => {
            let answer = json!({ "Code": code, "Message": "模拟 pretend", "RequestId": request });
            (status, Json(answer)).into_response()
        }
    }
}

fn admitted(platform: &Platform, call: &Call) -> Result<(), No> {
    rule::alibaba(call, &platform.account, platform.clock.now()).map_err(|code| {
        let status = if code.starts_with("InvalidAccessKeyId") {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::BAD_REQUEST
        };
        No(status, code)
    })?;
    let nonce = call.header("x-acs-signature-nonce").to_owned();
    let fresh = platform.nonces.lock().unwrap_or_else(PoisonError::into_inner).insert(nonce);
    if !fresh {
        return Err(No(StatusCode::BAD_REQUEST, "SignatureNonceUsed"));
    }
    if call.header("x-acs-version") != "2017-05-25" {
        return Err(No(StatusCode::BAD_REQUEST, "InvalidVersion"));
    }
    Ok(())
}

async fn act(platform: &Arc<Platform>, call: &Call) -> Result<Value, No> {
    let parameters: BTreeMap<String, String> = rule::pairs(&call.query).into_iter().collect();
    let given = |name: &str| parameters.get(name).map_or("", String::as_str);
    match call.header("x-acs-action") {
        "SendSms" => {
            platform.sends.fetch_add(1, Ordering::Relaxed);
            if platform.strikes_call("throttle", platform.faults.throttle_percent) {
                return Err(No(StatusCode::BAD_REQUEST, "Throttling.User"));
            }
            platform.be_slow().await;
            let sent = send(platform, &parameters).await.map_err(|code| No(StatusCode::OK, code))?;
            if platform.strikes_call("mute", platform.faults.mute_percent) {
                std::future::pending::<()>().await;
            }
            Ok(sent)
        }
        "QuerySmsTemplate" if platform.is_too_busy_for_templates().await => {
            Err(No(StatusCode::BAD_REQUEST, "Throttling.User"))
        }
        "QuerySmsTemplate" => Ok(match platform.template(given("TemplateCode")) {
            Some(words) => json!({ "TemplateStatus": 1, "TemplateContent": words, "Reason": "" }),
            None => {
                json!({ "TemplateStatus": 2, "TemplateContent": "", "Reason": "模拟:未通过 pretend: refused" })
            }
        }),
        "QuerySendDetails" => Ok(details(platform, given("BizId"), given("PhoneNumber"))),
        _ => Err(No(StatusCode::NOT_FOUND, "InvalidAction.NotFound")),
    }
}

async fn send(platform: &Arc<Platform>, given: &BTreeMap<String, String>) -> Result<Value, &'static str> {
    let word = |name: &str| given.get(name).map_or("", String::as_str);
    let numbers: Vec<&str> = word("PhoneNumbers").split(',').collect();
    let checked = check(platform, &numbers, word("SignName"), word("TemplateCode"), word("TemplateParam"));
    let shown = match checked {
        Ok(shown) => shown,
        Err(code) => {
            platform.journal.note(
                What::Refused,
                "",
                "",
                &format!("alibaba {code}: {} numbers", numbers.len()),
            );
            return Err(code);
        }
    };
    let biz_id = format!("9{:017}^0", platform.next_message());
    let owed = |number: &&str| Due {
        id: biz_id.clone(),
        number: (*number).to_owned(),
        name: word("OutId").to_owned(),
    };
    let due: Vec<Due> = numbers.iter().map(owed).collect();
    for one in &due {
        platform.journal.note(What::Accepted, &one.id, &one.number, &shown);
    }
    Arc::clone(&platform.receipts).owe(Provider::Alibaba, due).await;
    Ok(json!({ "BizId": biz_id }))
}

/// The words that phones would show, or why the whole call is refused.
fn check(
    platform: &Platform,
    numbers: &[&str],
    sign_name: &str,
    template: &str,
    values: &str,
) -> Result<String, &'static str> {
    if sign_name != platform.account.sign_name {
        return Err("isv.SMS_SIGNATURE_ILLEGAL");
    }
    let words = platform.template(template).ok_or("isv.SMS_TEMPLATE_ILLEGAL")?;
    let values: BTreeMap<String, String> =
        serde_json::from_str(values).map_err(|_| "isv.INVALID_JSON_PARAM")?;
    if values.values().any(|value| value.contains("://")) {
        return Err("isv.PARAM_NOT_SUPPORT_URL");
    }
    if values.values().any(|value| !(1..=LONGEST_VALUE).contains(&value.chars().count())) {
        return Err("isv.PARAM_LENGTH_LIMIT");
    }
    let shown = values
        .iter()
        .fold(words.to_owned(), |words, (name, value)| words.replace(&format!("${{{name}}}"), value));
    if shown.contains("${") {
        return Err("isv.TEMPLATE_MISSING_PARAMETERS");
    }
    let once: BTreeSet<&&str> = numbers.iter().collect();
    if once.len() > MOST_NUMBERS {
        return Err("isv.MOBILE_COUNT_OVER_LIMIT");
    }
    if numbers.iter().any(|number| platform.lot(number) == Lot::Bad) || once.len() < numbers.len() {
        return Err("isv.MOBILE_NUMBER_ILLEGAL");
    }
    if numbers.iter().any(|number| platform.lot(number) == Lot::Limited) {
        return Err("isv.BUSINESS_LIMIT_CONTROL");
    }
    Ok(format!("alibaba 【{sign_name}】{shown}"))
}

fn details(platform: &Platform, biz_id: &str, number: &str) -> Value {
    let list: Vec<Value> = platform
        .receipts
        .asked_for(biz_id, number)
        .map(|known| {
            let (status, code) = match known {
                Known::NotYet => (1, ""),
                Known::Undelivered => (2, "UNDELIV"),
                Known::Arrived => (3, "DELIVERED"),
            };
            json!({ "PhoneNum": number, "SendStatus": status, "ErrCode": code, "OutId": "", "Content": "" })
        })
        .into_iter()
        .collect();
    json!({ "TotalCount": list.len().to_string(), "SmsSendDetailDTOs": { "SmsSendDetailDTO": list } })
}
