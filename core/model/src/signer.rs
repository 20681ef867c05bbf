//! The port behind which signing keys live. In service a process of its own user holds them; the web tier only asks.
//! Each purpose has a prefix of its own, so that a signature made for one thing never passes for another.

mod local;

use crate::{
    bulletin::{Alg, Bulletin, Envelope, KeyId, Malformed, PublicKey, codec},
    clock::Timestamp,
};
use async_trait::async_trait;
pub use local::{BadKeyFile, LocalSigner};
use serde::{Deserialize, Serialize};

/// What is signed (签名用途).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A bulletin's body.
    Bulletin,
    /// The head of the audit chain.
    AuditHead,
    /// A CAP document.
    Cap,
    /// The present time, for a speaker without a clock of its own (see [`time_bytes`]).
    Time,
    /// The set of keys that boxes believe; the offline root's alone (see [`crate::bulletin::root`]).
    KeySet,
    /// The list of a library of clips for boxes (see [`crate::bulletin::library`]).
    ClipLibrary,
}

impl Purpose {
    /// The bytes that stand before what is signed.
    pub const fn domain(self) -> &'static [u8] {
        match self {
            Self::Bulletin => b"mingluo/bulletin/1\0",
            Self::AuditHead => b"mingluo/audit-head/1\0",
            Self::Cap => b"mingluo/cap/1\0",
            Self::Time => b"mingluo/time/1\0",
            Self::KeySet => b"mingluo/key-set/1\0",
            Self::ClipLibrary => b"mingluo/clip-library/1\0",
        }
    }

    /// What goes into the signature: the domain, then the bytes.
    pub fn message(self, bytes: &[u8]) -> Vec<u8> {
        [self.domain(), bytes].concat()
    }
}

/// What is signed when the city tells a speaker the time: the speaker's own nonce, then milliseconds since 1970.
pub fn time_bytes(nonce: &[u8; 32], time: Timestamp) -> Vec<u8> {
    [&nonce[..], &time.0.to_be_bytes()].concat()
}

/// A signature with the key and algorithm that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureBytes {
    /// The key.
    pub key_id: KeyId,
    /// The algorithm.
    pub alg: Alg,
    /// The signature, hexadecimal in JSON.
    #[serde(with = "hex::serde")]
    pub bytes: Vec<u8>,
}

impl SignatureBytes {
    /// Whether this is a good signature over these bytes for this purpose, by the key's own algorithm.
    pub fn fits(&self, public: &PublicKey, purpose: Purpose, bytes: &[u8]) -> bool {
        self.alg == public.alg() && public.fits(purpose, bytes, &self.bytes)
    }
}

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// The signing process does not answer.
    #[error("the signer cannot be reached: {detail}")]
    Unreachable {
        /// What happened.
        detail: String,
    },
    /// The signer will not sign this, or holds no key for the purpose.
    #[error("the signer refuses {purpose:?}: {detail}")]
    Refused {
        /// What was to be signed.
        purpose: Purpose,
        /// Its reason.
        detail: String,
    },
    /// The bulletin breaks its own rules.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Signs on behalf of those who may not hold keys.
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    /// The key that signs for this purpose now; a bulletin carries its name inside the signed bytes.
    ///
    /// # Errors
    /// [`SignerError`] when there is none or it cannot be asked.
    async fn key_id(&self, purpose: Purpose) -> Result<KeyId, SignerError>;

    /// Signs the purpose's domain and these bytes.
    ///
    /// # Errors
    /// [`SignerError`] when the signer refuses or cannot be reached; nothing was signed.
    async fn sign(&self, purpose: Purpose, bytes: &[u8]) -> Result<SignatureBytes, SignerError>;
}

/// Encodes and signs a bulletin whose `key_id` is the signer's for [`Purpose::Bulletin`].
///
/// # Errors
/// [`SignerError::Malformed`] when the bulletin breaks its rules or names another key; else the signer's own.
pub async fn seal(signer: &dyn Signer, bulletin: &Bulletin) -> Result<Envelope, SignerError> {
    let body = codec::encode(bulletin)?;
    let signature = signer.sign(Purpose::Bulletin, &body).await?;
    wrap(bulletin, body, signature)
}

fn wrap(bulletin: &Bulletin, body: Vec<u8>, signature: SignatureBytes) -> Result<Envelope, SignerError> {
    if signature.key_id != bulletin.key_id {
        let problem = format!("{} was asked for, {} signed", bulletin.key_id, signature.key_id);
        return Err(Malformed::new("key_id", problem).into());
    }
    Ok(Envelope { alg: signature.alg, key_id: signature.key_id, body, signature: signature.bytes })
}
