//! The provider's signature (ACS3-HMAC-SHA256, 签名机制 V3). Pure: what is signed goes in, the header's value comes out.

use std::collections::BTreeMap;

use crate::{
    account::Secret,
    sms::cloud::wire::{hmac, percent, sha256_hex},
};

/// The name of the algorithm.
const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// What is signed.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Parameters, not encoded yet.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// Every signed header, by its name in small letters; `host` is one of them.
    pub(super) headers: &'a BTreeMap<&'a str, String>,
    /// SHA-256 of the body, in hexadecimal.
    pub(super) body_hash: &'a str,
}

/// The query as it is signed and sent: sorted by name, encoded by RFC 3986.
pub(super) fn canonical_query(query: &[(&str, &str)]) -> String {
    let mut sorted = query.to_vec();
    sorted.sort_unstable();
    let pairs: Vec<_> =
        sorted.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
    pairs.join("&")
}

/// The signed names, in order.
fn signed_headers(request: &Request<'_>) -> String {
    request.headers.keys().copied().collect::<Vec<_>>().join(";")
}

pub(super) fn canonical_request(request: &Request<'_>) -> String {
    let mut headers = String::new();
    for (name, value) in request.headers {
        headers.extend([name, ":", value.trim(), "\n"]);
    }
    let (query, names) = (canonical_query(request.query), signed_headers(request));
    format!("{}\n{}\n{query}\n{headers}\n{names}\n{}", request.method, request.path, request.body_hash)
}

/// The `Authorization` header.
pub(super) fn authorization(key_id: &str, secret: &Secret, request: &Request<'_>) -> String {
    let hash = sha256_hex(canonical_request(request).as_bytes());
    let signature = hex::encode(hmac(secret.expose().as_bytes(), format!("{ALGORITHM}\n{hash}").as_bytes()));
    let names = signed_headers(request);
    format!("{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}")
}
