//! Short messages through providers that are called over HTTP (云短信): Alibaba Cloud, Tencent Cloud, and any gateway
//! that takes a request with gaps, of which Kannel's `sendsms` is the first.
//!
//! - A session is a set of at most `calls` calls under way. A call carries the numbers of one run, each once, at most as
//!   many as the provider takes; runs are a hundredth of the licence, so there are about a hundred calls a second at most.
//! - One bad number does not sink the others: where the provider answers by number, each has its own answer; where it
//!   refuses the whole call because of one number, nothing of it was sent, and the call is put in halves until the bad
//!   one stands alone. That is the same try of the same deliveries, not another.
//! - The clouds take no free text: an account names its approved templates ([`template`]), and a message is their
//!   variables. What does not fit is refused when the account is read, or while an officer still sees it.
//! - One answer stands for all parts of a message: the first part has the provider's id, the others are settled by their
//!   answer. A cloud's one receipt speaks for all of them as well, a gateway's as its account says.
//! - Where no connection can be had the session ends, so that another account can take over.
//! - A call that is not answered in time may have been taken. It has a name of its own (OutId, SessionContext), which
//!   receipts repeat: one that names it is its answer, however late ([`unanswered`]).
//! - What waits for a free hand, or in halves, asks before each call whether it may still leave.
//! - Receipts, and what residents write to the clouds' numbers, are pushed to the console, which hands them to a
//!   [`CloudCallback`]. Nobody signs them: a secret in the path is the proof. Receipts that were not pushed are asked for
//!   now and then.

mod account;
mod alibaba;
mod callback;
mod fault;
mod gateway;
mod http;
mod pull;
mod session;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod stories;
mod template;
mod tencent;
mod unanswered;
mod wire;

pub use self::{
    alibaba::{Alibaba, AlibabaConfig},
    callback::{CallbackError, CloudCallback, Push},
    gateway::{AnswerRule, HttpGateway, HttpSmsConfig, Meaning, Method, ReceiptConfig, SpeaksFor},
    session::CloudChannel,
    template::{TemplateConfig, TemplateForm, VariableConfig},
    tencent::{Tencent, TencentConfig},
};
