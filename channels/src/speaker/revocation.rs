//! The list of certificates that their authority has taken back (吊销列表), read again while the program runs: whoever
//! stands on it is not let in any more, and a link that is up is closed.

use super::{
    hub::SpeakerHub,
    pki::{TlsFiles, no_list},
};
use crate::account::ConfigError;
use mingluo_model::clock::Clock;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use std::{
    collections::HashSet,
    fmt,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};
use tokio_util::sync::CancellationToken;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _};

/// Between two looks at the file: a stolen box should not keep its link until a restart.
const LOOK: Duration = Duration::from_secs(10);

/// Checks clients' certificates by the newest list. Clones share it.
#[derive(Clone)]
pub struct Gatekeeper {
    // Guards a pointer, for the copying of it.
    now: Arc<RwLock<Arc<dyn ClientCertVerifier>>>,
}

impl Gatekeeper {
    pub(super) fn new(first: Arc<dyn ClientCertVerifier>) -> Self {
        Self { now: Arc::new(RwLock::new(first)) }
    }

    fn present(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, newer: Arc<dyn ClientCertVerifier>) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = newer;
    }
}

impl fmt::Debug for Gatekeeper {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Gatekeeper")
    }
}

impl ClientCertVerifier for Gatekeeper {
    /// No hints: a box has one certificate and shows that.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.present().verify_client_cert(end_entity, chain, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.present().verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.present().verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.present().supported_verify_schemes()
    }
}

/// The numbers of the certificates on these lists.
pub(super) fn numbers(files: &TlsFiles) -> Result<HashSet<Box<[u8]>>, ConfigError> {
    let mut numbers = HashSet::new();
    for list in files.revocations()? {
        let (_, list) = CertificateRevocationList::from_der(&list)
            .map_err(|_| no_list(files.client_crl_file.as_deref().unwrap_or_else(|| Path::new(""))))?;
        numbers.extend(list.iter_revoked_certificates().map(|it| Box::from(it.raw_serial())));
    }
    Ok(numbers)
}

/// What tells one state of a file from the next: its time alone is as coarse as the kernel's tick.
pub(super) fn sign(file: &Path) -> Option<(SystemTime, u64, u64)> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.modified().ok()?, about.len(), about.ino()))
}

/// Looks at the list again and again. One that spoiled changes nothing, and is told until it is repaired.
pub async fn follow(
    hub: Arc<SpeakerHub>,
    files: TlsFiles,
    keeper: Gatekeeper,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let Some(file) = files.client_crl_file.clone() else { return };
    let mut seen = None;
    while !stop.is_cancelled() {
        let present = sign(&file);
        if present != seen {
            seen = present;
            match files.verifier().and_then(|newer| Ok((newer, numbers(&files)?))) {
                Ok((newer, revoked)) => {
                    keeper.replace(newer);
                    let n_closed = hub.cut_off(&revoked);
                    tracing::info!(n_revoked = revoked.len(), n_closed, "the list of revocations is read");
                }
                Err(error) => {
                    tracing::error!(%error, "吊销列表不能用，沿用上一份 the list of revocations cannot be used; the last one holds");
                }
            }
        }
        tokio::select! {
            () = clock.sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
}
