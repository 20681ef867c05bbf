//! Members of the pretend corporation and their cards: they press at once, when they are told to, or never; and they write.

use super::{Platform, WeComAccount, WeComFaults, send::Card};
use crate::{
    sim_journal::{Journal, What},
    sim_push::Pusher,
    sim_seal::{SealKey, element, signed},
    sim_stage::Dice,
};
use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use mingluo_model::clock::SharedClock;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_util::task::TaskTracker;

/// Pushes under way at once: members press when they like, and the real platform waits for nobody.
const AT_ONCE: usize = 4_096;

pub(super) struct Members {
    account: WeComAccount,
    faults: WeComFaults,
    pusher: Pusher,
    key: SealKey,
    journal: Arc<Journal>,
    pressing: TaskTracker,
    /// Guards the last card of each member.
    cards: Mutex<HashMap<String, Had>>,
}

/// A card that a member has.
#[derive(Clone)]
struct Had {
    task: String,
    button: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    userid: String,
    words: Option<String>,
    /// Whose card it is that is pressed, where it is not their own: it was forwarded.
    card_of: Option<String>,
}

/// `POST /pretend/press`; answers with what the button says now, or 504 when nobody answered the push.
pub(super) async fn press(State(platform): State<Arc<Platform>>, body: Bytes) -> (StatusCode, Json<Value>) {
    let act = match serde_json::from_slice::<Act>(&body) {
        Ok(act) => act,
        Err(error) => return (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
    };
    match platform.members.press(&act.userid, act.card_of.as_deref().unwrap_or(&act.userid)).await {
        Some(said) => (StatusCode::OK, Json(json!({ "button": said }))),
        None => (StatusCode::GATEWAY_TIMEOUT, Json(json!({ "error": "no card, or no answer" }))),
    }
}

/// `POST /pretend/write`.
pub(super) async fn write(State(platform): State<Arc<Platform>>, body: Bytes) -> (StatusCode, Json<Value>) {
    let act = match serde_json::from_slice::<Act>(&body) {
        Ok(act) => act,
        Err(error) => return (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
    };
    let members = &platform.members;
    let number = members.pusher.number();
    let words = act.words.unwrap_or_default();
    let what =
        format!("<MsgType>text</MsgType><Content><![CDATA[{words}]]></Content><MsgId>{number}</MsgId>");
    match members.push(&members.xml(&act.userid, &what)).await {
        Some(_) => (StatusCode::OK, Json(json!({}))),
        None => (StatusCode::GATEWAY_TIMEOUT, Json(json!({ "error": "no answer" }))),
    }
}

impl Members {
    pub(super) fn new(
        account: &WeComAccount,
        faults: &WeComFaults,
        journal: Arc<Journal>,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            pusher: Pusher::new(account.callback.as_deref(), AT_ONCE, faults.thrice, clock)?,
            key: SealKey::read(&account.aes_key, &account.corp_id)?,
            account: account.clone(),
            faults: faults.clone(),
            journal,
            pressing: TaskTracker::new(),
            cards: Mutex::default(),
        })
    }

    /// They have a card.
    pub(super) fn have(&self, members: &[String], card: &Card) {
        let Some(button) = card.button_list.first() else { return };
        let had = Had { task: card.task_id.clone(), button: button.text.clone(), key: button.key.clone() };
        let mut cards = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        cards.extend(members.iter().map(|one| (one.clone(), had.clone())));
    }

    /// Those who press at once do it: before the call is answered, or after.
    pub(super) async fn press_at_once(self: Arc<Self>, members: &[String]) {
        let dice = Dice { seed: self.faults.seed };
        for one in members.iter().filter(|one| dice.strikes("press", one, self.faults.press_percent)) {
            if self.faults.press_first {
                let _said = self.press(one, one).await;
            } else {
                let (members, one) = (Arc::clone(&self), one.clone());
                self.pressing.spawn(async move {
                    let _said = members.press(&one, &one).await;
                });
            }
        }
    }

    /// A member presses the button of the last card that somebody has; gives what it says then.
    async fn press(&self, member: &str, card_of: &str) -> Option<String> {
        let had = self.cards.lock().unwrap_or_else(PoisonError::into_inner).get(card_of).cloned()?;
        let Had { task, key, .. } = &had;
        let what = format!(
            "<MsgType>event</MsgType><Event>template_card_event</Event><EventKey>{key}</EventKey>\
             <TaskId>{task}</TaskId><CardType>button_interaction</CardType><ResponseCode>pretend</ResponseCode>"
        );
        let answer = self.push(&self.xml(member, &what)).await;
        let Some(answer) = answer else {
            self.journal.note(What::Withheld, task, member, "the callback was not answered");
            return None;
        };
        let said = element(&answer, "ReplaceName").unwrap_or_else(|| had.button.clone());
        self.journal.note(What::Receipt, task, member, &said);
        Some(said)
    }

    fn xml(&self, member: &str, what: &str) -> String {
        // Capitals, as the console of a real corporation often has them.
        let member = member.to_ascii_uppercase();
        let (seconds, agent) = (self.pusher.seconds(), self.account.agent_id);
        let corp = &self.account.corp_id;
        format!(
            "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[{member}]]></FromUserName>\
             <CreateTime>{seconds}</CreateTime>{what}<AgentID>{agent}</AgentID></xml>"
        )
    }

    /// Pushes an event until it is answered; what the answer says, nothing where it is empty.
    async fn push(&self, event: &str) -> Option<String> {
        let read = |answer: String| {
            if answer.is_empty() { Some(answer) } else { self.key.read_answer(&self.account.token, &answer) }
        };
        self.pusher.push(|to, seconds, nonce| self.sealed(to, event, seconds, nonce), read).await
    }

    /// Where an event goes and what is posted there.
    fn sealed(&self, to: &Url, event: &str, seconds: i64, nonce: u64) -> (Url, String) {
        let (timestamp, nonce) = (seconds.to_string(), nonce.to_string());
        let WeComAccount { token, corp_id: corp, agent_id: agent, .. } = &self.account;
        let sealed = self.key.encrypt(event, &nonce);
        let mut url = to.clone();
        url.query_pairs_mut()
            .append_pair("msg_signature", &signed(token, &[&timestamp, &nonce, &sealed]))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce);
        let body = format!(
            "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><AgentID>{agent}</AgentID>\
             <Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        );
        (url, body)
    }
}
