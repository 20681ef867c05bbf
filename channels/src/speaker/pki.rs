//! The city's end of mutual TLS, out of PEM files. It makes no certificates; who issues them is the operator's affair.

use super::revocation::Gatekeeper;
use crate::account::ConfigError;
use mingluo_model::{bulletin::ResourceCode, clock::Timestamp};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Octets of a TLS record to boxes at most; a whole one of 16 kB takes seconds on a poor mobile line.
const RECORD: usize = 4 * 1024;

/// Where the city's certificates lie.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The city's certificate and its issuers, PEM, the city's first.
    pub cert_file: PathBuf,
    /// The key of that certificate, PEM.
    pub key_file: PathBuf,
    /// The authorities that the boxes' certificates must come from, PEM.
    pub client_ca_file: PathBuf,
    /// The certificates that their authority has taken back (吊销列表), PEM; read at start and again when it changes.
    #[serde(default)]
    pub client_crl_file: Option<PathBuf>,
}

impl TlsFiles {
    /// Reads the files: a server that takes no client without a certificate of these authorities, ALPN `http/1.1`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key and the file that cannot be used.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, ConfigError> {
        self.guarded().map(|(config, _)| config)
    }

    /// The same, with whoever checks the clients' certificates, for [`super::revocation::follow`].
    ///
    /// # Errors
    /// [`ConfigError`] naming the key and the file that cannot be used.
    pub fn guarded(&self) -> Result<(Arc<ServerConfig>, Gatekeeper), ConfigError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let keeper = Gatekeeper::new(self.verifier()?);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| unfit("cert_file", &self.cert_file, &cause))?
            .with_client_cert_verifier(Arc::new(keeper.clone()))
            .with_single_cert(certificates("cert_file", &self.cert_file)?, self.key()?)
            .map_err(|cause| unfit("cert_file", &self.cert_file, &cause))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // What of a record came before a cut is lost: small ones let a box on a poor line keep more of a clip.
        config.max_fragment_size = Some(RECORD);
        // A session that is resumed shows no certificate anew, so one that was taken back meanwhile would pass.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok((Arc::new(config), keeper))
    }

    /// A server for boxes that have no certificate yet. Its chain ends with the authority's own certificate, which a box
    /// knows by the fingerprint in its code.
    pub(super) fn enrolment_config(&self) -> Result<Arc<ServerConfig>, ConfigError> {
        let mut chain = certificates("cert_file", &self.cert_file)?;
        chain.extend(certificates("client_ca_file", &self.client_ca_file)?);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| unfit("cert_file", &self.cert_file, &cause))?
            .with_no_client_auth()
            .with_single_cert(chain, self.key()?)
            .map_err(|cause| unfit("cert_file", &self.cert_file, &cause))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Who checks clients' certificates by the list as it is now.
    pub(super) fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, ConfigError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(self.authorities()?), provider)
            .with_crls(self.revocations()?)
            .only_check_end_entity_revocation()
            .build()
            .map_err(|cause| unfit("client_ca_file", &self.client_ca_file, &cause))
    }

    fn authorities(&self) -> Result<RootCertStore, ConfigError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates("client_ca_file", &self.client_ca_file)? {
            roots.add(certificate).map_err(|cause| unfit("client_ca_file", &self.client_ca_file, &cause))?;
        }
        Ok(roots)
    }

    /// With a list at hand, a certificate of an authority that it does not speak for is refused too.
    pub(super) fn revocations(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, ConfigError> {
        let Some(file) = &self.client_crl_file else { return Ok(Vec::new()) };
        let read = || CertificateRevocationListDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>();
        let lists = read().map_err(|cause| broken("client_crl_file", file, &cause))?;
        if lists.is_empty() {
            return Err(no_list(file));
        }
        Ok(lists)
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, ConfigError> {
        PrivateKeyDer::from_pem_file(&self.key_file).map_err(|cause| match cause {
            pem::Error::NoItemsFound => {
                let fix = "put the private key of cert_file in PEM into it";
                ConfigError::new("key_file", self.key_file.display(), fix).with_fault("no-private-key", [])
            }
            cause => broken("key_file", &self.key_file, &cause),
        })
    }
}

fn certificates(field: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let read = || CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>();
    let found = read().map_err(|cause| broken(field, file, &cause))?;
    if found.is_empty() {
        let fix = "put at least one certificate in PEM into it";
        return Err(ConfigError::new(field, file.display(), fix).with_fault("no-certificate", []));
    }
    Ok(found)
}

/// The file cannot be read, or its PEM is torn.
fn broken(field: &'static str, file: &Path, cause: &pem::Error) -> ConfigError {
    if let pem::Error::Io(cause) = cause {
        return ConfigError::unread(field, file, cause);
    }
    let fix = format!("its PEM is damaged ({cause}); copy it anew from where it was made");
    ConfigError::new(field, file.display(), fix).with_fault("pem-damaged", [("cause", cause.to_string())])
}

/// The file is good PEM of what TLS cannot work with.
fn unfit(field: &'static str, file: &Path, cause: &dyn std::fmt::Display) -> ConfigError {
    let fix = format!("TLS cannot work with it ({cause}); give the files that belong together");
    ConfigError::new(field, file.display(), fix).with_fault("tls-unfit", [("cause", cause.to_string())])
}

/// The file holds no list of revocations.
pub(super) fn no_list(file: &Path) -> ConfigError {
    let fix = "put a revocation list in PEM into it, like crl.pem of `mingluo box ca`";
    ConfigError::new("client_crl_file", file.display(), fix).with_fault("no-revocation-list", [])
}

/// A client certificate that names no box.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoBox {
    /// It cannot be read.
    #[error("证书读不懂 / the client's certificate cannot be read")]
    Unreadable,
    /// Its subject does not have exactly one common name of 23 digits.
    #[error(
        "证书名称 {found:?} 不是一个 23 位资源编码，请重新注册该终端 / the certificate's common name is no resource code of 23 digits; enrol the box anew"
    )]
    NotAResource {
        /// What stands there, at most 64 characters of each name.
        found: Vec<String>,
    },
}

