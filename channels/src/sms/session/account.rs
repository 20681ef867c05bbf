//! The keys that every gateway's account has, and what they become once they are checked.

use std::{
    num::{NonZeroU8, NonZeroU16, NonZeroU32},
    time::Duration,
};

use mingluo_model::{
    channel::{Limits, MOST_PARTS, Rate},
    grade::Grade,
    plan::AccountName,
};
use serde::Deserialize;

use super::{keys::Openings, references::References};
use crate::account::{ConfigError, in_range, is_loopback};
use crate::sms::{
    segment::{Alphabet, Signature, segment},
    smpp::time,
    wire::{Padded, TextError},
};

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

/// How a gateway wants mainland numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// Eleven digits.
    #[default]
    Plain,
    /// `86` before them.
    #[serde(rename = "with_86")]
    With86,
}

/// What texts leave in that need no Chinese characters. Those that do always leave as UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlphabetConfig {
    /// UCS-2 as well: 70 characters, 67 in a part.
    #[default]
    Ucs2,
    /// The default alphabet of GSM: 160 septets, 153 in a part. SMPP only.
    Gsm7,
    /// ASCII, where a centre's default alphabet is that, and for the carriers' protocols: 160 characters and 153 in a part
    /// (SMPP), 159 and 153 (CMPP), 140 and 134 (SMGP, SGIP).
    Ascii,
}

/// What a protocol allows its accounts.
pub(in crate::sms) struct Protocol {
    /// Named where no port was given.
    pub(in crate::sms) usual_port: u16,
    /// The highest priority on the wire; 0 is the lowest.
    pub(in crate::sms) highest_priority: u8,
    /// The priority of red where the operator says none: 0 where not every contract has priorities.
    pub(in crate::sms) usual_priority: u8,
    /// Whether its texts may leave in the default alphabet of GSM.
    pub(in crate::sms) has_gsm7: bool,
    /// Octets of an ASCII content, header and all.
    pub(in crate::sms) most_ascii: u8,
}

impl Protocol {
    /// What texts leave in that an operator's choice can write.
    pub(in crate::sms) const fn alphabet(&self, chosen: AlphabetConfig) -> Alphabet {
        match chosen {
            AlphabetConfig::Ucs2 => Alphabet::Ucs2,
            AlphabetConfig::Gsm7 => Alphabet::Gsm7,
            AlphabetConfig::Ascii => Alphabet::Ascii { most: self.most_ascii },
        }
    }
}

/// Declares an account's configuration: the keys that all gateways share, each with its meaning, and its own.
macro_rules! gateway_config {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The account's name in plans and on pages.
            pub name: mingluo_model::plan::AccountName,
            /// A rehearsal's account: the gateway must be on this machine.
            #[serde(default)]
            pub pretend: bool,
            /// The carriers (运营商) whose numbers it takes; without any it takes what no other account takes.
            #[serde(default)]
            pub carriers: Vec<mingluo_model::carrier::Carrier>,
            /// Its turn among the accounts of one carrier, 1 first; 1 to 99. The next one sends when it cannot.
            #[serde(default = "rank")]
            pub rank: u32,
            /// The gateway's host name or IP address.
            pub host: String,
            /// Its port.
            pub port: u16,
            /// The access code (接入码) that phones show as the sender, with its extension; at most 20 digits.
            pub source_address: String,
            /// Connections at most; 1 to 64.
            pub sessions: u32,
            /// Unanswered parts a connection may have; 1 to 100,000 and at least `max_parts`.
            pub window: u32,
            /// Parts a second over the account; 1 to 10,000,000.
            pub per_second: u32,
            /// The registered name and who adds it.
            pub signature: $crate::sms::session::SignatureConfig,
            /// Parts one message may have; 1 to 15.
            #[serde(default = "max_parts")]
            pub max_parts: u32,
            /// `ucs2`, or what texts without Chinese characters leave in: `gsm7` (SMPP only), `ascii`.
            #[serde(default)]
            pub alphabet: $crate::sms::session::AlphabetConfig,
            /// The grades whose messages are announced by one more that shows at once and is not kept (闪信, class 0): the
            /// first 70 characters, paid as one part more. Not every carrier lets it through.
            #[serde(default)]
            pub flash: Vec<mingluo_model::grade::Grade>,
            /// The priority on the wire of red and orange, the highest that the contract allows; yellow has two thirds of
            /// it and blue a third. Unless said the protocol's highest in SMGP and SGIP, and none in SMPP and CMPP, whose
            /// gateways may refuse it.
            pub priority: Option<u32>,
            /// Seconds to wait for the login, for an answer, for a sign of life, and for the socket to take what leaves; 1 to 600.
            #[serde(default = "response_timeout_s")]
            pub response_timeout_s: u32,
            /// Seconds to wait for a connection; 1 to 600.
            #[serde(default = "connect_timeout_s")]
            pub connect_timeout_s: u32,
            $($(#[$about])* pub $field: $kind,)*
        }

        impl $name {
            /// What texts leave in that it can write.
            pub const fn letters(&self) -> $crate::sms::segment::Alphabet {
                PROTOCOL.alphabet(self.alphabet)
            }

            /// The keys that all gateways share.
            fn shared(&self) -> $crate::sms::session::Shared<'_> {
                $crate::sms::session::Shared {
                    name: &self.name,
                    pretend: self.pretend,
                    host: self.host.as_str(),
                    port: self.port,
                    sessions: self.sessions,
                    window: self.window,
                    per_second: self.per_second,
                    signature: &self.signature,
                    max_parts: self.max_parts,
                    alphabet: self.alphabet,
                    flash: &self.flash,
                    priority: self.priority,
                    response_timeout_s: self.response_timeout_s,
                    connect_timeout_s: self.connect_timeout_s,
                }
            }
        }

        const fn rank() -> u32 {
            50
        }

        const fn max_parts() -> u32 {
            8
        }

        const fn response_timeout_s() -> u32 {
            30
        }

        const fn connect_timeout_s() -> u32 {
            5
        }
    };
}

