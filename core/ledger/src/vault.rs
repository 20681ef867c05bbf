//! Seals personal data before any engine sees it, and knows addresses again by keyed hash. The keys come from a
//! key-ring file and never leave this module.

use chacha20poly1305::{
    AeadCore, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, OsRng, Payload},
};
use hmac::{Hmac, Mac};
use mingluo_model::address::Address;
use rand::CryptoRng;
use sha2::Sha256;
use std::fmt;

mod ring;

pub use ring::RingError;
use ring::{Key, read_ring};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// A key ring (密钥环). What is sealed names its key; the last key of the ring seals, all of them open. Removing
/// a key destroys what it sealed (crypto-shredding). Address hashes are made under the first key for as long as
/// the ring lives, since a hash under another key would know nobody again.
pub struct Vault {
    locks: Vec<Lock>,
    hash_key: zeroize::Zeroizing<[u8; 32]>,
}

struct Lock {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// Why sealed bytes cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The bytes are no sealed blob of a known version.
    #[error("the bytes are not sealed in a known way")]
    Form,
    /// The key is not in the ring.
    #[error("key {key_id} is not in the key ring")]
    NoKey {
        /// The key that sealed it.
        key_id: String,
    },
    /// The bytes were changed, or belong elsewhere.
    #[error("the sealed bytes were changed or belong elsewhere (key {key_id})")]
    Changed {
        /// The key that sealed it.
        key_id: String,
    },
}

impl Vault {
    /// Reads a key ring: a line per key, `key-id` and 64 hexadecimal digits with a space between; the last line is
    /// the current key. Empty lines and lines that begin with `#` mean nothing. `file` is only named in errors.
    ///
    /// # Errors
    /// [`RingError`] naming file and line, never the key.
    pub fn read(file: &str, text: &str) -> Result<Self, RingError> {
        let keys = read_ring(file, text)?;
        let first = keys.first().ok_or_else(|| RingError::Empty { file: file.to_owned() })?;
        let hash_key = derived(first, b"mingluo/vault/address/1");
        let locks = keys.iter().map(Lock::new).collect();
        Ok(Self { locks, hash_key })
    }

    /// A key ring of one new key, as text for a file that only the ledger's user may read.
    pub fn generate(chance: &mut impl CryptoRng) -> String {
        let mut bytes = zeroize::Zeroizing::new([0_u8; 36]);
        chance.fill_bytes(&mut *bytes);
        let (id, key) = bytes.split_at(4);
        format!("k{} {}\n", ring::hex(id), ring::hex(key))
    }

    /// Seals bytes under the current key. `place` is bound to them: they open only in the same place.
    ///
    /// # Panics
    /// Never: the cipher takes up to 256 GiB.
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8> {
        let lock = self.locks.last().expect("a ring without keys is refused when it is read");
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let sealed = lock
            .cipher
            .encrypt(&nonce, Payload { msg: plain, aad: place })
            .expect("no blob comes near the cipher's limit of 256 GiB");
        let mut blob = Vec::with_capacity(2 + lock.id.len() + NONCE_BYTES + sealed.len());
        blob.extend_from_slice(&[VERSION, lock.id.len() as u8]);
        blob.extend_from_slice(lock.id.as_bytes());
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&sealed);
        blob
    }

    /// Opens what [`Self::seal`] sealed for the same place.
    ///
    /// # Errors
    /// [`OpenError::Form`], [`OpenError::NoKey`] or [`OpenError::Changed`].
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (key_id, nonce, body) = parts(sealed).ok_or(OpenError::Form)?;
        let named = || String::from_utf8_lossy(key_id).into_owned();
        let lock = self
            .locks
            .iter()
            .find(|lock| lock.id.as_bytes() == key_id)
            .ok_or_else(|| OpenError::NoKey { key_id: named() })?;
        lock.cipher
            .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: place })
            .map_err(|_| OpenError::Changed { key_id: named() })
    }

    /// The keyed hash by which an address is known again: the first 16 bytes of an HMAC-SHA256.
    pub fn address_hash(&self, address: &Address) -> [u8; 16] {
        self.short_hash(address.expose().as_bytes())
    }

    /// A keyed hash by which a message that comes again is known. No address has a NUL in it, so none has such a hash.
    pub(crate) fn repeat_hash(&self, said: &[&str]) -> [u8; 16] {
        self.short_hash(format!("repeat\0{}", said.join("\0")).as_bytes())
    }

    fn short_hash(&self, bytes: &[u8]) -> [u8; 16] {
        let code = mac(&self.hash_key, bytes);
        let mut short = [0; 16];
        short.copy_from_slice(&code[..16]);
        short
    }
}

impl Lock {
    fn new(key: &Key) -> Self {
        let seal_key = derived(key, b"mingluo/vault/seal/1");
        Self { id: key.id.clone(), cipher: XChaCha20Poly1305::new((&*seal_key).into()) }
    }
}

/// Key id, nonce and sealed body of a blob.
fn parts(sealed: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let [VERSION, length, rest @ ..] = sealed else { return None };
    let (key_id, rest) = rest.split_at_checked(usize::from(*length))?;
    let (nonce, body) = rest.split_at_checked(NONCE_BYTES)?;
    Some((key_id, nonce, body))
}

/// A key for one purpose; no purpose learns another's.
fn derived(key: &Key, purpose: &[u8]) -> zeroize::Zeroizing<[u8; 32]> {
    zeroize::Zeroizing::new(mac(&key.secret, purpose))
}

fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("an HMAC key may have any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

impl fmt::Debug for Vault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Vault({} keys)", self.locks.len())
    }
}

#[cfg(test)]
mod tests;
