//! Receipts (短信下发状态): pushed, or asked for with `PullSmsSendStatus`, which forgets what it told. So the next hundred
//! are asked for only when those before are on disk.

use std::time::Duration;

use mingluo_model::{
    clock::{Clock, Timestamp},
    receipt::{ProviderId, Receipt},
};
use serde::Deserialize;
use serde_json::json;

use super::ask::Api;
use crate::sms::{
    cloud::{
        callback::{CallbackError, carrier_status, each},
        pull::Handover,
    },
    number::from_wire,
    session::words,
};

/// Receipts that are told at once (Limit: 拉取最大条数,最多100条).
const MOST: usize = 100;

#[derive(Deserialize)]
struct Pushed {
    #[serde(default)]
    nationcode: String,
    mobile: String,
    report_status: String,
    #[serde(default)]
    errmsg: String,
    sid: String,
}

/// Reads a push: a JSON array of reports.
pub(super) fn read(body: &[u8], at: Timestamp) -> Result<Vec<Receipt>, CallbackError> {
    each(body, |one: Pushed| {
        let number = format!("{}{}", one.nationcode, one.mobile);
        receipt(&one.sid, &number, &one.report_status, &one.errmsg, at)
    })
}

/// `None` when it names nobody, or when it is no end yet.
fn receipt(serial: &str, number: &str, status: &str, carrier: &str, at: Timestamp) -> Option<Receipt> {
    let arrived = match status {
        "SUCCESS" => true,
        "FAIL" => false,
        _ => return None,
    };
    Some(Receipt {
        provider_id: (!serial.is_empty()).then(|| ProviderId::new(serial.as_bytes()))?,
        status: carrier_status(arrived, carrier),
        to: Some(from_wire(number.as_bytes())?),
        far_code: words(carrier.to_owned()),
        at,
    })
}

#[derive(Deserialize)]
struct Told {
    #[serde(rename = "PullSmsSendStatusSet", default)]
    each: Vec<Known>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Known {
    #[serde(default)]
    phone_number: String,
    #[serde(default)]
    serial_no: String,
    #[serde(default)]
    report_status: String,
    #[serde(default)]
    description: String,
}

/// Asks every so often, page after page. Returns when the session is over.
pub(super) async fn pull(api: &Api, sdk_app_id: &str, every: Duration, clock: &dyn Clock, mut to: Handover) {
    loop {
        let told = ask(api, sdk_app_id).await;
        let (page, now) = (told.len(), clock.now());
        let receipt = |one: Known| {
            receipt(&one.serial_no, &one.phone_number, &one.report_status, &one.description, now)
        };
        if !to.give(told.into_iter().filter_map(receipt).collect()).await {
            return;
        }
        if page < MOST {
            clock.sleep(every).await;
        }
    }
}

async fn ask(api: &Api, sdk_app_id: &str) -> Vec<Known> {
    let body = json!({ "Limit": MOST, "SmsSdkAppId": sdk_app_id }).to_string();
    match api.ask::<Told>("PullSmsSendStatus", body).await {
        Ok(told) => told.each,
        Err((_, code)) => {
            tracing::warn!(far_code = %code, "回执拉取失败 receipts could not be asked for; has the provider allowed it?");
            Vec::new()
        }
    }
}