pub(in crate::sms) use gateway_config;

/// The keys that all gateways share, as an operator wrote them.
pub(in crate::sms) struct Shared<'a> {
    pub(in crate::sms) name: &'a AccountName,
    pub(in crate::sms) pretend: bool,
    pub(in crate::sms) host: &'a str,
    pub(in crate::sms) port: u16,
    pub(in crate::sms) sessions: u32,
    pub(in crate::sms) window: u32,
    pub(in crate::sms) per_second: u32,
    pub(in crate::sms) signature: &'a SignatureConfig,
    pub(in crate::sms) max_parts: u32,
    pub(in crate::sms) alphabet: AlphabetConfig,
    pub(in crate::sms) flash: &'a [Grade],
    pub(in crate::sms) priority: Option<u32>,
    pub(in crate::sms) response_timeout_s: u32,
    pub(in crate::sms) connect_timeout_s: u32,
}

/// What all checked accounts have.
pub(in crate::sms) struct Account {
    pub(in crate::sms) name: AccountName,
    pub(in crate::sms) host: String,
    pub(in crate::sms) port: u16,
    pub(in crate::sms) pretend: bool,
    pub(in crate::sms) limits: Limits,
    pub(in crate::sms) signature: Signature,
    pub(in crate::sms) max_parts: NonZeroU8,
    pub(in crate::sms) alphabet: Alphabet,
    flash: Vec<Grade>,
    priority: u8,
    /// Silence after which something is done about it.
    pub(in crate::sms) quiet: Duration,
    /// Questions for a sign of life before silence is believed.
    pub(in crate::sms) probes: u32,
    pub(in crate::sms) response_timeout: Duration,
    pub(in crate::sms) connect_timeout: Duration,
    /// Where its sessions begin to count.
    pub(in crate::sms) openings: Openings,
    /// What ties the parts of its long messages together.
    pub(super) references: References,
}

impl Account {
    /// The priority on the wire, 0 lowest: red and orange have the account's highest.
    pub(in crate::sms) fn priority_of(&self, grade: Grade) -> u8 {
        match grade {
            Grade::Red | Grade::Orange => self.priority,
            Grade::Yellow => self.priority * 2 / 3,
            Grade::Blue => self.priority / 3,
        }
    }

    /// Whether messages of this grade are announced by a flash (闪信).
    pub(in crate::sms) fn flashes(&self, grade: Grade) -> bool {
        self.flash.contains(&grade)
    }
}

