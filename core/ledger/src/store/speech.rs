//! What is kept of speech that was made for a warning.

use mingluo_model::clock::Timestamp;

/// Speech for one content of a warning (语音), by the digest of its clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSpeech {
    /// The hash of the content that it says.
    pub content_hash: [u8; 32],
    /// SHA-256 over the clip.
    pub sha256: [u8; 32],
    /// The clip's length in bytes.
    pub len: u32,
    /// How long it sounds, in milliseconds.
    pub length_ms: u32,
    /// Who spoke.
    pub voice: String,
    /// When it was made.
    pub made: Timestamp,
}
