//! What the providers' wires share: percent signs, hashes and the calendar in UTC. Pure.

use std::fmt::Write;

use hmac::{Hmac, Mac};
use mingluo_model::clock::Timestamp;
use reqwest::Url;
use sha2::{Digest, Sha256};

/// A text in a query: everything but the unreserved characters of RFC 3986 clause 2.3 as `%XX`.
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-_.~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            write!(out, "%{octet:02X}").expect("a string takes all that is written");
        }
    }
    out
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256_hex(octets: &[u8]) -> String {
    hex::encode(Sha256::digest(octets))
}

/// HMAC-SHA256 (RFC 2104).
pub(super) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// An instant in UTC, as `pattern` writes it.
pub(super) fn utc(at: Timestamp, pattern: &str) -> String {
    at.to_jiff().unwrap_or(jiff::Timestamp::UNIX_EPOCH).strftime(pattern).to_string()
}

/// The last eleven digits, by which a receipt's number is known whatever its form.
pub(super) fn national(number: &str) -> &str {
    number.get(number.len().saturating_sub(11)..).unwrap_or(number)
}

/// The host as the library writes it: with its port where that is not the scheme's own.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
