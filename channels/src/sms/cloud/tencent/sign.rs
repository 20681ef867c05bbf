//! The provider's signature (TC3-HMAC-SHA256, 签名方法 v3). Pure: what is signed goes in, the header's value comes out.

use mingluo_model::clock::Timestamp;

use crate::{
    account::Secret,
    sms::cloud::wire::{hmac, sha256_hex, utc},
};

/// The name of the algorithm.
const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// The service that is called, as the scope names it.
const SERVICE: &str = "sms";

/// The type of all bodies; signed, so it must go out octet by octet.
pub(super) const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// What is signed: a POST of JSON to `/`.
pub(super) struct Request<'a> {
    pub(super) host: &'a str,
    pub(super) body: &'a [u8],
    /// When; the day in it is that of UTC.
    pub(super) at: Timestamp,
}

impl Request<'_> {
    pub(super) fn canonical(&self) -> String {
        let (host, hash) = (self.host, sha256_hex(self.body));
        format!("POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\n\ncontent-type;host\n{hash}")
    }

    pub(super) fn seconds(&self) -> i64 {
        self.at.0.div_euclid(1_000)
    }

    /// The `Authorization` header.
    pub(super) fn authorization(&self, secret_id: &str, secret_key: &Secret) -> String {
        let date = utc(self.at, "%Y-%m-%d");
        let scope = format!("{date}/{SERVICE}/tc3_request");
        let hash = sha256_hex(self.canonical().as_bytes());
        let text = format!("{ALGORITHM}\n{}\n{scope}\n{hash}", self.seconds());
        let of_date = hmac(format!("TC3{}", secret_key.expose()).as_bytes(), date.as_bytes());
        let key = hmac(&hmac(&of_date, SERVICE.as_bytes()), b"tc3_request");
        let signature = hex::encode(hmac(&key, text.as_bytes()));
        format!(
            "{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"
        )
    }
}
