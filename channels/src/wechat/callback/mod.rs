//! What the platform tells our server (消息推送): the check of an address; events, some of which are receipts; and what
//! followers write. Plain mode (明文模式), or enciphered (兼容模式, 安全模式) where the account has a key for it; in XML or in
//! JSON, as the account is set. Parses and proves; it stores nothing, so the same push twice gives the same twice,
//! under the same name.

mod event;

use crate::{
    account::Secret,
    weixin::{
        cipher::Cipher,
        fields::Fields,
        push::{CallbackError, LONGEST, Query, escaped, open, sealed, sign, signed},
    },
};
use event::Pushed;
use mingluo_model::{
    clock::SharedClock,
    plan::AccountName,
    receipt::{AggregateReceipt, Receipt},
    reply::Reply,
};
use rand::RngCore;

/// The parser of one account's callbacks (回调).
pub struct Callback {
    token: Secret,
    cipher: Option<Cipher>,
    mass: Option<AccountName>,
    clock: SharedClock,
}

/// What one push amounts to. Answer it when all of it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The same for the same push: the platform says three times what was not answered in time (排重).
    pub name: [u8; 20],
    /// What became of messages.
    pub receipts: Vec<Receipt>,
    /// Whether the receipts are of the latest message to the follower, which has no number: said again, they would be taken for
    /// the next one's.
    pub of_the_latest: bool,
    /// How mass sends ended.
    pub jobs: Vec<AggregateReceipt>,
    /// What a follower wrote or did. Following and taking leave are told by the words that residents use for it, and
    /// the division of a poster or a menu as `地区 CODE`.
    pub replies: Vec<Reply>,
}

impl Callback {
    pub(super) fn new(
        token: Secret,
        cipher: Option<Cipher>,
        mass: Option<AccountName>,
        clock: SharedClock,
    ) -> Self {
        Self { token, cipher, mass, clock }
    }

    /// The name of the account's mass send, whose ends of jobs come here too.
    pub const fn mass(&self) -> Option<&AccountName> {
        self.mass.as_ref()
    }

    /// The check of our address, when the officer enters it in the platform's console: what to answer, verbatim and
    /// as plain text. It is bare in every mode.
    ///
    /// # Errors
    /// [`CallbackError::Missing`], [`CallbackError::NotSigned`] or [`CallbackError::Stale`].
    pub fn verify_url(&self, query: &str) -> Result<String, CallbackError> {
        let query = Query::parse(query);
        self.check(&query)?;
        query.get("echostr").map(str::to_owned)
    }

    /// What a push says. Answer `success`, or [`Self::answer`], once it is durable.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub fn parse(&self, query: &str, body: &[u8]) -> Result<Heard, CallbackError> {
        let query = Query::parse(query);
        self.check(&query)?;
        if body.len() > LONGEST {
            return Err(CallbackError::TooLong { length: body.len() });
        }
        let outer = Fields::parse(body)?;
        let is_enciphered = query.get("encrypt_type").is_ok_and(|kind| kind != "raw");
        let pushed = match (&self.cipher, is_enciphered) {
            (None, false) => outer,
            (None, true) => return Err(CallbackError::Encrypted),
            (Some(_), false) => return Err(CallbackError::Bare),
            // In compatible mode the bare words stand beside the enciphered ones; only these are signed.
            (Some(cipher), true) => {
                Fields::parse(&open(cipher, &self.token, &query, outer.text("Encrypt")?)?)?
            }
        };
        Pushed::new(pushed).heard(self.clock.now())
    }

    /// The answer to a push that says these words to the follower who wrote (被动回复), at once and by this account.
    /// Enciphered where pushes are.
    pub fn answer(&self, reply: &Reply, words: &str, chance: &mut dyn RngCore) -> String {
        let seconds = self.clock.now().0 / 1000;
        let (to, from) = (escaped(reply.from.expose()), escaped(&reply.to));
        let words = escaped(words);
        let bare = format!(
            "<xml><ToUserName>{to}</ToUserName><FromUserName>{from}</FromUserName><CreateTime>{seconds}</CreateTime>\
             <MsgType>text</MsgType><Content>{words}</Content></xml>"
        );
        match &self.cipher {
            Some(cipher) => sealed(cipher, &self.token, &bare, seconds, chance),
            None => bare,
        }
    }

    fn check(&self, query: &Query) -> Result<(), CallbackError> {
        let (timestamp, nonce) = (query.get("timestamp")?, query.get("nonce")?);
        signed(&sign([self.token.expose(), timestamp, nonce]), query.get("signature")?)?;
        query.fresh(self.clock.now())
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod oracle_tests;
