//! Receipts of the pretend platform: one signed callback for each message taken, asked again like the real one when
//! it is not answered `success`, or kept back as the faults say.

use super::{WeChatAccount, WeChatFaults};
use crate::{
    sim_journal::{Journal, What},
    sim_stage::Dice,
};
use anyhow::Context;
use mingluo_model::clock::{SharedClock, within};
use reqwest::{Client, Url};
use sha1::{Digest, Sha1};
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
/// Callbacks under way at once.
const AT_ONCE: usize = 64;

/// A message whose receipt is due.
pub(super) struct Due {
    pub(super) number: u64,
    pub(super) to: String,
}

pub(super) struct Receipts {
    callback: Option<Url>,
    token: String,
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
            token: account.token.clone(),
            faults,
            journal,
            clock,
            client,
            nonce: AtomicU64::new(1),
            hands: Semaphore::new(AT_ONCE),
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
        for again in 0..TRIES {
            if again > 0 {
                self.clock.sleep(PATIENCE).await;
            }
            if self.post(callback, due, status).await {
                return self.journal.note(What::Receipt, &number, &due.to, status);
            }
        }
        self.journal.note(What::Withheld, &number, &due.to, "the callback was not answered");
    }

    /// Posts one event; whether it was answered as the platform wants.
    async fn post(&self, callback: &Url, due: &Due, status: &str) -> bool {
        let Ok(_hand) = self.hands.acquire().await else { return false };
        let request = self.client.post(self.signed(callback, &due.to)).body(self.event(due, status));
        let call = async {
            let response = request.header("content-type", "text/xml").send().await.ok()?;
            let well = response.status().is_success();
            let words = response.text().await.ok()?;
            (well && (words.is_empty() || words == "success")).then_some(())
        };
        matches!(within(&*self.clock, PATIENCE, call).await, Ok(Some(())))
    }

    fn signed(&self, callback: &Url, to: &str) -> Url {
        let timestamp = (self.clock.now().0 / 1000).to_string();
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed).to_string();
        let mut parts = [self.token.as_str(), &timestamp, &nonce];
        parts.sort_unstable();
        let signature = hex::encode(Sha1::digest(parts.concat()));
        let mut url = callback.clone();
        url.query_pairs_mut()
            .append_pair("signature", &signature)
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce)
            .append_pair("openid", to);
        url
    }

    fn event(&self, due: &Due, status: &str) -> String {
        let (seconds, Due { number, to }) = (self.clock.now().0 / 1000, due);
        format!(
            "<xml><ToUserName><![CDATA[gh_pretend]]></ToUserName><FromUserName><![CDATA[{to}]]></FromUserName>\
             <CreateTime>{seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
             <Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{number}</MsgID>\
             <Status><![CDATA[{status}]]></Status></xml>"
        )
    }
}

/// The callback is on this machine and bare; the client wants to know its ciphers all the same.
fn no_tls() -> anyhow::Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
