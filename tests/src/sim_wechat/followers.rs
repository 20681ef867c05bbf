//! Followers of the pretend account who act as they are told to: they follow, take leave, scan a poster, write.

use super::Platform;
use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a follower does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    openid: String,
    event: Option<String>,
    #[serde(default)]
    key: String,
    words: Option<String>,
    /// Nothing new: the platform says again what they did last, as if no answer had come in time.
    #[serde(default)]
    again: bool,
}

/// What was pushed of each follower last.
#[derive(Default)]
pub(super) struct Pushed(
    // Guards the pushes; held for a look.
    Mutex<HashMap<String, String>>,
);

impl Pushed {
    fn last(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /pretend/follower`; answers with what the account said to the follower, or 504 when it said nothing in time.
pub(super) async fn act(State(platform): State<Arc<Platform>>, body: Bytes) -> (StatusCode, Json<Value>) {
    let act = match serde_json::from_slice::<Act>(&body) {
        Ok(act) => act,
        Err(error) => return (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
    };
    let pusher = &platform.receipts.pusher;
    if !pusher.has_callback() {
        return (StatusCode::CONFLICT, Json(json!({ "error": "there is no --callback" })));
    }
    let xml = if act.again {
        let last = platform.pushed.last().get(&act.openid).cloned();
        let Some(last) = last else {
            return (StatusCode::CONFLICT, Json(json!({ "error": "the follower did nothing yet" })));
        };
        last
    } else {
        platform.windows.acted(&act.openid, act.event.as_deref());
        let xml = act.xml(pusher.seconds(), pusher.number());
        platform.pushed.last().insert(act.openid.clone(), xml.clone());
        xml
    };
    match platform.receipts.push(&act.openid, &xml).await {
        Some(said) => (StatusCode::OK, Json(json!({ "said": said }))),
        None => (StatusCode::GATEWAY_TIMEOUT, Json(json!({ "error": "the account did not answer" }))),
    }
}

impl Act {
    /// The push; what is written has a number of its own, also within a second.
    fn xml(&self, seconds: i64, number: u64) -> String {
        let (openid, key) = (&self.openid, &self.key);
        let what = match (&self.event, &self.words) {
            (Some(event), _) => format!(
                "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>\
                 <EventKey><![CDATA[{key}]]></EventKey>"
            ),
            (None, words) => format!(
                "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{}]]></Content><MsgId>{number}</MsgId>",
                words.as_deref().unwrap_or_default()
            ),
        };
        format!(
            "<xml><ToUserName><![CDATA[gh_pretend]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>\
             <CreateTime>{seconds}</CreateTime>{what}</xml>"
        )
    }
}
