//! A pretend WeCom platform (模拟企业微信): tokens, application messages, cards that members press, robots of groups, over HTTP
//! on loopback. Keeps a line in its journal for each message and member and fails as it is told to. Knows nothing of who
//! sends.
//!
//! Beside what the real one has, `POST /pretend/press` with `{"userid": "zhang"}` has a member press the button of the
//! last card, with `"card_of": "li"` besides that of a card which li has; it answers with what the card says now. `POST /pretend/write` with `{"userid": "zhang", "words": "收到"}` has
//! one write.

mod members;
mod robot;
mod send;
#[cfg(test)]
mod story;
mod tokens;

use self::{members::Members, send::Sent, tokens::Tokens};
use crate::{sim_journal::Journal, sim_limits::Limits, sim_stage::Dice};
use axum::{
    Router,
    routing::{get, post},
};
use mingluo_model::clock::SharedClock;
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};

/// The corporation that the pretend platform holds, and where its callbacks go.
#[derive(Debug, Clone, clap::Args)]
pub struct WeComAccount {
    /// The corporation's CorpID.
    #[arg(long, default_value = "ww-pretend")]
    pub corp_id: String,
    /// The application's AgentId.
    #[arg(long, default_value_t = 1_000_002)]
    pub agent_id: u32,
    /// The application's Secret; a pretend one, so it may stand on a command line.
    #[arg(long, default_value = "pretend-secret")]
    pub secret: String,
    /// Where presses are posted; without it nobody can press.
    #[arg(long, value_name = "URL")]
    pub callback: Option<String>,
    /// The token that callbacks are signed with.
    #[arg(long, default_value = "pretend-token")]
    pub token: String,
    /// The EncodingAESKey of 43 characters that they are enciphered with.
    #[arg(long, value_name = "KEY", default_value = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")]
    pub aes_key: String,
    /// The keys of the robots that are in a group; none means that any key is one.
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub robots: Vec<String>,
}

/// How the pretend platform fails.
#[derive(Debug, Clone, clap::Args)]
pub struct WeComFaults {
    /// How long a token lives, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 7_200)]
    pub token_seconds: u32,
    /// What a dead token is called: 42001 or 40014.
    #[arg(long, value_name = "ERRCODE", default_value_t = 42_001)]
    pub dead_token: i64,
    /// These are no members.
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    pub invalid: Vec<String>,
    /// These have no licence.
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    pub unlicensed: Vec<String>,
    /// So many of a hundred members press the button as soon as they have it.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub press_percent: u8,
    /// They press it before the call is answered.
    #[arg(long)]
    pub press_first: bool,
    /// Say every push three times, as if no answer had ever come in time.
    #[arg(long)]
    pub thrice: bool,
    /// So many of a hundred calls are answered -1 (busy), drawn anew on each try.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub busy_percent: u8,
    /// Messages to members a minute; beyond them 45009.
    #[arg(long, value_name = "MESSAGES", default_value_t = 100_000)]
    pub per_minute: u32,
    /// Messages a minute that one robot takes; beyond them 45009.
    #[arg(long, value_name = "MESSAGES", default_value_t = 20)]
    pub robot_per_minute: u32,
    /// Answer every call with this error code; calls for tokens are answered as ever.
    #[arg(long, value_name = "ERRCODE")]
    pub always: Option<i64>,
    /// The seed of all faults: the same one strikes the same members.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for WeComFaults {
    fn default() -> Self {
        Self {
            token_seconds: 7_200,
            dead_token: 42_001,
            invalid: Vec::new(),
            unlicensed: Vec::new(),
            press_percent: 0,
            press_first: false,
            thrice: false,
            busy_percent: 0,
            per_minute: 100_000,
            robot_per_minute: 20,
            always: None,
            seed: 1,
        }
    }
}

/// A running pretend platform; it stops when it is dropped.
pub struct SimWeCom {
    address: SocketAddr,
    platform: Arc<Platform>,
    _tasks: JoinSet<()>,
}

/// What all its calls share.
struct Platform {
    account: WeComAccount,
    faults: WeComFaults,
    journal: Arc<Journal>,
    tokens: Tokens,
    sent: Sent,
    limits: Limits,
    members: Arc<Members>,
}

impl SimWeCom {
    /// Serves on a listener.
    ///
    /// # Errors
    /// When the listener has no address, no HTTP client can be built, or the key is none.
    pub fn start(
        listener: TcpListener,
        account: WeComAccount,
        faults: WeComFaults,
        journal: Arc<Journal>,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let flushing = Arc::clone(&journal).keep_flushed();
        let members = Arc::new(Members::new(&account, &faults, Arc::clone(&journal), Arc::clone(&clock))?);
        let tokens = Tokens::new(&faults, Arc::clone(&clock));
        let (sent, limits) = (Sent::default(), Limits::new(clock));
        let platform = Arc::new(Platform { account, faults, journal, tokens, sent, limits, members });
        let router = Router::new()
            .route("/cgi-bin/gettoken", get(tokens::give))
            .route("/cgi-bin/message/send", post(send::message))
            .route("/cgi-bin/webhook/send", post(robot::say))
            .route("/pretend/press", post(members::press))
            .route("/pretend/write", post(members::write))
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
    axum::Json(json!({ "errcode": errcode, "errmsg": format!("{errmsg}, hint: [pretend]") }))
}
