//! How Tencent's platforms sign and encipher what they push, and read what they are answered, as their simulators do it.
//! Written apart from the channels that they try; wechatpy speaks to both (see the interop stories).

use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit, block_padding::NoPadding};
use anyhow::{Context, ensure};
use base64::{
    Engine, alphabet,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
};
use sha1::{Digest, Sha1};

/// A key's last two bits mean nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// An EncodingAESKey and whose messages it enciphers.
pub(crate) struct SealKey {
    key: [u8; 32],
    id: String,
}

impl SealKey {
    /// # Errors
    /// When the key is not 43 characters of base64.
    pub(crate) fn read(key: &str, id: &str) -> anyhow::Result<Self> {
        ensure!(key.len() == 43, "--aes-key has {} characters, not 43", key.len());
        let octets = LENIENT.decode(format!("{key}=")).with_context(|| format!("--aes-key {key:?}"))?;
        let key = octets.try_into().expect("43 characters are 32 octets");
        Ok(Self { key, id: id.to_owned() })
    }

    /// A message as an `Encrypt` element holds it.
    pub(crate) fn encrypt(&self, message: &str, nonce: &str) -> String {
        // Sixteen octets that differ from push to push; nothing here is secret.
        let mut plain = format!("{nonce:0>16}").into_bytes();
        plain.extend((message.len() as u32).to_be_bytes());
        plain.extend(message.bytes().chain(self.id.bytes()));
        let padding = 32 - plain.len() % 32;
        plain.resize(plain.len() + padding, padding as u8);
        let cipher = cbc::Encryptor::<aes::Aes256>::new((&self.key).into(), self.key[..16].into());
        STANDARD.encode(cipher.encrypt_padded_vec_mut::<NoPadding>(&plain))
    }

    /// The message in an answer, if all of it is as it should be.
    pub(crate) fn read_answer(&self, token: &str, answer: &str) -> Option<String> {
        let [sealed, signature, timestamp, nonce] =
            ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"].map(|name| element(answer, name));
        let sealed = sealed?;
        (signature? == signed(token, &[&timestamp?, &nonce?, &sealed])).then_some(())?;
        self.decrypt(&sealed)
    }

    fn decrypt(&self, sealed: &str) -> Option<String> {
        let cipher = cbc::Decryptor::<aes::Aes256>::new((&self.key).into(), self.key[..16].into());
        let plain = cipher.decrypt_padded_vec_mut::<NoPadding>(&STANDARD.decode(sealed).ok()?).ok()?;
        let end = plain.len().checked_sub(usize::from(*plain.last()?))?;
        let length = u32::from_be_bytes(plain.get(16..20)?.try_into().ok()?) as usize;
        let (message, id) = plain.get(20..end)?.split_at_checked(length)?;
        (id == self.id.as_bytes()).then(|| String::from_utf8(message.to_vec()).ok())?
    }
}

/// SHA-1 over the token and the parts in their order.
pub(crate) fn signed(token: &str, parts: &[&str]) -> String {
    let mut parts = [&[token], parts].concat();
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

/// The text between two tags of this name.
pub(crate) fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
}
