//! The configuration of the speakers' account, and what it becomes once it is checked.

use super::pki::TlsFiles;
use crate::account::{ConfigError, in_range};
use mingluo_model::{channel::Limits, plan::AccountName};
use serde::Deserialize;
use std::{
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32},
};

/// The speakers of one mode, as an operator writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeakerConfig {
    /// The account's name in plans and on pages.
    pub name: AccountName,
    /// A rehearsal's account: boxes must be on this machine.
    #[serde(default)]
    pub pretend: bool,
    /// Where boxes connect; the program binds it.
    pub listen: SocketAddr,
    /// The city's certificate and the authority of the boxes'.
    pub tls: TlsFiles,
    /// Orders that may wait for a box's answer at once, 1 to 50,000: at least the number of boxes, since a box that
    /// is away holds its place until it is back or the order has ended.
    pub boxes: u32,
    /// Orders a second over all boxes; 1 to 20,000. It spreads the answers, no gateway asks for it.
    #[serde(default = "per_second")]
    pub per_second: u32,
}

const fn per_second() -> u32 {
    2_000
}

/// Orders that leave in one run at most, so that a graver plan waits for no more than these.
const BATCH: u32 = 500;

impl SpeakerConfig {
    /// Checks every key but the files, which [`TlsFiles::server_config`] reads.
    pub(super) fn check(&self) -> Result<Limits, ConfigError> {
        if self.name.0.is_empty() {
            return Err(ConfigError::new("name", "", "give the account a name, like speaker"));
        }
        if self.pretend && !self.listen.ip().is_loopback() {
            let fix = "a pretend account takes 127.0.0.1:PORT only";
            return Err(ConfigError::new("listen", self.listen, fix));
        }
        let boxes = at_least_one(in_range("boxes", self.boxes, 1..=50_000)?);
        Ok(Limits {
            per_second: at_least_one(in_range("per_second", self.per_second, 1..=20_000)?),
            window: boxes,
            batch: boxes.min(at_least_one(BATCH)),
            sessions: NonZeroU16::MIN,
            answer_within: None,
        })
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(changes: &Value) -> Result<Limits, (&'static str, String)> {
        let mut keys = json!({
            "name": "speaker", "listen": "0.0.0.0:8443", "boxes": 1_000,
            "tls": {"cert_file": "city.pem", "key_file": "city.key", "client_ca_file": "boxes.pem"},
        });
        for (key, value) in changes.as_object().unwrap() {
            keys[key] = value.clone();
        }
        let config: SpeakerConfig = serde_json::from_value(keys).unwrap();
        config.check().map_err(|error| (error.field, error.value))
    }

    #[test]
    fn every_box_may_be_away_at_once() {
        let limits = check(&json!({"boxes": 20})).unwrap();
        assert_eq!((limits.window.get(), limits.batch.get(), limits.sessions.get()), (20, 20, 1));
    }

    #[test]
    fn each_wrong_key_is_named_with_its_value() {
        assert_eq!(check(&json!({"boxes": 0})), Err(("boxes", "0".into())));
        assert_eq!(check(&json!({"per_second": 20_001})), Err(("per_second", "20001".into())));
        assert_eq!(check(&json!({"name": ""})), Err(("name", String::new())));
        assert_eq!(check(&json!({"pretend": true})), Err(("listen", "0.0.0.0:8443".into())));
        assert!(check(&json!({"pretend": true, "listen": "127.0.0.1:0"})).is_ok());
    }
}
