//! One signed call: an action in a header, JSON out and back.

use mingluo_model::clock::SharedClock;
use reqwest::Url;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    codes,
    sign::{CONTENT_TYPE, Request},
};
use crate::{
    account::Secret,
    sms::cloud::{
        fault::Fault,
        http::{Caller, Said},
        wire::host,
    },
};

/// The version of all actions.
const VERSION: &str = "2021-01-11";

/// Calls one account's actions.
pub(super) struct Api {
    caller: Caller,
    base: Url,
    secret_id: String,
    secret_key: Secret,
    region: String,
    clock: SharedClock,
}

#[derive(Deserialize)]
struct Answer<T> {
    #[serde(rename = "Response")]
    response: T,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "Error")]
    error: Option<ErrorSaid>,
}

#[derive(Deserialize)]
struct ErrorSaid {
    #[serde(rename = "Code")]
    code: String,
}

impl Api {
    pub(super) fn new(
        caller: Caller,
        base: Url,
        (secret_id, secret_key): (&str, Secret),
        region: &str,
        clock: SharedClock,
    ) -> Self {
        let (secret_id, region) = (secret_id.to_owned(), region.to_owned());
        Self { caller, base, secret_id, secret_key, region, clock }
    }

    /// Calls an action. An error has the provider's code beside it; it is empty where there was none.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        action: &str,
        body: String,
    ) -> Result<T, (Fault, String)> {
        let answered = self.caller.call(self.signed(action, body)).await;
        let said = answered.map_err(|fault| (fault, String::new()))?;
        read(&said)
    }

    fn signed(&self, action: &str, body: String) -> reqwest::RequestBuilder {
        let host = host(&self.base);
        let request = Request { host: &host, body: body.as_bytes(), at: self.clock.now() };
        let authorization = request.authorization(&self.secret_id, &self.secret_key);
        let seconds = request.seconds().to_string();
        let mut url = self.base.clone();
        url.set_path("/");
        self.caller
            .client
            .post(url)
            .header("authorization", authorization)
            .header("content-type", CONTENT_TYPE)
            .header("x-tc-action", action)
            .header("x-tc-version", VERSION)
            .header("x-tc-timestamp", seconds)
            .header("x-tc-region", &self.region)
            .body(body)
    }
}

fn read<T: DeserializeOwned>(said: &Said) -> Result<T, (Fault, String)> {
    let unreadable = || (said.unreadable(), String::new());
    let head: Answer<Head> = serde_json::from_slice(&said.body).map_err(|_| unreadable())?;
    match head.response.error {
        Some(error) => Err((codes::fault(&error.code), error.code)),
        None => serde_json::from_slice(&said.body)
            .map(|answer: Answer<T>| answer.response)
            .map_err(|_| unreadable()),
    }
}