/// What a box's certificate says.
pub struct BoxCertificate {
    /// The box that it was issued to, which is its subject's common name.
    pub code: ResourceCode,
    /// Its number.
    pub serial: Box<[u8]>,
    /// Until when it is good.
    pub until: Timestamp,
}

/// Reads a box's certificate.
///
/// # Errors
/// [`NoBox`] when it names none.
pub fn box_of(certificate: &CertificateDer<'_>) -> Result<BoxCertificate, NoBox> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| NoBox::Unreadable)?;
    let names = certificate.subject().iter_common_name();
    let names: Vec<&str> = names.map(|name| name.as_str().unwrap_or("?")).collect();
    let code = match names.as_slice() {
        [name] => name.parse().ok(),
        _ => None,
    };
    let until = Timestamp(certificate.validity().not_after.timestamp().saturating_mul(1_000));
    let serial = certificate.raw_serial().into();
    code.map(|code| BoxCertificate { code, serial, until }).ok_or_else(|| {
        let found = names.iter().map(|name| name.chars().take(64).collect()).collect();
        NoBox::NotAResource { found }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_missing_file_is_named_with_its_key() {
        let nowhere = |name: &str| PathBuf::from("/nowhere").join(name);
        let files = TlsFiles {
            cert_file: nowhere("c"),
            key_file: nowhere("k"),
            client_ca_file: nowhere("ca"),
            client_crl_file: None,
        };
        let error = files.server_config().unwrap_err();
        let told = (error.field, error.value.as_str(), error.fault);
        assert_eq!(told, ("client_ca_file", "/nowhere/ca", "file-unread"));
    }

    #[test]
    fn a_file_without_a_certificate_says_so() {
        let file = std::env::temp_dir().join(format!("mingluo-pki-{}", std::process::id()));
        let faults = ["no PEM at all\n", "-----BEGIN CERTIFICATE-----\n"].map(|text| {
            std::fs::write(&file, text).unwrap();
            let error = certificates("cert_file", &file).unwrap_err();
            assert!(error.field == "cert_file" && error.fix.contains("PEM"), "{error}");
            error.fault
        });
        std::fs::remove_file(&file).unwrap();
        assert_eq!(faults, ["no-certificate", "pem-damaged"]);
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_box_or_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(box_of(&CertificateDer::from(bytes)).is_err());
        }
    }
}
