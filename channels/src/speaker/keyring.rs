//! The key set that boxes are told to believe (公钥集下发): a file that the root's holder brings from a machine without a
//! network. The hub carries it; whether the root signed it is for each box to say.

use super::{hub::SpeakerHub, revocation::sign};
use crate::account::ConfigError;
use mingluo_model::{
    bulletin::{KeySet, SignedKeySet},
    clock::Clock,
    link::{CityFrame, Keys},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

/// Between two looks at the file: a key that is taken back should not wait for a restart.
const LOOK: Duration = Duration::from_secs(10);

/// A key set, ready to be sent.
#[derive(Debug, Clone)]
pub struct IssuedKeys {
    /// The version that it claims.
    pub(super) version: u64,
    /// The keys that it claims.
    pub(super) keys: Arc<KeySet>,
    /// Its frame, shared by all links.
    pub(super) frame: Utf8Bytes,
}

impl IssuedKeys {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read or holds no signed key set.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let signed = read_key_set(file)?;
        let edition = signed.claimed().ok_or_else(|| no_key_set(file, "no key set in it"))?;
        let (version, keys) = (edition.version.get(), Arc::new(edition.into_keys()));
        let frame = CityFrame::Keys(Keys { signed }).write().into();
        Ok(Self { version, keys, frame })
    }
}

/// Reads a signed key set.
pub(super) fn read_key_set(file: &Path) -> Result<SignedKeySet, ConfigError> {
    let text = std::fs::read(file).map_err(|cause| ConfigError::unread("key_set_file", file, &cause))?;
    serde_json::from_slice(&text).map_err(|cause| no_key_set(file, &cause.to_string()))
}

fn no_key_set(file: &Path, cause: &str) -> ConfigError {
    let fix = format!("name a key set that the root signed, from `mingluo box keys sign` ({cause})");
    ConfigError::new("key_set_file", file.display(), fix)
        .with_fault("no-key-set", [("cause", cause.to_owned())])
}

/// Looks at the file again and again and sends what is newer to all boxes. A file that spoiled changes nothing.
pub async fn follow(hub: Arc<SpeakerHub>, file: PathBuf, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut seen = None;
    while !stop.is_cancelled() {
        let present = sign(&file);
        if present != seen {
            seen = present;
            match IssuedKeys::read(&file) {
                Ok(keys) => hub.issue(keys),
                Err(error) => {
                    tracing::error!(%error, "公钥集不能用，终端沿用上一份 the boxes' key set cannot be used; they keep the last");
                }
            }
        }
        tokio::select! {
            () = clock.sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
}
