//! The providers' signature rules, read a second time from their pages and written for the side that checks: from the
//! octets that came in. HMAC is written out (RFC 2104), so that not even a library is shared with the product.

use super::{Call, CloudAccount};
use mingluo_model::clock::Timestamp;
use sha2::{Digest, Sha256};

/// SHA-256's block, in octets.
const BLOCK: usize = 64;

/// How far Alibaba lets a call's date be from its clock, in seconds.
const ALIBABA_SLACK: i64 = 15 * 60;

/// How far Tencent does.
const TENCENT_SLACK: i64 = 5 * 60;

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|octet| octet ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|octet| octet ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

fn hash(octets: &[u8]) -> String {
    hex::encode(Sha256::digest(octets))
}

/// The parameters of a query, decoded.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let mut url = reqwest::Url::parse("http://pretend.invalid/").expect("a constant address parses");
    url.set_query(Some(query));
    url.query_pairs().into_owned().collect()
}

/// RFC 3986, octet by octet.
fn encoded(text: &str) -> String {
    let octet = |octet: u8| match octet {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(octet).collect()
}

/// A field of an `Authorization` header, by its name.
fn field<'a>(authorization: &'a str, name: &str) -> &'a str {
    let found =
        authorization.split([',', ' ']).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_default()
}

/// A line for each signed header, as both providers want it.
fn header_lines<'a>(call: &Call, names: impl Iterator<Item = &'a str>) -> String {
    names.flat_map(|name| [name, ":", call.header(name).trim(), "\n"].map(str::to_owned)).collect()
}

/// Checks a call to Alibaba; the error code if it is not signed well.
pub(super) fn alibaba(call: &Call, account: &CloudAccount, now: Timestamp) -> Result<(), &'static str> {
    let authorization = call.header("authorization");
    if !authorization.starts_with("ACS3-HMAC-SHA256 ") {
        return Err("IncompleteSignature");
    }
    if field(authorization, "Credential") != account.id {
        return Err("InvalidAccessKeyId.NotFound");
    }
    let date: jiff::Timestamp = call.header("x-acs-date").parse().map_err(|_| "InvalidTimeStamp.Format")?;
    if (date.as_second() - now.0 / 1_000).abs() > ALIBABA_SLACK {
        return Err("InvalidTimeStamp.Expired");
    }
    let names: Vec<&str> = field(authorization, "SignedHeaders").split(';').collect();
    let sorted = names.windows(2).all(|pair| pair[0] < pair[1]);
    let must = call.headers.keys().map(axum::http::HeaderName::as_str);
    let mut must = must.filter(|name| *name == "host" || name.starts_with("x-acs-"));
    let body_hash = hash(&call.body);
    if !sorted || !must.all(|name| names.contains(&name)) || call.header("x-acs-content-sha256") != body_hash
    {
        return Err("IncompleteSignature");
    }
    let mut parameters = pairs(&call.query);
    parameters.sort();
    let query: Vec<_> =
        parameters.iter().map(|(name, value)| encoded(name) + "=" + &encoded(value)).collect();
    let headers = header_lines(call, names.iter().copied());
    let text = ["POST", "/", &query.join("&"), &headers, &names.join(";"), &body_hash].join("\n");
    let signed =
        hmac(account.secret.as_bytes(), format!("ACS3-HMAC-SHA256\n{}", hash(text.as_bytes())).as_bytes());
    if field(authorization, "Signature") == hex::encode(signed) {
        Ok(())
    } else {
        Err("SignatureDoesNotMatch")
    }
}

/// Checks a call to Tencent; the error code if it is not signed well.
pub(super) fn tencent(call: &Call, account: &CloudAccount, now: Timestamp) -> Result<(), &'static str> {
    let authorization = call.header("authorization");
    let seconds: i64 = call.header("x-tc-timestamp").parse().map_err(|_| "InvalidParameter")?;
    if (seconds - now.0 / 1_000).abs() > TENCENT_SLACK {
        return Err("AuthFailure.SignatureExpire");
    }
    let date = jiff::Timestamp::from_second(seconds)
        .map_err(|_| "InvalidParameter")?
        .strftime("%Y-%m-%d")
        .to_string();
    let scope = format!("{date}/sms/tc3_request");
    let Some((id, told)) = field(authorization, "Credential").split_once('/') else {
        return Err("AuthFailure.InvalidAuthorization");
    };
    if id != account.id {
        return Err("AuthFailure.SecretIdNotFound");
    }
    let names = field(authorization, "SignedHeaders");
    if told != scope || !names.contains("content-type") || !names.contains("host") {
        return Err("AuthFailure.InvalidAuthorization");
    }
    let headers = header_lines(call, names.split(';'));
    let text = ["POST", "/", "", &headers, names, &hash(&call.body)].join("\n");
    let text = ["TC3-HMAC-SHA256", &seconds.to_string(), &scope, &hash(text.as_bytes())].join("\n");
    let key = ["sms", "tc3_request"]
        .iter()
        .fold(hmac(["TC3", &account.secret].concat().as_bytes(), date.as_bytes()), |key, word| {
            hmac(&key, word.as_bytes())
        });
    let signed = hex::encode(hmac(&key, text.as_bytes()));
    if field(authorization, "Signature") == signed { Ok(()) } else { Err("AuthFailure.SignatureFailure") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, and a key longer than a block (test case 6).
    #[test]
    fn hmac_is_that_of_the_rfc() {
        let jefe = hex::encode(hmac(b"Jefe", b"what do ya want for nothing?"));
        assert_eq!(jefe, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hex::encode(hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"));
        assert_eq!(long, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}
