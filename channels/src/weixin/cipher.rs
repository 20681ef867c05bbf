//! The cipher of pushed messages (消息加解密): AES-256-CBC under the account's EncodingAESKey, of service accounts
//! (公众平台, 消息加解密说明) and WeCom. Knows bytes only; who signed them is the caller's affair, and to be asked first.

use crate::account::{ConfigError, Secret};
use aes::{
    Aes256,
    cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit, block_padding::NoPadding},
};
use base64::{
    Engine, alphabet,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
    },
};
use std::path::Path;

/// Keys are 43 characters of base64. They hold 258 bits, of which the last two mean nothing and are often set.
const KEY64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Messages are padded to this many octets and not to the cipher's own 16.
const BLOCK: usize = 32;
/// Octets of chance before the message, so that the same words never look the same.
const CHANCE: usize = 16;
/// Octets of the message's length, after those of chance.
const LENGTH: usize = 4;

/// Why a message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undeciphered {
    /// It is no base64.
    #[error("it is not base64")]
    NotBase64,
    /// It is empty or no multiple of the cipher's block.
    #[error("{0} octets are no whole blocks")]
    Blocks(usize),
    /// What it ends with is no padding: another key, most likely.
    #[error("its padding is wrong")]
    Padding,
    /// The length that it names lies beyond its end.
    #[error("its length is wrong")]
    Length,
    /// It is for somebody else.
    #[error("it is for another account")]
    Account,
}

/// One account's cipher.
#[derive(Clone)]
pub(crate) struct Cipher {
    key: [u8; 32],
    /// The `AppID`, or WeCom's `CorpID`: every message ends with it.
    id: String,
}

impl Cipher {
    /// Reads a key from the first line of a file.
    ///
    /// # Errors
    /// [`ConfigError`] when there is none of 43 characters.
    pub(crate) fn read(field: &'static str, file: &Path, id: &str) -> Result<Self, ConfigError> {
        let text = Secret::read(field, file)?;
        let fix = "put the 43 characters of the EncodingAESKey on the file's first line";
        Self::new(text.expose(), id).ok_or_else(|| ConfigError::new(field, file.display(), fix))
    }

    /// `None` when the key is not 43 characters of base64.
    pub(crate) fn new(key: &str, id: &str) -> Option<Self> {
        let octets = (key.len() == 43).then(|| KEY64.decode(key).ok()).flatten()?;
        Some(Self { key: octets.try_into().ok()?, id: id.to_owned() })
    }

    /// The message in an `Encrypt` element.
    ///
    /// # Errors
    /// [`Undeciphered`].
    pub(crate) fn open(&self, encrypted: &str) -> Result<Vec<u8>, Undeciphered> {
        let mut octets = STANDARD.decode(encrypted).map_err(|_| Undeciphered::NotBase64)?;
        let blocks = Undeciphered::Blocks(octets.len());
        if octets.is_empty() {
            return Err(blocks);
        }
        let (key, start) = self.key_and_start();
        let cipher = cbc::Decryptor::<Aes256>::new(key.into(), start.into());
        let plain = cipher.decrypt_padded_mut::<NoPadding>(&mut octets).map_err(|_| blocks)?;
        let plain = unpadded(plain).ok_or(Undeciphered::Padding)?;
        let (message, id) = split(plain).ok_or(Undeciphered::Length)?;
        if id == self.id.as_bytes() { Ok(message.to_vec()) } else { Err(Undeciphered::Account) }
    }

    /// A message as an `Encrypt` element holds it.
    pub(crate) fn seal(&self, chance: [u8; CHANCE], message: &[u8]) -> String {
        let length = u32::try_from(message.len()).expect("no message is as long as four gigabytes");
        let mut plain = [&chance[..], &length.to_be_bytes(), message, self.id.as_bytes()].concat();
        let padding = BLOCK - plain.len() % BLOCK;
        plain.extend(std::iter::repeat_n(padding as u8, padding));
        let (key, start) = self.key_and_start();
        let cipher = cbc::Encryptor::<Aes256>::new(key.into(), start.into());
        STANDARD.encode(cipher.encrypt_padded_vec_mut::<NoPadding>(&plain))
    }

    /// The key's first half is where the chain of blocks starts as well.
    fn key_and_start(&self) -> (&[u8; 32], &[u8; 16]) {
        let start = self.key.first_chunk().expect("sixteen of thirty-two octets");
        (&self.key, start)
    }
}

/// Without its padding: each of the last `n` octets is `n`, which is 1 to 32.
fn unpadded(plain: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*plain.last()?);
    let (rest, end) = plain.split_at_checked(plain.len().checked_sub(padding)?)?;
    let whole = (1..=BLOCK).contains(&padding) && end.iter().all(|octet| usize::from(*octet) == padding);
    whole.then_some(rest)
}

/// The message, and for whom it is.
fn split(plain: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = plain.split_at_checked(CHANCE)?;
    let (length, rest) = rest.split_first_chunk::<LENGTH>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

#[cfg(test)]
#[path = "cipher_tests.rs"]
mod tests;
