//! How the pretend platform makes its pushes, bare or enciphered, and reads what it is answered.

use super::WeChatAccount;
use crate::sim_seal::{SealKey, element, signed};
use reqwest::Url;

/// The secrets that pushes are made with.
pub(super) struct Seal {
    token: String,
    key: Option<SealKey>,
    compatible: bool,
}

impl Seal {
    pub(super) fn of(account: &WeChatAccount) -> anyhow::Result<Self> {
        let key = account.aes_key.as_deref().map(|key| SealKey::read(key, &account.app_id)).transpose()?;
        Ok(Self { token: account.token.clone(), key, compatible: account.compatible })
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
            .append_pair("signature", &signed(&self.token, &[&timestamp, &nonce]))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce)
            .append_pair("openid", openid);
        let Some(key) = &self.key else { return (url, event.to_owned()) };
        let sealed = key.encrypt(event, &nonce);
        url.query_pairs_mut()
            .append_pair("encrypt_type", "aes")
            .append_pair("msg_signature", &signed(&self.token, &[&timestamp, &nonce, &sealed]));
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
        element(&key.read_answer(&self.token, answer)?, "Content")
    }
}
