//! The port behind which signing keys live. In service a process of its own user holds them; the web tier only asks.
//! Each purpose has a prefix of its own, so that a signature made for one thing never passes for another.

use crate::{
    bulletin::{Alg, Bulletin, Envelope, KeyId, Malformed, codec, verify::verify_signature},
    clock::Timestamp,
};
use async_trait::async_trait;
use ed25519_dalek::{Signer as _, SigningKey};
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
    /// Whether this is a good Ed25519 signature over these bytes for this purpose.
    pub fn fits(&self, public: &[u8; 32], purpose: Purpose, bytes: &[u8]) -> bool {
        self.alg == Alg::Ed25519 && verify_signature(public, purpose, bytes, &self.bytes)
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

/// A signer that holds its key itself: the inside of the signing process, and tests.
pub struct LocalSigner {
    key_id: KeyId,
    key: SigningKey,
}

/// A key file that is no seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key file: {length} bytes, must be 32 bytes or 64 hexadecimal digits")]
pub struct BadSeed {
    /// How long the content is.
    pub length: usize,
}

impl LocalSigner {
    /// A signer of this key name from its 32-byte seed.
    pub fn from_seed(key_id: KeyId, seed: &[u8; 32]) -> Self {
        Self { key_id, key: SigningKey::from_bytes(seed) }
    }

    /// A signer from a key file's content: 32 raw bytes, or 64 hexadecimal digits with white space around them.
    ///
    /// # Errors
    /// [`BadSeed`] when it is neither.
    pub fn from_file_content(key_id: KeyId, content: &[u8]) -> Result<Self, BadSeed> {
        let bad = BadSeed { length: content.len() };
        if let Ok(seed) = content.try_into() {
            return Ok(Self::from_seed(key_id, seed));
        }
        let mut seed = [0; 32];
        hex::decode_to_slice(content.trim_ascii(), &mut seed).map_err(|_| bad)?;
        Ok(Self::from_seed(key_id, &seed))
    }

    /// The public half, for key sets.
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Signs without waiting for anybody.
    pub fn sign_now(&self, purpose: Purpose, bytes: &[u8]) -> SignatureBytes {
        let signature = self.key.sign(&purpose.message(bytes));
        SignatureBytes {
            key_id: self.key_id.clone(),
            alg: Alg::Ed25519,
            bytes: signature.to_bytes().to_vec(),
        }
    }

    /// Encodes and signs a bulletin without waiting for anybody.
    ///
    /// # Errors
    /// [`SignerError::Malformed`] when the bulletin breaks its rules or names another key.
    pub fn seal(&self, bulletin: &Bulletin) -> Result<Envelope, SignerError> {
        let body = codec::encode(bulletin)?;
        let signature = self.sign_now(Purpose::Bulletin, &body);
        wrap(bulletin, body, signature)
    }
}

impl std::fmt::Debug for LocalSigner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "LocalSigner({}, …)", self.key_id)
    }
}

#[async_trait]
impl Signer for LocalSigner {
    async fn key_id(&self, _: Purpose) -> Result<KeyId, SignerError> {
        Ok(self.key_id.clone())
    }

    async fn sign(&self, purpose: Purpose, bytes: &[u8]) -> Result<SignatureBytes, SignerError> {
        Ok(self.sign_now(purpose, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_its_own_purpose_only() {
        let signer = LocalSigner::from_seed("k".parse().unwrap(), &[1; 32]);
        let signature = signer.sign_now(Purpose::AuditHead, b"head");
        assert!(signature.fits(&signer.public(), Purpose::AuditHead, b"head"));
        assert!(!signature.fits(&signer.public(), Purpose::Bulletin, b"head"));
    }

    #[test]
    fn a_key_file_is_raw_or_hexadecimal_and_nothing_else() {
        let key = |content: &[u8]| LocalSigner::from_file_content("k".parse().unwrap(), content);
        let raw = key(&[7; 32]).unwrap().public();
        let text = format!("{}\n", hex::encode([7; 32]));
        assert_eq!(key(text.as_bytes()).unwrap().public(), raw);
        assert_eq!(key(b"short").unwrap_err(), BadSeed { length: 5 });
        assert!(!format!("{:?}", key(&[7; 32]).unwrap()).contains("07"));
    }
}
