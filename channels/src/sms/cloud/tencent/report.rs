//! Receipts (短信下发状态): pushed, or asked for with `PullSmsSendStatus`, which forgets what it told. So the next hundred
//! are asked for only when those before are on disk.

use std::{
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use mingluo_model::{
    clock::Timestamp,
    receipt::{ProviderId, Receipt},
};
use serde::Deserialize;
use serde_json::json;

use super::Tencent;
use crate::sms::{
    cloud::{
        callback::{CallbackError, carrier_status, each, one_by_one},
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
    /// Our SessionContext; only some accounts are told it in pushes.
    #[serde(default)]
    ext: String,
}

/// One report: the receipt and the name that we gave its call, empty where it is not told.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) receipt: Receipt,
    pub(super) context: String,
}

/// Reads a push: a JSON array of reports.
pub(super) fn read(body: &[u8], at: Timestamp) -> Result<Vec<Reported>, CallbackError> {
    each(body, |one: Pushed| {
        let number = format!("{}{}", one.nationcode, one.mobile);
        let receipt = receipt(&one.sid, &number, &one.report_status, &one.errmsg, at)?;
        Some(Reported { receipt, context: one.ext })
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
    each: Vec<serde_json::Value>,
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
    #[serde(default)]
    session_context: String,
}

/// Asks every so often, page after page. A page is kept with the account until dispatch has kept it, so that a session
/// that ends meanwhile leaves it to the next. Returns when the session is over or about to be.
pub(super) async fn pull(provider: &Tencent, every: Duration, mut to: Handover) {
    loop {
        let page = provider.unkept().clone();
        if !page.is_empty() && !to.give(page.clone()).await {
            return;
        }
        provider.unkept().retain(|receipt| !page.contains(receipt));
        if to.is_ending() {
            return;
        }
        let (told, reports) = ask(provider).await;
        let receipts = reports.into_iter().map(|report| provider.hear(report));
        provider.unkept().extend(receipts);
        if told < MOST && provider.unkept().is_empty() {
            to.pause(provider.clock.as_ref(), every).await;
        }
    }
}

/// The next page: how many were told, and those that can be read and are an end.
async fn ask(provider: &Tencent) -> (usize, Vec<Reported>) {
    let body = json!({ "Limit": MOST, "SmsSdkAppId": provider.sdk_app_id }).to_string();
    match provider.api.ask::<Told>("PullSmsSendStatus", body).await {
        Ok(told) => (told.each.len(), read_page(told.each, provider.clock.now())),
        Err((_, code)) => {
            tracing::warn!(far_code = %code, "回执拉取失败 receipts could not be asked for; has the provider allowed it?");
            (0, Vec::new())
        }
    }
}

/// Reads a page report by report: the provider forgot all of it, so a bad one must sink nobody else.
pub(super) fn read_page(page: Vec<serde_json::Value>, at: Timestamp) -> Vec<Reported> {
    one_by_one(page, |one: Known| {
        let receipt = receipt(&one.serial_no, &one.phone_number, &one.report_status, &one.description, at)?;
        Some(Reported { receipt, context: one.session_context })
    })
}

impl Tencent {
    fn unkept(&self) -> MutexGuard<'_, Vec<Receipt>> {
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
