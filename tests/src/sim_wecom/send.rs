//! Application messages of the pretend platform: checks a call as the real one does, names whom it does not reach, and lets
//! the others have it.

use super::{Platform, refusal};
use crate::{sim_journal::What, sim_limits::MINUTE};
use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

/// Members that a call may carry.
const MOST_MEMBERS: usize = 1_000;

/// What was sent so far.
#[derive(Default)]
pub(super) struct Sent {
    /// Guards the memory of calls.
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Calls that were taken, for the check of repeats.
    bodies: HashSet<Vec<u8>>,
    /// Names of cards.
    tasks: HashSet<String>,
    taken: u64,
    /// Calls of each body, so that busy is drawn anew.
    tries: HashMap<Vec<u8>, u32>,
}

#[derive(Deserialize)]
pub(super) struct Authorised {
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    touser: String,
    agentid: u32,
    text: Option<Text>,
    template_card: Option<Card>,
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

#[derive(Deserialize)]
pub(super) struct Card {
    pub(super) task_id: String,
    pub(super) button_list: Vec<Button>,
}

#[derive(Deserialize)]
pub(super) struct Button {
    pub(super) text: String,
    pub(super) key: String,
}

/// `POST /cgi-bin/message/send`.
pub(super) async fn message(
    State(platform): State<Arc<Platform>>,
    Query(authorised): Query<Authorised>,
    body: Bytes,
) -> Json<Value> {
    if let Some((errcode, errmsg)) = platform.tokens.refuse(authorised.access_token.as_deref()) {
        return refusal(errcode, errmsg);
    }
    let Ok(call) = serde_json::from_slice::<Call>(&body) else { return refusal(47_001, "data format error") };
    match platform.take(&call, &body) {
        Ok(answer) => answer.put(&platform, &call).await,
        Err((errcode, errmsg)) => {
            let detail = format!("{errcode} {errmsg}");
            platform.journal.note(What::Refused, "", &call.touser, &detail);
            refusal(errcode, errmsg)
        }
    }
}

/// A call that is taken.
struct Taken {
    msgid: String,
    /// A repeat, which nobody reads.
    again: bool,
    reached: Vec<String>,
    invalid: Vec<String>,
    unlicensed: Vec<String>,
}

impl Platform {
    fn take(&self, call: &Call, body: &[u8]) -> Result<Taken, (i64, &'static str)> {
        let to: Vec<String> = call.touser.split('|').map(str::to_ascii_lowercase).collect();
        self.check(call, &to)?;
        let mut memory = self.sent.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = memory.tries.entry(body.to_vec()).or_default();
        *nth += 1;
        if self.dice().strikes("busy", &format!("{}#{nth}", call.touser), self.faults.busy_percent) {
            return Err((-1, "system busy"));
        }
        let again = memory.bodies.contains(body);
        if let Some(card) = call.template_card.as_ref().filter(|_| !again)
            && !memory.tasks.insert(card.task_id.clone())
        {
            return Err((40_058, "task_id exists"));
        }
        let is_of = |list: &[String], one: &&String| list.iter().any(|other| other.eq_ignore_ascii_case(one));
        let invalid: Vec<String> =
            to.iter().filter(|one| is_of(&self.faults.invalid, one)).cloned().collect();
        if invalid.len() == to.len() {
            return Err((81_013, "user & party & tag all invalid"));
        }
        let unlicensed: Vec<String> =
            to.iter().filter(|one| is_of(&self.faults.unlicensed, one)).cloned().collect();
        let reached: Vec<String> =
            to.into_iter().filter(|one| !invalid.contains(one) && !unlicensed.contains(one)).collect();
        if !self.limits.take("application", reached.len() as u32, self.faults.per_minute, MINUTE) {
            return Err((45_009, "api freq out of limit"));
        }
        memory.bodies.insert(body.to_vec());
        memory.taken += 1;
        let msgid = format!("pretend-message-{}", memory.taken);
        Ok(Taken { msgid, again, reached, invalid, unlicensed })
    }

    fn check(&self, call: &Call, to: &[String]) -> Result<(), (i64, &'static str)> {
        if let Some(errcode) = self.faults.always {
            return Err((errcode, "as it was told to"));
        }
        if call.agentid != self.account.agent_id {
            return Err((40_056, "invalid agentid"));
        }
        if to.len() > MOST_MEMBERS {
            return Err((40_031, "invalid userid list"));
        }
        match (&call.text, &call.template_card) {
            (Some(text), None) if text.content.is_empty() => Err((44_004, "empty content")),
            (Some(text), None) if text.content.len() > 2048 => Err((45_002, "content size out of limit")),
            (Some(_), None) => Ok(()),
            (None, Some(card)) => {
                let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-@".contains(&byte);
                let named = (1..=128).contains(&card.task_id.len()) && card.task_id.bytes().all(good);
                if named && !card.button_list.is_empty() { Ok(()) } else { Err((40_058, "invalid card")) }
            }
            _ => Err((40_008, "invalid message type")),
        }
    }
}

impl Taken {
    async fn put(self, platform: &Arc<Platform>, call: &Call) -> Json<Value> {
        let detail = match &call.template_card {
            Some(card) => format!("card {}", card.task_id),
            None => "text".to_owned(),
        };
        for (list, word) in [(&self.invalid, "invaliduser"), (&self.unlicensed, "unlicenseduser")] {
            for one in list {
                platform.journal.note(What::Refused, &self.msgid, one, word);
            }
        }
        let reached = if self.again { &[][..] } else { &self.reached };
        for one in reached {
            platform.journal.note(What::Accepted, &self.msgid, one, &detail);
        }
        if let Some(card) = &call.template_card {
            platform.members.have(reached, card);
            Arc::clone(&platform.members).press_at_once(reached).await;
        }
        Json(json!({
            "errcode": 0, "errmsg": "ok", "invaliduser": self.invalid.join("|"),
            "unlicenseduser": self.unlicensed.join("|"), "msgid": self.msgid, "response_code": "pretend-response",
        }))
    }
}
