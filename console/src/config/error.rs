//! Why the configuration cannot be used: the key, its value and the fix, as codes for the language files.

use crate::complaint::Complaint;
use mingluo_channels::account;
use mingluo_ledger::{StoreError, vault::RingError};
use mingluo_model::{
    problem::{Problem, file_fault},
    template::TemplateError,
};
use std::{io, net::SocketAddr, path::PathBuf};

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{field}: {}: cannot be read", path.display())]
    Unreadable {
        /// The key or option that names it.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{field}: {}: cannot be written", path.display())]
    Unwritable {
        /// The option that names it.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The configuration is no TOML, lacks a key, or has one that nobody knows.
    #[error(transparent)]
    Misread(#[from] Complaint),
    /// A value cannot be used.
    #[error("{field} = {value:?}: {fix:?}")]
    Value {
        /// The key or option.
        field: String,
        /// The value.
        value: String,
        /// What to write instead.
        fix: Fix,
    },
    /// An account's channel refuses a key.
    #[error("[{table}]")]
    Account {
        /// The table.
        table: String,
        /// Key, value and fix.
        #[source]
        source: account::ConfigError,
    },
    /// A file of the region pack is wrong inside.
    #[error("region.pack: {}: {detail}", path.display())]
    Pack {
        /// The file.
        path: PathBuf,
        /// Its line and what is wrong there.
        detail: String,
    },
    /// The list of ported numbers is wrong inside; numbers are masked.
    #[error("routing.ported_file: {}: {detail}", path.display())]
    Ported {
        /// The file.
        path: PathBuf,
        /// Its line and what is wrong there.
        detail: String,
    },
    /// The key ring cannot be used.
    #[error("store.keys_file")]
    Ring(#[from] RingError),
    /// The store cannot be opened.
    #[error("store.address = {address:?}")]
    Store {
        /// The address, without a password.
        address: String,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// What is wrong with a value, and so what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// A name of the zone database.
    Zone,
    /// A resource code of 23 digits.
    Platform,
    /// A key's name.
    KeyId,
    /// A seed of 32 bytes.
    Seed,
    /// The private number of an SM2 key, behind its mark.
    Sm2Key,
    /// A build with SM2.
    WithoutSm2,
    /// A hold of at most so many milliseconds.
    Hold {
        /// The most.
        most_ms: u32,
    },
    /// An event type of this table.
    Hazard {
        /// The table.
        table: PathBuf,
    },
    /// A division of this table.
    Division {
        /// The table.
        table: PathBuf,
    },
    /// A gap of this name, which nothing fills.
    Gap {
        /// The gap.
        gap: String,
        /// The names that are filled.
        known: String,
    },
    /// A brace that is closed.
    Brace,
    /// `[render.wechat]`, since there is a WeChat account.
    NoTemplate,
    /// One of the account's own templates.
    Template {
        /// Them.
        listed: String,
    },
    /// A name that no other account has.
    TakenName {
        /// Who has it.
        by: String,
    },
    /// A turn that there is.
    Rank {
        /// The last.
        most: u32,
    },
    /// An engine and its words, with the place of its file.
    SpeechCommand,
    /// The address of a service.
    SpeechUrl,
    /// 1 to 60 seconds.
    SpeechTime,
    /// A program or a service, not both.
    OneEngine,
    /// A line that is no reading.
    Readings {
        /// The line and what is wrong with it.
        detail: String,
    },
    /// Another turn for one of two accounts that would both be next.
    EqualRank {
        /// The account.
        account: String,
        /// The other one.
        other: String,
        /// For whose numbers, or `any`.
        carrier: String,
    },
    /// SMS accounts of one kind only.
    MixedPretend {
        /// A pretend one.
        pretend: String,
        /// A real one.
        real: String,
    },
    /// An account that takes these carriers' numbers.
    NoCarrier {
        /// The carriers' words.
        carriers: String,
    },
    /// One of these accounts.
    NoSuchAccount {
        /// The SMS accounts of the mode.
        known: String,
    },
    /// An account for numbers of no known carrier.
    NoDefault {
        /// The SMS accounts of the mode.
        known: String,
    },
    /// Accounts that name carriers, or no list of ported numbers.
    PortedInVain,
    /// An address and port that are free.
    Port {
        /// `in-use`, `denied`, `not-ours` or `other`.
        kind: &'static str,
        /// What the system said.
        cause: String,
    },
    /// A socket that can be bound.
    Socket {
        /// `in-use`, `denied`, `no-folder` or `other`.
        kind: &'static str,
        /// What the system said.
        cause: String,
    },
    /// The address at which others reach this program.
    Public,
    /// A group of the region pack.
    Group {
        /// Them.
        known: String,
    },
    /// 1 to so many seconds.
    CallTime {
        /// The most.
        most: u32,
    },
    /// Channels on which a person can be asked.
    CallChannels,
    /// A longer key.
    CallKey {
        /// The least characters.
        least: usize,
    },
    /// A longer password.
    Password {
        /// The least characters.
        least: usize,
    },
    /// A sign-in name of plain letters.
    Login {
        /// The most characters.
        most: usize,
    },
    /// The sign-in name of somebody.
    NoOfficer,
}

impl Fix {
    /// What to do about a template that cannot be filled.
    pub(crate) fn template(error: TemplateError) -> Self {
        match error {
            TemplateError::NoValue { gap, known } => Self::Gap { gap, known },
            TemplateError::Unclosed { .. } => Self::Brace,
        }
    }

    /// What to do about a socket that cannot be bound.
    pub(crate) fn socket(cause: &io::Error) -> Self {
        let kind = match cause.kind() {
            io::ErrorKind::AddrInUse => "in-use",
            io::ErrorKind::PermissionDenied => "denied",
            io::ErrorKind::NotFound => "no-folder",
            _ => "other",
        };
        Self::Socket { kind, cause: cause.to_string() }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Zone => "config-zone",
            Self::Platform => "config-platform",
            Self::KeyId => "config-key-id",
            Self::Seed => "config-seed",
            Self::Sm2Key => "config-sm2-key",
            Self::WithoutSm2 => "config-without-sm2",
            Self::Hold { .. } => "config-hold",
            Self::Hazard { .. } => "config-hazard",
            Self::Division { .. } => "config-division",
            Self::Gap { .. } => "config-gap",
            Self::Brace => "config-brace",
            Self::NoTemplate => "config-no-template",
            Self::Template { .. } => "config-template",
            Self::TakenName { .. } => "config-taken-name",
            Self::Rank { .. } => "config-rank",
            Self::EqualRank { .. } => "config-equal-rank",
            Self::MixedPretend { .. } => "config-mixed-pretend",
            Self::NoCarrier { .. } => "config-no-carrier",
            Self::NoSuchAccount { .. } => "config-no-such-account",
            Self::NoDefault { .. } => "config-no-default",
            Self::PortedInVain => "config-ported-in-vain",
            Self::Port { .. } => "config-port",
            Self::Socket { .. } => "config-socket",
            Self::Public => "config-public",
            Self::SpeechCommand => "config-speech-command",
            Self::SpeechUrl => "config-speech-url",
            Self::SpeechTime => "config-speech-time",
            Self::OneEngine => "config-speech-one",
            Self::Readings { .. } => "config-readings",
            Self::Group { .. } => "config-group",
            Self::CallTime { .. } => "config-call-time",
            Self::CallChannels => "config-call-channels",
            Self::CallKey { .. } => "config-call-key",
            Self::Password { .. } => "config-password",
            Self::Login { .. } => "user-login",
            Self::NoOfficer => "user-no-officer",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Hold { most_ms } => vec![("most", most_ms.to_string())],
            Self::Hazard { table } | Self::Division { table } => {
                vec![("table", table.display().to_string())]
            }
            Self::Gap { gap, known } => vec![("gap", gap.clone()), ("known", known.clone())],
            Self::Template { listed } => vec![("listed", listed.clone())],
            Self::TakenName { by } => vec![("by", by.clone())],
            Self::Port { kind, cause } | Self::Socket { kind, cause } => {
                vec![("kind", (*kind).to_owned()), ("cause", cause.clone())]
            }
            Self::Rank { most } | Self::CallTime { most } => vec![("most", most.to_string())],
            Self::EqualRank { account, other, carrier } => {
                vec![("account", account.clone()), ("other", other.clone()), ("carrier", carrier.clone())]
            }
            Self::MixedPretend { pretend, real } => {
                vec![("pretend", pretend.clone()), ("real", real.clone())]
            }
            Self::NoCarrier { carriers } => vec![("carriers", carriers.clone())],
            Self::NoSuchAccount { known } | Self::NoDefault { known } | Self::Group { known } => {
                vec![("known", known.clone())]
            }
            Self::Password { least } | Self::CallKey { least } => vec![("least", least.to_string())],
            Self::Login { most } => vec![("most", most.to_string())],
            Self::Zone
            | Self::Platform
            | Self::KeyId
            | Self::Seed
            | Self::Sm2Key
            | Self::WithoutSm2
            | Self::Brace
            | Self::NoTemplate
            | Self::PortedInVain
            | Self::Public
            | Self::SpeechCommand
            | Self::SpeechUrl
            | Self::SpeechTime
            | Self::OneEngine
            | Self::CallChannels
            | Self::NoOfficer => Vec::new(),
            Self::Readings { detail } => vec![("detail", detail.clone())],
        }
    }
}

impl ConfigError {
    pub(crate) fn value(field: impl Into<String>, value: impl std::fmt::Display, fix: Fix) -> Self {
        Self::Value { field: field.into(), value: value.to_string(), fix }
    }

    /// An address that cannot be listened on.
    pub(crate) fn port(field: impl Into<String>, address: SocketAddr, cause: &io::Error) -> Self {
        let kind = match cause.kind() {
            io::ErrorKind::AddrInUse => "in-use",
            io::ErrorKind::PermissionDenied => "denied",
            io::ErrorKind::AddrNotAvailable => "not-ours",
            _ => "other",
        };
        Self::value(field, address, Fix::Port { kind, cause: cause.to_string() })
    }
}

impl Problem for ConfigError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config-unreadable",
            Self::Unwritable { .. } => "config-unwritable",
            Self::Misread(complaint) => complaint.code(),
            Self::Value { fix, .. } => fix.code(),
            Self::Account { .. } => "config-account",
            Self::Pack { .. } => "config-pack",
            Self::Ported { .. } => "config-ported",
            Self::Ring(_) => "config-ring",
            Self::Store { source: StoreError::Schema { found: 0, .. }, .. } => "config-no-schema",
            Self::Store { source: StoreError::Schema { .. }, .. } => "config-schema",
            Self::Store { source: StoreError::Address { .. }, .. } => "config-store-address",
            Self::Store { .. } => "config-store",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreadable { field, path, source } | Self::Unwritable { field, path, source } => vec![
                ("field", (*field).to_owned()),
                ("path", path.display().to_string()),
                ("kind", file_fault(source).to_owned()),
                ("cause", source.to_string()),
            ],
            Self::Misread(complaint) => complaint.fields(),
            Self::Value { field, value, fix } => {
                let mut fields = vec![("field", field.clone()), ("value", value.clone())];
                fields.extend(fix.fields());
                fields
            }
            Self::Account { table, source } => {
                let fault = if source.fault.is_empty() { "none" } else { source.fault };
                let mut fields = vec![
                    ("table", table.clone()),
                    ("kind", table.rsplit('.').next().unwrap_or_default().to_owned()),
                    // A key may stand in a table of its own: its name with a dash, as the language files can say it.
                    ("key", source.field.to_owned()),
                    ("member", source.field.replace('.', "-")),
                    ("value", source.value.clone()),
                    ("fix", source.fix.clone()),
                    ("range", range(&source.fix).unwrap_or("none").to_owned()),
                    ("fault", fault.to_owned()),
                ];
                fields.extend(source.names.iter().cloned());
                fields
            }
            Self::Pack { path, detail } | Self::Ported { path, detail } => {
                vec![("path", path.display().to_string()), ("detail", detail.clone())]
            }
            Self::Ring(error) => vec![("detail", error.to_string())],
            Self::Store { address, source } => {
                vec![("address", address.clone()), ("detail", chain(source))]
            }
        }
    }
}

