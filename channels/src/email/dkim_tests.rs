//! Signatures, as the library of receivers sees them (dkimpy).

use super::*;
use crate::oracle::{Odd, asked};
use ring::signature::KeyPair;
use serde_json::{Value, json};
use std::process::Command;

/// Keys as an administrator makes them, by OpenSSL.
fn key(kind: &[&str]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let made = Command::new("openssl").args(kind).arg("-out").arg(file.path()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    file
}

fn rsa() -> tempfile::NamedTempFile {
    key(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
}

fn old_rsa() -> tempfile::NamedTempFile {
    key(&["genrsa", "-traditional"])
}

fn ed25519() -> tempfile::NamedTempFile {
    key(&["genpkey", "-algorithm", "ed25519"])
}

fn config(file: &tempfile::NamedTempFile, selector: &str) -> DkimConfig {
    DkimConfig { selector: selector.into(), domain: None, key_file: file.path().into() }
}

fn signers(files: &[&tempfile::NamedTempFile]) -> Signers {
    let configs: Vec<_> =
        files.iter().enumerate().map(|(number, file)| config(file, &format!("s{number}"))).collect();
    Signers::read(&configs, "warn.example").unwrap()
}

impl Signers {
    /// What the name server says to each selector (RFC 6376 section 3.6.1).
    pub(in crate::email) fn records(&self) -> Value {
        let record = |signer: &Signer| {
            let (kind, public) = match &signer.key {
                Key::Rsa(pair) => ("rsa", spki(pair.public_key().as_ref())),
                Key::Ed25519(pair) => ("ed25519", pair.public_key().as_ref().to_vec()),
            };
            let name = format!("{}._domainkey.{}.", signer.selector, signer.domain);
            (name, json!(format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public))))
        };
        Value::Object(self.0.iter().map(record).collect())
    }
}

/// An RSA key with the frame that says so (RFC 5280 section 4.1.2.7), for a key of 2,048 bits.
fn spki(key: &[u8]) -> Vec<u8> {
    let frame = "30820122300d06092a864886f70d01010105000382010f00";
    [hex::decode(frame).unwrap(), key.to_vec()].concat()
}

fn verified(cases: &[Value]) -> Option<Vec<Value>> {
    let said = asked("verify_mail.py", cases)?;
    Some(said.iter().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn receivers_accept_each_of_our_signatures_and_none_on_a_changed_mail() {
    let files = [rsa(), old_rsa(), ed25519()];
    let signers = signers(&[&files[0], &files[1], &files[2]]);
    let mut odd = Odd::new();
    let mut cases = Vec::new();
    for _ in 0..25 {
        let (subject, lines) = (odd.text(), [odd.text(), String::new(), odd.text(), String::new()]);
        let head = format!(
            "Date: Sun, 12 Jul 2026 00:30:00 +0000\r\nMessage-ID: <1@warn.example>\r\nTo: li@ok.example\r\n\
             List-Unsubscribe: <https://warn.example/u/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
             From: =?utf-8?b?5oqa6aG6?=\r\n <warn@warn.example>\r\nSubject:  {subject} \t.\r\nMIME-Version: 1.0\r\n"
        );
        let body = lines.join("  \r\n");
        let signed = signers.sign(&head, &BodyHash::of(body.as_bytes()), Timestamp(1_783_816_200_000));
        assert!(signed.lines().all(|line| line.len() <= 78), "{signed}");
        let records = signers.records();
        for (changed, head, body) in [
            (false, head.clone(), body.clone()),
            (true, head.replace("12 Jul", "13 Jul"), body.clone()),
            (true, format!("Subject: another\r\n{head}"), body.clone()),
            (true, head.clone(), format!("{body}x")),
        ] {
            let mail = format!("{signed}{head}\r\n{body}\r\n");
            cases.push(json!({"mail": mail, "records": records, "signatures": 3, "changed": changed}));
        }
    }
    let Some(said) = verified(&cases) else { return };
    for (case, said) in cases.iter().zip(said) {
        let expected = case["changed"] == json!(false);
        assert_eq!(said, json!([expected, expected, expected]), "{case}");
    }
}

#[test]
fn white_space_is_relaxed_as_the_rfc_does_it() {
    // RFC 6376 section 3.4.5.
    assert_eq!(relaxed_line("A: X"), "a:X");
    assert_eq!(relaxed_line("B : Y\t\r\n\tZ  "), "b:Y Z");
    assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
    assert_eq!((relaxed_body(b""), relaxed_body(b"\r\n\r\n")), (vec![], vec![]));
}

#[test]
fn the_last_line_of_a_name_is_signed_first_and_a_missing_one_cannot_be_added() {
    let lines = unfolded("From: a\r\nX: b\r\n c\r\nFrom: d\r\n");
    assert_eq!(lines, ["From: a", "X: b c", "From: d"]);
    assert_eq!(signed_names(&lines), ["from", "from"]);
    assert_eq!(chosen(&lines, &["from", "from", "from"]), ["From: d", "From: a"]);
}

#[test]
fn each_wrong_key_is_named() {
    let good = ed25519();
    let fault = |config: DkimConfig| Signers::read(&[config], "warn.example").err().unwrap().field;
    assert_eq!(fault(config(&good, "a b")), "selector");
    assert_eq!(fault(DkimConfig { domain: Some("arn.example".into()), ..config(&good, "s") }), "domain");
    assert!(
        Signers::read(&[DkimConfig { domain: Some("example".into()), ..config(&good, "s") }], "warn.example")
            .is_ok()
    );
    for bad in ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bad).unwrap();
        assert_eq!(fault(config(&file, "s")), "key_file", "{bad}");
    }
    let short = key(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
    assert_eq!(fault(config(&short, "s")), "key_file", "receivers refuse short keys");
}
