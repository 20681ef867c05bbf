//! Pretend SMS providers (模拟云短信服务商) over HTTP on loopback: Alibaba Cloud, Tencent Cloud and Kannel's `sendsms`, all at
//! one address, told apart by their headers and paths. Each checks signatures by its own reading of the provider's rule
//! ([`rule`] shares no line with the product), keeps a line in its journal for each number, pushes receipts, answers to
//! those who ask for them, and fails as it is told to. Knows nothing of who sends.

mod alibaba;
mod kannel;
mod receipts;
mod rule;
#[cfg(test)]
mod story;
mod tencent;

use self::receipts::Receipts;
use crate::{sim_journal::Journal, sim_stage::Dice};
use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use mingluo_model::clock::SharedClock;
use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet};

/// The accounts that the pretend providers hold, and where their pushes go.
#[derive(Debug, Clone, clap::Args)]
pub struct CloudAccount {
    /// The AccessKey ID, SecretId and Kannel user.
    #[arg(long, default_value = "pretend-id")]
    pub id: String,
    /// Their secret; a pretend one, so it may stand on a command line.
    #[arg(long, default_value = "pretend-secret")]
    pub secret: String,
    /// Tencent's application.
    #[arg(long, default_value = "1400000000")]
    pub sdk_app_id: String,
    /// The approved signature, without 【】.
    #[arg(long, default_value = "抚顺应急")]
    pub sign_name: String,
    /// An approved template, its code and its words; may be given often.
    #[arg(long = "template", value_name = "CODE=WORDS", default_values = ["SMS_1=${event}，请注意。", "100001={1}，请注意。"])]
    pub templates: Vec<String>,
    /// Where Alibaba's reports are pushed; without it they must be asked for.
    #[arg(long, value_name = "URL")]
    pub alibaba_callback: Option<String>,
    /// Where Tencent's reports are pushed; without it they must be asked for.
    #[arg(long, value_name = "URL")]
    pub tencent_callback: Option<String>,
}

/// How the pretend providers fail.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CloudFaults {
    /// So many of a hundred calls are told to slow down, drawn anew for each call.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub throttle_percent: u8,
    /// So many of a hundred calls are taken and never answered.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub mute_percent: u8,
    /// So many of a hundred calls that send are carried out at Alibaba's and Tencent's, and a load balancer in front
    /// answers with a 503 page of its own.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub balancer_percent: u8,
    /// So many of a hundred questions about templates are told to slow down.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub busy_template_percent: u8,
    /// So many of a hundred questions about templates are never answered.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub mute_template_percent: u8,
    /// So many of a hundred numbers are bad, the same ones on every try: Alibaba refuses the whole call for one.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub bad_percent: u8,
    /// So many of a hundred numbers had too much today.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub limited_percent: u8,
    /// So many of a hundred numbers never get it: taken, and the receipt says UNDELIV.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub undelivered_percent: u8,
    /// For so many of a hundred numbers the push is lost; who asks gets the receipt.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub lost_percent: u8,
    /// Wait so long before each receipt, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub late_ms: u64,
    /// Push every receipt twice.
    #[arg(long)]
    pub double: bool,
    /// Push the receipts before the call is answered.
    #[arg(long)]
    pub receipt_first: bool,
    /// So many milliseconds pass before a call is answered.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub slow_ms: u64,
    /// No template is approved.
    #[arg(long)]
    pub unapproved: bool,
    /// The seed of all faults: the same one strikes the same numbers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Running pretend providers; they stop when they are dropped, and receipts that wait are never given.
pub struct SimCloud {
    address: SocketAddr,
    platform: Arc<Platform>,
    _tasks: JoinSet<()>,
}

/// What all calls share.
struct Platform {
    account: CloudAccount,
    faults: CloudFaults,
    journal: Arc<Journal>,
    clock: SharedClock,
    receipts: Arc<Receipts>,
    calls: AtomicU64,
    sends: AtomicU64,
    messages: AtomicU64,
    /// Guards the nonces that were used.
    nonces: Mutex<HashSet<String>>,
}

