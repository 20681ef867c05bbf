//! Mass sends of the pretend platform: takes a call as the real one does, waits for the account's administrator where
//! there is one, filters who had this month's share, and tells one event of totals for all of them.

use super::{
    Platform, refusal,
    send::{Authorised, is_escaped},
};
use crate::sim_journal::What;
use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The first job's number; jobs have shorter ones than messages.
const FIRST_JOB: u64 = 34_182;

/// The minute of 60 calls.
const MINUTE: Duration = Duration::from_mins(1);

/// What the administrator of the account does where mass sends by program are protected (群发保护).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Administrator {
    /// No protection: nobody is asked.
    None,
    /// Confirms.
    Approves,
    /// Refuses: err(40001).
    Refuses,
    /// Does not answer: err(40002).
    Silent,
}

/// How mass sends fail.
#[derive(Debug, Clone, clap::Args)]
pub struct MassFaults {
    /// What the account's administrator does with a mass send.
    #[arg(long, value_enum, default_value = "none")]
    pub administrator: Administrator,
    /// After how long, in milliseconds; of a silent one, when the platform gives up (30 minutes at the real one).
    #[arg(long, value_name = "MS", default_value_t = 1_800_000)]
    pub administrator_ms: u64,
    /// After so many mass sends answer 45028 (no quota left).
    #[arg(long, value_name = "CALLS")]
    pub mass_quota: Option<u64>,
    /// Mass sends that a follower gets in a month; further ones are filtered.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub mass_month: u32,
    /// Mass sends that are taken in a minute; further ones are answered 45011.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub mass_per_minute: usize,
    /// Every mass send ends with err(N).
    #[arg(long, value_name = "N")]
    pub mass_err: Option<u32>,
    /// Never tell how a mass send ended.
    #[arg(long)]
    pub mass_mute: bool,
    /// Do not know a mass send that is asked after.
    #[arg(long)]
    pub mass_forgotten: bool,
    /// Take so many mass sends and answer them with HTTP 502.
    #[arg(long, value_name = "CALLS", default_value_t = 0)]
    pub mass_swallowed: u64,
    /// Answer a clientmsgid that comes again within so many milliseconds with 45066, and later with 45065.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub mass_again_ms: u64,
}

impl Default for MassFaults {
    fn default() -> Self {
        Self {
            administrator: Administrator::None,
            administrator_ms: 1_800_000,
            mass_quota: None,
            mass_month: 4,
            mass_per_minute: 60,
            mass_err: None,
            mass_mute: false,
            mass_forgotten: false,
            mass_swallowed: 0,
            mass_again_ms: 0,
        }
    }
}

/// What was sent so far.
#[derive(Default)]
pub(super) struct MassSent {
    /// Guards the memory of calls.
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Jobs by `clientmsgid`, and when they were taken.
    jobs: HashMap<String, (u64, Duration)>,
    /// How jobs ended, by their number.
    ends: HashMap<u64, &'static str>,
    /// What each follower got this month.
    months: HashMap<String, u32>,
    /// When the calls of the last minute came.
    calls: VecDeque<Duration>,
    swallowed: u64,
}

/// Which job is asked after.
#[derive(Deserialize)]
pub(super) struct Asked {
    msg_id: String,
}

