//! Receipts of the pretend platform: one signed callback for each message taken, asked again like the real one when
//! it is not answered `success`, or kept back as the faults say.

use super::{WeChatAccount, WeChatFaults, seal::Seal};
use crate::{
    sim_journal::{Journal, What},
    sim_push::Pusher,
    sim_stage::Dice,
};
use mingluo_model::clock::SharedClock;
use reqwest::Url;
use std::{sync::Arc, time::Duration};
use tokio_util::task::TaskTracker;

/// A message whose receipt is due.
pub(super) struct Due {
    pub(super) number: u64,
    pub(super) to: String,
    /// The template, where it is a subscription notice.
    pub(super) notice_of: Option<String>,
}

pub(super) struct Receipts {
    pub(super) pusher: Pusher,
    seal: Seal,
    faults: WeChatFaults,
    journal: Arc<Journal>,
    clock: SharedClock,
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
        let (callback, at_once) = (account.callback.as_deref(), faults.callbacks.into());
        Ok(Self {
            pusher: Pusher::new(callback, at_once, faults.thrice, Arc::clone(&clock))?,
            seal: Seal::of(account)?,
            faults,
            journal,
            clock,
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
        if silent || !self.pusher.has_callback() {
            let why = if silent { "silent" } else { "no callback address" };
            return self.journal.note(What::Withheld, &due.number.to_string(), &due.to, why);
        }
        if let late_ms @ 1.. = self.faults.late_ms {
            self.clock.sleep(Duration::from_millis(late_ms)).await;
        }
        for _ in 0..if self.faults.double { 2 } else { 1 } {
            self.ask(&due, status).await;
        }
    }

    async fn ask(&self, due: &Due, status: &str) {
        let number = due.number.to_string();
        let event = self.event(due, status);
        if self.push(&due.to, &event).await.is_some() {
            return self.journal.note(What::Receipt, &number, &due.to, status);
        }
        self.journal.note(What::Withheld, &number, &due.to, "the callback was not answered");
    }

    /// Pushes an event or a message of a follower until it is answered; what was said to it.
    pub(super) async fn push(&self, openid: &str, event: &str) -> Option<String> {
        let make = |to: &Url, seconds, nonce| self.seal.push(to, openid, event, seconds, nonce);
        self.pusher.push(make, |answer| self.seal.read(&answer)).await
    }

    fn event(&self, due: &Due, status: &str) -> String {
        let (seconds, Due { number, to, notice_of }) = (self.pusher.seconds(), due);
        let what = match notice_of {
            None => format!(
                "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{number}</MsgID>\
                 <Status><![CDATA[{status}]]></Status>"
            ),
            Some(template) => {
                let code = if status == "success" { 0 } else { 43_101 };
                format!(
                    "<Event><![CDATA[subscribe_msg_sent_event]]></Event><SubscribeMsgSentEvent><List>\
                     <TemplateId><![CDATA[{template}]]></TemplateId><MsgID>{number}</MsgID>\
                     <ErrorCode>{code}</ErrorCode><ErrorStatus><![CDATA[{status}]]></ErrorStatus></List>\
                     </SubscribeMsgSentEvent>"
                )
            }
        };
        format!(
            "<xml><ToUserName><![CDATA[gh_pretend]]></ToUserName><FromUserName><![CDATA[{to}]]></FromUserName>\
             <CreateTime>{seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType>{what}</xml>"
        )
    }
}
