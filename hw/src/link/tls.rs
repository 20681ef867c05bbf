//! Mutual TLS: the box shows its own certificate, whose name is its resource code, and believes one authority.

use mingluo_model::{
    clock::{SharedClock, Timestamp},
    enrol::Slip,
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem, pem::PemObject as _},
    server::WebPkiClientVerifier,
    time_provider::TimeProvider,
};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio_rustls::TlsConnector;

/// PEM files that make no TLS identity.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file holds no such PEM section.
    #[error(
        "{what}：文件中没有可用的 PEM，请用城市签发的文件 / the file holds no usable PEM; give the one that the city issued"
    )]
    Pem {
        /// The configuration key that names it.
        what: &'static str,
        /// What the parser says.
        #[source]
        source: pem::Error,
    },
    /// The authority's certificate cannot be used.
    #[error("city.ca_file：签发机构的证书不能用 / the authority's certificate cannot be used")]
    Authority(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Certificate and key do not go together, or the library refuses them.
    #[error("city.cert_file 与 city.key_file 不相配 / do not go together")]
    Identity(#[source] Error),
}

/// The three PEM texts of a box.
#[derive(Clone, Copy)]
pub struct Pem<'a> {
    /// The authority that signed the city's certificate.
    pub ca: &'a [u8],
    /// The box's certificate, with its chain.
    pub cert: &'a [u8],
    /// The box's private key.
    pub key: &'a [u8],
}

/// A connector for one box. The city is known by its authority and its name, whatever the box's clock makes of its
/// certificate's dates: a clock that fell back or runs ahead is told the time over this very link, and what is believed on it
/// is decided by signatures of its own (bulletins, key sets, the time).
///
/// # Errors
/// [`TlsError`] names the text that is wrong.
pub fn connector(pem: Pem<'_>, clock: SharedClock) -> Result<TlsConnector, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Undated(authority(pem.ca, &provider)?));
    let chain = certificates("city.cert_file", pem.cert)?;
    let key = PrivateKeyDer::from_pem_slice(pem.key)
        .map_err(|source| TlsError::Pem { what: "city.key_file", source })?;
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(Now(clock)))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Identity)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(chain, key)
        .map_err(TlsError::Identity)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // One city is spoken to; the default of 256 remembered sessions costs memory in a host of pretend boxes.
    config.resumption = Resumption::in_memory_sessions(2);
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A box's connector, whichever it is at the moment: its certificate is renewed while it runs. Clones share it.
#[derive(Clone)]
pub struct Connectors(Arc<RwLock<TlsConnector>>);

impl From<TlsConnector> for Connectors {
    fn from(first: TlsConnector) -> Self {
        Self(Arc::new(RwLock::new(first)))
    }
}

impl Connectors {
    /// The one for the next connection.
    pub fn present(&self) -> TlsConnector {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses this one from the next connection on.
    pub(crate) fn replace(&self, newer: TlsConnector) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = newer;
    }
}

/// Whether a box's certificate comes from the authority that it believes and is good at this moment.
///
/// # Errors
/// [`TlsError`] when it is not.
pub fn belongs(pem: Pem<'_>, now: Timestamp) -> Result<(), TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("city.ca_file", pem.ca)? {
        roots.add(certificate).map_err(|error| TlsError::Authority(Box::new(error)))?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| TlsError::Authority(Box::new(error)))?;
    let chain = certificates("city.cert_file", pem.cert)?;
    let Some((own, issuers)) = chain.split_first() else { return Ok(()) };
    verifier.verify_client_cert(own, issuers, unix(now)).map(|_| ()).map_err(TlsError::Identity)
}

fn unix(at: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(at.0).unwrap_or_default()))
}

/// A connector for a box that has no certificate yet: it believes the authority whose fingerprint stands in its code, and
/// shows nothing of itself.
///
/// # Errors
/// [`TlsError::Identity`] when the library refuses its own settings.
pub fn pinned(slip: Slip, clock: SharedClock) -> Result<TlsConnector, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Pinned { slip, provider: provider.clone() });
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(Now(clock)))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Identity)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificates(what: &'static str, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |source| TlsError::Pem { what, source };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(wrong)?;
    if chain.is_empty() { Err(wrong(pem::Error::NoItemsFound)) } else { Ok(chain) }
}

fn authority(ca: &[u8], provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("city.ca_file", ca)? {
        roots.add(certificate).map_err(|error| TlsError::Authority(Box::new(error)))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| TlsError::Authority(Box::new(error)))
}

/// Believes the one authority that a code names, if the city shows it.
#[derive(Debug)]
struct Pinned {
    slip: Slip,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = || Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let shown = chain.iter().find(|it| self.slip.is_of(it)).ok_or_else(unknown)?;
        let mut roots = RootCertStore::empty();
        roots.add(shown.clone().into_owned())?;
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|_| unknown())?;
        Undated(inner).verify_server_cert(end_entity, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The house's clock for the TLS library.
struct Now(SharedClock);

impl fmt::Debug for Now {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Now")
    }
}

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        let since = Duration::from_millis(u64::try_from(self.0.now().0).ok()?);
        Some(UnixTime::since_unix_epoch(since))
    }
}

/// Judges the city's certificate as usual, but by a clock that may be years late or early.
#[derive(Debug)]
struct Undated(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Undated {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut now = now;
        // Each certificate of a chain may ask for another moment; three are more than the house's chains have.
        for _ in 0..3 {
            match self.0.verify_server_cert(end_entity, chain, name, ocsp, now) {
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidYetContext { not_before: then, .. }
                    | CertificateError::ExpiredContext { not_after: then, .. },
                )) => now = then,
                verdict => return verdict,
            }
        }
        self.0.verify_server_cert(end_entity, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
