//! Template messages and subscription notices of the pretend platform: checks a call as the real one does, gives it a number,
//! and remembers what it sent.

use super::{Platform, receipts::Due, refusal};
use crate::sim_journal::What;
use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// The first message's number: beyond 2^53, as the real ones are.
const FIRST_NUMBER: u64 = 3_600_000_000_000_000_000;

/// What was sent so far.
#[derive(Default)]
pub(super) struct Sent {
    /// Guards the memory of calls.
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Numbers by follower and `client_msg_id`.
    numbers: HashMap<(String, String), u64>,
    /// Messages taken.
    taken: u64,
    /// Calls for each follower, so that busy is drawn anew.
    tries: HashMap<String, u32>,
}

#[derive(Deserialize)]
pub(super) struct Authorised {
    access_token: Option<String>,
}

impl Authorised {
    pub(super) fn token(&self) -> Option<&str> {
        self.access_token.as_deref()
    }
}

#[derive(Deserialize)]
struct Call {
    touser: String,
    template_id: String,
    client_msg_id: Option<String>,
    data: BTreeMap<String, FieldValue>,
}

#[derive(Deserialize)]
struct FieldValue {
    value: String,
}

/// `POST /cgi-bin/message/template/send`.
pub(super) async fn template(
    State(platform): State<Arc<Platform>>,
    Query(authorised): Query<Authorised>,
    body: Bytes,
) -> Json<Value> {
    let call = match platform.read(&authorised, &body) {
        Ok(call) => call,
        Err(refused) => return refused,
    };
    match platform.take(&call) {
        Ok(number) => {
            let due = Due { number, to: call.touser, notice_of: None };
            Arc::clone(&platform.receipts).owe(due).await;
            Json(json!({ "errcode": 0, "errmsg": "ok", "msgid": number }))
        }
        Err(Refused::Before(number)) => {
            Json(json!({ "errcode": 45_065, "errmsg": "client_msg_id was sent before", "msgid": number }))
        }
        Err(Refused::Code(errcode, errmsg)) => refusal(errcode, errmsg),
    }
}

/// `POST /cgi-bin/message/subscribe/bizsend`: as often as it is asked, and without a number in the answer.
pub(super) async fn notice(
    State(platform): State<Arc<Platform>>,
    Query(authorised): Query<Authorised>,
    body: Bytes,
) -> Json<Value> {
    let call = match platform.read(&authorised, &body) {
        Ok(call) => Call { client_msg_id: None, ..call },
        Err(refused) => return refused,
    };
    if platform.dice().strikes("unsubscribed", &call.touser, platform.faults.unsubscribed_percent) {
        platform.journal.note(What::Refused, "", &call.touser, "43101 user refuse to accept the msg");
        return refusal(43_101, "user refuse to accept the msg");
    }
    match platform.take(&call) {
        Ok(number) => {
            let due = Due { number, to: call.touser, notice_of: Some(call.template_id) };
            Arc::clone(&platform.receipts).owe(due).await;
            Json(json!({ "errcode": 0, "errmsg": "ok" }))
        }
        Err(Refused::Code(errcode, errmsg)) => refusal(errcode, errmsg),
        Err(Refused::Before(_)) => refusal(-1, "a notice has no client_msg_id"),
    }
}

/// Whether a body has escapes that the platform refuses.
pub(super) fn is_escaped(body: &[u8]) -> bool {
    body.windows(2).any(|pair| pair == b"\\u")
}

enum Refused {
    /// The same `client_msg_id` for the same follower has this number.
    Before(u64),
    Code(i64, &'static str),
}

impl Platform {
    fn read(&self, authorised: &Authorised, body: &[u8]) -> Result<Call, Json<Value>> {
        if let Some((errcode, errmsg)) = self.tokens.refuse(authorised.token()) {
            return Err(refusal(errcode, errmsg));
        }
        if is_escaped(body) {
            return Err(refusal(40_033, "do not use \\uxxxx"));
        }
        serde_json::from_slice(body).map_err(|_| refusal(47_001, "data format error"))
    }

    fn take(&self, call: &Call) -> Result<u64, Refused> {
        let taken = check(call).and_then(|()| self.number(call));
        let id = call.client_msg_id.as_deref().unwrap_or_default();
        match &taken {
            Ok(number) => self.journal.note(What::Accepted, &number.to_string(), &call.touser, id),
            Err(Refused::Before(number)) => {
                let detail = format!("45065 sent before: {id}");
                self.journal.note(What::Refused, &number.to_string(), &call.touser, &detail);
            }
            Err(Refused::Code(errcode, errmsg)) => {
                self.journal.note(What::Refused, "", &call.touser, &format!("{errcode} {errmsg}: {id}"));
            }
        }
        taken
    }

    fn number(&self, call: &Call) -> Result<u64, Refused> {
        let mut memory = self.sent.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let key = call.client_msg_id.clone().map(|id| (call.touser.clone(), id));
        if let Some(number) = key.as_ref().and_then(|key| memory.numbers.get(key)) {
            return Err(Refused::Before(*number));
        }
        if let Some(errcode) = self.faults.always {
            return Err(Refused::Code(errcode, "as it was told to"));
        }
        if self.faults.quota.is_some_and(|quota| memory.taken >= quota) {
            return Err(Refused::Code(45_009, "reach max api daily quota limit"));
        }
        let nth = memory.tries.entry(call.touser.clone()).or_default();
        *nth += 1;
        if self.dice().strikes("busy", &format!("{}#{nth}", call.touser), self.faults.busy_percent) {
            return Err(Refused::Code(-1, "system error"));
        }
        let number = FIRST_NUMBER + memory.taken;
        memory.taken += 1;
        memory.numbers.extend(key.map(|key| (key, number)));
        Ok(number)
    }
}

fn check(call: &Call) -> Result<(), Refused> {
    if call.touser.is_empty() {
        return Err(Refused::Code(40_003, "invalid openid"));
    }
    if call.template_id.is_empty() {
        return Err(Refused::Code(40_037, "invalid template_id"));
    }
    let too_long =
        |(name, field): (&String, &FieldValue)| name.starts_with("thing") && field.value.chars().count() > 20;
    if call.data.is_empty() || call.data.iter().any(too_long) {
        return Err(Refused::Code(47_003, "argument invalid! data.thing.value"));
    }
    Ok(())
}
