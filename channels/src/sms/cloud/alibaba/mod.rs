//! Alibaba Cloud's short message service (阿里云短信服务, version 2017-05-25).
//!
//! One call of `SendSms` carries up to 1,000 numbers and is answered as a whole, with one BizId: a receipt is known by
//! BizId and number. `SendBatchSms` would give each number words of its own and takes a hundred; warnings say the same to
//! everybody.

mod ask;
mod awaited;
mod codes;
mod config;
mod report;
mod sign;

pub use config::AlibabaConfig;

use std::{sync::Arc, time::Duration};

use mingluo_model::{
    address::Address,
    channel::{SendError, Unfit, Verdict},
    clock::SharedClock,
    message::Message,
    misfit::Misfit,
    mode::Mode,
    receipt::{ProviderId, Receipt},
};
use serde::Deserialize;

use super::{
    CloudCallback, CloudChannel, Push, TemplateForm,
    account::Account,
    fault::Fault,
    pull::Handover,
    session::{Call, Provider},
    template::{Syntax, Templates, letter},
    wire::national,
};
use crate::{
    account::ConfigError,
    sms::{number::mainland, session::NumberForm},
};
use ask::Api;
use awaited::Awaited;
use report::Reported;

/// What the provider wants to hear to a push (SmsReport).
const HEARD: &str = r#"{"code":0,"msg":"接收成功"}"#;

/// A template that passed the examination (QuerySmsTemplate, TemplateStatus).
const APPROVED: i64 = 1;

/// A checked Alibaba account.
pub struct Alibaba {
    account: Account,
    api: Api,
    sign_name: String,
    templates: Arc<Templates>,
    numbers_per_call: usize,
    pull: Option<Duration>,
    awaited: Arc<Awaited>,
    clock: SharedClock,
}

/// The words for everybody.
pub(in crate::sms::cloud) struct Letter {
    code: String,
    /// The variables as a JSON object of texts.
    values: String,
    parts: usize,
}

impl AlibabaConfig {
    /// Checks every key, reads the files that they name and makes the channel. Calls nobody.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that cannot be used.
    pub fn build<M: Mode>(self, clock: SharedClock) -> Result<CloudChannel<Alibaba, M>, ConfigError> {
        Ok(CloudChannel::new(self.check(M::KIND, Arc::clone(&clock))?, clock))
    }
}

impl<M: Mode> CloudChannel<Alibaba, M> {
    /// The parser of this account's pushes, for the console that receives them.
    pub fn callback(&self) -> CloudCallback {
        let (provider, token) = (Arc::clone(self.provider()), self.provider().account.token.clone());
        CloudCallback::new(token, self.clock(), HEARD, move |_, body, at| {
            Ok(Push::of(report::read(body, at)?, |report| provider.hear(report)))
        })
    }

    /// What phones show.
    pub fn form(&self) -> TemplateForm {
        TemplateForm(Arc::clone(&self.provider().templates))
    }
}

/// How a number is known in a call: BizId is the call's.
fn id_of(biz_id: &str, number: &str) -> ProviderId {
    ProviderId::new(format!("{biz_id}/{}", national(number)).as_bytes())
}

#[derive(Deserialize)]
struct Sent {
    #[serde(rename = "BizId", default)]
    biz_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TemplateState {
    #[serde(default)]
    template_status: i64,
    #[serde(default)]
    template_content: String,
    #[serde(default)]
    reason: String,
}

impl Provider for Alibaba {
    type Letter = Letter;

    fn account(&self) -> &Account {
        &self.account
    }

    fn numbers_per_call(&self) -> usize {
        self.numbers_per_call
    }

    fn letter<M: Mode>(&self, message: &Message<M>) -> Result<Letter, Unfit> {
        let filled = letter(&self.templates, message)?;
        let values: serde_json::Map<_, _> =
            filled.values.into_iter().map(|(name, value)| (name, value.into())).collect();
        let parts = filled.segments.parts.len();
        Ok(Letter { code: filled.code, values: serde_json::Value::Object(values).to_string(), parts })
    }

    fn stands(&self, letter: &Letter) -> Result<(), Unfit> {
        self.templates.stands(&letter.code)
    }

    fn unready(&self) -> Vec<Unfit> {
        self.templates.unready()
    }

