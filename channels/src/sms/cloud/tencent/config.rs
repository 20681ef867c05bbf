//! The configuration of one Tencent account, and what it becomes once it is checked.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use mingluo_model::{clock::SharedClock, mode::ModeKind};

use super::{Tencent, ask::Api};
use crate::account::{ConfigError, Secret, in_range};
use crate::sms::cloud::{
    TemplateConfig,
    account::{api_base, cloud_config, needed, sign_name},
    http::Caller,
    template::{Syntax, Templates},
};

/// The address for every region.
const USUAL: &str = "https://sms.tencentcloudapi.com";

/// Numbers of one `SendSms` (单次请求最多支持200个手机号).
const MOST_NUMBERS: u32 = 200;

cloud_config! {
    /// One Tencent account, as an operator writes it.
    TencentConfig {
        /// The provider: `https://sms.tencentcloudapi.com`; bare `http` only for a pretend one.
        #[serde(default = "usual")]
        api_base: String,
        /// The region that takes the calls: `ap-guangzhou`, `ap-beijing` or `ap-nanjing`.
        #[serde(default = "region")]
        region: String,
        /// The SecretId of a sub-account that may send.
        secret_id: String,
        /// The file whose first line is its SecretKey.
        secret_key_file: PathBuf,
        /// The application's number (SdkAppId), like `1400000000`.
        sdk_app_id: String,
        /// The approved signature (签名), without 【】.
        sign_name: String,
        /// The approved templates; the first that is for an alert is taken. Their codes are numbers.
        templates: Vec<TemplateConfig>,
        /// Numbers that one call may carry; 1 to 200.
        #[serde(default = "most_numbers")]
        numbers_per_call: u32,
        /// Every so many seconds receipts that were not pushed are asked for; 1 to 86,400. Never when it is left out. The
        /// provider must have been asked to allow it.
        pull_every_s: Option<u32>,
    }
}

fn usual() -> String {
    USUAL.to_owned()
}

fn region() -> String {
    "ap-guangzhou".to_owned()
}

const fn most_numbers() -> u32 {
    MOST_NUMBERS
}

impl TencentConfig {
    /// Checks every key and reads the files.
    pub(super) fn check(&self, mode: ModeKind, clock: SharedClock) -> Result<Tencent, ConfigError> {
        let base = api_base(&self.api_base, self.pretend, USUAL)?;
        let account = self.shared().check()?;
        let id = needed("secret_id", &self.secret_id, "use the SecretId, like AKID…")?;
        let key = Secret::read("secret_key_file", &self.secret_key_file)?;
        let region = needed("region", &self.region, "use ap-guangzhou")?;
        let sign_name = sign_name(&self.sign_name)?;
        self.check_numbers()?;
        let templates = Templates::check(sign_name, &self.templates, Syntax::Numbered, mode)?;
        let pull =
            self.pull_every_s.map(|seconds| in_range("pull_every_s", seconds, 1..=86_400)).transpose()?;
        let caller = Caller::new(&account, Arc::clone(&clock))?;
        Ok(Tencent {
            api: Api::new(caller, base, (id, key), region, Arc::clone(&clock)),
            account,
            sdk_app_id: self.sdk_app_id.clone(),
            sign_name: sign_name.to_owned(),
            templates: Arc::new(templates),
            numbers_per_call: in_range("numbers_per_call", self.numbers_per_call, 1..=MOST_NUMBERS)? as usize,
            pull: pull.map(|seconds| Duration::from_secs(seconds.into())),
            unkept: Mutex::default(),
            clock,
        })
    }

    fn check_numbers(&self) -> Result<(), ConfigError> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        if !is_number(&self.sdk_app_id) {
            return Err(ConfigError::new(
                "sdk_app_id",
                &self.sdk_app_id,
                "use the SdkAppId, like 1400000000",
            ));
        }
        match self.templates.iter().find(|template| !is_number(&template.code)) {
            Some(template) => {
                let fix = "a template's code is its number, like 1234567";
                Err(ConfigError::new("templates", &template.code, fix).with_fault("code-number", []))
            }
            None => Ok(()),
        }
    }
}
