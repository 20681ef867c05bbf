//! The configuration of one mail account, and what it becomes once it is checked.

use super::{
    dkim::{DkimConfig, Signers},
    tag::{LENGTH, Tagger},
};
use crate::account::{ConfigError, Secret, in_range, is_loopback, limits_of_calls};
use lettre::{
    Address,
    message::Mailbox,
    transport::smtp::{authentication::Credentials, extension::ClientId},
};
use mingluo_model::{channel::Limits, plan::AccountName};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Whether and when the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Never; for a relay on this machine.
    None,
    /// Begins bare and must be encrypted before anything is said (RFC 3207).
    StartTls,
    /// From the first byte (RFC 8314).
    Tls,
}

/// One mail account, as an operator writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// The account's name in plans and on pages.
    pub name: AccountName,
    /// A rehearsal's account: the relay must be on this machine.
    #[serde(default)]
    pub pretend: bool,
    /// The relay's host name or IP address.
    pub relay: String,
    /// Its port: 25 for a relay of our own, 587 with `starttls`, 465 with `tls`.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// Certificates (PEM) to trust besides the public ones, for a relay with a certificate of its own.
    pub ca_file: Option<PathBuf>,
    /// The login, where the relay wants one.
    pub user: Option<String>,
    /// The file whose first line is the login's password.
    pub password_file: Option<PathBuf>,
    /// Who the mail is from, like `抚顺市应急管理局 <warn@fushun.example>`.
    pub from: String,
    /// Where answers go; to `from` when absent.
    pub reply_to: Option<String>,
    /// Connections at most; 1 to 64.
    pub sockets: u32,
    /// Mails that are under way at most, from the intent to the durable answer: those that wait for a connection, too, so
    /// that none stands idle while the disk works. Also what is mailed twice at most when this machine dies; from
    /// `sockets` to 10,000.
    #[serde(default = "window")]
    pub window: u32,
    /// Mails a second over the account; 1 to 100,000.
    pub per_second: u32,
    /// What we call ourselves in EHLO: this host's full name.
    pub helo_name: String,
    /// How long to wait for any one answer of the relay, in seconds; 1 to 600.
    ///
    /// RFC 5321 section 4.5.3.2 grants the relay 10 minutes for the last answer; a warning cannot wait so long.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u32,
    /// Keys that every mail is signed with; none where the relay signs.
    #[serde(default)]
    pub dkim: Vec<DkimConfig>,
    /// What comes back: where to, and who hears it.
    pub bounces: Option<BouncesConfig>,
    /// Where a reader unsubscribes with one click (RFC 8058): `https://HOST/u/`, which is this program's own door.
    pub unsubscribe_url: Option<String>,
    /// The file whose first line is the secret that return paths and unsubscribe addresses are proven with; needed for
    /// either.
    pub tag_key_file: Option<PathBuf>,
}

/// What becomes of mails that come back (退信), as an operator writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BouncesConfig {
    /// The mailbox of return paths, like `b@bounce.fushun.example`: a mail's own is `b+TAG@bounce.fushun.example`
    /// (VERP).
    pub return_to: String,
    /// Where the relay hands over what comes back to them, by SMTP.
    pub listen: SocketAddr,
    /// Whether relays that can are asked for notices of success as well. They cost a mail for each mail; without them a
    /// mail that the relay took counts as having left us until it comes back.
    #[serde(default)]
    pub success_reports: bool,
}

const fn window() -> u32 {
    64
}

const fn answer_seconds() -> u32 {
    60
}

/// Before the `@` of a return path 64 characters fit (RFC 5321 section 4.5.3.1.1), of which the tag and a plus take
/// most.
const LONGEST_LOCAL: usize = 64 - 1 - LENGTH;

/// A checked account.
pub(super) struct Account {
    pub(super) name: AccountName,
    pub(super) relay: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) trust: Vec<CertificateDer<'static>>,
    pub(super) login: Option<Credentials>,
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) limits: Limits,
    pub(super) sockets: u32,
    pub(super) helo: ClientId,
    pub(super) answer: Duration,
    pub(super) dkim: Signers,
    pub(super) bounces: Option<Bounces>,
    pub(super) unsubscribe_url: Option<String>,
    pub(super) tagger: Option<Tagger>,
}

/// Return paths, checked.
#[derive(Debug, Clone)]
pub(super) struct Bounces {
    pub(super) local: String,
    pub(super) domain: String,
    pub(super) listen: SocketAddr,
    pub(super) success_reports: bool,
}

