//! How Tencent's platforms push to who listens, as their simulators do it: until it is answered, three times in all. What is
//! pushed, and what an answer says, is its caller's to know.

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

/// How long the platform waits for an answer, and between its tries.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it asks in all.
const TRIES: u32 = 3;

/// Who pushes.
pub(crate) struct Pusher {
    callback: Option<Url>,
    /// Say everything three times, as if no answer had ever come in time.
    thrice: bool,
    clock: SharedClock,
    client: Client,
    hands: Semaphore,
    number: AtomicU64,
}

impl Pusher {
    /// Pushes to an address, so many at once.
    ///
    /// # Errors
    /// When the address is none, or no client can be built.
    pub(crate) fn new(
        callback: Option<&str>,
        at_once: usize,
        thrice: bool,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        let url = callback.map(str::parse).transpose();
        Ok(Self {
            callback: url.with_context(|| format!("--callback {callback:?}"))?,
            thrice,
            clock,
            client: Client::builder().no_proxy().tls_backend_preconfigured(no_tls()?).build()?,
            hands: Semaphore::new(at_once),
            number: AtomicU64::new(1),
        })
    }

    /// Whether anybody listens.
    pub(crate) const fn has_callback(&self) -> bool {
        self.callback.is_some()
    }

    /// A number that nothing else has.
    pub(crate) fn number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// The present second.
    pub(crate) fn seconds(&self) -> i64 {
        self.clock.now().0 / 1000
    }

    /// Pushes until it is answered; what the answer says. `make` makes each try of the address, the second and a number; `read`
    /// reads an answer, nothing where it is none that the platform takes.
    pub(crate) async fn push(
        &self,
        make: impl Fn(&Url, i64, u64) -> (Url, String),
        read: impl Fn(String) -> Option<String>,
    ) -> Option<String> {
        let callback = self.callback.as_ref()?;
        let mut answer = None;
        for again in 0..TRIES {
            if again > 0 && answer.is_none() {
                self.clock.sleep(PATIENCE).await;
            }
            let (url, body) = make(callback, self.seconds(), self.number());
            answer = self.post(url, body).await.and_then(&read).or(answer);
            if answer.is_some() && !self.thrice {
                break;
            }
        }
        answer
    }

    async fn post(&self, url: Url, body: String) -> Option<String> {
        let _hand = self.hands.acquire().await.ok()?;
        let request = self.client.post(url).header("content-type", "text/xml").body(body);
        let call = async {
            let response = request.send().await.ok()?;
            let well = response.status().is_success();
            response.text().await.ok().filter(|_| well)
        };
        within(&*self.clock, PATIENCE, call).await.ok().flatten()
    }
}

/// The callback is on this machine and bare; the client wants to know its ciphers all the same.
pub(crate) fn no_tls() -> anyhow::Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
