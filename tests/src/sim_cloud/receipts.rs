//! Receipts of the pretend providers: pushed, told to those who ask, or kept back as the faults say.

use super::{CloudAccount, CloudFaults};
use crate::{
    sim_journal::{Journal, What},
    sim_stage::Dice,
};
use anyhow::Context;
use mingluo_model::clock::{SharedClock, Timestamp, within};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// How long a provider waits for our answer, and between its tries.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it pushes in all (Tencent: 重试两次).
const TRIES: u32 = 3;
/// Pushes under way at once.
const AT_ONCE: usize = 16;
/// Receipts in one push (Tencent: 一次最多100条).
const IN_ONE: usize = 100;

/// Who pushes, and so in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provider {
    Alibaba,
    Tencent,
}

/// A number that was taken.
#[derive(Debug, Clone)]
pub(super) struct Due {
    /// BizId or SerialNo.
    pub(super) id: String,
    /// Eleven digits.
    pub(super) number: String,
    /// What the sender called the call (OutId, SessionContext).
    pub(super) name: String,
}

/// What is known of a number that was taken.
#[derive(Debug, Clone, Copy)]
struct State {
    arrived: bool,
    from: Timestamp,
}

/// What somebody who asks is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    NotYet,
    Arrived,
    Undelivered,
}

#[derive(Default)]
struct Memory {
    /// Alibaba's, by call and number.
    states: HashMap<(String, String), State>,
    /// Tencent's that were not pushed, until they are asked for.
    unpulled: VecDeque<(Timestamp, Due)>,
}

pub(super) struct Receipts {
    callbacks: [Option<Url>; 2],
    faults: CloudFaults,
    journal: Arc<Journal>,
    clock: SharedClock,
    client: Client,
    hands: Semaphore,
    /// Guards what can be asked for.
    memory: Mutex<Memory>,
    /// Those that wait for their turn; not bounded, since every number that was taken has one.
    waiting: TaskTracker,
}

