//! Pretend platforms of group robots (模拟钉钉和飞书群机器人), over HTTP on loopback: DingTalk at `/robot/send`, Feishu at
//! `/open-apis/bot/v2/hook/TOKEN`. They check signature, time, keyword, length and speed as the real ones do, keep a line
//! in their journal for each message, and fail as they are told to. Nobody reads anything. WeCom's robots are with its
//! platform.

mod dingtalk;
mod feishu;
#[cfg(test)]
mod story;

use crate::{
    sim_journal::{Journal, What},
    sim_limits::Limits,
    sim_stage::Dice,
};
use axum::{Router, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use mingluo_model::clock::{SharedClock, Timestamp};
use serde::Deserialize;
use sha2::Sha256;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet};

/// By so much the time of a call may differ from the platform's (both platforms, 加签 and 签名校验).
const HOUR: Duration = Duration::from_hours(1);

/// The robots that are in a group, and their security settings.
#[derive(Debug, Clone, clap::Args)]
pub struct RobotsAccount {
    /// The tokens of the robots that are in a group; none means that any token is one.
    #[arg(long, value_name = "TOKEN", value_delimiter = ',')]
    pub robots: Vec<String>,
    /// What all of them are signed with; a pretend secret, so it may stand on a command line.
    #[arg(long, default_value = "SEC-pretend")]
    pub secret: String,
    /// The keyword that each message must hold, where there is one.
    #[arg(long)]
    pub keyword: Option<String>,
}

/// How the pretend platforms fail.
#[derive(Debug, Clone, clap::Args)]
pub struct RobotsFaults {
    /// Messages a minute that DingTalk takes from one robot; who sends more is shut out.
    #[arg(long, value_name = "MESSAGES", default_value_t = 20)]
    pub dingtalk_per_minute: u32,
    /// For how long DingTalk shuts a robot out that was too fast, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub shut_out_seconds: u32,
    /// DingTalk says so as its guard against floods does: without an error code.
    #[arg(long)]
    pub punish: bool,
    /// Messages a minute that Feishu takes from one robot; beyond them 11232.
    #[arg(long, value_name = "MESSAGES", default_value_t = 100)]
    pub feishu_per_minute: u32,
    /// Messages a second that Feishu takes from one robot; beyond them 11232.
    #[arg(long, value_name = "MESSAGES", default_value_t = 5)]
    pub feishu_per_second: u32,
    /// The longest body that either takes, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 20_000)]
    pub longest_body: usize,
    /// So many of a hundred calls are answered "too fast" whatever the speed, drawn anew on each try; nobody is shut out
    /// for it.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub busy_percent: u8,
    /// Answer every call with this error code.
    #[arg(long, value_name = "CODE", allow_negative_numbers = true)]
    pub always: Option<i64>,
    /// The seed of all faults: the same one strikes the same robots.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for RobotsFaults {
    fn default() -> Self {
        Self {
            dingtalk_per_minute: 20,
            shut_out_seconds: 600,
            punish: false,
            feishu_per_minute: 100,
            feishu_per_second: 5,
            longest_body: 20_000,
            busy_percent: 0,
            always: None,
            seed: 1,
        }
    }
}

/// Running pretend platforms; they stop when this is dropped.
pub struct SimRobots {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What all calls share.
struct Platforms {
    account: RobotsAccount,
    faults: RobotsFaults,
    journal: Arc<Journal>,
    clock: SharedClock,
    limits: Limits,
    /// Guards until when DingTalk takes nothing of a robot that was too fast.
    shut_out: Mutex<HashMap<String, Timestamp>>,
    /// Guards how many calls of each robot there were, so that busy is drawn anew.
    tries: Mutex<HashMap<String, u32>>,
}

/// Why a call is not taken: the platform's code and words.
type Refusal = (i64, &'static str);

#[derive(Deserialize)]
struct Content {
    #[serde(alias = "text")]
    content: String,
}

impl SimRobots {
    /// Serves on a listener.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        account: RobotsAccount,
        faults: RobotsFaults,
        journal: Arc<Journal>,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let flushing = Arc::clone(&journal).keep_flushed();
        let (limits, shut_out, tries) = (Limits::new(clock.clone()), Mutex::default(), Mutex::default());
        let platforms = Arc::new(Platforms { account, faults, journal, clock, limits, shut_out, tries });
        let router = Router::new()
            .route("/robot/send", post(dingtalk::say))
            .route("/open-apis/bot/v2/hook/{token}", post(feishu::say))
            .with_state(platforms);
        let mut tasks = JoinSet::new();
        tasks.spawn(flushing);
        tasks.spawn(async move {
            // It ends only with the listener.
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self { address, _tasks: tasks })
    }

    /// Where they listen.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Platforms {
    fn is_in_a_group(&self, token: &str) -> bool {
        let robots = &self.account.robots;
        !token.is_empty() && (robots.is_empty() || robots.iter().any(|one| one == token))
    }

    /// Whether this try is answered "too fast" whatever the speed.
    fn is_busy(&self, token: &str) -> bool {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = tries.entry(token.to_owned()).or_default();
        *nth += 1;
        Dice { seed: self.faults.seed }.strikes("busy", &format!("{token}#{nth}"), self.faults.busy_percent)
    }

    /// Whether a call was signed with the secret at a time that is about now.
    fn is_signed(&self, at: Timestamp, sign: &str, expected: &str) -> bool {
        let now = self.clock.now();
        let off = now.since(at).max(at.since(now));
        off <= HOUR && sign == expected
    }

    fn has_keyword(&self, words: &str) -> bool {
        self.account.keyword.as_ref().is_none_or(|keyword| words.contains(keyword))
    }

    fn note(&self, token: &str, heard: &Result<String, Refusal>) {
        match heard {
            Ok(words) => self.journal.note(What::Accepted, "", token, words),
            Err((code, words)) => {
                self.journal.note(What::Refused, "", token, &format!("{code} {words}"));
            }
        }
    }
}

/// The HMAC-SHA256 of a message in base64.
fn mac(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length will do");
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
