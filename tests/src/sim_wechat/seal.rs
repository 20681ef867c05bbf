//! How the pretend platform signs and enciphers what it pushes, and reads what it is answered. Written apart from the
//! channel that it tries; wechatpy speaks to both (see the interop stories).

use super::WeChatAccount;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit, block_padding::NoPadding};
use anyhow::{Context, ensure};
use base64::{
    Engine, alphabet,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
};
use reqwest::Url;
use sha1::{Digest, Sha1};

/// A key's last two bits mean nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The secrets that pushes are made with.
pub(super) struct Seal {
    token: String,
    app_id: String,
    key: Option<[u8; 32]>,
    compatible: bool,
}

impl Seal {
    pub(super) fn of(account: &WeChatAccount) -> anyhow::Result<Self> {
        let key = account.aes_key.as_deref().map(|key| {
            ensure!(key.len() == 43, "--aes-key has {} characters, not 43", key.len());
            let octets = LENIENT.decode(format!("{key}=")).with_context(|| format!("--aes-key {key:?}"))?;
            Ok(octets.try_into().expect("43 characters are 32 octets"))
        });
        let (token, app_id) = (account.token.clone(), account.app_id.clone());
        Ok(Self { token, app_id, key: key.transpose()?, compatible: account.compatible })
    }

    /// Where an event goes and what is posted there.
    pub(super) fn push(
        &self,
        to: &Url,
        openid: &str,
        event: &str,
        seconds: i64,
        nonce: u64,
    ) -> (Url, String) {
        let (timestamp, nonce) = (seconds.to_string(), nonce.to_string());
        let mut url = to.clone();
        url.query_pairs_mut()
            .append_pair("signature", &self.sign(&[&timestamp, &nonce]))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce)
            .append_pair("openid", openid);
        let Some(key) = &self.key else { return (url, event.to_owned()) };
        let sealed = self.encrypt(key, event, &nonce);
        url.query_pairs_mut()
            .append_pair("encrypt_type", "aes")
            .append_pair("msg_signature", &self.sign(&[&timestamp, &nonce, &sealed]));
        let element = format!("<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>");
        if self.compatible {
            return (url, event.replace("</xml>", &element));
        }
        (url, format!("<xml><ToUserName><![CDATA[gh_pretend]]></ToUserName>{element}"))
    }

    /// What an answer says to the follower: nothing for `success`; `None` when it is none that the platform takes.
    pub(super) fn read(&self, answer: &str) -> Option<String> {
        if answer.is_empty() || answer == "success" {
            return Some(String::new());
        }
        let Some(key) = &self.key else { return element(answer, "Content") };
        let [sealed, signature, timestamp, nonce] =
            ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"].map(|name| element(answer, name));
        let sealed = sealed?;
        (signature? == self.sign(&[&timestamp?, &nonce?, &sealed])).then_some(())?;
        element(&self.decrypt(key, &sealed)?, "Content")
    }

    fn sign(&self, parts: &[&str]) -> String {
        let mut parts = [&[self.token.as_str()], parts].concat();
        parts.sort_unstable();
        hex::encode(Sha1::digest(parts.concat()))
    }

    fn encrypt(&self, key: &[u8; 32], message: &str, nonce: &str) -> String {
        // Sixteen octets that differ from push to push; nothing here is secret.
        let mut plain = format!("{nonce:0>16}").into_bytes();
        plain.extend((message.len() as u32).to_be_bytes());
        plain.extend(message.bytes().chain(self.app_id.bytes()));
        let padding = 32 - plain.len() % 32;
        plain.resize(plain.len() + padding, padding as u8);
        let cipher = cbc::Encryptor::<aes::Aes256>::new(key.into(), key[..16].into());
        STANDARD.encode(cipher.encrypt_padded_vec_mut::<NoPadding>(&plain))
    }

    fn decrypt(&self, key: &[u8; 32], sealed: &str) -> Option<String> {
        let cipher = cbc::Decryptor::<aes::Aes256>::new(key.into(), key[..16].into());
        let plain = cipher.decrypt_padded_vec_mut::<NoPadding>(&STANDARD.decode(sealed).ok()?).ok()?;
        let end = plain.len().checked_sub(usize::from(*plain.last()?))?;
        let length = u32::from_be_bytes(plain.get(16..20)?.try_into().ok()?) as usize;
        let (message, id) = plain.get(20..end)?.split_at_checked(length)?;
        (id == self.app_id.as_bytes()).then(|| String::from_utf8(message.to_vec()).ok())?
    }
}

fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
}
