//! Feishu's robots: the token in the path, time and signature in the body, a hundred messages a minute and five a second.

use super::{Content, Platforms, Refusal, mac};
use crate::sim_limits::MINUTE;
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use mingluo_model::clock::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The code of who was too fast.
const TOO_FAST: Refusal = (11_232, "frequency limited psm[pretend]");

/// What is no message, or too long a one.
const BAD: Refusal = (9_499, "Bad Request");

#[derive(Deserialize)]
struct Call {
    /// Seconds.
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    sign: String,
    msg_type: String,
    content: Content,
}

/// `POST /open-apis/bot/v2/hook/TOKEN`. Refusals come under a status of their own here, the harder of both ways to hear them.
pub(super) async fn say(
    State(platforms): State<Arc<Platforms>>,
    Path(token): Path<String>,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let heard = platforms.hear_feishu(&token, &body);
    platforms.note(&token, &heard);
    match heard {
        Ok(_) => {
            let success = json!({ "code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success" });
            (StatusCode::OK, Json(success))
        }
        Err((code, msg)) => (StatusCode::BAD_REQUEST, Json(json!({ "code": code, "msg": msg, "data": {} }))),
    }
}

impl Platforms {
    /// What the group reads.
    fn hear_feishu(&self, token: &str, body: &[u8]) -> Result<String, Refusal> {
        if !self.is_in_a_group(token) {
            return Err((19_001, "param invalid: incoming webhook access token invalid"));
        }
        if let Some(code) = self.faults.always {
            return Err((code, "as it was told to"));
        }
        if body.len() > self.faults.longest_body {
            return Err(BAD);
        }
        let call: Call = serde_json::from_slice(body).map_err(|_| BAD)?;
        let expected = mac(&format!("{}\n{}", call.timestamp, self.account.secret), "");
        let seconds = call.timestamp.parse::<i64>().ok();
        let at = seconds.and_then(|seconds| seconds.checked_mul(1_000)).map(Timestamp);
        if !at.is_some_and(|at| self.is_signed(at, &call.sign, &expected)) {
            return Err((19_021, "sign match fail or timestamp is not within one hour from current time"));
        }
        let words = Some(call.content.content).filter(|_| call.msg_type == "text").ok_or(BAD)?;
        if !self.has_keyword(&words) {
            return Err((19_024, "Key Words Not Found"));
        }
        if self.is_busy(token) {
            return Err(TOO_FAST);
        }
        let takes =
            |unit: &str, most, within| self.limits.take(&format!("feishu {unit} {token}"), 1, most, within);
        if !takes("second", self.faults.feishu_per_second, Duration::from_secs(1))
            || !takes("minute", self.faults.feishu_per_minute, MINUTE)
        {
            return Err(TOO_FAST);
        }
        Ok(words)
    }
}
