//! The configuration of one SMPP account, and what it becomes once it is checked.

use std::{
    num::{NonZeroU8, NonZeroU16, NonZeroU32},
    path::PathBuf,
    time::Duration,
};

use mingluo_model::{
    channel::{Limits, MOST_PARTS},
    plan::AccountName,
};
use serde::Deserialize;

use crate::account::{ConfigError, Secret, in_range, is_loopback};
use crate::sms::{
    segment::{Signature, segment},
    smpp::{Address, Bind, MessageIdForm, time},
    wire::{COctets, TextError},
};

/// The version of the protocol that we speak (clause 5.2.4).
const VERSION_3_4: u8 = 0x34;

/// An instant to try an account's offset on: 2026-11-23T04:00:00Z.
const ANY_INSTANT_MS: i64 = 1_795_406_400_000;

/// Who puts the registered name (签名) into the text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "placement", deny_unknown_fields)]
pub enum SignatureConfig {
    /// We do, in front.
    InFront {
        /// The name, without 【】.
        text: String,
    },
    /// The gateway does, in front; its room is kept free.
    GatewayAdds {
        /// The name, without 【】.
        text: String,
    },
    /// Nobody.
    None,
}

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

/// One SMPP account, as an operator writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmppConfig {
    /// The account's name in plans and on pages.
    pub name: AccountName,
    /// A rehearsal's account: the centre must be on this machine.
    #[serde(default)]
    pub pretend: bool,
    /// The centre's host name or IP address.
    pub host: String,
    /// Its port, mostly 2775.
    pub port: u16,
    /// The login's name, at most 15 ASCII characters.
    pub system_id: String,
    /// The file whose first line is the password, at most 8 ASCII characters.
    pub password_file: PathBuf,
    /// The kind of client agreed with the centre, at most 12 ASCII characters; mostly empty.
    #[serde(default)]
    pub system_type: String,
    /// The access code (接入码) that phones show as the sender, at most 20 digits.
    pub source_address: String,
    /// Connections at most; 1 to 64.
    pub sessions: u32,
    /// Unanswered parts a connection may have; 1 to 100,000 and at least `max_parts`.
    pub window: u32,
    /// Parts a second over the account; 1 to 10,000,000.
    pub per_second: u32,
    /// The registered name and who adds it.
    pub signature: SignatureConfig,
    /// Parts one message may have; 1 to 16.
    #[serde(default = "max_parts")]
    pub max_parts: u32,
    /// The centre's local time in minutes east of UTC, a multiple of 15.
    #[serde(default = "beijing_minutes")]
    pub utc_offset_minutes: i16,
    /// How the centre writes message ids.
    #[serde(default)]
    pub message_id_form: IdForm,
    /// Seconds of silence before we ask for a sign of life; 1 to 3600.
    #[serde(default = "enquire_link_s")]
    pub enquire_link_s: u32,
    /// Seconds to wait for the bind, for an answer, for a sign of life, and for the socket to take what leaves; 1 to 600.
    #[serde(default = "response_timeout_s")]
    pub response_timeout_s: u32,
    /// Seconds to wait for a connection; 1 to 600.
    #[serde(default = "connect_timeout_s")]
    pub connect_timeout_s: u32,
}

const fn max_parts() -> u32 {
    8
}

const fn beijing_minutes() -> i16 {
    480
}

const fn enquire_link_s() -> u32 {
    30
}

const fn response_timeout_s() -> u32 {
    30
}

const fn connect_timeout_s() -> u32 {
    5
}

/// A checked account.
pub(super) struct Account {
    pub(super) name: AccountName,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) pretend: bool,
    pub(super) bind: Bind,
    pub(super) source: Address,
    pub(super) limits: Limits,
    pub(super) signature: Signature,
    pub(super) max_parts: NonZeroU8,
    pub(super) offset_minutes: i16,
    pub(super) id_form: MessageIdForm,
    pub(super) enquire_link: Duration,
    pub(super) response_timeout: Duration,
    pub(super) connect_timeout: Duration,
}

