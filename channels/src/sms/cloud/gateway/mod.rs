//! Any gateway that takes a request with gaps (模板化 HTTP 网关): city aggregators, and Kannel's `sendsms`, whose answers are
//! the default. One number a call; the text is free, signed and cut by us for counting, and put together by the gateway.
//!
//! A gateway that gives a message no id of its own is told ours, in the address that it reports to.

mod answer;
mod config;
mod gaps;
mod receipt;

pub use answer::{AnswerRule, Meaning};
pub use config::{HttpSmsConfig, Method};
pub use receipt::{ReceiptConfig, SpeaksFor};

use std::sync::Arc;

use mingluo_model::{
    address::Address,
    channel::{ReceiptFor, SendError, Unfit, Verdict},
    clock::SharedClock,
    message::{Body, Message},
    misfit::Misfit,
    mode::Mode,
    receipt::{ProviderId, Receipt},
};

use super::{
    CloudCallback, CloudChannel, Push,
    account::Account,
    fault::Fault,
    http::Caller,
    pull::Handover,
    session::{Call, NOT_BEGUN, Provider},
    wire::percent,
};
use crate::{
    account::{ConfigError, Secret},
    sms::{
        number::mainland,
        segment::{Alphabet, SegmentError, Segments, Signature, segment},
        session::NumberForm,
    },
};
use answer::Answers;
use gaps::{Form, Values};
use receipt::Reading;

/// What a gateway hears to a receipt. Kannel wants no more than a 2xx.
const HEARD: &str = "OK";

/// A checked account at such a gateway.
pub struct HttpGateway {
    account: Account,
    caller: Caller,
    form: Form,
    answers: Answers,
    reading: Reading,
    secret: Option<Secret>,
    signature: Signature,
    max_parts: std::num::NonZeroU8,
    number_form: NumberForm,
    clock: SharedClock,
}

/// The words for everybody.
pub(in crate::sms::cloud) struct Letter {
    /// Signed, if we sign.
    text: String,
    parts: usize,
}

impl HttpSmsConfig {
    /// Checks every key, reads the files that they name and makes the channel. Calls nobody.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that cannot be used.
    pub fn build<M: Mode>(self, clock: SharedClock) -> Result<CloudChannel<HttpGateway, M>, ConfigError> {
        Ok(CloudChannel::new(self.check(Arc::clone(&clock))?, clock))
    }
}

impl<M: Mode> CloudChannel<HttpGateway, M> {
    /// The parser of this account's receipts, for the console that receives them. What residents write, such gateways push
    /// in forms of their own; they bring no replies.
    pub fn callback(&self) -> CloudCallback {
        let provider = self.provider();
        let reading = provider.reading.clone();
        let token = provider.account.token.clone();
        let unanswered = Arc::clone(&provider.account.unanswered);
        CloudCallback::new(token, self.clock(), HEARD, move |query, body, at| {
            let receipts = reading.read(query, body, at)?;
            for Receipt { provider_id, .. } in &receipts {
                // Where the gateway was told our id, it is the call's name, and the call had one number.
                let name = String::from_utf8_lossy(provider_id.bytes());
                unanswered.heard(&name, |_| Some(provider_id.clone()));
            }
            Ok(Push { receipts, ..Push::default() })
        })
    }
}

impl Provider for HttpGateway {
    type Letter = Letter;

    fn account(&self) -> &Account {
        &self.account
    }

    fn numbers_per_call(&self) -> usize {
        1
    }

    fn letter<M: Mode>(&self, message: &Message<M>) -> Result<Letter, Unfit> {
        let Body::Sms { text } = &message.body else {
            let problem =
                format!("the message is for {}, this account sends sms", message.body.channel().word());
            return Err(Unfit::Wrong { field: "body".into(), problem: problem.into() });
        };
        let Segments { parts, .. } =
            segment(text, &self.signature, Alphabet::Ucs2, 0, self.max_parts).map_err(unfit)?;
        let shown = parts.iter().map(|part| part.text.as_str()).collect();
        Ok(Letter { text: shown, parts: parts.len() })
    }

    fn parts(letter: &Letter) -> usize {
        letter.parts
    }

    fn number(&self, to: &Address) -> Option<String> {
        mainland::<13>(to, self.number_form).map(|digits| digits.to_text().into_owned())
    }

    fn receipts(&self) -> ReceiptFor {
        self.reading.speaks_for()
    }

    /// There is nothing to ask such a gateway; but somebody must be there.
    async fn greet(&self) -> Result<(), SendError> {
        let (host, port) = self.form.door();
        self.caller.reach(host, port).await
    }

    async fn call(&self, letter: &Letter, call: &Call<'_>) -> Result<Vec<Verdict>, Fault> {
        let Some(bound) = call.to.first() else { return Ok(Vec::new()) };
        let ours = call.name();
        // Rounded up, it would outlive the warning; and a validity of none means no limit to many gateways.
        let validity_minutes = call.not_after.since(self.clock.now()).as_secs() / 60;
        if validity_minutes == 0 && self.form.names("validity_minutes") {
            return Ok(vec![NOT_BEGUN]);
        }
        let values = Values {
            number: &bound.number,
            text: &letter.text,
            id: &ours,
            secret: self.secret.as_ref().map_or("", Secret::expose),
            token: self.account.token.expose(),
            validity_minutes,
        };
        let request = self.form.request(&self.caller.client, &values)?;
        let said = self.caller.call(request).await?;
        let id = self.answers.read(&said)?.or_else(|| self.form.tells_our_id().then_some(ours));
        Ok(vec![Verdict::Accepted(id.map(|id| ProviderId::new(id.as_bytes())))])
    }

    async fn pull(self: Arc<Self>, _to: Handover) {}
}

fn unfit(cause: SegmentError) -> Unfit {
    let field = "text".to_owned();
    match cause {
        SegmentError::TooLong { parts, max_parts, .. } => {
            Unfit::TooLong { field, length: parts, longest: max_parts.into(), unit: "parts" }
        }
        SegmentError::Empty => Unfit::Wrong { field, problem: Misfit::Empty },
        other => Unfit::Wrong { field, problem: other.to_string().into() },
    }
}

#[cfg(test)]
mod tests;
