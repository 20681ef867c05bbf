//! Customer-service messages of the pretend platform (客服消息): who acted of late may be written to, so often and for so long as
//! the real one lets it (微信开放文档, 发送客服消息).

use super::{
    Platform, refusal,
    send::{Authorised, is_escaped},
};
use crate::sim_journal::What;
use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
};
use mingluo_model::clock::{SharedClock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What a key of the menu, a scan or following allows.
const BY_EVENT: Allowed = Allowed { messages: 3, for_s: 60 };

/// The longest text, in bytes.
const LONGEST: usize = 2_048;

/// How customer-service messages fail.
#[derive(Debug, Clone, clap::Args)]
pub struct CustomFaults {
    /// Messages that the account may send to who wrote; further ones are answered 45047.
    #[arg(long, value_name = "MESSAGES", default_value_t = 5)]
    pub custom_most: u32,
    /// For how long after they wrote, in seconds; then 45015.
    #[arg(long, value_name = "SECONDS", default_value_t = 172_800)]
    pub custom_window_s: u64,
    /// Wait so long before each answer, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub custom_ms: u64,
}

impl Default for CustomFaults {
    fn default() -> Self {
        Self { custom_most: 5, custom_window_s: 172_800, custom_ms: 0 }
    }
}

/// So many messages for so long.
#[derive(Clone, Copy)]
struct Allowed {
    messages: u32,
    for_s: u64,
}

/// Whom the account may write to.
pub(super) struct Windows {
    by_words: Allowed,
    clock: SharedClock,
    /// Guards what is left for each follower, and until when.
    open: Mutex<HashMap<String, (u32, Timestamp)>>,
}

#[derive(Deserialize)]
struct Call {
    touser: String,
    msgtype: String,
    text: Text,
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

impl Windows {
    pub(super) fn new(faults: &CustomFaults, clock: SharedClock) -> Self {
        let by_words = Allowed { messages: faults.custom_most, for_s: faults.custom_window_s };
        Self { by_words, clock, open: Mutex::default() }
    }

    /// A follower acted, by an event or by words. What it allows is not added to what was left.
    pub(super) fn acted(&self, follower: &str, event: Option<&str>) {
        let Allowed { messages, for_s } = match event {
            None => self.by_words,
            Some("CLICK" | "SCAN" | "subscribe") => BY_EVENT,
            Some(_) => return,
        };
        let now = self.clock.now();
        let until = now.plus(Duration::from_secs(for_s));
        let mut open = self.open();
        let before = open.get(follower).filter(|(_, end)| *end > now);
        let (left, end) = before.copied().unwrap_or((0, until));
        open.insert(follower.to_owned(), (left.max(messages), end.max(until)));
    }

    fn take(&self, follower: &str) -> Result<(), (i64, &'static str)> {
        let now = self.clock.now();
        match self.open().get_mut(follower) {
            Some((_, end)) if *end <= now => Err((45_015, "response out of time limit")),
            None => Err((45_015, "response out of time limit or subscription is canceled")),
            Some((0, _)) => Err((45_047, "out of response count limit")),
            Some((left, _)) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, (u32, Timestamp)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /cgi-bin/message/custom/send`.
pub(super) async fn send(
    State(platform): State<Arc<Platform>>,
    Query(authorised): Query<Authorised>,
    body: Bytes,
) -> Json<Value> {
    if let Some((errcode, errmsg)) = platform.tokens.refuse(authorised.token()) {
        return refusal(errcode, errmsg);
    }
    if is_escaped(&body) {
        return refusal(40_033, "do not use \\uxxxx");
    }
    let slowness = Duration::from_millis(platform.faults.custom.custom_ms);
    if !slowness.is_zero() {
        platform.windows.clock.sleep(slowness).await;
    }
    let Ok(call) = serde_json::from_slice::<Call>(&body) else { return refusal(47_001, "data format error") };
    match platform.tell(&call) {
        Ok(()) => {
            platform.journal.note(What::Accepted, "custom", &call.touser, &call.text.content);
            Json(json!({ "errcode": 0, "errmsg": "ok" }))
        }
        Err((errcode, errmsg)) => {
            platform.journal.note(What::Refused, "custom", &call.touser, &format!("{errcode} {errmsg}"));
            refusal(errcode, errmsg)
        }
    }
}

impl Platform {
    fn tell(&self, call: &Call) -> Result<(), (i64, &'static str)> {
        if let Some(errcode) = self.faults.always {
            return Err((errcode, "as it was told to"));
        }
        if call.msgtype != "text" || call.text.content.is_empty() {
            return Err((44_004, "empty content"));
        }
        if call.text.content.len() > LONGEST {
            return Err((45_002, "content size out of limit"));
        }
        self.windows.take(&call.touser)
    }
}
