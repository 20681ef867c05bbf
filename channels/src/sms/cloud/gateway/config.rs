//! The configuration of one account at a templated gateway, and what it becomes once it is checked.

use std::{num::NonZeroU8, path::PathBuf, sync::Arc};

use mingluo_model::{channel::MOST_PARTS, clock::SharedClock};
use serde::Deserialize;

use super::{
    AnswerRule, HttpGateway, ReceiptConfig,
    answer::{Answers, kannel},
    gaps::Form,
    receipt::Reading,
};
use crate::account::{ConfigError, Secret, in_range, is_loopback};
use crate::sms::{
    cloud::{account::cloud_config, http::Caller},
    session::{NumberForm, SignatureConfig, signature},
};

/// How a gateway is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Method {
    /// Everything in the address.
    #[default]
    #[serde(rename = "GET")]
    Get,
    /// With a body.
    #[serde(rename = "POST")]
    Post,
}

cloud_config! {
    /// One account at a templated gateway, as an operator writes it.
    ///
    /// Gaps in `url`, `body` and `dlr_url`: `{number}`, `{text}`, `{text_hex}` (UTF-16, big-endian), `{dlr_url}`, `{id}`,
    /// `{secret}`, `{token}`, `{validity_minutes}`. In `url` and in a form's body they are filled percent-encoded, in JSON
    /// as JSON writes them.
    HttpSmsConfig {
        /// The address with its gaps, like `http://10.0.0.5:13013/cgi-bin/sendsms?username=t&password={secret}&to={number}&…`.
        url: String,
        /// `GET` or `POST`.
        #[serde(default)]
        method: Method,
        /// A POST's body with its gaps.
        #[serde(default)]
        body: String,
        /// A POST's type: `application/x-www-form-urlencoded` or `application/json`.
        #[serde(default = "content_type")]
        content_type: String,
        /// Where the gateway is to report to: our callback's address as it reaches it, ending in `/{token}`, with the
        /// gateway's own marks (`%d` is Kannel's state). Empty where it reports nothing, or where its console has it.
        #[serde(default)]
        dlr_url: String,
        /// The file whose first line fills `{secret}`.
        secret_file: Option<PathBuf>,
        /// The registered name and who adds it.
        signature: SignatureConfig,
        /// Parts one message may have; 1 to 15.
        #[serde(default = "max_parts")]
        max_parts: u32,
        /// `plain` or `with_86`.
        #[serde(default)]
        number_form: NumberForm,
        /// What its answers mean; the first that fits counts. Kannel's when it is left out.
        #[serde(default = "kannel")]
        answers: Vec<AnswerRule>,
        /// How its receipts are read. Kannel's when it is left out.
        #[serde(default)]
        receipt: ReceiptConfig,
    }
}

fn content_type() -> String {
    "application/x-www-form-urlencoded".to_owned()
}

const fn max_parts() -> u32 {
    8
}

impl HttpSmsConfig {
    /// Checks every key and reads the files.
    pub(super) fn check(&self, clock: SharedClock) -> Result<HttpGateway, ConfigError> {
        let account = self.shared().check()?;
        let secret = self.secret_file.as_deref().map(|file| Secret::read("secret_file", file)).transpose()?;
        let form = Form::check(self)?;
        if form.names("secret") && secret.is_none() {
            return Err(ConfigError::new("secret_file", "", "name the file whose first line fills {secret}"));
        }
        if self.pretend && !is_loopback(form.door().0) {
            return Err(ConfigError::new(
                "url",
                &self.url,
                "a pretend account takes http://127.0.0.1:PORT only",
            ));
        }
        let max_parts = in_range("max_parts", self.max_parts, 1..=u32::from(MOST_PARTS))?;
        Ok(HttpGateway {
            caller: Caller::new(&account, Arc::clone(&clock))?,
            account,
            form,
            answers: Answers::check(&self.answers)?,
            reading: Reading::check(&self.receipt)?,
            secret,
            signature: signature(&self.signature)?,
            max_parts: NonZeroU8::new(max_parts as u8).unwrap_or(NonZeroU8::MIN),
            number_form: self.number_form,
            clock,
        })
    }
}
