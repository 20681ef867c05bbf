//! The configuration of the speakers' account, and what it becomes once it is checked.

use super::{enrol::EnrolConfig, pki::TlsFiles};
use crate::account::{ConfigError, in_range};
use mingluo_model::{
    channel::{Limits, Rate},
    plan::AccountName,
};
use serde::Deserialize;
use std::{
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32},
    path::PathBuf,
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
    /// The key set that the offline root signed for these boxes; a newer one is sent to them as soon as it lies there.
    #[serde(default)]
    pub key_set_file: Option<PathBuf>,
    /// The socket of `mingluo box desk`, which holds the boxes' authority: it renews certificates and enrols boxes.
    #[serde(default)]
    pub desk_socket: Option<PathBuf>,
    /// Where boxes enrol with one-time codes; nowhere without it.
    #[serde(default)]
    pub enrol: Option<EnrolConfig>,
    /// The boxes that there are, 1 to 50,000. Not less: it says how many orders may wait for boxes that are away.
    pub boxes: u32,
    /// Orders a second over all boxes; 1 to 100,000. It spreads the answers, no gateway asks for it.
    #[serde(default = "per_second")]
    pub per_second: u32,
}

const fn per_second() -> u32 {
    20_000
}

/// Orders that leave in one run at most, so that a graver plan waits for no more than these.
const BATCH: u32 = 500;

/// Bulletins that every box may have waiting at once. A box that is away keeps each in its outbox, and its place in the
/// window, until it is back, the bulletin is lifted or has ended; were there fewer places, boxes without power would keep
/// new bulletins from those that have it. A box itself holds no more than 64.
const OPEN_BULLETINS: u32 = 64;

/// The most places whatever the number of boxes. One that is taken costs about 100 octets here and in dispatch (`Waiting`
/// 32, its end 40, dispatch's flight 24), so 100 MB in all, and 50,000 boxes may all be away for 20 bulletins.
const MOST_WAITING: u32 = 1_000_000;

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
        if self.enrol.is_some() && self.desk_socket.is_none() {
            let fix = "name the socket of `mingluo box desk` beside enrol, not in it";
            return Err(ConfigError::new("desk_socket", "", fix).with_fault("no-desk", []));
        }
        let boxes = at_least_one(in_range("boxes", self.boxes, 1..=50_000)?);
        Ok(Limits {
            rate: Rate::per_second(at_least_one(in_range("per_second", self.per_second, 1..=100_000)?)),
            window: at_least_one((boxes.get() * OPEN_BULLETINS).min(MOST_WAITING)),
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
    fn every_box_may_be_away_over_many_bulletins() {
        let limits = check(&json!({"boxes": 20})).unwrap();
        assert_eq!((limits.window.get(), limits.batch.get(), limits.sessions.get()), (1_280, 20, 1));
        let limits = check(&json!({"boxes": 50_000})).unwrap();
        assert_eq!((limits.window.get(), limits.batch.get()), (1_000_000, 500));
    }

    #[test]
    fn a_place_costs_what_is_said() {
        use crate::speaker::row::Waiting;
        use mingluo_model::{bulletin::ResourceCode, clock::Timestamp};
        let one = size_of::<Waiting>() + size_of::<(Timestamp, u64, ResourceCode)>();
        assert!(one <= 72, "{one} octets");
    }

    #[test]
    fn each_wrong_key_is_named_with_its_value() {
        assert_eq!(check(&json!({"boxes": 0})), Err(("boxes", "0".into())));
        assert_eq!(check(&json!({"per_second": 100_001})), Err(("per_second", "100001".into())));
        assert_eq!(check(&json!({"name": ""})), Err(("name", String::new())));
        assert_eq!(check(&json!({"pretend": true})), Err(("listen", "0.0.0.0:8443".into())));
        assert!(check(&json!({"pretend": true, "listen": "127.0.0.1:0"})).is_ok());
        let enrol = json!({"listen": "0.0.0.0:8445", "root_file": "root.pub"});
        assert_eq!(check(&json!({"enrol": enrol})), Err(("desk_socket", String::new())));
        assert!(check(&json!({"enrol": enrol, "desk_socket": "desk.sock"})).is_ok());
    }
}
