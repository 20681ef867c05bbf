//! Tokens of the pretend platform: the same one again until its life is half over (the real one renews five minutes
//! early), and an old one lives until its own end.

use super::{Platform, WeChatAccount, refusal};
use axum::{Json, body::Bytes, extract::State};
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

/// How early the real platform renews.
const EARLY: Duration = Duration::from_mins(5);

pub(super) struct Tokens {
    account: WeChatAccount,
    life: Duration,
    clock: SharedClock,
    /// Guards the ends of all tokens ever made; a token's text holds its place in here.
    ends: Mutex<Vec<Timestamp>>,
    asked: AtomicU64,
}

#[derive(Deserialize)]
struct Asked {
    grant_type: String,
    appid: String,
    secret: String,
}

impl Tokens {
    pub(super) fn new(account: WeChatAccount, seconds: u32, clock: SharedClock) -> Self {
        Self {
            account,
            life: Duration::from_secs(seconds.into()),
            clock,
            ends: Mutex::default(),
            asked: AtomicU64::new(0),
        }
    }

    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// The error code for a token in a call, if it is not alive.
    pub(super) fn refuse(&self, token: Option<&str>) -> Option<(i64, &'static str)> {
        let Some(token) = token else { return Some((41_001, "access_token missing")) };
        let place = token.strip_prefix("pretend-token-").and_then(|place| place.parse::<usize>().ok());
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        match place.and_then(|place| ends.get(place)) {
            None => Some((40_001, "invalid credential")),
            Some(end) if *end <= self.clock.now() => Some((42_001, "access_token expired")),
            Some(_) => None,
        }
    }

    fn give(&self) -> (String, u64) {
        let now = self.clock.now();
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let left = ends.last().map_or(Duration::ZERO, |end| end.since(now));
        if left <= EARLY.min(self.life / 2) {
            ends.push(now.plus(self.life));
        }
        let left = ends.last().map_or(Duration::ZERO, |end| end.since(now));
        (format!("pretend-token-{}", ends.len() - 1), left.as_secs())
    }
}

/// `POST /cgi-bin/stable_token`.
pub(super) async fn give(State(platform): State<Arc<Platform>>, body: Bytes) -> Json<Value> {
    let tokens = &platform.tokens;
    tokens.asked.fetch_add(1, Ordering::Relaxed);
    match serde_json::from_slice::<Asked>(&body) {
        Err(_) => refusal(47_001, "data format error"),
        Ok(asked) if asked.grant_type != "client_credential" => refusal(40_002, "invalid grant_type"),
        Ok(asked) if asked.appid != tokens.account.app_id => refusal(40_013, "invalid appid"),
        Ok(asked) if asked.secret != tokens.account.secret => refusal(40_125, "invalid appsecret"),
        Ok(_) => {
            let (token, seconds) = tokens.give();
            Json(json!({ "access_token": token, "expires_in": seconds }))
        }
    }
}
