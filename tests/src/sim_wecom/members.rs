//! Members of the pretend corporation and their cards: they press at once, when they are told to, or never; and they write.

use super::{Platform, WeComAccount, WeComFaults, send::Card};
use crate::{
    sim_journal::{Journal, What},
    sim_seal::{SealKey, element, signed},
    sim_stage::Dice,
    sim_wechat::no_tls,
};
use anyhow::Context;
use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use mingluo_model::clock::{SharedClock, within};
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio_util::task::TaskTracker;

/// How long the platform waits for an answer, and between its tries.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it asks in all.
const TRIES: u32 = 3;

pub(super) struct Members {
    account: WeComAccount,
    faults: WeComFaults,
    callback: Option<Url>,
    key: SealKey,
    journal: Arc<Journal>,
    clock: SharedClock,
    client: Client,
    nonce: AtomicU64,
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
    let number = members.nonce.fetch_add(1, Ordering::Relaxed);
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
        let callback = account.callback.as_deref().map(str::parse).transpose();
        Ok(Self {
            callback: callback.with_context(|| format!("--callback {:?}", account.callback))?,
            key: SealKey::read(&account.aes_key, &account.corp_id)?,
            account: account.clone(),
            faults: faults.clone(),
            journal,
            clock,
            client: Client::builder().no_proxy().tls_backend_preconfigured(no_tls()?).build()?,
            nonce: AtomicU64::new(1),
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
        let (seconds, agent) = (self.clock.now().0 / 1000, self.account.agent_id);
        let corp = &self.account.corp_id;
        format!(
            "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[{member}]]></FromUserName>\
             <CreateTime>{seconds}</CreateTime>{what}<AgentID>{agent}</AgentID></xml>"
        )
    }

    /// Pushes an event again and again until it is answered; what the answer says, nothing where it is empty.
    async fn push(&self, event: &str) -> Option<String> {
        let callback = self.callback.as_ref()?;
        let mut answer = None;
        for again in 0..TRIES {
            if again > 0 && answer.is_none() {
                self.clock.sleep(PATIENCE).await;
            }
            answer = self.post(callback, event).await.or(answer);
            if answer.is_some() && !self.faults.thrice {
                break;
            }
        }
        answer
    }

    async fn post(&self, callback: &Url, event: &str) -> Option<String> {
        let timestamp = (self.clock.now().0 / 1000).to_string();
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed).to_string();
        let token = &self.account.token;
        let sealed = self.key.encrypt(event, &nonce);
        let mut url = callback.clone();
        url.query_pairs_mut()
            .append_pair("msg_signature", &signed(token, &[&timestamp, &nonce, &sealed]))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce);
        let (corp, agent) = (&self.account.corp_id, self.account.agent_id);
        let body = format!(
            "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><AgentID>{agent}</AgentID>\
             <Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        );
        let call = async {
            let response =
                self.client.post(url).header("content-type", "text/xml").body(body).send().await.ok()?;
            let well = response.status().is_success();
            let words = response.text().await.ok()?;
            match (well, words.is_empty()) {
                (false, _) => None,
                (true, true) => Some(words),
                (true, false) => self.key.read_answer(token, &words),
            }
        };
        within(&*self.clock, PATIENCE, call).await.ok().flatten()
    }
}
