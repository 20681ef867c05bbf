//! Template messages of the pretend platform: checks a call as the real one does, gives it a number, and remembers
//! what it sent.

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
    if let Some((errcode, errmsg)) = platform.tokens.refuse(authorised.access_token.as_deref()) {
        return refusal(errcode, errmsg);
    }
    if body.windows(2).any(|pair| pair == b"\\u") {
        return refusal(40_033, "do not use \\uxxxx");
    }
    let Ok(call) = serde_json::from_slice::<Call>(&body) else { return refusal(47_001, "data format error") };
    match platform.take(&call) {
        Ok(number) => {
            let due = Due { number, to: call.touser };
            Arc::clone(&platform.receipts).owe(due).await;
            Json(json!({ "errcode": 0, "errmsg": "ok", "msgid": number }))
        }
        Err(Refused::Before(number)) => {
            Json(json!({ "errcode": 45_065, "errmsg": "client_msg_id was sent before", "msgid": number }))
        }
        Err(Refused::Code(errcode, errmsg)) => refusal(errcode, errmsg),
    }
}

enum Refused {
    /// The same `client_msg_id` for the same follower has this number.
    Before(u64),
    Code(i64, &'static str),
}

impl Platform {
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
