//! Signs mails (DKIM: RFC 6376, Ed25519 by RFC 8463), relaxed in both halves: receivers then forgive what relays do to
//! white space. The words of a warning are hashed once for all its recipients; only a few lines of header differ from
//! one to the next.

use crate::account::{ConfigError, in_range};
use base64::{Engine, engine::general_purpose::STANDARD};
use mingluo_model::clock::Timestamp;
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Lines of header that are signed where a mail has them (RFC 6376 section 5.4.1). `From` and `Subject` stand twice, so
/// that none can be added.
const SIGNED: [&str; 15] = [
    "from",
    "from",
    "to",
    "subject",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "expires",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// Characters of base64 on a folded line.
const FOLD: usize = 70;

/// One key that mails are signed with, as an operator writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimConfig {
    /// The selector: the public key stands in the name server under `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// The signing domain; that of `from` when absent.
    pub domain: Option<String>,
    /// The private key in PEM: RSA of 2,048 bits or more, or Ed25519.
    pub key_file: PathBuf,
}

/// A key that signs.
enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// One signature to be made on every mail.
struct Signer {
    selector: String,
    domain: String,
    key: Key,
}

/// All signatures of an account. Old receivers know RSA only; one that knows both is content with either.
#[derive(Default)]
pub(super) struct Signers(Vec<Signer>);

impl Signers {
    /// Reads the keys.
    pub(super) fn read(configs: &[DkimConfig], from: &str) -> Result<Self, ConfigError> {
        let number = u32::try_from(configs.len()).unwrap_or(u32::MAX);
        in_range("dkim", number, 0..=4)?;
        configs.iter().map(|config| Signer::read(config, from)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing is signed here.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The headers to put before a mail, one for each key. `head` is the block of header lines that the mail begins
    /// with.
    pub(super) fn sign(&self, head: &str, body: &BodyHash, now: Timestamp) -> String {
        self.0.iter().map(|signer| signer.header(head, body, now)).collect()
    }
}

/// The hash of a mail's words, the same for all its recipients.
pub(super) struct BodyHash(String);

impl BodyHash {
    /// Lines end with CR LF.
    pub(super) fn of(body: &[u8]) -> Self {
        Self(STANDARD.encode(Sha256::digest(relaxed_body(body))))
    }
}

impl Signer {
    fn read(config: &DkimConfig, from: &str) -> Result<Self, ConfigError> {
        let fits = |text: &str| {
            let label = |one: &str| {
                !one.is_empty()
                    && one.len() <= 63
                    && one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            };
            text.len() <= 200 && text.split('.').all(label)
        };
        if !fits(&config.selector) {
            let fix = "use letters and digits, as in the name SELECTOR._domainkey.DOMAIN";
            return Err(ConfigError::new("selector", &config.selector, fix));
        }
        let domain = config.domain.as_deref().unwrap_or(from);
        let covers = from == domain || from.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        if !fits(domain) || !covers {
            let fix = format!("use {from}, the domain of from, or one that it belongs to");
            return Err(ConfigError::new("domain", domain, fix));
        }
        Ok(Self { selector: config.selector.clone(), domain: domain.to_owned(), key: Key::read(config)? })
    }

    fn header(&self, head: &str, body: &BodyHash, now: Timestamp) -> String {
        let lines = unfolded(head);
        let names = signed_names(&lines);
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let (domain, selector, at) = (&self.domain, &self.selector, now.0.max(0) / 1000);
        let mut header = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={domain};\r\n s={selector}; t={at};\r\n \
             h={};\r\n bh={};\r\n b=",
            names.chunks(3).map(|some| some.join(":")).collect::<Vec<_>>().join(":\r\n  "),
            body.0
        );
        let mut data = String::new();
        for line in chosen(&lines, &names) {
            data.push_str(&relaxed_line(line));
            data.push_str("\r\n");
        }
        data.push_str(&relaxed_line(&header.replace("\r\n", "")));
        let signature = STANDARD.encode(self.key.sign(data.as_bytes()));
        for (number, some) in signature.as_bytes().chunks(FOLD).enumerate() {
            header.push_str(if number == 0 { "" } else { "\r\n " });
            header.extend(some.iter().copied().map(char::from));
        }
        header + "\r\n"
    }
}

impl Key {
    fn read(config: &DkimConfig) -> Result<Self, ConfigError> {
        let wrong = |fix: String| ConfigError::new("key_file", config.key_file.display(), fix);
        let pem = std::fs::read(&config.key_file)
            .map_err(|cause| wrong(format!("the file cannot be read ({cause})")))?;
        let fix = "use a private key in PEM form: RSA of 2048 to 8192 bits, or Ed25519";
        let der = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| wrong(fix.into()))?;
        let rsa = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
            _ => None,
        };
        if let Some(rsa) = rsa {
            return Ok(Self::Rsa(Box::new(rsa)));
        }
        let PrivateKeyDer::Pkcs8(der) = &der else { return Err(wrong(fix.into())) };
        // OpenSSL writes keys without their public half.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        pair.map(Self::Ed25519).map_err(|_| wrong(fix.into()))
    }

    fn sign(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature);
                signed.expect("the signature has the length of the key");
                signature
            }
            // RFC 8463 section 3: the hash is signed, not the text.
            Self::Ed25519(pair) => pair.sign(&Sha256::digest(data)).as_ref().to_vec(),
        }
    }
}

/// Header lines, each with its folds taken out.
fn unfolded(head: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in head.split_terminator("\r\n") {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn name(line: &str) -> String {
    line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The names that are signed: those the mail has, and twice those that must not be added.
fn signed_names(lines: &[String]) -> Vec<&'static str> {
    let has = |wanted: &&str| lines.iter().any(|line| name(line) == **wanted);
    SIGNED.into_iter().filter(has).collect()
}

/// The lines of these names: the last of a name first, and none where it was named more often than it stands (RFC 6376
/// section 5.4.2).
fn chosen<'a>(lines: &'a [String], names: &[&str]) -> Vec<&'a str> {
    let mut left: Vec<&String> = lines.iter().collect();
    let take = |wanted: &&str| {
        left.iter().rposition(|line| name(line) == **wanted).map(|at| left.remove(at).as_str())
    };
    names.iter().filter_map(take).collect()
}

/// RFC 6376 section 3.4.2: the name small, white space as one space, none at the end and around the colon.
fn relaxed_line(line: &str) -> String {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let words: Vec<_> = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name.trim().to_ascii_lowercase(), words.join(" "))
}

/// RFC 6376 section 3.4.4: white space as one space, none at the end of a line, no empty lines at the end.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut ended = 0;
    for line in body.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let start = out.len();
        let mut space = false;
        for octet in line {
            if matches!(octet, b' ' | b'\t') {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) {
                out.push(b' ');
            }
            out.push(*octet);
        }
        let is_empty = out.len() == start;
        out.extend_from_slice(b"\r\n");
        if !is_empty {
            ended = out.len();
        }
    }
    out.truncate(ended);
    out
}

#[cfg(test)]
#[path = "dkim_tests.rs"]
mod tests;