impl Shared<'_> {
    /// Checks every key.
    pub(in crate::sms) fn check(
        &self,
        protocol: &Protocol,
        quiet: Duration,
        probes: u32,
    ) -> Result<Account, ConfigError> {
        self.check_host(protocol.usual_port)?;
        Ok(Account {
            limits: self.limits()?,
            signature: signature(self.signature)?,
            max_parts: NonZeroU8::new(self.parts()? as u8).unwrap_or(NonZeroU8::MIN),
            alphabet: self.alphabet(protocol)?,
            flash: self.flash.to_vec(),
            priority: self.priority(protocol)?,
            quiet,
            probes,
            response_timeout: seconds("response_timeout_s", self.response_timeout_s, 600)?,
            connect_timeout: seconds("connect_timeout_s", self.connect_timeout_s, 600)?,
            name: self.name.clone(),
            host: self.host.to_owned(),
            port: self.port,
            pretend: self.pretend,
            openings: Openings::default(),
            references: References::default(),
        })
    }

    fn check_host(&self, usual_port: u16) -> Result<(), ConfigError> {
        let host = self.host;
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(ConfigError::new("host", host, "use a host name or an IP address"));
        }
        if self.pretend && !is_loopback(host) {
            return Err(ConfigError::new("host", host, "a pretend account takes 127.0.0.1 only"));
        }
        if self.port == 0 {
            let fix = format!("use the gateway's port, mostly {usual_port}");
            return Err(ConfigError::new("port", self.port, fix));
        }
        Ok(())
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        let window = in_range("window", self.window, 1..=100_000)?;
        let most = self.parts()? + u32::from(!self.flash.is_empty());
        if window < most {
            let flash = if self.flash.is_empty() { "" } else { " and one for flash" };
            let fix = format!("use at least max_parts{flash}, {most}");
            let names = [("least", most.to_string())];
            return Err(ConfigError::new("window", window, fix).with_fault("window", names));
        }
        let sessions = in_range("sessions", self.sessions, 1..=64)? as u16;
        let per_second = in_range("per_second", self.per_second, 1..=10_000_000)?;
        let window = NonZeroU32::new(window).unwrap_or(NonZeroU32::MIN);
        Ok(Limits {
            rate: Rate::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN)),
            window,
            batch: window,
            sessions: NonZeroU16::new(sessions).unwrap_or(NonZeroU16::MIN),
            answer_within: Some(seconds("response_timeout_s", self.response_timeout_s, 600)?),
        })
    }

    fn alphabet(&self, protocol: &Protocol) -> Result<Alphabet, ConfigError> {
        if self.alphabet == AlphabetConfig::Gsm7 && !protocol.has_gsm7 {
            let fix =
                "use ascii: this protocol's format 0 is ASCII, which the gateway itself writes as GSM's";
            return Err(ConfigError::new("alphabet", "gsm7", fix).with_fault("no-gsm7", []));
        }
        Ok(protocol.alphabet(self.alphabet))
    }

    fn priority(&self, protocol: &Protocol) -> Result<u8, ConfigError> {
        let wanted = self.priority.unwrap_or(protocol.usual_priority.into());
        Ok(in_range("priority", wanted, 0..=u32::from(protocol.highest_priority))? as u8)
    }

    fn parts(&self) -> Result<u32, ConfigError> {
        in_range("max_parts", self.max_parts, 1..=u32::from(MOST_PARTS))
    }
}

/// The registered name (签名) and who adds it.
pub(in crate::sms) fn signature(config: &SignatureConfig) -> Result<Signature, ConfigError> {
    let (signature, name) = match config {
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
    segment("。", &signature, Alphabet::Ucs2, 0, NonZeroU8::MAX).map_err(|cause| wrong(cause.to_string()))?;
    Ok(signature)
}

/// The digits of an access code.
pub(in crate::sms) fn source_code(code: &str) -> Result<&str, ConfigError> {
    if code.is_empty() || code.len() > 20 || !code.bytes().all(|octet| octet.is_ascii_digit()) {
        let fix = "use the access code's digits, at most 20, like 106900012379";
        return Err(ConfigError::new("source_address", code, fix));
    }
    Ok(code)
}

/// The gateway's local time in minutes east of UTC.
pub(in crate::sms) fn zone(minutes: i16) -> Result<i16, ConfigError> {
    time::receipt_date(ANY_INSTANT_MS, minutes)
        .map(|_date| minutes)
        .map_err(|cause| ConfigError::new("utc_offset_minutes", minutes, cause.to_string()))
}

/// A text for a fixed field.
pub(in crate::sms) fn text<const N: usize>(
    field: &'static str,
    value: &str,
) -> Result<Padded<N>, ConfigError> {
    Padded::new(field, value).map_err(|cause: TextError| ConfigError::new(field, value, cause.to_string()))
}

/// Seconds that must lie between 1 and `longest`.
pub(in crate::sms) fn seconds(
    field: &'static str,
    value: u32,
    longest: u32,
) -> Result<Duration, ConfigError> {
    Ok(Duration::from_secs(in_range(field, value, 1..=longest)?.into()))
}
