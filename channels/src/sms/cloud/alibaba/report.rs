//! Receipts (短信发送状态报告): pushed as SmsReport, or asked for with `QuerySendDetails`. Both name the carrier's own code.
//! What residents write (上行短信) is pushed as SmsUp, to the same address or another.

use std::time::Duration;

use mingluo_model::{clock::Timestamp, receipt::Receipt};
use serde::Deserialize;

use super::{Alibaba, ask::Api, awaited::One, id_of};
use crate::sms::{
    cloud::{
        callback::{CallbackError, Heard, Told, array, carrier_status, each},
        pull::Handover,
        wire::utc,
    },
    number::{Wrote, from_wire},
    session::words,
};

/// How often it is looked whether somebody is due to be asked for.
const LOOK: Duration = Duration::from_secs(1);

/// `SendStatus` of QuerySendDetails: the carrier refused it, and the phone has it. 1 waits.
const FAILED: i64 = 2;
const DELIVERED: i64 = 3;

#[derive(Deserialize)]
#[serde(untagged)]
enum Pushed {
    Report(SmsReport),
    Reply(SmsUp),
}

#[derive(Deserialize)]
struct SmsReport {
    phone_number: String,
    success: bool,
    #[serde(default)]
    err_code: String,
    biz_id: String,
    #[serde(default)]
    out_id: String,
}

#[derive(Deserialize)]
struct SmsUp {
    phone_number: String,
    content: String,
    /// The extension that was written to; the provider makes it up for each template.
    #[serde(default)]
    dest_code: String,
    /// A number or a text, as the provider's pages have it either way.
    #[serde(default)]
    sequence_id: serde_json::Value,
}

/// One report: the receipt, the call's BizId and the name that we gave it, empty where it is not told.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) receipt: Receipt,
    pub(super) biz_id: String,
    pub(super) out_id: String,
}

/// Reads a push: a JSON array of reports, or of what residents wrote.
pub(super) fn read(body: &[u8], at: Timestamp) -> Result<Vec<Told<Reported>>, CallbackError> {
    each(array(body)?, |one: Pushed| match one {
        Pushed::Report(one) => {
            match receipt(&one.biz_id, &one.phone_number, one.success, &one.err_code, at) {
                Some(receipt) => {
                    Heard::Fact(Told::Report(Reported { receipt, biz_id: one.biz_id, out_id: one.out_id }))
                }
                None => Heard::Unread,
            }
        }
        Pushed::Reply(one) if one.phone_number.is_empty() => Heard::Unread,
        Pushed::Reply(one) => {
            let id = match &one.sequence_id {
                serde_json::Value::String(id) => Some(id.clone()),
                serde_json::Value::Number(id) => Some(id.to_string()),
                _ => None,
            };
            let from = one.phone_number.as_bytes();
            let wrote = Wrote { from, to: &one.dest_code, words: &one.content, id, part: None };
            Heard::Fact(Told::Reply(wrote.at(at)))
        }
    })
}

/// `None` when it names nobody.
fn receipt(biz_id: &str, number: &str, success: bool, err_code: &str, at: Timestamp) -> Option<Receipt> {
    Some(Receipt {
        provider_id: (!biz_id.is_empty()).then(|| id_of(biz_id, number))?,
        status: carrier_status(success, err_code),
        to: Some(from_wire(number.as_bytes())?),
        far_code: words(err_code.to_owned()),
        at,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Details {
    #[serde(rename = "SmsSendDetailDTOs", default)]
    all: DetailList,
}

#[derive(Deserialize, Default)]
struct DetailList {
    #[serde(rename = "SmsSendDetailDTO", default)]
    list: Vec<Detail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    #[serde(default)]
    phone_num: String,
    #[serde(default)]
    send_status: i64,
    #[serde(default)]
    err_code: String,
}

/// Asks for everybody who has had no receipt for `first`, one after the other, and later again, each time after twice as
/// long. Returns when the session is over or about to be; whoever is being asked for then is asked for again.
pub(super) async fn pull(provider: &Alibaba, first: Duration, mut to: Handover) {
    let (awaited, clock) = (&provider.awaited, provider.clock.as_ref());
    while !to.is_ending() {
        let Some(one) = awaited.due(clock.now(), first) else {
            to.pause(clock, LOOK).await;
            continue;
        };
        let found = ask(&provider.api, &one, clock.now()).await;
        awaited.again(one, clock.now(), first);
        let Some(receipt) = found else { continue };
        let id = receipt.provider_id.clone();
        if !to.give(vec![receipt]).await {
            return;
        }
        awaited.heard(&id);
    }
}

/// The final state of one, if there is any yet.
async fn ask(api: &Api, one: &One, now: Timestamp) -> Option<Receipt> {
    // The provider counts days in Beijing's time.
    let date = utc(one.accepted.plus(Duration::from_hours(8)), "%Y%m%d");
    let query = [
        ("BizId", one.biz_id.as_str()),
        ("CurrentPage", "1"),
        ("PageSize", "10"),
        ("PhoneNumber", &one.number),
        ("SendDate", &date),
    ];
    match api.ask::<Details>("QuerySendDetails", &query).await {
        Ok(details) => {
            let known = |detail: &&Detail| detail.phone_num.ends_with(&one.number);
            let detail = details.all.list.iter().find(known)?;
            let success = match detail.send_status {
                DELIVERED => true,
                FAILED => false,
                _ => return None,
            };
            receipt(&one.biz_id, &one.number, success, &detail.err_code, now)
        }
        Err((_, code)) => {
            tracing::warn!(far_code = %code, "回执查询失败 a receipt could not be asked for");
            None
        }
    }
}