/// A call as it came in.
struct Call {
    headers: HeaderMap,
    query: String,
    body: Bytes,
}

impl Call {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl SimCloud {
    /// Serves on a listener.
    ///
    /// # Errors
    /// When the listener has no address, a callback is no address, or no HTTP client can be built.
    pub fn start(
        listener: TcpListener,
        account: CloudAccount,
        faults: CloudFaults,
        journal: Arc<Journal>,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let flushing = Arc::clone(&journal).keep_flushed();
        let receipts = Receipts::new(&account, faults.clone(), Arc::clone(&journal), Arc::clone(&clock))?;
        let platform = Arc::new(Platform {
            account,
            faults,
            journal,
            clock,
            receipts: Arc::new(receipts),
            calls: AtomicU64::new(0),
            sends: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            nonces: Mutex::default(),
        });
        let router = Router::new()
            .route("/", post(cloud))
            .route("/cgi-bin/sendsms", get(kannel::sendsms))
            .with_state(Arc::clone(&platform));
        let mut tasks = JoinSet::new();
        tasks.spawn(flushing);
        tasks.spawn(async move {
            // It ends only with the listener.
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self { address, platform, _tasks: tasks })
    }

    /// Where they listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Calls that were to send something, whatever became of them.
    pub fn sends(&self) -> u64 {
        self.platform.sends.load(Ordering::Relaxed)
    }
}

/// `POST /`: Alibaba or Tencent, by the header that names the action.
async fn cloud(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let call = Call { headers, query: query.unwrap_or_default(), body };
    platform.calls.fetch_add(1, Ordering::Relaxed);
    let sends = [call.header("x-acs-action"), call.header("x-tc-action")].contains(&"SendSms");
    let cuts = sends && platform.strikes_call("balancer", platform.faults.balancer_percent);
    let answer = if call.headers.contains_key("x-acs-action") {
        alibaba::answer(platform, call).await
    } else if call.headers.contains_key("x-tc-action") {
        tencent::answer(platform, call).await
    } else {
        (StatusCode::NOT_FOUND, "模拟服务商 a pretend provider: no action is named").into_response()
    };
    if cuts {
        return (StatusCode::SERVICE_UNAVAILABLE, "<html>503 Service Unavailable</html>").into_response();
    }
    answer
}

/// What becomes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lot {
    Good,
    Bad,
    Limited,
}

impl Platform {
    fn dice(&self) -> Dice {
        Dice { seed: self.faults.seed }
    }

    /// Waits as long as answers are slow.
    async fn be_slow(&self) {
        if let slow_ms @ 1.. = self.faults.slow_ms {
            self.clock.sleep(Duration::from_millis(slow_ms)).await;
        }
    }

    /// Whether a fault strikes the call that is being answered.
    fn strikes_call(&self, knob: &str, percent: u8) -> bool {
        self.dice().strikes(knob, &self.calls.load(Ordering::Relaxed).to_string(), percent)
    }

    /// Whether a question about templates is told to slow down; it may also never be answered.
    async fn is_too_busy_for_templates(&self) -> bool {
        if self.strikes_call("mute_template", self.faults.mute_template_percent) {
            std::future::pending::<()>().await;
        }
        self.strikes_call("busy_template", self.faults.busy_template_percent)
    }

    fn lot(&self, number: &str) -> Lot {
        let real =
            number.len() == 11 && number.starts_with('1') && number.bytes().all(|c| c.is_ascii_digit());
        if !real || self.dice().strikes("bad", number, self.faults.bad_percent) {
            Lot::Bad
        } else if self.dice().strikes("limited", number, self.faults.limited_percent) {
            Lot::Limited
        } else {
            Lot::Good
        }
    }

    /// The words of an approved template.
    fn template(&self, code: &str) -> Option<&str> {
        let known = self.account.templates.iter().filter_map(|template| template.split_once('='));
        known.filter(|_| !self.faults.unapproved).find(|(name, _)| *name == code).map(|(_, words)| words)
    }

    fn next_message(&self) -> u64 {
        self.messages.fetch_add(1, Ordering::Relaxed) + 1
    }
}
