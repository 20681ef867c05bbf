//! A certificate and the key that it is for, and what the certificate says.

use crate::link::tls::Pem;
use mingluo_model::{bulletin::ResourceCode, clock::Timestamp};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Begins the second half of a file that holds both; PEM lets any text stand between its sections.
const KEY: &str = "-----BEGIN PRIVATE KEY-----";

/// What is no pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPair {
    /// No certificate in it.
    #[error("没有可用的证书 / no certificate that can be read")]
    NoCertificate,
    /// No key in it.
    #[error("没有私钥 / no private key")]
    NoKey,
}

/// For whom and how long a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The box that it names, if it names one.
    pub code: Option<ResourceCode>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// When its box asks for the next: between two thirds and five sixths of its life, each certificate at a moment of its
    /// own, so that boxes that were enrolled on one day do not ask in one wave.
    pub renew_at: Timestamp,
}

/// A certificate with its chain, and its key, both as PEM.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) cert: String,
    pub(super) key: String,
    pub(super) validity: Validity,
}

impl Pair {
    pub(super) fn read(cert: String, key: String) -> Result<Self, BadPair> {
        let first = CertificateDer::from_pem_slice(cert.as_bytes()).map_err(|_| BadPair::NoCertificate)?;
        let validity = validity(&first).ok_or(BadPair::NoCertificate)?;
        Ok(Self { cert, key, validity })
    }

    pub(super) fn read_both(text: &str) -> Result<Self, BadPair> {
        let (cert, key) = text.split_at(text.find(KEY).ok_or(BadPair::NoKey)?);
        Self::read(cert.to_owned(), key.to_owned())
    }

    pub(super) fn both(&self) -> String {
        format!("{}\n{}", self.cert.trim_end(), self.key)
    }

    pub(super) fn pem<'a>(&'a self, ca: &'a [u8]) -> Pem<'a> {
        Pem { ca, cert: self.cert.as_bytes(), key: self.key.as_bytes() }
    }
}

fn validity(der: &CertificateDer<'_>) -> Option<Validity> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names: Vec<_> = certificate.subject().iter_common_name().collect();
    let code = match names.as_slice() {
        [name] => name.as_str().ok().and_then(|name| name.parse().ok()),
        _ => None,
    };
    let at = |moment: x509_parser::time::ASN1Time| Timestamp(moment.timestamp().saturating_mul(1_000));
    let (from, until) = (at(certificate.validity().not_before), at(certificate.validity().not_after));
    let renew_at = from.plus(until.since(from).mul_f64(2.0 / 3.0 + chance(der) / 6.0));
    Some(Validity { code, from, until, renew_at })
}

/// A number from 0 to 1 that is a certificate's own.
fn chance(der: &[u8]) -> f64 {
    let digest = Sha256::digest(der);
    f64::from(u16::from_be_bytes([digest[0], digest[1]])) / f64::from(u16::MAX)
}

/// Up to half of a pause more, by the certificate's own chance.
pub(super) fn spread(pair: &Pair, pause: Duration) -> Duration {
    pause.mul_f64(1.0 + chance(pair.cert.as_bytes()) / 2.0)
}
