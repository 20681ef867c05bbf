//! The city's JSON door, as the rehearsal uses it: with an officer's key, like anybody else.

use super::order::Order;
use anyhow::{Context, bail};
use reqwest::{Client, Method};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

/// How long one request may take; a release of the full city is the longest.
const WITHIN: Duration = Duration::from_mins(1);

/// The door, and whose key is used.
#[derive(Debug, Clone)]
pub(super) struct Door {
    client: Client,
    base: String,
}

/// One officer's key.
#[derive(Clone)]
pub(super) struct Key(String);

/// What a draft was told.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Drafted {
    pub(super) id: String,
    /// What the others sign.
    pub(super) content_hash: String,
    /// Different people, each once.
    pub(super) people: u64,
    /// Speaker boxes.
    pub(super) speakers: u64,
    /// Over all channels: what the releaser types.
    pub(super) deliveries: u64,
    pub(super) parts: BTreeMap<String, u16>,
    pub(super) audience: Audience,
}

/// Whom a draft reaches.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Audience {
    pub(super) counts: BTreeMap<String, HeadCount>,
}

/// Recipients of a channel, and those of them who answer for others.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct HeadCount {
    pub(super) recipients: u64,
    pub(super) responsible: u64,
}

/// What a release was told.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Released {
    /// Milliseconds since 1970.
    pub(super) hold_until: i64,
    pub(super) planned_ms: f64,
}

/// An alert with its plans.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Shown {
    pub(super) plans: Vec<PlanView>,
}

/// A plan as the board has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PlanView {
    pub(super) plan: String,
    pub(super) channel: String,
    pub(super) account: String,
    #[serde(default)]
    pub(super) is_fallback: bool,
    pub(super) parts: u16,
    /// Nothing more will come of it.
    pub(super) settled: bool,
    pub(super) not_before: i64,
    pub(super) first_byte: Option<i64>,
    #[serde(default)]
    pub(super) resent_in_doubt: u64,
    pub(super) counts: CountsView,
    #[serde(default)]
    pub(super) districts: BTreeMap<String, CountsView>,
}

/// Counts by state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct CountsView {
    pub(super) target: u64,
    #[serde(default)]
    pub(super) states: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) failed: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) unknown: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) accepted_without_receipt: u64,
    pub(super) reached_50_ms: Option<u64>,
    pub(super) reached_90_ms: Option<u64>,
    pub(super) reached_95_ms: Option<u64>,
}

/// A part that nobody confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Unconfirmed {
    pub(super) ordinal: u32,
    pub(super) part: u8,
    pub(super) state: String,
    pub(super) reason: String,
    pub(super) provider_id: Option<String>,
}

impl Key {
    /// Reads a key file.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        Ok(Self(std::fs::read_to_string(file).with_context(|| file.display().to_string())?.trim().to_owned()))
    }
}

impl CountsView {
    /// Two sets in one. Times are the later ones: by then both have come so far, the union perhaps earlier.
    pub(super) fn with(mut self, other: &Self) -> Self {
        let add = |all: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>| {
            for (word, count) in more {
                *all.entry(word.clone()).or_default() += count;
            }
        };
        add(&mut self.states, &other.states);
        add(&mut self.failed, &other.failed);
        add(&mut self.unknown, &other.unknown);
        self.target += other.target;
        self.accepted_without_receipt += other.accepted_without_receipt;
        let later = |one: Option<u64>, other: Option<u64>| Some(one?.max(other?));
        self.reached_50_ms = later(self.reached_50_ms, other.reached_50_ms);
        self.reached_90_ms = later(self.reached_90_ms, other.reached_90_ms);
        self.reached_95_ms = later(self.reached_95_ms, other.reached_95_ms);
        self
    }

    /// How many are in any of these states.
    pub(super) fn of(&self, states: &[&str]) -> u64 {
        states.iter().filter_map(|state| self.states.get(*state)).sum()
    }

    /// What the far side took: all of these are past our hands.
    pub(super) fn taken(&self) -> u64 {
        self.of(&["accepted", "delivered", "sounded", "acknowledged"])
    }
}

