//! Receipts of the pretend platform: one signed callback for each message taken, asked again like the real one when
//! it is not answered `success`, or kept back as the faults say.

use super::{WeChatAccount, WeChatFaults, seal::Seal};
use crate::{
    sim_journal::{Journal, What},
    sim_stage::Dice,
};
use anyhow::Context;
use mingluo_model::clock::{SharedClock, within};
use reqwest::{Client, Url};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// How long the platform waits for `success`, and between its tries.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it asks in all.
const TRIES: u32 = 3;

/// A message whose receipt is due.
pub(super) struct Due {
    pub(super) number: u64,
    pub(super) to: String,
    /// The template, where it is a subscription notice.
    pub(super) notice_of: Option<String>,
}

pub(super) struct Receipts {
    callback: Option<Url>,
    seal: Seal,
    faults: WeChatFaults,
    journal: Arc<Journal>,
    clock: SharedClock,
    client: Client,
    nonce: AtomicU64,
    hands: Semaphore,
    /// Those that wait for their turn; not bounded, since every message that was taken has one.
    waiting: TaskTracker,
}

impl Receipts {
    pub(super) fn new(
        account: &WeChatAccount,
        faults: WeChatFaults,
        journal: Arc<Journal>,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        let callback = account.callback.as_deref().map(str::parse).transpose();
        let client = Client::builder().no_proxy().tls_backend_preconfigured(no_tls()?).build()?;
        Ok(Self {
            callback: callback.with_context(|| format!("--callback {:?}", account.callback))?,
            seal: Seal::of(account)?,
            hands: Semaphore::new(faults.callbacks.into()),
            faults,
            journal,
            clock,
            client,
            nonce: AtomicU64::new(1),
            waiting: TaskTracker::new(),
        })
    }

    /// Sees to the receipt of a message that was taken: now, or later.
    pub(super) async fn owe(self: Arc<Self>, due: Due) {
        if self.faults.receipt_first {
            return self.give(due).await;
        }
        let waiting = self.waiting.clone();
        waiting.spawn(async move { self.give(due).await });
    }

    async fn give(&self, due: Due) {
        let dice = Dice { seed: self.faults.seed };
        let blocked = dice.strikes("block", &due.to, self.faults.block_percent);
        let silent = dice.strikes("silent", &due.to, self.faults.silent_percent);
        let status = if blocked { "failed:user block" } else { "success" };
        let Some(callback) = self.callback.as_ref().filter(|_| !silent) else {
            let why = if silent { "silent" } else { "no callback address" };
            return self.journal.note(What::Withheld, &due.number.to_string(), &due.to, why);
        };
        if let late_ms @ 1.. = self.faults.late_ms {
            self.clock.sleep(Duration::from_millis(late_ms)).await;
        }
        for _ in 0..if self.faults.double { 2 } else { 1 } {
            self.ask(callback, &due, status).await;
        }
    }

    async fn ask(&self, callback: &Url, due: &Due, status: &str) {
        let number = due.number.to_string();
        let event = self.event(due, status);
        if self.push(callback, &due.to, &event).await.is_some() {
            return self.journal.note(What::Receipt, &number, &due.to, status);
        }
        self.journal.note(What::Withheld, &number, &due.to, "the callback was not answered");
    }

    /// Pushes an event or a message of a follower, again and again until it is answered; what was said to it.
    pub(super) async fn push(&self, callback: &Url, openid: &str, event: &str) -> Option<String> {
        let mut answer = None;
        for again in 0..TRIES {
            if again > 0 && answer.is_none() {
                self.clock.sleep(PATIENCE).await;
            }
            answer = self.post(callback, openid, event).await.or(answer);
            if answer.is_some() && !self.faults.thrice {
                break;
            }
        }
        answer
    }

    /// A number that nothing else has.
    pub(super) fn number(&self) -> u64 {
        self.nonce.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn seconds(&self) -> i64 {
        self.clock.now().0 / 1000
    }

    /// Where pushes go.
    pub(super) fn callback(&self) -> Option<&Url> {
        self.callback.as_ref()
    }

    /// Posts one event; what was answered, if it is what the platform takes.
    async fn post(&self, callback: &Url, openid: &str, event: &str) -> Option<String> {
        let Ok(_hand) = self.hands.acquire().await else { return None };
        let seconds = self.clock.now().0 / 1000;
        let (url, body) = self.seal.push(callback, openid, event, seconds, self.number());
        let request = self.client.post(url).body(body);
        let call = async {
            let response = request.header("content-type", "text/xml").send().await.ok()?;
            let well = response.status().is_success();
            let words = response.text().await.ok()?;
            if well { self.seal.read(&words) } else { None }
        };
        within(&*self.clock, PATIENCE, call).await.ok().flatten()
    }

    fn event(&self, due: &Due, status: &str) -> String {
        let (seconds, Due { number, to, notice_of }) = (self.clock.now().0 / 1000, due);
        let what = match notice_of {
            None => format!(
                "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{number}</MsgID>\
                 <Status><![CDATA[{status}]]></Status>"
            ),
            Some(template) => {
                let code = if status == "success" { 0 } else { 43_101 };
                format!(
                    "<Event><![CDATA[subscribe_msg_sent_event]]></Event><SubscribeMsgSentEvent><List>\
                     <TemplateId><![CDATA[{template}]]></TemplateId><MsgID>{number}</MsgID>\
                     <ErrorCode>{code}</ErrorCode><ErrorStatus><![CDATA[{status}]]></ErrorStatus></List>\
                     </SubscribeMsgSentEvent>"
                )
            }
        };
        format!(
            "<xml><ToUserName><![CDATA[gh_pretend]]></ToUserName><FromUserName><![CDATA[{to}]]></FromUserName>\
             <CreateTime>{seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType>{what}</xml>"
        )
    }
}

/// The callback is on this machine and bare; the client wants to know its ciphers all the same.
pub(crate) fn no_tls() -> anyhow::Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