/// `1 to 64` out of `use 1 to 64`.
fn range(fix: &str) -> Option<&str> {
    let range = fix.strip_prefix("use ")?;
    let (from, to) = range.split_once(" to ")?;
    [from, to].iter().all(|end| end.bytes().all(|byte| byte.is_ascii_digit())).then_some(range)
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tongue::tell;

    /// Every key that a channel's account may be refused for, by the words `ConfigError::new` in its source.
    const KEYS: [&str; 66] = [
        "access_key_id",
        "access_key_secret_file",
        "aes_key_file",
        "answers",
        "api_base",
        "app_id",
        "area_code",
        "body",
        "ca_file",
        "callback_token_file",
        "cert_file",
        "client_ca_file",
        "client_crl_file",
        "client_id",
        "content_type",
        "corp_id",
        "dlr_url",
        "domain",
        "from",
        "gateway_login_name",
        "gateway_password_file",
        "helo_name",
        "host",
        "key_file",
        "key_files",
        "key_set_file",
        "keyword",
        "listen",
        "login_name",
        "m_service_id",
        "mass.name",
        "msg_src",
        "name",
        "notices",
        "password_file",
        "port",
        "receipt.delivered",
        "receipt.id",
        "receipt.status",
        "region",
        "regions",
        "relay",
        "reply_to",
        "return_to",
        "root_file",
        "sdk_app_id",
        "secret_file",
        "secret_id",
        "secret_key_file",
        "security",
        "selector",
        "service_id",
        "service_type",
        "sign_name",
        "signature",
        "source_address",
        "sp_id",
        "system_id",
        "system_type",
        "tag_key_file",
        "token_file",
        "unsubscribe_url",
        "url",
        "user",
        "utc_offset_minutes",
        "window",
    ];

    fn told(table: &str, field: &'static str, fault: &'static str) -> String {
        let names =
            ["name", "next", "longest", "total", "most", "gap", "marked", "list", "stray", "known", "least"];
        let names = names
            .iter()
            .chain(&["of_grade", "of_step", "kind_of_fault", "cause", "length"])
            .map(|name| (*name, "N".to_owned()))
            .collect();
        let (value, fix) = ("x".to_owned(), "English words".to_owned());
        let source = account::ConfigError { field, value, fix, fault, names };
        tell(&ConfigError::Account { table: table.to_owned(), source }).zh
    }

    #[test]
    fn each_provider_is_told_its_own_address() {
        for (table, address) in [
            ("live.alibaba", "dysmsapi.aliyuncs.com"),
            ("drill.tencent", "sms.tencentcloudapi.com"),
            ("live.wechat", "api.weixin.qq.com"),
        ] {
            assert!(told(table, "api_base", "").contains(address), "{table}");
        }
        assert!(told("forward", "url", "").contains("platform.example"));
        assert!(told("webhook", "url", "").contains("desk.example"));
        assert!(told("webhook", "secret_file", "").contains("whsec_"));
        assert!(told("live.http_sms", "url", "").contains("sendsms"));
    }

    #[test]
    fn what_is_wrong_with_an_account_is_said_in_chinese() {
        for key in KEYS {
            let said = told("live.sms", key, "");
            assert!(!said.contains("English") && said.contains("不能用。"), "{said}");
        }
    }

    #[test]
    fn each_fault_of_an_account_has_its_own_fix_in_chinese() {
        let faults = [
            "nobody",
            "code",
            "code-number",
            "drill",
            "word",
            "unclosed",
            "no-words",
            "brackets",
            "number",
            "name",
            "twice",
            "stray",
            "unfilled",
            "longest",
            "too-long",
            "empty",
            "otherwise",
            "total",
            "no-gap",
            "window",
            "no-gsm7",
            "sender-name",
            "file-unread",
            "secret-empty",
            "robot-token",
            "robot-secret",
            "secret-long",
            "secret-ascii",
            "pretend-base",
            "no-certificate",
            "no-private-key",
            "pem-damaged",
            "tls-unfit",
            "no-revocation-list",
            "no-key-set",
            "no-key-set-file",
            "no-root-key",
            "no-desk",
            "webhook-name",
        ];
        let said: std::collections::BTreeSet<_> =
            faults.iter().map(|fault| told("live.alibaba", "templates", fault)).collect();
        assert_eq!(said.len(), faults.len());
        assert!(said.iter().all(|said| !said.contains("English") && !said.contains('$')), "{said:?}");
    }
}
