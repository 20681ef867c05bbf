//! Robots of groups: each takes so many messages a minute.

use super::{Platform, refusal};
use crate::{sim_journal::What, sim_limits::MINUTE};
use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Named {
    key: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    msgtype: String,
    text: Option<Text>,
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

/// `POST /cgi-bin/webhook/send`.
pub(super) async fn say(
    State(platform): State<Arc<Platform>>,
    Query(named): Query<Named>,
    body: Bytes,
) -> Json<Value> {
    let key = named.key.unwrap_or_default();
    let (what, answer, detail) = match platform.hear(&key, &body) {
        Ok(words) => (What::Accepted, Json(json!({ "errcode": 0, "errmsg": "ok" })), words),
        Err((errcode, errmsg)) => (What::Refused, refusal(errcode, errmsg), format!("{errcode} {errmsg}")),
    };
    platform.journal.note(what, "", &key, &detail);
    answer
}

impl Platform {
    /// What the group reads.
    fn hear(&self, key: &str, body: &[u8]) -> Result<String, (i64, &'static str)> {
        let robots = &self.account.robots;
        if key.is_empty() || !(robots.is_empty() || robots.iter().any(|one| one == key)) {
            return Err((93_000, "invalid webhook url"));
        }
        if let Some(errcode) = self.faults.always {
            return Err((errcode, "as it was told to"));
        }
        let call: Call = serde_json::from_slice(body).map_err(|_| (47_001, "data format error"))?;
        let words =
            call.text.filter(|_| call.msgtype == "text").ok_or((40_008, "invalid message type"))?.content;
        if words.is_empty() {
            return Err((44_004, "empty content"));
        }
        if words.len() > 2048 {
            return Err((40_058, "content exceed max length 2048"));
        }
        if !self.limits.take(&format!("robot {key}"), 1, self.faults.robot_per_minute, MINUTE) {
            return Err((45_009, "api freq out of limit"));
        }
        Ok(words)
    }
}
