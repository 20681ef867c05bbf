//! Speech for loudspeakers, as an alert goes its way: made when its words are kept, heard by whoever signs, named in the
//! bulletin that leaves.

use super::{Office, OfficeError};
use crate::speech::{Speech, SpeechError, named};
use mingluo_ledger::store::StoredSpeech;
use mingluo_model::{
    alert::Alert,
    audience::ChannelKind,
    bulletin::{AudioClip, Envelope, codec},
    id::AlertId,
    message::Body,
    mode::Mode,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// How long a release waits for speech that nobody has heard yet. It was begun when the words were kept, so it is mostly
/// there; a warning is worth more than its voice.
const PATIENCE: Duration = Duration::from_secs(3);

/// How an alert's speech stands (语音).
#[derive(Debug, Clone)]
pub enum SpeechState {
    /// It has none: no loudspeaker hears it, or this city makes no speech.
    Without,
    /// It is being made.
    Awaited,
    /// It is there, and is what a release sends.
    Made(StoredSpeech),
    /// It could not be made: the boxes will read the script themselves.
    Failed(Arc<SpeechError>),
}

/// What a bulletin was given as speech.
#[derive(Debug, Clone)]
pub enum Voiced {
    /// Nothing; it was not to have any.
    Without,
    /// A clip.
    By(StoredSpeech),
    /// Nothing, for this reason: the boxes read the script themselves.
    Script(Arc<SpeechError>),
}

impl Voiced {
    /// What the bulletin names.
    pub fn clip(&self) -> Option<AudioClip> {
        if let Self::By(speech) = self { Some(named(speech)) } else { None }
    }

    /// What the audit log keeps of it, and programs are told.
    pub(crate) fn told(&self) -> Value {
        match self {
            Self::Without => Value::Null,
            Self::By(speech) => json!({ "sha256": hex::encode(speech.sha256), "voice": speech.voice }),
            Self::Script(error) => json!({ "problem": error.to_string() }),
        }
    }
}

impl<M: Mode> Office<M> {
    /// Begins to make the speech of what was just kept; nobody waits for it.
    pub(super) fn begin_speech(&self, alert: &Alert<M>) {
        if let Some((speech, script)) = self.speech_of(alert) {
            speech.begin(alert.content_hash(), script);
        }
    }

    /// How the speech of an alert that has not left stands.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn speech_state(&self, alert: &Alert<M>) -> Result<SpeechState, OfficeError> {
        let Some((speech, _)) = self.speech_of(alert) else { return Ok(SpeechState::Without) };
        let content = alert.content_hash();
        Ok(match (speech.made(content).await?, speech.trouble(content)) {
            (Some(made), _) => SpeechState::Made(made),
            (None, Some(trouble)) => SpeechState::Failed(trouble),
            (None, None) => SpeechState::Awaited,
        })
    }

    /// The speech of an alert, made now if it is not there: for who wants to hear it.
    ///
    /// # Errors
    /// [`OfficeError::Speech`] when it cannot be made.
    pub async fn speak(&self, alert: &Alert<M>) -> Result<Option<StoredSpeech>, OfficeError> {
        let Some((speech, script)) = self.speech_of(alert) else { return Ok(None) };
        Ok(Some(speech.make(alert.content_hash(), &script).await?))
    }

    /// Whether this city makes speech at all.
    pub const fn makes_speech(&self) -> bool {
        self.speech.is_some()
    }

    /// The speech that was made for an alert's content.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn made_speech(&self, alert: &Alert<M>) -> Result<Option<StoredSpeech>, OfficeError> {
        Ok(self.store.speech(alert.content_hash().0).await?)
    }

    /// The clip of a digest.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn clip(&self, sha256: [u8; 32]) -> Result<Option<Vec<u8>>, OfficeError> {
        Ok(self.store.clip(sha256).await?)
    }

    /// What speakers say of an alert, in words; `None` where no speaker hears it.
    pub fn script(&self, alert: &Alert<M>) -> Option<String> {
        let content = &alert.content;
        let hears = |channel: &ChannelKind| *channel == ChannelKind::Speaker;
        let counted =
            content.audience.counts.iter().any(|(channel, count)| hears(channel) && count.recipients > 0);
        if !counted && !content.reserve.iter().any(hears) {
            return None;
        }
        match self.words_of(alert, ChannelKind::Speaker).ok()?.body {
            Body::Speaker { script, .. } => Some(script),
            _ => None,
        }
    }

    /// What the bulletin of an alert named that has left.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn sent_clip(&self, id: AlertId) -> Result<Option<AudioClip>, OfficeError> {
        let plans = self.store.plans(id).await?;
        let clip = |body: &Body| match body {
            Body::Speaker { envelope, .. } => {
                codec::decode(&Envelope::from_bytes(envelope).ok()?.body).ok()?.audio
            }
            _ => None,
        };
        Ok(plans.iter().find_map(|plan| clip(&plan.fields().message.body)))
    }

    /// What the bulletin of this release names. What could not be made before is not tried again now: that is what the
    /// officers were told.
    pub(super) async fn voiced(&self, alert: &Alert<M>) -> Voiced {
        let Some((speech, script)) = self.speech_of(alert) else { return Voiced::Without };
        let content = alert.content_hash();
        let is_made = matches!(speech.made(content).await, Ok(Some(_)));
        if let Some(trouble) = speech.trouble(content).filter(|_| !is_made) {
            return Voiced::Script(trouble);
        }
        match speech.settle(content, &script, PATIENCE).await {
            Ok(made) => Voiced::By(made),
            Err(error) => {
                tracing::error!(alert.id = %alert.id, %error, "the bulletin leaves without speech");
                Voiced::Script(error)
            }
        }
    }

    fn speech_of(&self, alert: &Alert<M>) -> Option<(&Speech, String)> {
        let script = self.script(alert).filter(|script| !script.trim().is_empty())?;
        Some((self.speech.as_ref()?, script))
    }
}
