//! The HTTPS client of the platforms that are called: the public roots and perhaps a private one, no proxy, no redirect. It
//! knows no platform.

use crate::account::ConfigError;
use reqwest::{Client, ClientBuilder, redirect::Policy};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{path::Path, sync::Arc, time::Duration};

/// A client that keeps so many idle connections at most.
///
/// # Errors
/// What the library says when it cannot be built.
pub(crate) fn client(idle: u32) -> Result<Client, String> {
    trusting(idle, &[])
}

/// The same, to which a platform is out of reach when no connection stands after so long. The limit is the library's own:
/// from outside nobody can tell whether a call that takes long has left.
///
/// # Errors
/// What the library says when it cannot be built.
pub(crate) fn client_within(idle: u32, connected: Duration) -> Result<Client, String> {
    build(builder(idle, &[])?.connect_timeout(connected))
}

/// The same, which trusts these authorities besides the public ones.
///
/// # Errors
/// What the library says when it cannot be built, or of a certificate that is none of an authority.
pub(crate) fn trusting(idle: u32, authorities: &[CertificateDer<'static>]) -> Result<Client, String> {
    build(builder(idle, authorities)?)
}

fn builder(idle: u32, authorities: &[CertificateDer<'static>]) -> Result<ClientBuilder, String> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for authority in authorities {
        roots.add(authority.clone()).map_err(|cause| cause.to_string())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| cause.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(Policy::none())
        .tcp_nodelay(true)
        .pool_max_idle_per_host(idle as usize))
}

fn build(client: ClientBuilder) -> Result<Client, String> {
    client.build().map_err(|cause| cause.to_string())
}

/// The authorities in a PEM file.
///
/// # Errors
/// [`ConfigError`] when the file cannot be read or holds none.
pub(crate) fn authorities(
    field: &'static str,
    file: &Path,
) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let wrong = |fix: String| ConfigError::new(field, file.display(), fix);
    let pem = std::fs::read(file).map_err(|cause| wrong(format!("the file cannot be read ({cause})")))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    found.ok().filter(|list| !list.is_empty()).ok_or_else(|| wrong("use certificates in PEM form".into()))
}
