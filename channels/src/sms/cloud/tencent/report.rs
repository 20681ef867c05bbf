//! Receipts (短信下发状态): pushed, or asked for with `PullSmsSendStatus`, which forgets what it told. So the next hundred
//! are asked for only when those before are on disk. What residents write (短信回复) is pushed one by one, to the same
//! address or another.

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
        callback::{CallbackError, Heard, Told, array, carrier_status, each, one_by_one},
        pull::Handover,
    },
    number::{Wrote, from_wire},
    session::words,
};

/// Receipts that are told at once (Limit: 拉取最大条数,最多100条).
const MOST: usize = 100;

#[derive(Deserialize)]
#[serde(untagged)]
enum Pushed {
    Report(Status),
    Reply(Written),
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    nationcode: String,
    mobile: String,
    /// SUCCESS or FAIL.
    #[serde(rename = "report_status")]
    outcome: String,
    #[serde(default)]
    errmsg: String,
    sid: String,
    /// Our SessionContext; only some accounts are told it in pushes.
    #[serde(default)]
    ext: String,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    nationcode: String,
    mobile: String,
    text: String,
    /// The extension that was written to; empty where the account has none.
    #[serde(default)]
    extend: String,
    /// When it was written, in seconds since 1970.
    #[serde(default)]
    time: Option<i64>,
}

/// One report: the receipt and the name that we gave its call, empty where it is not told.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) receipt: Receipt,
    pub(super) context: String,
}

/// Reads a push: a JSON array of reports, or one object for what a resident wrote.
pub(super) fn read(body: &[u8], at: Timestamp) -> Result<Vec<Told<Reported>>, CallbackError> {
    let reports = match serde_json::from_slice(body) {
        Ok(one @ serde_json::Value::Object(_)) => vec![one],
        _ => array(body)?,
    };
    each(reports, |one: Pushed| match one {
        Pushed::Report(one) => {
            let number = format!("{}{}", one.nationcode, one.mobile);
            let heard = receipt(&one.sid, &number, &one.outcome, &one.errmsg, at);
            heard.and(|receipt| Told::Report(Reported { receipt, context: one.ext }))
        }
        Pushed::Reply(one) if one.mobile.is_empty() => Heard::Unread,
        Pushed::Reply(one) => {
            let number = format!("{}{}", one.nationcode.trim_start_matches('+'), one.mobile);
            // No id; the second in which it was written tells it from the next.
            let id = one.time.map(|seconds| seconds.to_string());
            let wrote = Wrote { from: number.as_bytes(), to: &one.extend, words: &one.text, id, part: None };
            Heard::Fact(Told::Reply(wrote.at(at)))
        }
    })
}

/// Unread when it names nobody, a step when it is no end yet.
fn receipt(serial: &str, number: &str, status: &str, carrier: &str, at: Timestamp) -> Heard<Receipt> {
    let (Some(to), false) = (from_wire(number.as_bytes()), serial.is_empty()) else { return Heard::Unread };
    let arrived = match status {
        "SUCCESS" => true,
        "FAIL" => false,
        _ => return Heard::Step,
    };
    Heard::Fact(Receipt {
        provider_id: ProviderId::new(serial.as_bytes()),
        status: carrier_status(arrived, carrier),
        to: Some(to),
        far_code: words(carrier.to_owned()),
        at,
    })
}

#[derive(Deserialize)]
struct Page {
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
    match provider.api.ask::<Page>("PullSmsSendStatus", body).await {
        Ok(page) => (page.each.len(), read_page(page.each, provider.clock.now())),
        Err((_, code)) => {
            tracing::warn!(far_code = %code, "回执拉取失败 receipts could not be asked for; has the provider allowed it?");
            (0, Vec::new())
        }
    }
}

/// Reads a page report by report: the provider forgot all of it, so a bad one must sink nobody else.
pub(super) fn read_page(page: Vec<serde_json::Value>, at: Timestamp) -> Vec<Reported> {
    let (reports, _unread) = one_by_one(page, |one: Known| {
        let heard = receipt(&one.serial_no, &one.phone_number, &one.report_status, &one.description, at);
        heard.and(|receipt| Reported { receipt, context: one.session_context })
    });
    reports
}

impl Tencent {
    fn unkept(&self) -> MutexGuard<'_, Vec<Receipt>> {
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
