//! The HTTPS client of the platforms that are called: the public roots, no proxy, no redirect. It knows no platform.

use reqwest::{Client, redirect::Policy};
use std::sync::Arc;

/// A client that keeps so many idle connections at most.
///
/// # Errors
/// What the library says when it cannot be built.
pub(crate) fn client(idle: u32) -> Result<Client, String> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| cause.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(Policy::none())
        .tcp_nodelay(true)
        .pool_max_idle_per_host(idle as usize)
        .build()
        .map_err(|cause| cause.to_string())
}
