//! The signer that holds its key itself, and the file that it reads it from.

use super::{Purpose, SignatureBytes, Signer, SignerError, wrap};
#[cfg(feature = "sm2")]
use crate::bulletin::sm2;
use crate::bulletin::{Alg, Bulletin, Envelope, KeyId, PublicKey, codec};
use async_trait::async_trait;
use ed25519_dalek::{Signer as _, SigningKey};

/// What an SM2 key's file begins with, so that the same digits are never taken for a key of both algorithms.
const SM2_MARK: &[u8] = b"sm2:";

/// A signer that holds its key itself: the inside of the signing process, and tests.
pub struct LocalSigner {
    key_id: KeyId,
    key: Secret,
}

enum Secret {
    Ed25519(SigningKey),
    #[cfg(feature = "sm2")]
    Sm2(sm2::Secret),
}

/// Why a key file is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKeyFile {
    /// It is neither a seed nor marked as an SM2 key.
    #[error("key file: {length} bytes, must be 32 bytes or 64 hexadecimal digits, or `sm2:` and 64 of them")]
    NoKey {
        /// How long the content is.
        length: usize,
    },
    /// What follows `sm2:` is no SM2 key.
    #[error("key file: behind `sm2:` must stand 64 hexadecimal digits, a number from 1 to n-2; make another")]
    NoSm2Key,
    /// It is an SM2 key, and this build has no SM2.
    #[error("key file: it holds an SM2 key, and this program is built without sm2")]
    WithoutSm2,
}

impl LocalSigner {
    /// An Ed25519 signer of this key name from its 32-byte seed.
    pub fn from_seed(key_id: KeyId, seed: &[u8; 32]) -> Self {
        Self { key_id, key: Secret::Ed25519(SigningKey::from_bytes(seed)) }
    }

    /// A signer from a key file's content: for Ed25519 32 raw bytes, or 64 hexadecimal digits with white space around them; for
    /// SM2 `sm2:` and the private number as 64 hexadecimal digits, big-endian.
    ///
    /// # Errors
    /// [`BadKeyFile`] when it is none of these, or SM2 is not built in.
    pub fn from_file_content(key_id: KeyId, content: &[u8]) -> Result<Self, BadKeyFile> {
        if let Some(digits) = content.trim_ascii().strip_prefix(SM2_MARK) {
            return Self::from_sm2_digits(key_id, digits.trim_ascii());
        }
        if let Ok(seed) = content.try_into() {
            return Ok(Self::from_seed(key_id, seed));
        }
        let mut seed = [0; 32];
        hex::decode_to_slice(content.trim_ascii(), &mut seed)
            .map_err(|_| BadKeyFile::NoKey { length: content.len() })?;
        Ok(Self::from_seed(key_id, &seed))
    }

    #[cfg(feature = "sm2")]
    fn from_sm2_digits(key_id: KeyId, digits: &[u8]) -> Result<Self, BadKeyFile> {
        let mut number = [0; 32];
        hex::decode_to_slice(digits, &mut number).map_err(|_| BadKeyFile::NoSm2Key)?;
        let key = sm2::Secret::from_number(&number).ok_or(BadKeyFile::NoSm2Key)?;
        Ok(Self { key_id, key: Secret::Sm2(key) })
    }

    #[cfg(not(feature = "sm2"))]
    fn from_sm2_digits(_: KeyId, _: &[u8]) -> Result<Self, BadKeyFile> {
        Err(BadKeyFile::WithoutSm2)
    }

    /// The public half, for key sets.
    ///
    /// # Panics
    /// Never: an SM2 key's public half is a point.
    pub fn public(&self) -> PublicKey {
        match &self.key {
            Secret::Ed25519(key) => PublicKey::ed25519(key.verifying_key().to_bytes()),
            #[cfg(feature = "sm2")]
            Secret::Sm2(key) => PublicKey::new(Alg::Sm2, &key.public()).expect("a point, uncompressed"),
        }
    }

    /// Signs without waiting for anybody.
    pub fn sign_now(&self, purpose: Purpose, bytes: &[u8]) -> SignatureBytes {
        let message = purpose.message(bytes);
        let (alg, bytes) = match &self.key {
            Secret::Ed25519(key) => (Alg::Ed25519, key.sign(&message).to_bytes().to_vec()),
            #[cfg(feature = "sm2")]
            Secret::Sm2(key) => (Alg::Sm2, key.sign(&message)),
        };
        SignatureBytes { key_id: self.key_id.clone(), alg, bytes }
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

    fn key(content: &[u8]) -> Result<LocalSigner, BadKeyFile> {
        LocalSigner::from_file_content("k".parse().unwrap(), content)
    }

    #[test]
    fn a_signature_fits_its_own_purpose_only() {
        let signer = LocalSigner::from_seed("k".parse().unwrap(), &[1; 32]);
        let signature = signer.sign_now(Purpose::AuditHead, b"head");
        assert!(signature.fits(&signer.public(), Purpose::AuditHead, b"head"));
        assert!(!signature.fits(&signer.public(), Purpose::Bulletin, b"head"));
    }

    #[test]
    fn a_key_file_is_raw_or_hexadecimal_and_nothing_else() {
        let raw = key(&[7; 32]).unwrap().public();
        let text = format!("{}\n", hex::encode([7; 32]));
        assert_eq!(key(text.as_bytes()).unwrap().public(), raw);
        assert_eq!(key(b"short").unwrap_err(), BadKeyFile::NoKey { length: 5 });
        assert!(!format!("{:?}", key(&[7; 32]).unwrap()).contains("07"));
    }

    #[cfg(feature = "sm2")]
    #[test]
    fn an_sm2_key_file_is_marked_and_holds_a_number_within_the_standards_bounds() {
        let file = |digits: &str| key(format!("sm2:{digits}\n").as_bytes());
        let signer = file(&"07".repeat(32)).unwrap();
        assert_eq!(signer.public().alg(), Alg::Sm2);
        assert_eq!(signer.public().as_ref().len(), 65);
        assert!(!format!("{signer:?}").contains("07"));
        let order = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D541";
        assert!(file(&format!("{order}21")).is_ok(), "n-2 is the last");
        for digits in
            [format!("{order}22"), format!("{order}23"), "00".repeat(32), "07".repeat(31), String::new()]
        {
            assert_eq!(file(&digits).unwrap_err(), BadKeyFile::NoSm2Key, "{digits}");
        }
        // As long as a raw seed, and yet no seed.
        assert_eq!(file(&"a".repeat(27)).unwrap_err(), BadKeyFile::NoSm2Key);
    }

    #[cfg(not(feature = "sm2"))]
    #[test]
    fn an_sm2_key_file_is_refused_by_a_build_without_sm2() {
        let file = format!("sm2:{}\n", "07".repeat(32));
        let refused = key(file.as_bytes()).unwrap_err();
        assert_eq!(refused, BadKeyFile::WithoutSm2);
        assert!(refused.to_string().contains("built without sm2"));
    }
}