impl SmppConfig {
    /// Checks every key and reads the password's file.
    pub(super) fn check(self) -> Result<Account, ConfigError> {
        self.check_host()?;
        time::receipt_date(ANY_INSTANT_MS, self.utc_offset_minutes).map_err(|cause| {
            ConfigError::new("utc_offset_minutes", self.utc_offset_minutes, cause.to_string())
        })?;
        Ok(Account {
            bind: self.bind()?,
            source: self.source()?,
            limits: self.limits()?,
            signature: self.signature()?,
            max_parts: NonZeroU8::new(self.parts()? as u8).unwrap_or(NonZeroU8::MIN),
            offset_minutes: self.utc_offset_minutes,
            id_form: match self.message_id_form {
                IdForm::AsIs => MessageIdForm::AsIs,
                IdForm::HexToDecimal => MessageIdForm::HexToDecimal,
                IdForm::StripZerosFoldCase => MessageIdForm::StripZerosFoldCase,
            },
            enquire_link: seconds("enquire_link_s", self.enquire_link_s, 3600)?,
            response_timeout: seconds("response_timeout_s", self.response_timeout_s, 600)?,
            connect_timeout: seconds("connect_timeout_s", self.connect_timeout_s, 600)?,
            name: self.name,
            host: self.host,
            port: self.port,
            pretend: self.pretend,
        })
    }

    fn check_host(&self) -> Result<(), ConfigError> {
        let host = &self.host;
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(ConfigError::new("host", host, "use a host name or an IP address"));
        }
        if self.pretend && !is_loopback(host) {
            return Err(ConfigError::new("host", host, "a pretend account takes 127.0.0.1 only"));
        }
        if self.port == 0 {
            return Err(ConfigError::new("port", self.port, "use the centre's port, mostly 2775"));
        }
        Ok(())
    }

    fn bind(&self) -> Result<Bind, ConfigError> {
        let password = Secret::read("password_file", &self.password_file)?;
        let file = self.password_file.display();
        Ok(Bind {
            system_id: text("system_id", &self.system_id)?,
            password: COctets::new("password", password.expose())
                .map_err(|cause| ConfigError::new("password_file", file, cause.to_string()))?,
            system_type: text("system_type", &self.system_type)?,
            interface_version: VERSION_3_4,
            ..Bind::default()
        })
    }

    fn source(&self) -> Result<Address, ConfigError> {
        let code = &self.source_address;
        if code.is_empty() || !code.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(ConfigError::new(
                "source_address",
                code,
                "use the access code's digits, like 106900012379",
            ));
        }
        Address::international("source_address", code).map_err(|cause| misfit("source_address", code, &cause))
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        let window = in_range("window", self.window, 1..=100_000)?;
        if window < self.parts()? {
            let fix = format!("use at least max_parts, {}", self.max_parts);
            return Err(ConfigError::new("window", window, fix));
        }
        let sessions = in_range("sessions", self.sessions, 1..=64)? as u16;
        let per_second = in_range("per_second", self.per_second, 1..=10_000_000)?;
        let window = NonZeroU32::new(window).unwrap_or(NonZeroU32::MIN);
        Ok(Limits {
            per_second: NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN),
            window,
            batch: window,
            sessions: NonZeroU16::new(sessions).unwrap_or(NonZeroU16::MIN),
            answer_within: Some(seconds("response_timeout_s", self.response_timeout_s, 600)?),
        })
    }

    fn parts(&self) -> Result<u32, ConfigError> {
        in_range("max_parts", self.max_parts, 1..=u32::from(MOST_PARTS))
    }

    fn signature(&self) -> Result<Signature, ConfigError> {
        let (signature, name) = match &self.signature {
            SignatureConfig::None => return Ok(Signature::None),
            SignatureConfig::InFront { text } => (Signature::InFront(text.clone()), text),
            SignatureConfig::GatewayAdds { text } => {
                let units =
                    u16::try_from(text.encode_utf16().count() + "【】".chars().count()).unwrap_or(u16::MAX);
                (Signature::GatewayAdds { units }, text)
            }
        };
        let wrong = |fix: String| ConfigError::new("signature", name, fix);
        if name.trim().is_empty() || name.contains(['【', '】']) {
            return Err(wrong("give the registered name alone, without 【】".into()));
        }
        segment("。", &signature, 0, NonZeroU8::MAX).map_err(|cause| wrong(cause.to_string()))?;
        Ok(signature)
    }
}

fn text<const MAX: usize>(field: &'static str, value: &str) -> Result<COctets<MAX>, ConfigError> {
    COctets::new(field, value).map_err(|cause| misfit(field, value, &cause))
}

fn misfit(field: &'static str, value: &str, cause: &TextError) -> ConfigError {
    ConfigError::new(field, value, cause.to_string())
}

fn seconds(field: &'static str, value: u32, longest: u32) -> Result<Duration, ConfigError> {
    Ok(Duration::from_secs(in_range(field, value, 1..=longest)?.into()))
}
