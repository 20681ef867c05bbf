//! A gateway's receipts: names and values in the query or in a form's body.

use mingluo_model::{
    channel::ReceiptFor,
    clock::Timestamp,
    delivery::Reason,
    receipt::{ProviderId, Receipt, ReceiptStatus},
};
use serde::Deserialize;

use crate::{
    account::ConfigError,
    sms::{cloud::callback::CallbackError, number::from_wire, session::words},
};

/// What one receipt speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeaksFor {
    /// One part of a long message: Kannel asks the centre for a receipt for one of them only. The others stay unproven, and
    /// the message accepted.
    #[default]
    Part,
    /// The whole message, however many parts it has.
    Message,
}

/// Which parameters tell what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptConfig {
    /// The parameter with the message's id.
    pub id: String,
    /// The parameter with the state.
    pub status: String,
    /// The parameter with the number; empty where there is none.
    pub number: String,
    /// States that say that it arrived.
    pub delivered: Vec<String>,
    /// States that say that it did not.
    pub failed: Vec<String>,
    /// States that say that its time ran out.
    pub expired: Vec<String>,
    /// `part` or `message`.
    pub speaks_for: SpeaksFor,
}

impl Default for ReceiptConfig {
    /// Kannel's `%d`: 1 delivered, 2 failed, 16 refused by the centre, 34 expired, 66 unknown. 4 and 8 are steps on the
    /// way (dlr-mask; gwlib's DLR_ constants).
    fn default() -> Self {
        let list = |states: &[&str]| states.iter().map(|state| (*state).to_owned()).collect();
        Self {
            id: "id".into(),
            status: "status".into(),
            number: "number".into(),
            delivered: list(&["1"]),
            failed: list(&["2", "16", "66"]),
            expired: list(&["34"]),
            speaks_for: SpeaksFor::Part,
        }
    }
}

/// How one account's receipts are read.
#[derive(Debug, Clone)]
pub(super) struct Reading(ReceiptConfig);

impl Reading {
    pub(super) fn check(config: &ReceiptConfig) -> Result<Self, ConfigError> {
        for (field, name) in [("receipt.id", &config.id), ("receipt.status", &config.status)] {
            if name.is_empty() {
                return Err(ConfigError::new(field, name, "name the parameter that has it"));
            }
        }
        if config.delivered.is_empty() {
            return Err(ConfigError::new(
                "receipt.delivered",
                "",
                "name the states that say that it arrived",
            ));
        }
        Ok(Self(config.clone()))
    }

    /// What a good one proves.
    pub(super) fn speaks_for(&self) -> ReceiptFor {
        match self.0.speaks_for {
            SpeaksFor::Part => ReceiptFor::EachPart,
            SpeaksFor::Message => ReceiptFor::AllParts,
        }
    }

    /// The receipt in a report; none for a step on the way.
    pub(super) fn read(
        &self,
        query: &str,
        body: &[u8],
        at: Timestamp,
    ) -> Result<Vec<Receipt>, CallbackError> {
        let body = std::str::from_utf8(body).map_err(|cause| CallbackError::malformed("body", cause))?;
        let pairs = [pairs(query), pairs(body)].concat();
        let find =
            |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let missing = |field, name: &str| CallbackError::malformed(field, format!("{name} is missing"));
        let id = find(&self.0.id).filter(|id| !id.is_empty()).ok_or_else(|| missing("id", &self.0.id))?;
        let state = find(&self.0.status).ok_or_else(|| missing("status", &self.0.status))?;
        let Some(status) = self.status(state) else { return Ok(Vec::new()) };
        Ok(vec![Receipt {
            provider_id: ProviderId::new(id.as_bytes()),
            status,
            to: find(&self.0.number).and_then(|number| from_wire(number.trim().as_bytes())),
            far_code: words(state.to_owned()),
            at,
        }])
    }

    fn status(&self, state: &str) -> Option<ReceiptStatus> {
        let among = |list: &[String]| list.iter().any(|one| one == state);
        if among(&self.0.delivered) {
            Some(ReceiptStatus::Delivered)
        } else if among(&self.0.expired) {
            Some(ReceiptStatus::Expired)
        } else if among(&self.0.failed) {
            Some(ReceiptStatus::Failed(Reason::Unreachable))
        } else {
            None
        }
    }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let mut url = reqwest::Url::parse("http://callback.invalid/").expect("a constant address parses");
    url.set_query(Some(text));
    url.query_pairs().into_owned().collect()
}
