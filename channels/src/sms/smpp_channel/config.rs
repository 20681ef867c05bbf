//! The configuration of one SMPP account, and what it becomes once it is checked.

use std::path::PathBuf;

use serde::Deserialize;

use super::Smpp;
use crate::account::{ConfigError, Secret, in_range};
use crate::sms::{
    session::{Protocol, gateway_config, seconds, source_code, zone},
    smpp::{Address, Bind, MessageIdForm},
    wire::{COctets, TextError},
};

/// The version of the protocol that we speak (clause 5.2.4).
const VERSION_3_4: u8 = 0x34;

/// The port of most centres. priority_flag is 0 to 3 (clause 5.2.14).
const PROTOCOL: Protocol = Protocol { usual_port: 2775, highest_priority: 3, has_gsm7: true };

/// How the centre writes one message id in its answer and in its receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdForm {
    /// The same in both.
    #[default]
    AsIs,
    /// Hexadecimal in the answer, decimal in the receipt.
    HexToDecimal,
    /// Leading zeros or the case of letters differ.
    StripZerosFoldCase,
}

/// Type of number: letters (clause 5.2.5).
const LETTERS: u8 = 5;

gateway_config! {
    /// One SMPP account, as an operator writes it.
    SmppConfig {
        /// The login's name, at most 15 ASCII characters.
        system_id: String,
        /// The file whose first line is the password, at most 8 ASCII characters.
        password_file: PathBuf,
        /// The kind of client agreed with the centre, at most 12 ASCII characters; mostly empty.
        #[serde(default)]
        system_type: String,
        /// The type of number of `source_address` (clause 5.2.5): 0 unknown, 1 international, 2 national, 3 of the network, 5
        /// letters, 6 abbreviated.
        #[serde(default = "one")]
        source_ton: u8,
        /// Its numbering plan (clause 5.2.6): 0 unknown, 1 telephone (E.164), up to 18. 0 with letters.
        source_npi: Option<u8>,
        /// The centre's local time in minutes east of UTC, a multiple of 15.
        #[serde(default = "beijing_minutes")]
        utc_offset_minutes: i16,
        /// How the centre writes message ids.
        #[serde(default)]
        message_id_form: IdForm,
        /// Seconds of silence before we ask for a sign of life; 1 to 3600.
        #[serde(default = "enquire_link_s")]
        enquire_link_s: u32,
    }
}

const fn one() -> u8 {
    1
}

const fn beijing_minutes() -> i16 {
    480
}

const fn enquire_link_s() -> u32 {
    30
}

impl SmppConfig {
    /// Checks every key and reads the password's file.
    pub(super) fn check(&self) -> Result<Smpp, ConfigError> {
        let quiet = seconds("enquire_link_s", self.enquire_link_s, 3600)?;
        Ok(Smpp {
            account: self.shared().check(&PROTOCOL, quiet, 1)?,
            bind: self.bind()?,
            source: self.source()?,
            offset_minutes: zone(self.utc_offset_minutes)?,
            id_form: match self.message_id_form {
                IdForm::AsIs => MessageIdForm::AsIs,
                IdForm::HexToDecimal => MessageIdForm::HexToDecimal,
                IdForm::StripZerosFoldCase => MessageIdForm::StripZerosFoldCase,
            },
        })
    }

    fn bind(&self) -> Result<Bind, ConfigError> {
        let password = Secret::read("password_file", &self.password_file)?;
        let file = self.password_file.display();
        Ok(Bind {
            system_id: c_text("system_id", &self.system_id)?,
            password: COctets::new("password", password.expose())
                .map_err(|cause| ConfigError::new("password_file", file, cause.to_string()))?,
            system_type: c_text("system_type", &self.system_type)?,
            interface_version: VERSION_3_4,
            ..Bind::default()
        })
    }

    fn source(&self) -> Result<Address, ConfigError> {
        let (ton, field) = (self.source_ton, "source_address");
        if !matches!(ton, 0..=3 | LETTERS | 6) {
            return Err(ConfigError::new("source_ton", ton, "use 0, 1, 2, 3, 5 (letters) or 6"));
        }
        let npi = self.source_npi.unwrap_or(u8::from(ton != LETTERS));
        in_range("source_npi", npi.into(), 0..=18)?;
        let address =
            if ton == LETTERS { name(&self.source_address)? } else { source_code(&self.source_address)? };
        let digits = COctets::new(field, address).map_err(|cause| misfit(field, address, &cause))?;
        Ok(Address { ton, npi, digits })
    }
}

/// A sender's name in letters: eleven characters of the default alphabet at most (3GPP TS 23.040 clause 9.1.2.5).
fn name(name: &str) -> Result<&str, ConfigError> {
    let is_fit = name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b" -.&".contains(&octet));
    if name.trim().is_empty() || name.len() > 11 || !is_fit {
        let fix = "with source_ton = 5 use 1 to 11 letters, digits, spaces or -.&";
        return Err(ConfigError::new("source_address", name, fix));
    }
    Ok(name)
}

fn c_text<const MAX: usize>(field: &'static str, value: &str) -> Result<COctets<MAX>, ConfigError> {
    COctets::new(field, value).map_err(|cause| misfit(field, value, &cause))
}

fn misfit(field: &'static str, value: &str, cause: &TextError) -> ConfigError {
    ConfigError::new(field, value, cause.to_string())
}
