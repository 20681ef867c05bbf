//! Tokens of the pretend platform: the same one again until it ends, as the real one does it.

use super::{Platform, WeComFaults, refusal};
use axum::{
    Json,
    extract::{Query, State},
};
use mingluo_model::clock::{SharedClock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub(super) struct Tokens {
    life: Duration,
    dead: i64,
    clock: SharedClock,
    /// Guards the ends of all tokens ever made; a token's text holds its place in here.
    ends: Mutex<Vec<Timestamp>>,
    asked: AtomicU64,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    corpid: String,
    corpsecret: String,
}

impl Tokens {
    pub(super) fn new(faults: &WeComFaults, clock: SharedClock) -> Self {
        let life = Duration::from_secs(faults.token_seconds.into());
        Self { life, dead: faults.dead_token, clock, ends: Mutex::default(), asked: AtomicU64::new(0) }
    }

    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// The error code for a token in a call, if it is not alive.
    pub(super) fn refuse(&self, token: Option<&str>) -> Option<(i64, &'static str)> {
        let Some(token) = token else { return Some((41_001, "access_token missing")) };
        let place = token.strip_prefix("pretend-").and_then(|place| place.parse::<usize>().ok());
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        match place.and_then(|place| ends.get(place)) {
            None => Some((40_014, "invalid access_token")),
            Some(end) if *end <= self.clock.now() => Some((self.dead, "access_token expired")),
            Some(_) => None,
        }
    }

    fn give(&self) -> String {
        let now = self.clock.now();
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.last().is_none_or(|end| *end <= now) {
            ends.push(now.plus(self.life));
        }
        format!("pretend-{}", ends.len() - 1)
    }
}

/// `GET /cgi-bin/gettoken`.
pub(super) async fn give(State(platform): State<Arc<Platform>>, Query(asked): Query<Asked>) -> Json<Value> {
    let tokens = &platform.tokens;
    tokens.asked.fetch_add(1, Ordering::Relaxed);
    if asked.corpid != platform.account.corp_id {
        return refusal(40_013, "invalid corpid");
    }
    if asked.corpsecret != platform.account.secret {
        return refusal(40_001, "invalid credential");
    }
    let token = tokens.give();
    Json(json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": tokens.life.as_secs() }))
}
