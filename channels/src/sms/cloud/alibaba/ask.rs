//! One signed call: an action and its parameters in the query, an empty body, JSON back.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use mingluo_model::clock::SharedClock;
use reqwest::Url;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    codes,
    sign::{Request, authorization, canonical_query},
};
use crate::{
    account::Secret,
    sms::cloud::{
        fault::Fault,
        http::{Caller, Said},
        wire::{hmac, host, sha256_hex, utc},
    },
};

/// The version of all actions.
const VERSION: &str = "2017-05-25";

/// Calls one account's actions.
pub(super) struct Api {
    caller: Caller,
    base: Url,
    key_id: String,
    secret: Secret,
    clock: SharedClock,
    calls: AtomicU64,
}

/// What all answers begin with.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "Code", default)]
    code: String,
}

impl Api {
    pub(super) fn new(caller: Caller, base: Url, key_id: String, secret: Secret, clock: SharedClock) -> Self {
        Self { caller, base, key_id, secret, clock, calls: AtomicU64::new(0) }
    }

    /// Calls an action. An error has the provider's code beside it; it is empty where there was none.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        action: &str,
        query: &[(&str, &str)],
    ) -> Result<T, (Fault, String)> {
        let answered = self.caller.call(self.signed(action, query)).await;
        let said = answered.map_err(|fault| (fault, String::new()))?;
        read(&said)
    }

    fn signed(&self, action: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        url.set_path("/");
        url.set_query(Some(&canonical_query(query)));
        let headers = self.headers(action, query);
        let body_hash = sha256_hex(&[]);
        let request = Request { method: "POST", path: "/", query, headers: &headers, body_hash: &body_hash };
        let authorization = authorization(&self.key_id, &self.secret, &request);
        let bare = self.caller.client.post(url).header("authorization", authorization);
        // The library writes the host by itself, just as it was signed.
        let ours = headers.iter().filter(|(name, _)| **name != "host");
        ours.fold(bare, |request, (name, value)| request.header(*name, value))
    }

    fn headers(&self, action: &str, query: &[(&str, &str)]) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("host", host(&self.base)),
            ("x-acs-action", action.to_owned()),
            ("x-acs-version", VERSION.to_owned()),
            ("x-acs-date", utc(self.clock.now(), "%Y-%m-%dT%H:%M:%SZ")),
            ("x-acs-signature-nonce", self.nonce(query)),
            ("x-acs-content-sha256", sha256_hex(&[])),
        ])
    }

    /// A number used once: no two calls of an account have the same time, count and parameters.
    fn nonce(&self, query: &[(&str, &str)]) -> String {
        let count = self.calls.fetch_add(1, Ordering::Relaxed);
        let (now, ticks) = (self.clock.now().0, self.clock.ticks().as_nanos());
        let unique = format!("{now} {ticks} {count} {}", canonical_query(query));
        hex::encode(&hmac(self.secret.expose().as_bytes(), unique.as_bytes())[..16])
    }
}

fn read<T: DeserializeOwned>(said: &Said) -> Result<T, (Fault, String)> {
    let unreadable = || (said.unreadable(), String::new());
    let head: Head = serde_json::from_slice(&said.body).map_err(|_| unreadable())?;
    match head.code.as_str() {
        "OK" => serde_json::from_slice(&said.body).map_err(|_| unreadable()),
        "" => Err(unreadable()),
        code => Err((codes::fault(code), code.to_owned())),
    }
}