impl EmailConfig {
    /// Checks every key and reads the files that they name.
    pub(super) fn check(self) -> Result<Account, ConfigError> {
        if self.pretend && !is_loopback(&self.relay) {
            return Err(ConfigError::new("relay", &self.relay, "a pretend account takes 127.0.0.1 only"));
        }
        if self.relay.is_empty() || self.relay.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(ConfigError::new("relay", &self.relay, "use a host name or an IP address"));
        }
        if self.port == 0 {
            return Err(ConfigError::new("port", self.port, "use 25, 465 or 587"));
        }
        let from = mailbox("from", &self.from)?;
        Ok(Account {
            dkim: Signers::read(&self.dkim, from.email.domain())?,
            bounces: self.bounces()?,
            unsubscribe_url: self.unsubscribe_url()?,
            tagger: self.tagger()?,
            trust: self.trust()?,
            login: self.login()?,
            limits: self.limits()?,
            sockets: self.sockets,
            helo: self.helo()?,
            from,
            reply_to: self.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?,
            answer: Duration::from_secs(in_range("answer_seconds", self.answer_seconds, 1..=600)?.into()),
            name: self.name,
            relay: self.relay,
            port: self.port,
            security: self.security,
        })
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        let sockets = in_range("sockets", self.sockets, 1..=64)?;
        let window = in_range("window", self.window, sockets..=10_000)?;
        let per_second = in_range("per_second", self.per_second, 1..=100_000)?;
        Ok(limits_of_calls(window, per_second))
    }

    fn login(&self) -> Result<Option<Credentials>, ConfigError> {
        let (user, file) = match (&self.user, &self.password_file) {
            (None, None) => return Ok(None),
            (Some(user), Some(file)) => (user, file),
            (Some(user), None) => {
                return Err(ConfigError::new("user", user, "add password_file, or drop user"));
            }
            (None, Some(file)) => {
                return Err(ConfigError::new(
                    "password_file",
                    file.display(),
                    "add user, or drop password_file",
                ));
            }
        };
        if self.security == Security::None && !is_loopback(&self.relay) {
            return Err(ConfigError::new("security", "none", "a password travels over starttls or tls only"));
        }
        let password = Secret::read("password_file", file)?;
        Ok(Some(Credentials::new(user.clone(), password.expose().to_owned())))
    }

    fn trust(&self) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
        let Some(file) = &self.ca_file else { return Ok(Vec::new()) };
        let wrong = |fix: String| ConfigError::new("ca_file", file.display(), fix);
        let pem = std::fs::read(file).map_err(|cause| wrong(format!("the file cannot be read ({cause})")))?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        found.ok().filter(|list| !list.is_empty()).ok_or_else(|| wrong("use certificates in PEM form".into()))
    }

    fn tagger(&self) -> Result<Option<Tagger>, ConfigError> {
        let is_needed = self.bounces.is_some() || self.unsubscribe_url.is_some();
        match &self.tag_key_file {
            Some(file) => Ok(Some(Tagger::new(Secret::read("tag_key_file", file)?))),
            None if is_needed => {
                let fix = "name a file with a secret; bounces and unsubscribe_url are proven with it";
                Err(ConfigError::new("tag_key_file", "", fix))
            }
            None => Ok(None),
        }
    }

    fn bounces(&self) -> Result<Option<Bounces>, ConfigError> {
        let Some(BouncesConfig { return_to, listen, success_reports }) = &self.bounces else {
            return Ok(None);
        };
        let fix = format!(
            "use an ASCII mailbox like b@bounce.fushun.example, at most {LONGEST_LOCAL} characters before the @, no +"
        );
        let parsed = return_to.parse::<Address>().ok().filter(|address| {
            return_to.is_ascii() && address.user().len() <= LONGEST_LOCAL && !address.user().contains('+')
        });
        let address = parsed.ok_or_else(|| ConfigError::new("return_to", return_to, fix))?;
        if self.pretend && !listen.ip().is_loopback() {
            return Err(ConfigError::new("listen", listen, "a pretend account takes 127.0.0.1:PORT only"));
        }
        let (local, domain) = (address.user().to_owned(), address.domain().to_owned());
        Ok(Some(Bounces { local, domain, listen: *listen, success_reports: *success_reports }))
    }

    fn unsubscribe_url(&self) -> Result<Option<String>, ConfigError> {
        let Some(url) = &self.unsubscribe_url else { return Ok(None) };
        let fix = "use https://HOST/u/, the address at which residents reach this program";
        let parsed: Option<reqwest::Url> = url.parse().ok();
        let fits = parsed.is_some_and(|parsed| {
            let is_safe =
                parsed.scheme() == "https" || self.pretend && parsed.host_str().is_some_and(is_loopback);
            is_safe && parsed.path().ends_with("/u/") && parsed.query().is_none() && url.len() <= 200
        });
        if fits { Ok(Some(url.clone())) } else { Err(ConfigError::new("unsubscribe_url", url, fix)) }
    }

    fn helo(&self) -> Result<ClientId, ConfigError> {
        let name = &self.helo_name;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if name.is_empty() || name.len() > 255 || !name.chars().all(fits) {
            return Err(ConfigError::new(
                "helo_name",
                name,
                "use this host's full name, like mail.fushun.example",
            ));
        }
        Ok(ClientId::Domain(name.clone()))
    }
}

