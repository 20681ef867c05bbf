//! The clips as the boxes' door asks for them.

use async_trait::async_trait;
use axum::body::Bytes;
use mingluo_channels::speaker::clips::ClipShelf;
use mingluo_ledger::Store;
use std::sync::{Arc, Mutex, PoisonError};

/// The clips of the store. A county's boxes ask for one and the same within a minute, so the last one is kept at hand.
pub struct StoredClips {
    store: Arc<dyn Store>,
    // Guards the last clip; held for one look.
    last: Mutex<Option<([u8; 32], Bytes)>>,
}

impl StoredClips {
    /// The clips of this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, last: Mutex::default() }
    }

    fn last(&self, sha256: [u8; 32]) -> Option<Bytes> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(of, _)| *of == sha256).map(|(_, clip)| clip.clone())
    }
}

#[async_trait]
impl ClipShelf for StoredClips {
    async fn clip(&self, sha256: [u8; 32]) -> Result<Option<Bytes>, String> {
        if let Some(clip) = self.last(sha256) {
            return Ok(Some(clip));
        }
        let clip = self.store.clip(sha256).await.map_err(|error| error.to_string())?.map(Bytes::from);
        if let Some(clip) = &clip {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((sha256, clip.clone()));
        }
        Ok(clip)
    }
}