    fn in_doubt(&self) -> Vec<String> {
        self.templates.in_doubt()
    }

    fn parts(letter: &Letter) -> usize {
        letter.parts
    }

    fn number(&self, to: &Address) -> Option<String> {
        mainland::<11>(to, NumberForm::Plain).map(|digits| digits.to_text().into_owned())
    }

    /// Asks for the templates, so that wrong keys show at once. An account that may send and not ask goes on.
    async fn greet(&self) -> Result<(), SendError> {
        let codes: Vec<String> = self.templates.codes().map(str::to_owned).collect();
        self.ask_for(&codes).await
    }

    /// A provider that is busy or silent is not asked for the others now: each would be waited for in vain.
    async fn ask_for(&self, codes: &[String]) -> Result<(), SendError> {
        for (at, code) in codes.iter().enumerate() {
            match self.api.ask::<TemplateState>("QuerySmsTemplate", &[("TemplateCode", code)]).await {
                Ok(state) => self.compare(code, &state),
                Err((fault, said)) if codes::is_about_keys(&said) => return Err(fault.at_the_door()),
                Err((fault @ Fault::Unreachable(_), _)) => return Err(fault.at_the_door()),
                Err((fault @ (Fault::Busy(_) | Fault::Lost), said)) => {
                    self.warn(code, if said.is_empty() { fault.word() } else { &said });
                    codes[at..].iter().for_each(|code| self.templates.leave_open(code));
                    return Ok(());
                }
                Err((_, said)) if codes::is_about_template(&said) => {
                    let account = &self.account.name;
                    tracing::error!(%account, template = code, said, "没有这个模板 the provider has no such template: nothing that needs it will leave");
                    self.templates.judge(code, Some(Misfit::UnknownTemplate));
                }
                Err((_, said)) => self.warn(code, &said),
            }
        }
        Ok(())
    }

    async fn call(&self, letter: &Letter, call: &Call<'_>) -> Result<Vec<Verdict>, Fault> {
        let numbers: Vec<&str> = call.to.iter().map(|bound| bound.number.as_str()).collect();
        let (numbers, name) = (numbers.join(","), call.name());
        let query = [
            ("OutId", name.as_str()),
            ("PhoneNumbers", &numbers),
            ("SignName", &self.sign_name),
            ("TemplateCode", &letter.code),
            ("TemplateParam", &letter.values),
        ];
        let sent: Sent = self.api.ask("SendSms", &query).await.map_err(|(fault, _)| fault)?;
        if self.pull.is_some() {
            self.awaited.await_all(&sent.biz_id, call.to, self.clock.now());
        }
        let accepted = |number: &str| Verdict::Accepted(Some(id_of(&sent.biz_id, number)));
        Ok(call.to.iter().map(|bound| accepted(&bound.number)).collect())
    }

    async fn pull(self: Arc<Self>, to: Handover) {
        if let Some(first) = self.pull {
            report::pull(&self, first, to).await;
        }
    }
}

impl Alibaba {
    /// A report that names its call proves the whole call: all its numbers have one BizId.
    fn hear(&self, Reported { receipt, biz_id, out_id }: Reported) -> Receipt {
        self.account.unanswered.heard(&out_id, |number| Some(id_of(&biz_id, number)));
        self.awaited.heard(&receipt.provider_id);
        receipt
    }

    fn compare(&self, code: &str, state: &TemplateState) {
        let account = &self.account.name;
        let problem = if state.template_status != APPROVED {
            let (status, reason) = (state.template_status, &state.reason);
            tracing::error!(%account, template = code, status, reason, "模板未通过审核 the template is not approved: nothing that needs it will leave");
            Some(Misfit::NotApproved)
        } else if self.templates.text(code, Syntax::Named).is_some_and(|ours| ours != state.template_content)
        {
            let theirs = &state.template_content;
            tracing::error!(%account, template = code, theirs, "模板内容与配置不符 the provider has other words than templates.text: nothing that needs it will leave");
            Some(Misfit::OtherWords)
        } else {
            None
        };
        self.templates.judge(code, problem);
    }

    fn warn(&self, code: &str, said: &str) {
        let account = &self.account.name;
        tracing::warn!(%account, template = code, said, "无法查询模板 the template's state cannot be asked for");
    }
}

#[cfg(test)]
mod tests;