fn mailbox(field: &'static str, text: &str) -> Result<Mailbox, ConfigError> {
    let fix = "use 名称 <name@host.example>, the address in ASCII";
    let parsed: Mailbox = text.parse().map_err(|_| ConfigError::new(field, text, fix))?;
    let address: &str = parsed.email.as_ref();
    if address.is_ascii() { Ok(parsed) } else { Err(ConfigError::new(field, text, fix)) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    pub(in crate::email) fn sample(changes: &Value) -> EmailConfig {
        let mut keys = json!({
            "name": "relay", "relay": "mx.fushun.example", "port": 587, "security": "starttls",
            "from": "抚顺市应急管理局 <warn@fushun.example>", "sockets": 8, "per_second": 200,
            "helo_name": "disp.fushun.example",
        });
        for (key, value) in changes.as_object().unwrap() {
            keys[key] = value.clone();
        }
        serde_json::from_value(keys).unwrap()
    }

    fn fault(changes: &Value) -> (&'static str, String) {
        let error = sample(changes).check().err().unwrap();
        (error.field, error.value)
    }

    #[test]
    fn a_good_account_passes_with_its_chinese_name() {
        let account = sample(&json!({})).check().unwrap();
        assert_eq!(account.from.name.as_deref(), Some("抚顺市应急管理局"));
        assert_eq!((account.sockets, account.limits.window.get()), (8, 64));
    }

    #[test]
    fn each_wrong_key_is_named_with_its_value() {
        assert_eq!(fault(&json!({"sockets": 0})), ("sockets", "0".into()));
        assert_eq!(fault(&json!({"window": 7})), ("window", "7".into()), "fewer than connections");
        assert_eq!(fault(&json!({"per_second": 100_001})), ("per_second", "100001".into()));
        assert_eq!(fault(&json!({"from": "nobody"})), ("from", "nobody".into()));
        assert_eq!(fault(&json!({"helo_name": "a b"})), ("helo_name", "a b".into()));
        assert_eq!(fault(&json!({"user": "u"})), ("user", "u".into()));
        assert_eq!(fault(&json!({"port": 0})), ("port", "0".into()));
    }

    #[test]
    fn return_paths_need_a_mailbox_with_room_and_a_key() {
        let bounces =
            |return_to: &str| json!({"bounces": {"return_to": return_to, "listen": "0.0.0.0:2526"}});
        assert_eq!(fault(&bounces("b@bounce.fushun.example")), ("tag_key_file", String::new()));
        for wrong in ["b", "b+c@bounce.example", "退信@bounce.example", "return-path-of-ours@bounce.example"]
        {
            assert_eq!(fault(&bounces(wrong)), ("return_to", wrong.into()));
        }
        let mut pretend = bounces("b@bounce.example");
        pretend["pretend"] = json!(true);
        pretend["relay"] = json!("127.0.0.1");
        assert_eq!(fault(&pretend), ("listen", "0.0.0.0:2526".into()));
    }

    #[test]
    fn one_click_goes_to_our_own_door_and_encrypted() {
        for wrong in [
            "http://warn.example/u/",
            "https://warn.example/",
            "warn.example/u/",
            "https://warn.example/u/?a",
        ] {
            assert_eq!(fault(&json!({"unsubscribe_url": wrong})), ("unsubscribe_url", wrong.into()));
        }
        assert_eq!(fault(&json!({"unsubscribe_url": "https://warn.example/u/"})).0, "tag_key_file");
    }

    #[test]
    fn a_pretend_account_never_leaves_this_machine() {
        assert_eq!(fault(&json!({"pretend": true})).0, "relay");
        assert!(sample(&json!({"pretend": true, "relay": "127.0.0.1"})).check().is_ok());
    }

    #[test]
    fn a_password_never_travels_bare() {
        let changes = json!({"security": "none", "user": "u", "password_file": "/p"});
        assert_eq!(fault(&changes), ("security", "none".into()));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let parsed = serde_json::from_value::<EmailConfig>(json!({"name": "relay", "relays": "x"}));
        assert!(parsed.unwrap_err().to_string().contains("relays"));
    }
}
