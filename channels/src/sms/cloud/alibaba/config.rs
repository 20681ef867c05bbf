//! The configuration of one Alibaba account, and what it becomes once it is checked.

use std::{path::PathBuf, sync::Arc, time::Duration};

use mingluo_model::{clock::SharedClock, mode::ModeKind};

use super::{Alibaba, ask::Api};
use crate::account::{ConfigError, Secret, in_range};
use crate::sms::cloud::{
    TemplateConfig,
    account::{api_base, cloud_config, needed, sign_name},
    http::Caller,
    template::{Syntax, Templates},
};

/// The mainland's address.
const USUAL: &str = "https://dysmsapi.aliyuncs.com";

/// Numbers of one `SendSms` (PhoneNumbers: 上限为1000个手机号码).
const MOST_NUMBERS: u32 = 1_000;

cloud_config! {
    /// One Alibaba account, as an operator writes it.
    AlibabaConfig {
        /// The provider: `https://dysmsapi.aliyuncs.com`; bare `http` only for a pretend one.
        #[serde(default = "usual")]
        api_base: String,
        /// The AccessKey ID of a RAM user that may send.
        access_key_id: String,
        /// The file whose first line is its AccessKey secret.
        access_key_secret_file: PathBuf,
        /// The approved signature (签名), without 【】.
        sign_name: String,
        /// The approved templates; the first that is for an alert is taken.
        templates: Vec<TemplateConfig>,
        /// Numbers that one call may carry; 1 to 1,000.
        #[serde(default = "most_numbers")]
        numbers_per_call: u32,
        /// Seconds after which a receipt that was not pushed is asked for, number by number; 1 to 86,400. Never when
        /// it is left out.
        pull_after_s: Option<u32>,
    }
}

fn usual() -> String {
    USUAL.to_owned()
}

const fn most_numbers() -> u32 {
    MOST_NUMBERS
}

impl AlibabaConfig {
    /// Checks every key and reads the files.
    pub(super) fn check(&self, mode: ModeKind, clock: SharedClock) -> Result<Alibaba, ConfigError> {
        let base = api_base(&self.api_base, self.pretend, USUAL)?;
        let account = self.shared().check()?;
        let key_id = needed("access_key_id", &self.access_key_id, "use the AccessKey ID, like LTAI5t…")?;
        let secret = Secret::read("access_key_secret_file", &self.access_key_secret_file)?;
        let sign_name = sign_name(&self.sign_name)?;
        let templates = Templates::check(sign_name, &self.templates, Syntax::Named, mode)?;
        let pull =
            self.pull_after_s.map(|seconds| in_range("pull_after_s", seconds, 1..=86_400)).transpose()?;
        let caller = Caller::new(&account, Arc::clone(&clock))?;
        Ok(Alibaba {
            api: Api::new(caller, base, key_id.to_owned(), secret, Arc::clone(&clock)),
            account,
            sign_name: sign_name.to_owned(),
            templates: Arc::new(templates),
            numbers_per_call: in_range("numbers_per_call", self.numbers_per_call, 1..=MOST_NUMBERS)? as usize,
            pull: pull.map(|seconds| Duration::from_secs(seconds.into())),
            awaited: Arc::default(),
            clock,
        })
    }
}
