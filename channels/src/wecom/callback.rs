//! What the platform tells our server (接收消息与事件): the check of its address, buttons that members press, and what they
//! write. Everything is enciphered. Parses and proves; it stores nothing, so the same push twice gives the same twice, under
//! the same name.

use super::letter::{CONFIRM, plan_of};
use crate::{
    account::Secret,
    weixin::{
        cipher::Cipher,
        fields::{Fields, malformed},
        push::{CallbackError, LONGEST, Query, escaped, open, sealed},
    },
};
use mingluo_model::{acknowledgement::Acknowledgement, address::Address, clock::SharedClock, reply::Reply};
use rand::RngCore;

/// The parser of one application's callbacks (回调).
pub struct Callback {
    corp_id: String,
    token: Secret,
    cipher: Cipher,
    clock: SharedClock,
}

/// What one push amounts to. Answer it when all of it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The same for the same push: the platform says three times what was not answered in time (排重).
    pub name: [u8; 20],
    /// Somebody pressed the button of a warning's card.
    pub confirmed: Option<Acknowledgement>,
    /// The same as words, or what a member wrote.
    pub reply: Option<Reply>,
}

impl Callback {
    pub(super) const fn new(corp_id: String, token: Secret, cipher: Cipher, clock: SharedClock) -> Self {
        Self { corp_id, token, cipher, clock }
    }

    /// The check of our address, when the officer enters it in the platform's console: what to answer, verbatim and as plain
    /// text.
    ///
    /// # Errors
    /// [`CallbackError`] other than `TooLong`.
    pub fn verify_url(&self, query: &str) -> Result<String, CallbackError> {
        let query = Query::parse(query);
        query.fresh(self.clock.now())?;
        let echo = open(&self.cipher, &self.token, &query, query.get("echostr")?)?;
        String::from_utf8(echo).map_err(|_| malformed("the echo is not UTF-8"))
    }

    /// What a push says. Answer [`Self::confirmed`] or nothing at all, once it is durable.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub fn parse(&self, query: &str, body: &[u8]) -> Result<Heard, CallbackError> {
        let query = Query::parse(query);
        query.fresh(self.clock.now())?;
        if body.len() > LONGEST {
            return Err(CallbackError::TooLong { length: body.len() });
        }
        let outer = Fields::parse(body)?;
        let inner = open(&self.cipher, &self.token, &query, outer.text("Encrypt")?)?;
        self.heard(&Fields::parse(&inner)?)
    }

    fn heard(&self, pushed: &Fields) -> Result<Heard, CallbackError> {
        let event = pushed.event()?;
        let known = ["FromUserName", "CreateTime", "MsgId", "AgentID", "EventKey", "TaskId"];
        let name = pushed.name(event, &known);
        let words = match event {
            "" => pushed.text("Content").ok(),
            "template_card_event" if pushed.text("EventKey") == Ok(CONFIRM) => Some(CONFIRM),
            _ => None,
        };
        let Some(words) = words else { return Ok(Heard { name, confirmed: None, reply: None }) };
        let by = Address::new(pushed.text("FromUserName")?.to_ascii_lowercase());
        let at = self.clock.now();
        let plan = pushed.text("TaskId").ok().and_then(plan_of).filter(|_| !event.is_empty());
        let reply = Reply {
            from: by.clone(),
            to: pushed.text("AgentID").unwrap_or_default().to_owned(),
            words: words.to_owned(),
            id: Some(hex::encode(name)),
            part: None,
            at,
        };
        Ok(Heard { name, confirmed: plan.map(|plan| Acknowledgement { by, plan, at }), reply: Some(reply) })
    }

    /// The answer to who pressed a button: it says this now and can be pressed no more (更新点击用户的按钮文案).
    pub fn confirmed(&self, by: &Address, said: &str, chance: &mut dyn RngCore) -> String {
        let seconds = self.clock.now().0 / 1000;
        let (to, from, said) = (escaped(by.expose()), escaped(&self.corp_id), escaped(said));
        let bare = format!(
            "<xml><ToUserName>{to}</ToUserName><FromUserName>{from}</FromUserName><CreateTime>{seconds}</CreateTime>\
             <MsgType>update_button</MsgType><Button><ReplaceName>{said}</ReplaceName></Button></xml>"
        );
        sealed(&self.cipher, &self.token, &bare, seconds, chance)
    }
}

#[cfg(test)]
#[path = "callback_tests.rs"]
mod tests;
