//! DingTalk's robots: time and signature in the address, twenty messages a minute, and ten minutes without any for who sends
//! more.

use super::{Content, Platforms, Refusal, mac};
use crate::sim_limits::MINUTE;
use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
};
use mingluo_model::clock::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

/// The code of who was too fast.
const TOO_FAST: Refusal = (130_101, "send too fast, exceed 20 times per minute");

#[derive(Deserialize)]
pub(super) struct Signed {
    #[serde(default)]
    access_token: String,
    /// Milliseconds.
    timestamp: Option<i64>,
    #[serde(default)]
    sign: String,
}

#[derive(Deserialize)]
struct Call {
    msgtype: String,
    text: Option<Content>,
}

/// `POST /robot/send`.
pub(super) async fn say(
    State(platforms): State<Arc<Platforms>>,
    Query(signed): Query<Signed>,
    body: Bytes,
) -> Json<Value> {
    let heard = platforms.hear_dingtalk(&signed, &body);
    platforms.note(&signed.access_token, &heard);
    match heard {
        Ok(_) => Json(json!({ "errcode": 0, "errmsg": "ok" })),
        Err(TOO_FAST) if platforms.faults.punish => {
            Json(json!({ "status": 1_111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "pretend" }))
        }
        Err((errcode, errmsg)) => Json(json!({ "errcode": errcode, "errmsg": errmsg })),
    }
}

impl Platforms {
    /// What the group reads.
    fn hear_dingtalk(&self, signed: &Signed, body: &[u8]) -> Result<String, Refusal> {
        let token = &signed.access_token;
        if !self.is_in_a_group(token) {
            return Err((300_005, "token is not exist"));
        }
        if let Some(code) = self.faults.always {
            return Err((code, "as it was told to"));
        }
        if self.is_busy(token) || self.is_shut_out(token) {
            return Err(TOO_FAST);
        }
        let secret = &self.account.secret;
        let is_signed =
            |at: i64| self.is_signed(Timestamp(at), &signed.sign, &mac(secret, &format!("{at}\n{secret}")));
        if !signed.timestamp.is_some_and(is_signed) {
            return Err((310_000, "sign not match"));
        }
        if body.len() > self.faults.longest_body {
            return Err((460_101, "message too long, exceed 20000 bytes"));
        }
        let call: Call = serde_json::from_slice(body).map_err(|_| (40_035, "缺少参数 json"))?;
        let text = call.text.filter(|_| call.msgtype == "text").ok_or((400_105, "unsupported msgtype"))?;
        if !self.has_keyword(&text.content) {
            return Err((310_000, "keywords not in content"));
        }
        if !self.limits.take(&format!("dingtalk {token}"), 1, self.faults.dingtalk_per_minute, MINUTE) {
            self.shut_out(token);
            return Err(TOO_FAST);
        }
        Ok(text.content)
    }

    fn is_shut_out(&self, token: &str) -> bool {
        let shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        shut_out.get(token).is_some_and(|until| self.clock.now() < *until)
    }

    fn shut_out(&self, token: &str) {
        let until = self.clock.now().plus(Duration::from_secs(self.faults.shut_out_seconds.into()));
        self.shut_out.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned(), until);
    }
}
