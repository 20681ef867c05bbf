//! The robots behind the port: one call for each, which says whether its group has it.

use super::{
    config::{Account, CALLS, Keys, RobotConfig},
    dingtalk, feishu,
    platform::Call,
    wecom,
};
use crate::{
    account::ConfigError,
    crew::{Crew, NoAnswer, Outcome},
    leave::{HeldBack, Leave, NOT_BEGUN},
    pace::Pace,
    weixin::server::{CallError, Server},
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
use serde::de::DeserializeOwned;
use std::{borrow::Cow, marker::PhantomData, num::NonZeroU16, sync::Arc, time::Duration};

/// The robots of one mode.
pub struct RobotChannel<M: Mode> {
    far: Arc<Far>,
    mode: PhantomData<M>,
}

struct Far {
    account: Account,
    server: Server,
    pace: Pace,
    clock: SharedClock,
}

impl<M: Mode> RobotChannel<M> {
    /// Checks the configuration and reads the files that it names; calls nobody.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key, its value and what to write instead.
    pub fn new(config: RobotConfig, clock: SharedClock) -> Result<Self, ConfigError> {
        let account = config.check()?;
        let server = Server::new(&account.api_base, CALLS, account.answer, Arc::clone(&clock))?;
        let pace = Pace::new(account.platform.terms().apart, Arc::clone(&clock));
        Ok(Self { far: Arc::new(Far { account, server, pace, clock }), mode: PhantomData })
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
        Some(self.far.server.reports_within())
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        self.far.account.words(message).map(|_| NonZeroU16::MIN)
    }

    /// There is nothing to log in to, and every call would be read by the group.
    async fn open(&self) -> Result<Session<M>, SendError> {
        let (crew, inlet) = Crew::new(self.far.account.limits.window.get(), CALLS);
        let far = Arc::clone(&self.far);
        let outlet = RobotOutlet { far, held_back: HeldBack::default(), crew, prepared: Vec::new() };
        Ok(Session { outlet: Box::new(outlet), inlet: Box::new(inlet), answerer: Arc::new(NoAnswer) })
    }
}

impl Account {
    /// What a robot says, as far as its platform takes it.
    fn words<'a, M: Mode>(&self, message: &'a Message<M>) -> Result<Cow<'a, str>, Unfit> {
        let Body::Robot { text } = &message.body else {
            let problem = format!("is for {}, a robot takes its own messages", message.body.channel().word());
            return Err(Unfit::Wrong { field: "body".into(), problem: problem.into() });
        };
        let text = self.keyword.as_ref().map_or(Cow::Borrowed(&**text), |keyword| holding(text, keyword));
        self.platform.fits(&text)?;
        Ok(text)
    }
}

/// A text that holds a keyword: behind its first line where it lacks it, so that a drill, which has several lines, says so
/// first and last all the same.
fn holding<'a>(text: &'a str, keyword: &str) -> Cow<'a, str> {
    match text.split_once('\n') {
        _ if text.contains(keyword) || text.trim().is_empty() => Cow::Borrowed(text),
        Some((first, rest)) => Cow::Owned(format!("{first}\n{keyword}\n{rest}")),
        None => Cow::Owned(format!("{text}\n{keyword}")),
    }
}

/// A call of the prepared run.
struct Prepared {
    key: u64,
    robot: String,
    text: Arc<str>,
    leave: Leave,
}

struct RobotOutlet {
    far: Arc<Far>,
    held_back: HeldBack,
    crew: Crew,
    prepared: Vec<Prepared>,
}

#[async_trait]
impl<M: Mode> Outlet<M> for RobotOutlet {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.prepared.clear();
        let text: Arc<str> = self.far.account.words(&run.message)?.into();
        let first = self.crew.keys(run.parcels.len());
        let leave = Leave::of(run, &self.held_back, &self.far.clock);
        self.prepared.extend((first..).zip(&run.parcels).map(|(key, parcel)| Prepared {
            key,
            robot: parcel.to.expose().to_owned(),
            text: Arc::clone(&text),
            leave: leave.clone(),
        }));
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        for Prepared { key, robot, text, leave } in std::mem::take(&mut self.prepared) {
            let far = Arc::clone(&self.far);
            let work = async move { Outcome::Answered(far.say_in_turn(&robot, &text, &leave).await) };
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

impl Far {
    /// Says it when its turn comes, if it may still leave then.
    async fn say_in_turn(&self, robot: &str, text: &str, leave: &Leave) -> Verdict {
        if leave.is_given() {
            self.pace.turn().await;
        }
        if leave.is_given() { self.say(robot, text).await } else { NOT_BEGUN }
    }

    async fn say(&self, robot: &str, text: &str) -> Verdict {
        let now = self.clock.now();
        let said = match self.account.robots.get(robot) {
            None => {
                let far_code = "no such robot in key_files".to_owned();
                return Verdict::Permanent(Refusal { reason: Reason::BadAddress, far_code });
            }
            Some(Keys::WeCom(key)) => {
                self.ask(wecom::call(key, text)).await.map(|said: wecom::Said| said.verdict(key))
            }
            Some(Keys::DingTalk(keys)) => {
                self.ask(dingtalk::call(keys, text, now)).await.map(|said: dingtalk::Said| said.verdict(keys))
            }
            Some(Keys::Feishu(keys)) => {
                let Call { path, body, .. } = feishu::call(keys, text, now);
                let said = self.server.post_hearing_refusals(&path, &[], body).await;
                said.map(|said: feishu::Said| said.verdict(keys))
            }
        };
        said.unwrap_or_else(|error| error.verdict_once())
    }

    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let Call { path, query, body } = call;
        let query: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.server.post(&path, &query, body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_lacks_the_keyword_gets_it_and_a_drill_says_so_first_and_last_all_the_same() {
        assert_eq!(holding("暴雨红色预警\n请转移", "预警"), "暴雨红色预警\n请转移");
        assert_eq!(holding("【演练】解除\n平安【演练】", "预警"), "【演练】解除\n预警\n平安【演练】");
        assert_eq!(holding("解除", "预警"), "解除\n预警");
    }
}
