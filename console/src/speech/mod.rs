//! Speech for the village loudspeakers, made once in the city (语音合成): by an engine of the operator's, else by the voice
//! that every machine has; auditioned by officers, named in the signed bulletin by its digest, fetched by the boxes.
//!
//! The cast. [`engine`] speaks to whoever speaks, [`ladder`] tries them in turn; [`sound`] brings what it said to one rate and loudness; [`opus`] packs
//! it. Here is what holds them together, and the promises:
//! - what was made for a content is made once: the first clip that is kept for a content's hash stands for good, so what
//!   was auditioned is what is signed and sent;
//! - an engine that fails, hangs or says nothing holds up no warning: the bulletin leaves with its script, which the box
//!   reads by itself, and the officer is told;
//! - it never knows more than a script: no recipient, no number.

mod config;
mod engine;
mod error;
mod ladder;
pub mod opus;
mod shelf;
mod sound;

pub use config::SpeechConfig;
pub use engine::Engine;
pub use error::SpeechError;
pub use ladder::{Ladder, Spoken};
pub use shelf::StoredClips;

use mingluo_ledger::{Store, StoreError, store::StoredSpeech};
use mingluo_model::{
    alert::ContentHash,
    bulletin::{AudioClip, AudioCodec},
    clock::{SharedClock, within},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Contents whose trouble is remembered, for the pages; it is found out again by trying again.
const MOST_TROUBLES: usize = 64;

/// Makes speech and keeps it. Clones are the same one.
#[derive(Clone)]
pub struct Speech(Arc<Inner>);

struct Inner {
    ladder: Ladder,
    store: Arc<dyn Store>,
    clock: SharedClock,
    // Guards why a content has no speech; held for one look.
    troubles: Mutex<VecDeque<(ContentHash, Arc<SpeechError>)>>,
}

impl Speech {
    /// Speech by these engines, kept in this store.
    pub fn new(ladder: Ladder, store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self(Arc::new(Inner { ladder, store, clock, troubles: Mutex::default() }))
    }

    /// The speech that was made for a content.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn made(&self, content: ContentHash) -> Result<Option<StoredSpeech>, StoreError> {
        self.0.store.speech(content.0).await
    }

    /// The clip of a digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clip(&self, sha256: [u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.store.clip(sha256).await
    }

    /// Why the last try for a content made none.
    pub fn trouble(&self, content: ContentHash) -> Option<Arc<SpeechError>> {
        let troubles = self.0.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.iter().find(|(of, _)| *of == content).map(|(_, error)| Arc::clone(error))
    }

    /// Makes the speech of a content unless it is there, whoever goes away meanwhile.
    ///
    /// # Errors
    /// [`SpeechError`] of the last engine that was tried, or of the store.
    pub async fn make(&self, content: ContentHash, script: &str) -> Result<StoredSpeech, Arc<SpeechError>> {
        let (speech, script) = (self.clone(), script.to_owned());
        let making = tokio::spawn(async move { speech.make_now(content, &script).await });
        making.await.unwrap_or_else(|_| Err(Arc::new(SpeechError::Stopped)))
    }

    /// Begins to make it; nobody waits.
    pub fn begin(&self, content: ContentHash, script: String) {
        let speech = self.clone();
        tokio::spawn(async move { speech.make_now(content, &script).await });
    }

    /// What a bulletin of this content names: what was made, else what can be made within `patience`.
    ///
    /// # Errors
    /// [`SpeechError`]; the bulletin leaves with its script alone.
    pub async fn settle(
        &self,
        content: ContentHash,
        script: &str,
        patience: Duration,
    ) -> Result<StoredSpeech, Arc<SpeechError>> {
        let made = within(self.0.clock.as_ref(), patience, self.make(content, script)).await;
        made.unwrap_or_else(|late| Err(Arc::new(SpeechError::Late { limit_s: late.limit.as_secs() })))
    }

    async fn make_now(&self, content: ContentHash, script: &str) -> Result<StoredSpeech, Arc<SpeechError>> {
        let outcome = self.make_or_find(content, script).await.map_err(Arc::new);
        let mut troubles = self.0.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.retain(|(of, _)| *of != content);
        if let Err(error) = &outcome {
            tracing::error!(%error, "no speech was made; the boxes will read the script themselves");
            troubles.push_back((content, Arc::clone(error)));
            if troubles.len() > MOST_TROUBLES {
                troubles.pop_front();
            }
        }
        outcome
    }

    async fn make_or_find(&self, content: ContentHash, script: &str) -> Result<StoredSpeech, SpeechError> {
        if let Some(made) = self.made(content).await? {
            return Ok(made);
        }
        let Spoken { clip, length, voice } = self.0.ladder.speak(script).await?;
        let speech = StoredSpeech {
            content_hash: content.0,
            sha256: Sha256::digest(&clip).into(),
            len: clip.len() as u32,
            length_ms: length.as_millis() as u32,
            voice: voice.to_owned(),
            made: self.0.clock.now(),
        };
        Ok(self.0.store.keep_speech(&speech, &clip).await?)
    }
}

/// As a bulletin names it.
pub const fn named(speech: &StoredSpeech) -> AudioClip {
    AudioClip { codec: AudioCodec::Opus, len: speech.len, sha256: speech.sha256 }
}

impl std::fmt::Debug for Speech {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Speech({:?})", self.0.ladder)
    }
}

#[cfg(test)]
pub(crate) mod stories;