impl Door {
    /// A door at an address on this machine.
    pub(super) fn at(base: &str) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
        let client = Client::builder().no_proxy().tls_backend_preconfigured(tls).timeout(WITHIN).build()?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned() })
    }

    /// Drafts a warning.
    pub(super) async fn draft(&self, key: &Key, order: &Order) -> anyhow::Result<Drafted> {
        self.ask(key, Method::POST, "/api/live/alerts", Some(json!(order))).await
    }

    /// The author hands it in.
    pub(super) async fn submit(&self, key: &Key, drafted: &Drafted) -> anyhow::Result<Value> {
        self.ask(key, Method::POST, &format!("/api/live/alerts/{}/submit", drafted.id), None).await
    }

    /// Another officer approves it as it was drafted.
    pub(super) async fn approve(&self, key: &Key, drafted: &Drafted) -> anyhow::Result<Value> {
        let body = json!({ "content_hash": drafted.content_hash });
        self.ask(key, Method::POST, &format!("/api/live/alerts/{}/approve", drafted.id), Some(body)).await
    }

    /// A third releases it as it was drafted, with its number of deliveries.
    pub(super) async fn release(&self, key: &Key, drafted: &Drafted) -> anyhow::Result<Released> {
        let path = format!("/api/live/alerts/{}/release", drafted.id);
        let body = json!({ "content_hash": drafted.content_hash, "deliveries": drafted.deliveries });
        self.ask(key, Method::POST, &path, Some(body)).await
    }

    /// How an alert stands.
    pub(super) async fn show(&self, key: &Key, alert: &str) -> anyhow::Result<Shown> {
        self.ask(key, Method::GET, &format!("/api/live/alerts/{alert}"), None).await
    }

    /// What nobody confirmed of a plan.
    pub(super) async fn unconfirmed(&self, key: &Key, plan: &str) -> anyhow::Result<Vec<Unconfirmed>> {
        self.ask(key, Method::GET, &format!("/api/live/plans/{plan}/unconfirmed"), None).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        key: &Key,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<T> {
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&key.0);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.with_context(|| format!("{path}: no answer"))?;
        let status = answer.status();
        let text = answer.text().await.with_context(|| format!("{path}: the answer broke off"))?;
        if status.is_success() {
            return serde_json::from_str(&text)
                .with_context(|| format!("{path}: an answer of another shape"));
        }
        bail!("{path} ({status}): {}", refusal(&text))
    }
}

/// A refusal as it is told: both languages, the code, the values.
fn refusal(text: &str) -> String {
    let told: Option<Value> = serde_json::from_str(text).ok();
    let Some(error) = told.as_ref().and_then(|told| told.get("error")) else { return text.to_owned() };
    let word = |field: &str| error.get(field).and_then(Value::as_str).unwrap_or_default();
    let fields = error.get("fields").map(Value::to_string).unwrap_or_default();
    format!("{} / {} [{}] {fields}", word("zh"), word("en"), word("code"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_both_languages_with_its_values() {
        let told = refusal(
            r#"{"error":{"code":"empty-audience","zh":"没有人","en":"nobody","fields":{"area":"21"}}}"#,
        );
        assert_eq!(told, r#"没有人 / nobody [empty-audience] {"area":"21"}"#);
        assert_eq!(refusal("<html>"), "<html>");
    }

    #[test]
    fn a_plan_is_read_as_the_board_has_it() {
        let plan: PlanView = serde_json::from_value(json!({
            "plan": "p", "alert": "a", "channel": "sms", "account": "sms", "status": "open", "is_fallback": false,
            "parts": 2, "settled": true, "not_before": 5, "first_byte": null, "resent_in_doubt": 0,
            "counts": { "target": 3, "states": { "accepted": 1, "delivered": 2 }, "reached_50_ms": 7 },
            "districts": { "210423100": { "target": 3 } },
        }))
        .unwrap();
        assert_eq!((plan.counts.taken(), plan.counts.reached_50_ms), (3, Some(7)));
        assert_eq!(plan.districts["210423100"].target, 3);
    }
}
