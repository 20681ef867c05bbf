//! Tencent Cloud's short message service (腾讯云短信, version 2021-01-11).
//!
//! One call of `SendSms` carries up to 200 numbers and answers each of them: a receipt is known by its SerialNo. A push is
//! repeated twice only, so what is missing is asked for with `PullSmsSendStatus`, which forgets what it told.

mod ask;
mod codes;
mod config;
mod report;
mod sign;

pub use config::TencentConfig;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

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
use serde_json::json;

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
use report::Reported;

/// What the provider wants to hear to a push.
const HEARD: &str = r#"{"result":0,"errmsg":"OK"}"#;

/// A checked Tencent account.
pub struct Tencent {
    account: Account,
    api: Api,
    sdk_app_id: String,
    sign_name: String,
    templates: Arc<Templates>,
    numbers_per_call: usize,
    pull: Option<Duration>,
    /// What the provider told once and dispatch has not kept yet, also when the session that asked is over.
    // Guards the receipts; held for a copy.
    unkept: Mutex<Vec<Receipt>>,
    clock: SharedClock,
}

/// The words for everybody.
pub(in crate::sms::cloud) struct Letter {
    code: String,
    values: Vec<String>,
    parts: usize,
}

impl TencentConfig {
    /// Checks every key, reads the files that they name and makes the channel. Calls nobody.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that cannot be used.
    pub fn build<M: Mode>(self, clock: SharedClock) -> Result<CloudChannel<Tencent, M>, ConfigError> {
        Ok(CloudChannel::new(self.check(M::KIND, Arc::clone(&clock))?, clock))
    }
}

impl<M: Mode> CloudChannel<Tencent, M> {
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

#[derive(Deserialize)]
struct Sent {
    #[serde(rename = "SendStatusSet")]
    each: Vec<SentOne>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentOne {
    #[serde(default)]
    serial_no: String,
    phone_number: String,
    code: String,
}

#[derive(Deserialize)]
struct TemplateStates {
    #[serde(rename = "DescribeTemplateStatusSet", default)]
    each: Vec<TemplateState>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TemplateState {
    template_id: u64,
    status_code: i64,
    #[serde(default)]
    review_reply: String,
    #[serde(default)]
    template_content: String,
}

impl Provider for Tencent {
    type Letter = Letter;

    fn account(&self) -> &Account {
        &self.account
    }

    fn numbers_per_call(&self) -> usize {
        self.numbers_per_call
    }

    fn letter<M: Mode>(&self, message: &Message<M>) -> Result<Letter, Unfit> {
        let filled = letter(&self.templates, message)?;
        let values = filled.values.into_iter().map(|(_, value)| value).collect();
        Ok(Letter { code: filled.code, values, parts: filled.segments.parts.len() })
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
        mainland::<13>(to, NumberForm::With86).map(|digits| format!("+{}", digits.to_text()))
    }

    /// Asks for the templates, so that wrong keys show at once. An account that may send and not ask goes on.
    async fn greet(&self) -> Result<(), SendError> {
        let codes: Vec<String> = self.templates.codes().map(str::to_owned).collect();
        self.ask_for(&codes).await
    }

    async fn ask_for(&self, codes: &[String]) -> Result<(), SendError> {
        let numbers: Vec<u64> = codes.iter().filter_map(|code| code.parse().ok()).collect();
        let body = json!({ "International": 0, "TemplateIdSet": numbers }).to_string();
        match self.api.ask::<TemplateStates>("DescribeSmsTemplateList", body).await {
            Ok(states) => self.compare(codes, &states.each),
            Err((fault, said)) if codes::is_about_keys(&said) => return Err(fault.at_the_door()),
            Err((fault @ Fault::Unreachable(_), _)) => return Err(fault.at_the_door()),
            Err((fault, said)) => {
                let (account, class) = (&self.account.name, fault.word());
                tracing::warn!(%account, class, said, "无法查询模板 the templates' state cannot be asked for");
                if matches!(fault, Fault::Busy(_) | Fault::Lost) {
                    for code in codes {
                        self.templates.leave_open(code);
                    }
                }
            }
        }
        Ok(())
    }

    async fn call(&self, letter: &Letter, call: &Call<'_>) -> Result<Vec<Verdict>, Fault> {
        let numbers: Vec<&str> = call.to.iter().map(|bound| bound.number.as_str()).collect();
        let body = json!({
            "PhoneNumberSet": numbers,
            "SmsSdkAppId": self.sdk_app_id,
            "SignName": self.sign_name,
            "TemplateId": letter.code,
            "TemplateParamSet": letter.values,
            "SessionContext": call.name(),
        });
        let sent: Sent = self.api.ask("SendSms", body.to_string()).await.map_err(|(fault, _)| fault)?;
        if let Some(fault) = same_for_all(&sent.each) {
            return Err(fault);
        }
        let by_number: HashMap<&str, &SentOne> =
            sent.each.iter().map(|one| (national(&one.phone_number), one)).collect();
        // A number that is not mentioned may have been sent to.
        let verdict =
            |number: &str| by_number.get(national(number)).map_or(Verdict::Lost, |one| one.verdict());
        Ok(call.to.iter().map(|bound| verdict(&bound.number)).collect())
    }

    async fn pull(self: Arc<Self>, to: Handover) {
        if let Some(every) = self.pull {
            report::pull(&self, every, to).await;
        }
    }
}

impl SentOne {
    fn verdict(&self) -> Verdict {
        match self.code.as_str() {
            "Ok" => Verdict::Accepted(Some(ProviderId::new(self.serial_no.as_bytes()))),
            code => codes::fault(code).verdict(),
        }
    }
}

/// What every number was refused for alike is no number's fault (a template that is not approved, a signature).
fn same_for_all(each: &[SentOne]) -> Option<Fault> {
    let code = each.first().map(|one| one.code.as_str()).filter(|code| *code != "Ok")?;
    let fault = each.iter().all(|one| one.code == code).then(|| codes::fault(code))?;
    (!matches!(fault, Fault::Number(_))).then_some(fault)
}

impl Tencent {
    /// A report that names its call is the call's answer about that number.
    fn hear(&self, Reported { receipt, context }: Reported) -> Receipt {
        let of = receipt.to.as_ref().map(|to| national(to.expose()));
        let id = |number: &str| (of == Some(number)).then(|| receipt.provider_id.clone());
        self.account.unanswered.heard(&context, id);
        receipt
    }

    /// Each template must be there, approved, and in our words.
    fn compare(&self, codes: &[String], states: &[TemplateState]) {
        let account = &self.account.name;
        for code in codes {
            let state = states.iter().find(|state| state.template_id.to_string() == *code);
            let ours = self.templates.text(code, Syntax::Numbered);
            let problem = match state {
                None => {
                    tracing::error!(%account, template = code, "没有此模板 there is no such template: nothing that needs it will leave");
                    Some(Misfit::UnknownTemplate)
                }
                Some(state) if state.status_code != 0 => {
                    let (standing, reason) = (state.status_code, &state.review_reply);
                    tracing::error!(%account, template = code, standing, reason, "模板未通过审核 the template is not approved: nothing that needs it will leave");
                    Some(Misfit::NotApproved)
                }
                Some(state) if ours.as_ref() != Some(&state.template_content) => {
                    let theirs = &state.template_content;
                    tracing::error!(%account, template = code, theirs, "模板内容与配置不符 the provider has other words than templates.text: nothing that needs it will leave");
                    Some(Misfit::OtherWords)
                }
                Some(_) => None,
            };
            self.templates.judge(code, problem);
        }
    }
}

#[cfg(test)]
mod tests;
