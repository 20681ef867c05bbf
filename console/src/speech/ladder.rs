//! The engines in the order in which they are tried: the operator's own, then the voice that every machine has.

use super::{Engine, SpeechError, opus, sound};
use mingluo_model::clock::{SharedClock, within};
use std::time::Duration;

/// Speech that is ready to be kept.
#[derive(Debug)]
pub struct Spoken {
    /// The clip, Ogg Opus.
    pub clip: Vec<u8>,
    /// How long it sounds.
    pub length: Duration,
    /// Who spoke.
    pub voice: &'static str,
}

/// Engines, tried in turn.
pub struct Ladder {
    /// At least one.
    engines: Vec<Engine>,
    limit: Duration,
    clock: SharedClock,
}

impl Ladder {
    /// These engines, each for at most `limit`.
    pub fn new(engines: Vec<Engine>, limit: Duration, clock: SharedClock) -> Self {
        Self { engines, limit, clock }
    }

    /// Speaks a text by the first engine that can; keeps nothing.
    ///
    /// # Errors
    /// [`SpeechError`] of the last one.
    pub async fn speak(&self, script: &str) -> Result<Spoken, SpeechError> {
        let mut last = SpeechError::Stopped;
        for engine in &self.engines {
            match self.speak_by(engine, script).await {
                Ok(spoken) => return Ok(spoken),
                Err(error) => {
                    tracing::error!(voice = engine.voice(), %error, "an engine does not speak");
                    last = error;
                }
            }
        }
        Err(last)
    }

    async fn speak_by(&self, engine: &Engine, script: &str) -> Result<Spoken, SpeechError> {
        let limit = self.limit;
        let said = within(self.clock.as_ref(), limit, engine.say(script)).await;
        let wav = said.map_err(|_| SpeechError::Late { limit_s: limit.as_secs() })??;
        let voice = engine.voice();
        // A second of work for a minute of speech: not on a thread that answers pages.
        let packed = tokio::task::spawn_blocking(move || {
            let samples = sound::read(&wav)?;
            let length = sound::length(&samples);
            Ok(Spoken { clip: opus::pack(&samples)?, length, voice })
        });
        packed.await.unwrap_or(Err(SpeechError::Stopped))
    }
}

impl std::fmt::Debug for Ladder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.engines.iter().map(Engine::voice)).finish()
    }
}