impl Receipts {
    pub(super) fn new(
        account: &CloudAccount,
        faults: CloudFaults,
        journal: Arc<Journal>,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        let url = |given: &Option<String>| -> anyhow::Result<Option<Url>> {
            given.as_deref().map(str::parse).transpose().with_context(|| format!("callback {given:?}"))
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
        Ok(Self {
            callbacks: [url(&account.alibaba_callback)?, url(&account.tencent_callback)?],
            faults,
            journal,
            clock,
            client: Client::builder().no_proxy().tls_backend_preconfigured(tls).build()?,
            hands: Semaphore::new(AT_ONCE),
            memory: Mutex::default(),
            waiting: TaskTracker::new(),
        })
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn arrives(&self, number: &str) -> bool {
        !Dice { seed: self.faults.seed }.strikes("undelivered", number, self.faults.undelivered_percent)
    }

    pub(super) fn is_lost(&self, number: &str) -> bool {
        Dice { seed: self.faults.seed }.strikes("lost", number, self.faults.lost_percent)
    }

    /// Waits as long as receipts are late.
    pub(super) async fn be_late(&self) {
        if let late_ms @ 1.. = self.faults.late_ms {
            self.clock.sleep(Duration::from_millis(late_ms)).await;
        }
    }

    /// Sees to the receipts of a call: now, or later.
    pub(super) async fn owe(self: Arc<Self>, provider: Provider, due: Vec<Due>) {
        self.remember(provider, &due);
        if self.faults.receipt_first {
            return self.give(provider, due).await;
        }
        let waiting = self.waiting.clone();
        waiting.spawn(async move { self.give(provider, due).await });
    }

    fn remember(&self, provider: Provider, due: &[Due]) {
        let from = self.clock.now().plus(Duration::from_millis(self.faults.late_ms));
        let pushes = self.callbacks[provider as usize].is_some();
        let mut memory = self.memory();
        for one in due {
            match provider {
                Provider::Alibaba => {
                    let state = State { arrived: self.arrives(&one.number), from };
                    memory.states.insert((one.id.clone(), one.number.clone()), state);
                }
                Provider::Tencent if !pushes || self.is_lost(&one.number) || self.faults.double => {
                    memory.unpulled.push_back((from, one.clone()));
                }
                Provider::Tencent => {}
            }
        }
    }

    async fn give(&self, provider: Provider, due: Vec<Due>) {
        let Some(callback) = &self.callbacks[provider as usize] else { return };
        self.be_late().await;
        let (lost, given): (Vec<Due>, Vec<Due>) = due.into_iter().partition(|one| self.is_lost(&one.number));
        for one in &lost {
            self.journal.note(What::Withheld, &one.id, &one.number, "the push was lost");
        }
        for _ in 0..if self.faults.double { 2 } else { 1 } {
            for some in given.chunks(IN_ONE) {
                self.push(provider, callback, some).await;
            }
        }
    }

    async fn push(&self, provider: Provider, callback: &Url, some: &[Due]) {
        let body =
            Value::from(some.iter().map(|one| self.report(provider, one)).collect::<Vec<_>>()).to_string();
        for again in 0..TRIES {
            if again > 0 {
                self.clock.sleep(PATIENCE).await;
            }
            if self.post(provider, callback, body.clone()).await {
                for one in some {
                    self.told(one, "pushed");
                }
                return;
            }
        }
        for one in some {
            self.journal.note(What::Withheld, &one.id, &one.number, "the push was not answered");
        }
    }

    fn told(&self, one: &Due, how: &str) {
        let what = if self.arrives(&one.number) { "arrived" } else { "undelivered" };
        self.journal.note(What::Receipt, &one.id, &one.number, &format!("{what}, {how}"));
    }

    /// Whether a push was answered as its provider wants.
    async fn post(&self, provider: Provider, callback: &Url, body: String) -> bool {
        let Ok(_hand) = self.hands.acquire().await else { return false };
        let request =
            self.client.post(callback.clone()).header("content-type", "application/json").body(body);
        let call = async {
            let response = request.send().await.ok()?;
            let well = response.status().is_success();
            let answer: Value = serde_json::from_str(&response.text().await.ok()?).ok()?;
            let code = match provider {
                Provider::Alibaba => &answer["code"],
                Provider::Tencent => &answer["result"],
            };
            (well && *code == json!(0)).then_some(())
        };
        matches!(within(&*self.clock, PATIENCE, call).await, Ok(Some(())))
    }

    fn report(&self, provider: Provider, one: &Due) -> Value {
        let arrived = self.arrives(&one.number);
        let time = self.clock.now().to_jiff().unwrap_or_default().strftime("%Y-%m-%d %H:%M:%S").to_string();
        match provider {
            Provider::Alibaba => json!({
                "phone_number": one.number, "send_time": time, "report_time": time, "success": arrived,
                "err_code": if arrived { "DELIVERED" } else { "UNDELIV" }, "err_msg": "模拟 pretend",
                "sms_size": "1", "biz_id": one.id, "out_id": one.name,
            }),
            Provider::Tencent => json!({
                "user_receive_time": time, "nationcode": "86", "mobile": one.number,
                "report_status": if arrived { "SUCCESS" } else { "FAIL" },
                "errmsg": if arrived { "DELIVRD" } else { "UNDELIV" }, "description": "模拟 pretend", "sid": one.id,
            }),
        }
    }

    /// Alibaba's answer about one number; none for a number that it does not know.
    pub(super) fn asked_for(&self, biz_id: &str, number: &str) -> Option<Known> {
        let key = (biz_id.to_owned(), number.to_owned());
        let state = *self.memory().states.get(&key)?;
        if state.from > self.clock.now() {
            return Some(Known::NotYet);
        }
        self.told(&Due { id: key.0, number: key.1, name: String::new() }, "asked for");
        Some(if state.arrived { Known::Arrived } else { Known::Undelivered })
    }

    /// Tencent's answer to a pull: the oldest that are due, once.
    pub(super) fn pulled(&self, most: usize) -> Vec<Due> {
        let now = self.clock.now();
        let mut memory = self.memory();
        let due = memory.unpulled.iter().take(most).take_while(|(from, _)| *from <= now).count();
        let pulled: Vec<Due> = memory.unpulled.drain(..due).map(|(_, one)| one).collect();
        drop(memory);
        for one in &pulled {
            self.told(one, "pulled");
        }
        pulled
    }

    /// Kannel's report about one message, by the address that its sender gave.
    pub(super) fn report_to(self: Arc<Self>, address: String, number: String, id: String) {
        let waiting = self.waiting.clone();
        waiting.spawn(async move {
            self.be_late().await;
            if self.is_lost(&number) {
                return self.journal.note(What::Withheld, &id, &number, "the report was lost");
            }
            let arrived = if self.arrives(&number) { "1" } else { "2" };
            for state in ["8", arrived].repeat(if self.faults.double { 2 } else { 1 }) {
                self.get(&address.replace("%d", state).replace("%p", &number)).await;
            }
            self.told(&Due { id, number, name: String::new() }, "reported");
        });
    }

    async fn get(&self, address: &str) {
        let Ok(_hand) = self.hands.acquire().await else { return };
        let call = async { self.client.get(address).send().await.ok() };
        // Kannel asks again by itself only where it is told to.
        let _answered = within(&*self.clock, PATIENCE, call).await;
    }
}
