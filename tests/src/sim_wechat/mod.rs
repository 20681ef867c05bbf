//! A pretend WeChat platform (模拟微信平台): tokens, template messages, subscription notices, mass sends, customer-service
//! messages and signed callbacks over HTTP on loopback, bare or enciphered. Keeps a line in its journal for each message and fails as it is told to. Knows
//! nothing of who sends.
//!
//! Beside what the real one has, `POST /pretend/follower` with `{"openid": "o1", "event": "unsubscribe"}`, `{"openid":
//! "o1", "event": "subscribe", "key": "qrscene_210403004"}` or `{"openid": "o1", "words": "退订"}` lets a follower act;
//! `{"openid": "o1", "again": true}` lets the platform say once more what they did last. It answers with what the account
//! said to them.

mod custom;
#[cfg(test)]
mod custom_story;
mod followers;
mod mass;
#[cfg(test)]
mod mass_story;
mod receipts;
mod seal;
mod send;
#[cfg(test)]
mod story;
mod tokens;

pub use self::{
    custom::CustomFaults,
    mass::{Administrator, MassFaults},
};
use self::{
    custom::Windows, followers::Pushed, mass::MassSent, receipts::Receipts, send::Sent, tokens::Tokens,
};
use crate::{sim_journal::Journal, sim_stage::Dice};
use axum::{Router, routing::post};
use mingluo_model::clock::SharedClock;
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::task::TaskTracker;

/// The account that the pretend platform holds, and where its callbacks go.
#[derive(Debug, Clone, clap::Args)]
pub struct WeChatAccount {
    /// The account's AppID.
    #[arg(long, default_value = "wx-pretend")]
    pub app_id: String,
    /// The account's AppSecret; a pretend one, so it may stand on a command line.
    #[arg(long, default_value = "pretend-secret")]
    pub secret: String,
    /// Where receipts are posted; without it they are all withheld.
    #[arg(long, value_name = "URL")]
    pub callback: Option<String>,
    /// The token that callbacks are signed with.
    #[arg(long, default_value = "pretend-token")]
    pub token: String,
    /// The EncodingAESKey of 43 characters: callbacks are enciphered (safe mode). Without it they are bare.
    #[arg(long, value_name = "KEY")]
    pub aes_key: Option<String>,
    /// Compatible mode: the bare words stand beside the enciphered ones.
    #[arg(long, requires = "aes_key")]
    pub compatible: bool,
}

/// How the pretend platform fails.
#[derive(Debug, Clone, clap::Args)]
pub struct WeChatFaults {
    /// How long a token lives, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 7_200)]
    pub token_seconds: u32,
    /// So many of a hundred calls are answered -1 (busy), drawn anew on each try.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub busy_percent: u8,
    /// So many of a hundred followers block the account: taken, and the receipt says `failed:user block`.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub block_percent: u8,
    /// For so many of a hundred followers no receipt is ever given.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub silent_percent: u8,
    /// Wait so long before each receipt, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub late_ms: u64,
    /// Callbacks that are under way at once.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub callbacks: u16,
    /// Give every receipt twice.
    #[arg(long)]
    pub double: bool,
    /// Say every push three times, as if no answer had ever come in time.
    #[arg(long)]
    pub thrice: bool,
    /// Give the receipt before the answer to the call.
    #[arg(long)]
    pub receipt_first: bool,
    /// After so many messages answer 45009 (the day's quota is used up).
    #[arg(long, value_name = "MESSAGES")]
    pub quota: Option<u64>,
    /// Answer every call with this error code, like 47003; calls for tokens and mass sends are answered as ever.
    #[arg(long, value_name = "ERRCODE")]
    pub always: Option<i64>,
    /// So many of a hundred followers consented to no subscription notice, or take it back: 43101.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub unsubscribed_percent: u8,
    /// What goes wrong with mass sends.
    #[command(flatten)]
    pub mass: MassFaults,
    /// What goes wrong with customer-service messages.
    #[command(flatten)]
    pub custom: CustomFaults,
    /// The seed of all faults: the same one strikes the same followers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for WeChatFaults {
    fn default() -> Self {
        Self {
            token_seconds: 7_200,
            busy_percent: 0,
            block_percent: 0,
            silent_percent: 0,
            late_ms: 0,
            callbacks: 64,
            double: false,
            thrice: false,
            receipt_first: false,
            quota: None,
            always: None,
            unsubscribed_percent: 0,
            mass: MassFaults::default(),
            custom: CustomFaults::default(),
            seed: 1,
        }
    }
}

/// A running pretend platform; it stops when it is dropped, and receipts that wait are never given.
pub struct SimWeChat {
    address: SocketAddr,
    platform: Arc<Platform>,
    _tasks: JoinSet<()>,
}

/// What all its calls share.
struct Platform {
    faults: WeChatFaults,
    journal: Arc<Journal>,
    tokens: Tokens,
    sent: Sent,
    mass: MassSent,
    windows: Windows,
    pushed: Pushed,
    receipts: Arc<Receipts>,
    clock: SharedClock,
    /// Mass sends that have not ended; not bounded, since calls are.
    ending: TaskTracker,
}

impl SimWeChat {
    /// Serves on a listener.
    ///
    /// # Errors
    /// When the listener has no address, or no HTTP client can be built.
    pub fn start(
        listener: TcpListener,
        account: WeChatAccount,
        faults: WeChatFaults,
        journal: Arc<Journal>,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let flushing = Arc::clone(&journal).keep_flushed();
        let receipts = Receipts::new(&account, faults.clone(), Arc::clone(&journal), Arc::clone(&clock))?;
        let tokens = Tokens::new(account, faults.token_seconds, Arc::clone(&clock));
        let windows = Windows::new(&faults.custom, Arc::clone(&clock));
        let platform = Arc::new(Platform {
            faults,
            journal,
            tokens,
            sent: Sent::default(),
            mass: MassSent::default(),
            windows,
            pushed: Pushed::default(),
            receipts: Arc::new(receipts),
            clock,
            ending: TaskTracker::new(),
        });
        let router = Router::new()
            .route("/cgi-bin/stable_token", post(tokens::give))
            .route("/cgi-bin/message/template/send", post(send::template))
            .route("/cgi-bin/message/subscribe/bizsend", post(send::notice))
            .route("/cgi-bin/message/mass/send", post(mass::send))
            .route("/cgi-bin/message/mass/get", post(mass::get))
            .route("/cgi-bin/message/custom/send", post(custom::send))
            .route("/pretend/follower", post(followers::act))
            .with_state(Arc::clone(&platform));
        let mut tasks = JoinSet::new();
        tasks.spawn(flushing);
        tasks.spawn(async move {
            // It ends only with the listener.
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self { address, platform, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it was asked for a token.
    pub fn asked_for_tokens(&self) -> u64 {
        self.platform.tokens.asked()
    }
}

impl Platform {
    fn dice(&self) -> Dice {
        Dice { seed: self.faults.seed }
    }
}

/// An answer of the platform that says no, with HTTP status 200 as the real one does.
fn refusal(errcode: i64, errmsg: &str) -> axum::Json<Value> {
    axum::Json(json!({ "errcode": errcode, "errmsg": format!("{errmsg} rid: pretend") }))
}
