//! The robots behind the port: one call for each, which says whether its group has it.

use super::{
    super::{errcode::verdict, fits},
    config::{Account, CALLS, RobotConfig},
};
use crate::{
    account::ConfigError,
    crew::{Crew, NoAnswer, Outcome},
    leave::{HeldBack, Leave, NOT_BEGUN},
    weixin::server::Server,
};
use async_trait::async_trait;
use mingluo_model::{
    audience::ChannelKind,
    channel::{
        Channel, Limits, Outlet, ReceiptFor, Refusal, Repeat, Run, SendError, Session, Unfit, Verdict,
        WireKeys,
    },
    clock::SharedClock,
    delivery::Reason,
    message::{Body, Message},
    mode::Mode,
    plan::AccountName,
};
use serde::Deserialize;
use serde_json::json;
use std::{marker::PhantomData, num::NonZeroU16, sync::Arc, time::Duration};

/// How long after its own time limit a call may still be reported.
const SLACK: Duration = Duration::from_secs(1);

/// The robots of one mode.
pub struct RobotChannel<M: Mode> {
    far: Arc<Far>,
    clock: SharedClock,
    mode: PhantomData<M>,
}

struct Far {
    account: Account,
    server: Server,
}

impl<M: Mode> RobotChannel<M> {
    /// Checks the configuration and reads the files that it names; calls nobody.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key, its value and what to write instead.
    pub fn new(config: RobotConfig, clock: SharedClock) -> Result<Self, ConfigError> {
        let account = config.check()?;
        let server = Server::new(&account.api_base, CALLS, account.answer, Arc::clone(&clock))?;
        Ok(Self { far: Arc::new(Far { account, server }), clock, mode: PhantomData })
    }
}

#[async_trait]
impl<M: Mode> Channel<M> for RobotChannel<M> {
    fn account(&self) -> &AccountName {
        &self.far.account.name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::Robot
    }

    fn limits(&self) -> Limits {
        self.far.account.limits
    }

    fn repeat(&self) -> Repeat {
        Repeat::MayDouble
    }

    fn receipts(&self) -> ReceiptFor {
        ReceiptFor::Nothing
    }

    fn may_answer_within(&self) -> Option<Duration> {
        Some(self.far.account.answer + SLACK)
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        words(message).map(|_| NonZeroU16::MIN)
    }

    /// There is nothing to log in to, and every call would be read by the group.
    async fn open(&self) -> Result<Session<M>, SendError> {
        let (crew, inlet) = Crew::new(self.far.account.limits.window.get(), CALLS);
        let (far, clock, held_back) = (Arc::clone(&self.far), Arc::clone(&self.clock), HeldBack::default());
        let outlet = RobotOutlet { far, clock, held_back, crew, prepared: Vec::new() };
        Ok(Session { outlet: Box::new(outlet), inlet: Box::new(inlet), answerer: Arc::new(NoAnswer) })
    }
}

/// What a robot says, as far as it may be so long.
fn words<M: Mode>(message: &Message<M>) -> Result<&str, Unfit> {
    let Body::Robot { text } = &message.body else {
        let problem = format!("is for {}, a robot takes its own messages", message.body.channel().word());
        return Err(Unfit::Wrong { field: "body".into(), problem: problem.into() });
    };
    fits("text", text)?;
    Ok(text)
}

/// A call of the prepared run.
struct Prepared {
    key: u64,
    robot: String,
    body: Arc<Vec<u8>>,
    leave: Leave,
}

struct RobotOutlet {
    far: Arc<Far>,
    clock: SharedClock,
    held_back: HeldBack,
    crew: Crew,
    prepared: Vec<Prepared>,
}

#[async_trait]
impl<M: Mode> Outlet<M> for RobotOutlet {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.prepared.clear();
        let call = json!({ "msgtype": "text", "text": { "content": words(&run.message)? } });
        let body = Arc::new(call.to_string().into_bytes());
        let first = self.crew.keys(run.parcels.len());
        let leave = Leave::of(run, &self.held_back, &self.clock);
        self.prepared.extend((first..).zip(&run.parcels).map(|(key, parcel)| Prepared {
            key,
            robot: parcel.to.expose().to_owned(),
            body: Arc::clone(&body),
            leave: leave.clone(),
        }));
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        for Prepared { key, robot, body, leave } in std::mem::take(&mut self.prepared) {
            let far = Arc::clone(&self.far);
            let work = async move {
                let verdict = if leave.is_given() { far.say(&robot, body.to_vec()).await } else { NOT_BEGUN };
                Outcome::Answered(verdict)
            };
            self.crew.put(key, work).await?;
        }
        Ok(())
    }

    fn hold_back(&mut self) {
        self.held_back.begin();
    }

    async fn close(&mut self) {
        self.crew.finish().await;
    }
}

/// The answer to `/cgi-bin/webhook/send`.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

impl Far {
    async fn say(&self, robot: &str, body: Vec<u8>) -> Verdict {
        let Some(key) = self.account.keys.get(robot) else {
            let far_code = "no such robot in key_files".to_owned();
            return Verdict::Permanent(Refusal { reason: Reason::BadAddress, far_code });
        };
        match self.server.post::<Said>("/cgi-bin/webhook/send", &[("key", key.expose())], body).await {
            Ok(Said { errcode: 0, .. }) => Verdict::Accepted(None),
            Ok(said) => verdict(said.errcode, &said.errmsg, [key.expose()]),
            Err(error) => error.verdict_once(),
        }
    }
}
