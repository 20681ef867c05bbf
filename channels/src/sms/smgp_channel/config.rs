//! The configuration of one SMGP account, and what it becomes once it is checked.

use std::path::PathBuf;

use super::Smgp;
use crate::account::{ConfigError, Secret, in_range};
use crate::sms::{
    session::{NumberForm, Protocol, gateway_config, seconds, source_code, text, zone},
    smgp::option::{M_SERVICE_ID, MSG_SRC},
    wire::Padded,
};

/// The port of most gateways (clause 4.3). Priority is 0 to 3 (clause 6.2.11).
const PROTOCOL: Protocol = Protocol { usual_port: 8890, highest_priority: 3, has_gsm7: false };

/// Octets of a secret (clause 6.2.2).
const LONGEST_SECRET: usize = 15;

gateway_config! {
    /// One SMGP account, as an operator writes it.
    SmgpConfig {
        /// The account at the gateway (ClientID), at most 8 ASCII characters.
        client_id: String,
        /// The file whose first line is the shared secret, at most 15 ASCII characters.
        secret_file: PathBuf,
        /// The service code (业务代码) on the fixed network, at most 10 ASCII characters.
        #[serde(default)]
        service_id: String,
        /// The enterprise code on the mobile network (MsgSrc), at most 8 ASCII characters; mostly needed.
        #[serde(default)]
        msg_src: String,
        /// The product's id on the mobile network (MServiceID), at most 21 ASCII characters; mostly needed.
        #[serde(default)]
        m_service_id: String,
        /// Whether the gateway's own proof counts at login; `false` for one that fills it with rubbish.
        #[serde(default = "yes")]
        check_gateway_digest: bool,
        /// `plain` or `with_86`.
        #[serde(default)]
        number_form: NumberForm,
        /// The gateway's local time in minutes east of UTC, a multiple of 15.
        #[serde(default = "beijing_minutes")]
        utc_offset_minutes: i16,
        /// Seconds of silence before we ask for a sign of life; 1 to 3600. The standard proposes 180.
        #[serde(default = "active_test_s")]
        active_test_s: u32,
        /// Questions in a row before silence is believed; 1 to 10. The standard proposes 3.
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

impl SmgpConfig {
    /// Checks every key and reads the secret's file.
    pub(super) fn check(&self) -> Result<Smgp, ConfigError> {
        let quiet = seconds("active_test_s", self.active_test_s, 3600)?;
        let probes = in_range("active_tests", self.active_tests, 1..=10)?;
        if self.client_id.is_empty() {
            return Err(ConfigError::new("client_id", "", "use the account's name at the gateway"));
        }
        Ok(Smgp {
            account: self.shared().check(&PROTOCOL, quiet, probes)?,
            client_id: text("client_id", &self.client_id)?,
            secret: self.secret()?,
            service_id: text("service_id", &self.service_id)?,
            src_term_id: text("source_address", source_code(&self.source_address)?)?,
            options: self.options()?,
            check_digest: self.check_gateway_digest,
            number_form: self.number_form,
            offset_minutes: zone(self.utc_offset_minutes)?,
        })
    }

    fn secret(&self) -> Result<Secret, ConfigError> {
        let secret = Secret::read("secret_file", &self.secret_file)?;
        Padded::<LONGEST_SECRET>::new("secret", secret.expose()).map_err(|cause| {
            ConfigError::new("secret_file", self.secret_file.display(), cause.to_string())
        })?;
        Ok(secret)
    }

    /// Each in its whole width; what is not configured is not sent.
    fn options(&self) -> Result<Vec<(u16, Vec<u8>)>, ConfigError> {
        let msg_src: Padded<8> = text("msg_src", &self.msg_src)?;
        let m_service_id: Padded<21> = text("m_service_id", &self.m_service_id)?;
        let all = [(MSG_SRC, msg_src.whole().to_vec()), (M_SERVICE_ID, m_service_id.whole().to_vec())];
        Ok(all.into_iter().filter(|(_, value)| value[0] != 0).collect())
    }
}
