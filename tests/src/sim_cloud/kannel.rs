//! Pretend Kannel: `sendsms` of its smsbox, with its answers and its reports (Kannel 1.4.5 user guide).

use super::{Lot, Platform, rule};
use crate::sim_journal::What;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

/// `GET /cgi-bin/sendsms`.
pub(super) async fn sendsms(
    State(platform): State<Arc<Platform>>,
    RawQuery(query): RawQuery,
) -> (StatusCode, &'static str) {
    platform.calls.fetch_add(1, Ordering::Relaxed);
    platform.sends.fetch_add(1, Ordering::Relaxed);
    let given: BTreeMap<String, String> = rule::pairs(&query.unwrap_or_default()).into_iter().collect();
    let word = |name: &str| given.get(name).map_or("", String::as_str);
    let answer = take(&platform, word);
    platform.be_slow().await;
    if answer.0 == StatusCode::ACCEPTED && platform.strikes_call("mute", platform.faults.mute_percent) {
        std::future::pending::<()>().await;
    }
    answer
}

fn take<'a>(platform: &Arc<Platform>, word: impl Fn(&str) -> &'a str) -> (StatusCode, &'static str) {
    let number = word("to").trim_start_matches('+').trim_start_matches("86").to_owned();
    if (word("username"), word("password")) != (&platform.account.id, &platform.account.secret) {
        return (StatusCode::FORBIDDEN, "Authorization failed for sendsms");
    }
    if platform.strikes_call("throttle", platform.faults.throttle_percent) {
        return (StatusCode::SERVICE_UNAVAILABLE, "Temporal failure, try again later.");
    }
    if platform.lot(&number) != Lot::Good {
        platform.journal.note(What::Refused, "", &number, "kannel: denied");
        return (StatusCode::BAD_REQUEST, "Number(s) has/have been denied by white- and/or black-lists.");
    }
    if word("text").is_empty() {
        return (StatusCode::BAD_REQUEST, "Empty text not allowed, rejected");
    }
    let id = format!("kannel-{}", platform.next_message());
    platform.journal.note(What::Accepted, &id, &number, &format!("kannel {}", word("text")));
    if !word("dlr-url").is_empty() && word("dlr-mask") != "0" {
        Arc::clone(&platform.receipts).report_to(word("dlr-url").to_owned(), number, id);
    }
    (StatusCode::ACCEPTED, "0: Accepted for delivery")
}
