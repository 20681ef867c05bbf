//! Where final receipts go, as an operator writes it, and what it becomes once it is checked.

use super::{Platform, sign::Signer};
use crate::{
    account::{ConfigError, Secret, in_range, is_loopback},
    https,
};
use mingluo_model::clock::SharedClock;
use reqwest::Url;
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// The platform that final receipts are handed on to (回执转发).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardConfig {
    /// Its address: `https`, or `http` to this machine, since what is handed on names people.
    pub url: String,
    /// The file whose first line is the secret that every request is signed with; one that begins with `whsec_` makes
    /// the signatures those of Standard Webhooks.
    pub secret_file: PathBuf,
    /// Certificates (PEM) of an authority to trust besides the public ones: a city's platform mostly has its own.
    pub ca_file: Option<PathBuf>,
    /// How long to wait for an answer, in seconds; 1 to 60.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u32,
}

const fn answer_seconds() -> u32 {
    10
}

impl ForwardConfig {
    /// Checks every key and reads the secret; connects to nothing.
    ///
    /// # Errors
    /// [`ConfigError`] with the key, its value and what to write instead.
    pub fn build(&self, clock: SharedClock) -> Result<Platform, ConfigError> {
        let answer = in_range("answer_seconds", self.answer_seconds, 1..=60)?;
        let authorities = match &self.ca_file {
            Some(file) => https::authorities("ca_file", file)?,
            None => Vec::new(),
        };
        let client = https::trusting(1, &authorities).map_err(|cause| match &self.ca_file {
            Some(file) => ConfigError::new("ca_file", file.display(), cause),
            None => ConfigError::new("url", &self.url, format!("no https client can be built ({cause})")),
        })?;
        Ok(Platform {
            client,
            url: self.url()?,
            signer: self.signer()?,
            answer: Duration::from_secs(answer.into()),
            clock,
        })
    }

    fn signer(&self) -> Result<Signer, ConfigError> {
        let secret = Secret::read("secret_file", &self.secret_file)?;
        let fix = "after whsec_ 24 to 64 octets follow in base64, as the platform gave them";
        Signer::new(secret).ok_or_else(|| ConfigError::new("secret_file", self.secret_file.display(), fix))
    }

    fn url(&self) -> Result<Url, ConfigError> {
        let fix = "use an address like https://platform.example/receipts; http only to 127.0.0.1";
        let wrong = || ConfigError::new("url", &self.url, fix);
        let url: Url = self.url.parse().map_err(|_| wrong())?;
        let safe = match url.scheme() {
            "https" => url.host_str().is_some(),
            "http" => url.host_str().is_some_and(is_loopback),
            _ => false,
        };
        if safe { Ok(url) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};
    use serde_json::json;

    fn fault(url: &str, answer_seconds: u32, secret: &str) -> Option<&'static str> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), secret).unwrap();
        let keys = json!({ "url": url, "secret_file": file.path(), "answer_seconds": answer_seconds });
        let config: ForwardConfig = serde_json::from_value(keys).unwrap();
        config.build(ManualClock::at(Timestamp(0))).err().map(|error| error.field)
    }

    #[test]
    fn each_wrong_key_is_named() {
        assert_eq!(fault("https://platform.example/receipts", 10, "s3cret"), None);
        assert_eq!(fault("platform.example", 10, "s3cret"), Some("url"));
        assert_eq!(fault("https://platform.example", 61, "s3cret"), Some("answer_seconds"));
        assert_eq!(fault("https://platform.example", 10, "\n"), Some("secret_file"));
        assert_eq!(fault("https://platform.example", 10, "whsec_short"), Some("secret_file"));
    }

    #[test]
    fn a_file_without_an_authority_is_named() {
        let files = tempfile::tempdir().unwrap();
        let (secret, ca) = (files.path().join("secret"), files.path().join("ca.pem"));
        std::fs::write(&secret, "s3cret\n").unwrap();
        std::fs::write(&ca, "no certificate").unwrap();
        for file in [ca, files.path().join("nowhere.pem")] {
            let keys = json!({ "url": "https://platform.example", "secret_file": secret, "ca_file": file });
            let config: ForwardConfig = serde_json::from_value(keys).unwrap();
            let error = config.build(ManualClock::at(Timestamp(0))).err().unwrap();
            assert_eq!((error.field, error.value), ("ca_file", file.display().to_string()));
        }
    }

    #[test]
    fn people_are_named_openly_on_this_machine_only() {
        assert_eq!(fault("http://127.0.0.1:9/receipts", 10, "s3cret"), None);
        assert_eq!(fault("http://10.0.0.5/receipts", 10, "s3cret"), Some("url"));
    }
}
