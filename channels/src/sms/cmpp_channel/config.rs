//! The configuration of one CMPP account, and what it becomes once it is checked.

use std::path::PathBuf;

use serde::Deserialize;

use super::Cmpp;
use crate::account::{ConfigError, Secret, in_range};
use crate::sms::session::{NumberForm, Protocol, gateway_config, seconds, source_code, text, zone};

/// The port of most gateways (clause 7). Msg_level has no range in the standard; gateways take 0 to 9.
const PROTOCOL: Protocol = Protocol { usual_port: 7890, highest_priority: 9, has_gsm7: false };

/// Which version is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum VersionChoice {
    /// 3.0, and 2.0 where the gateway finds that too high.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// 3.0 only, whatever version the gateway's answer names.
    #[serde(rename = "3.0")]
    V30,
    /// 2.0 only.
    #[serde(rename = "2.0")]
    V20,
}

gateway_config! {
    /// One CMPP account, as an operator writes it.
    CmppConfig {
        /// The enterprise code (企业代码), six characters: login and Msg_src.
        sp_id: String,
        /// The file whose first line is the shared secret.
        secret_file: PathBuf,
        /// The service code (业务代码) agreed with the carrier, at most 10 ASCII characters.
        #[serde(default)]
        service_id: String,
        /// `auto`, `3.0` or `2.0`.
        #[serde(default)]
        version: VersionChoice,
        /// Whether the gateway's own proof counts at login; `false` for one that fills it with rubbish.
        #[serde(default = "yes")]
        check_gateway_digest: bool,
        /// `plain` or `with_86`.
        #[serde(default)]
        number_form: NumberForm,
        /// The gateway's local time in minutes east of UTC, a multiple of 15.
        #[serde(default = "beijing_minutes")]
        utc_offset_minutes: i16,
        /// Seconds of silence before we ask for a sign of life; 1 to 3600. The standard proposes 180 (clause 7).
        #[serde(default = "active_test_s")]
        active_test_s: u32,
        /// Questions in a row before silence is believed; 1 to 10. The standard proposes 3 (clause 7).
        #[serde(default = "active_tests")]
        active_tests: u32,
    }
}

const fn yes() -> bool {
    true
}

const fn beijing_minutes() -> i16 {
    480
}

const fn active_test_s() -> u32 {
    30
}

const fn active_tests() -> u32 {
    3
}

impl CmppConfig {
    /// Checks every key and reads the secret's file.
    pub(super) fn check(&self) -> Result<Cmpp, ConfigError> {
        let quiet = seconds("active_test_s", self.active_test_s, 3600)?;
        let probes = in_range("active_tests", self.active_tests, 1..=10)?;
        let sp_id = text("sp_id", &self.sp_id)?;
        if self.sp_id.is_empty() {
            return Err(ConfigError::new("sp_id", "", "use the enterprise code, like 900001"));
        }
        Ok(Cmpp {
            account: self.shared().check(&PROTOCOL, quiet, probes)?,
            sp_id,
            secret: Secret::read("secret_file", &self.secret_file)?,
            service_id: text("service_id", &self.service_id)?,
            src_id: text("source_address", source_code(&self.source_address)?)?,
            version: self.version,
            check_digest: self.check_gateway_digest,
            number_form: self.number_form,
            offset_minutes: zone(self.utc_offset_minutes)?,
        })
    }
}