#[derive(Deserialize)]
struct Call {
    touser: Vec<String>,
    msgtype: String,
    text: Text,
    clientmsgid: String,
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

/// What becomes of a call.
enum Taken {
    /// A new job.
    Job(u64),
    /// The same call was taken before.
    Before(u64),
    Refused(i64, &'static str),
}

/// How a job ends.
struct Totals {
    status: String,
    total: usize,
    left: usize,
    sent: usize,
}

/// `POST /cgi-bin/message/mass/send`.
pub(super) async fn send(
    State(platform): State<Arc<Platform>>,
    Query(authorised): Query<Authorised>,
    body: Bytes,
) -> Response {
    if let Some((errcode, errmsg)) = platform.tokens.refuse(authorised.token()) {
        return refusal(errcode, errmsg).into_response();
    }
    if is_escaped(&body) {
        return refusal(40_033, "do not use \\uxxxx").into_response();
    }
    let Ok(call) = serde_json::from_slice::<Call>(&body) else {
        return refusal(47_001, "data format error").into_response();
    };
    let taken = platform.take_job(&call);
    let job = match taken {
        Taken::Job(job) => job,
        Taken::Before(job) => {
            let answer = json!({ "errcode": 45_065, "errmsg": "clientmsgid exist", "msg_id": job });
            return Json(answer).into_response();
        }
        Taken::Refused(errcode, errmsg) => {
            let many = format!("{} followers", call.touser.len());
            platform.journal.note(
                What::Refused,
                "",
                &many,
                &format!("{errcode} {errmsg}: {}", call.clientmsgid),
            );
            return refusal(errcode, errmsg).into_response();
        }
    };
    let ending = Arc::clone(&platform);
    platform.ending.spawn(async move { ending.end(job, call).await });
    if platform.swallows() {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    Json(json!({ "errcode": 0, "errmsg": "send job submission success", "msg_id": job, "msg_data_id": job + 1 }))
        .into_response()
}

/// `POST /cgi-bin/message/mass/get`.
pub(super) async fn get(
    State(platform): State<Arc<Platform>>,
    Query(authorised): Query<Authorised>,
    Json(asked): Json<Asked>,
) -> Response {
    if let Some((errcode, errmsg)) = platform.tokens.refuse(authorised.token()) {
        return refusal(errcode, errmsg).into_response();
    }
    let memory = platform.mass_memory();
    let job = asked.msg_id.parse::<u64>().ok();
    let known = job.filter(|job| memory.jobs.values().any(|(taken, _)| taken == job));
    let Some(job) = known.filter(|_| !platform.faults.mass.mass_forgotten) else {
        return refusal(40_059, "invalid msg id").into_response();
    };
    let status = memory.ends.get(&job).copied().unwrap_or("SENDING");
    Json(json!({ "msg_id": job, "msg_status": status })).into_response()
}

impl Platform {
    fn mass_memory(&self) -> MutexGuard<'_, Memory> {
        self.mass.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_job(&self, call: &Call) -> Taken {
        if let Some((errcode, errmsg)) = check(call) {
            return Taken::Refused(errcode, errmsg);
        }
        let (faults, now) = (&self.faults.mass, self.clock.ticks());
        let mut memory = self.mass_memory();
        if let Some((job, at)) = memory.jobs.get(&call.clientmsgid) {
            let hasty = now.saturating_sub(*at) < Duration::from_millis(faults.mass_again_ms);
            return if hasty {
                Taken::Refused(45_066, "same clientmsgid retry too fast")
            } else {
                Taken::Before(*job)
            };
        }
        while memory.calls.front().is_some_and(|at| now.saturating_sub(*at) >= MINUTE) {
            memory.calls.pop_front();
        }
        if memory.calls.len() >= faults.mass_per_minute {
            return Taken::Refused(45_011, "api minute-quota reach limit");
        }
        let jobs = memory.jobs.len() as u64;
        if faults.mass_quota.is_some_and(|quota| jobs >= quota) {
            return Taken::Refused(45_028, "has no masssend quota");
        }
        let job = FIRST_JOB + jobs;
        memory.calls.push_back(now);
        memory.jobs.insert(call.clientmsgid.clone(), (job, now));
        Taken::Job(job)
    }

    /// Whether this call is taken and its answer lost.
    fn swallows(&self) -> bool {
        let mut memory = self.mass_memory();
        memory.swallowed += 1;
        memory.swallowed <= self.faults.mass.mass_swallowed
    }

    /// Waits for the administrator, sends, and tells how it ended.
    async fn end(&self, job: u64, call: Call) {
        let faults = &self.faults.mass;
        if faults.administrator != Administrator::None {
            self.clock.sleep(Duration::from_millis(faults.administrator_ms)).await;
        }
        let refused = match (faults.administrator, faults.mass_err) {
            (Administrator::Refuses, _) => Some(40_001),
            (Administrator::Silent, _) => Some(40_002),
            (_, err) => err,
        };
        let total = call.touser.len();
        let totals = match refused {
            Some(code) => Totals { status: format!("err({code})"), total, left: 0, sent: 0 },
            None => self.deliver(job, &call),
        };
        let end = if totals.status == "send success" { "SEND_SUCCESS" } else { "SEND_FAIL" };
        self.mass_memory().ends.insert(job, end);
        if faults.mass_mute || !self.receipts.pusher.has_callback() {
            return;
        }
        let event = event(job, self.receipts.pusher.seconds(), &totals);
        if let late_ms @ 1.. = self.faults.late_ms {
            self.clock.sleep(Duration::from_millis(late_ms)).await;
        }
        let answered = self.receipts.push("oAdministrator", &event).await.is_some();
        let what = if answered { What::Receipt } else { What::Withheld };
        self.journal.note(what, &job.to_string(), "", &totals.status);
    }

    fn deliver(&self, job: u64, call: &Call) -> Totals {
        let mut left = 0;
        for follower in &call.touser {
            let mut memory = self.mass_memory();
            let month = memory.months.entry(follower.clone()).or_default();
            *month += 1;
            let filtered = *month > self.faults.mass.mass_month;
            drop(memory);
            left += usize::from(!filtered);
            let (what, detail) = if filtered {
                (What::Withheld, "filtered")
            } else {
                (What::Accepted, call.clientmsgid.as_str())
            };
            self.journal.note(what, &job.to_string(), follower, detail);
        }
        Totals { status: "send success".into(), total: call.touser.len(), left, sent: left }
    }
}

fn check(call: &Call) -> Option<(i64, &'static str)> {
    if !(2..=10_000).contains(&call.touser.len()) {
        return Some((40_130, "invalid openid list size, at least two openid"));
    }
    if call.clientmsgid.len() > 64 {
        return Some((45_067, "clientmsgid length is out of limit"));
    }
    if call.msgtype != "text" || call.text.content.is_empty() {
        return Some((44_004, "empty content"));
    }
    (call.text.content.chars().count() > 600).then_some((45_002, "content size out of limit"))
}

fn event(job: u64, seconds: i64, totals: &Totals) -> String {
    let Totals { status, total, left, sent } = totals;
    format!(
        "<xml><ToUserName><![CDATA[gh_pretend]]></ToUserName><FromUserName><![CDATA[oAdministrator]]></FromUserName>\
         <CreateTime>{seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>{job}</MsgID><Status><![CDATA[{status}]]></Status>\
         <TotalCount>{total}</TotalCount><FilterCount>{left}</FilterCount><SentCount>{sent}</SentCount>\
         <ErrorCount>{}</ErrorCount></xml>",
        left - sent
    )
}
