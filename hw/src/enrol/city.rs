//! Enrolment by a one-time code (注册码): the request goes to the city over TLS, whose authority the code's own fingerprint
//! names, and what comes back is checked before any file is touched.

use super::{EnrolError, request};
use crate::{
    config::Config,
    files::replace,
    link::{
        Bounds, City, Dial, LinkError, Pace,
        tls::{Pem, connector, pinned},
    },
    papers,
};
use hyper::{Request, StatusCode, body::Bytes};
use mingluo_model::{
    bulletin::RootKey,
    clock::SharedClock,
    enrol::{Application, Enrolled, MOST_ANSWERED, NotEnrolled, PATH, Slip},
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::{io, path::Path, time::Duration};

/// For a poor mobile link.
const PATIENCE: Duration = Duration::from_mins(1);

/// Enrols the box of this configuration at the city of this address (`https://host:port`), and writes the files that the
/// configuration names: certificate, authority, root and first key set. The key is made before, unless there is one.
///
/// # Errors
/// [`EnrolError`]; without an answer of the city that fits, nothing but the key and the request is written.
pub async fn enrol(
    config: &Config,
    address: &str,
    slip: &Slip,
    clock: SharedClock,
) -> Result<(), EnrolError> {
    let place = request(config)?;
    let request = std::fs::read_to_string(&place).map_err(|source| unreadable(&place, source))?;
    let application = Application { secret: slip.secret.clone(), request };
    let enrolled = ask(address, slip, &application, &clock).await?;
    check(config, &enrolled, slip, clock)?;
    keep(config, &enrolled)
}

async fn ask(
    address: &str,
    slip: &Slip,
    application: &Application,
    clock: &SharedClock,
) -> Result<Enrolled, EnrolError> {
    let bad = || EnrolError::Address { value: address.to_owned() };
    let host = address.strip_prefix("https://").ok_or_else(bad)?.trim_end_matches('/');
    let city: City = format!("wss://{host}/").parse().map_err(|_| bad())?;
    // Of all this only the whole request's patience counts.
    let pace = Pace {
        patience: PATIENCE,
        ping: PATIENCE,
        heartbeat: PATIENCE,
        backoff_first: PATIENCE,
        backoff_most: PATIENCE,
        poll: PATIENCE,
        link_again: PATIENCE,
    };
    let dial = Dial { cities: Vec::new(), connector: pinned(slip.clone(), clock.clone())?.into(), pace };
    let body = serde_json::to_vec(application).map_err(EnrolError::Garbled)?;
    let asked = Request::post(PATH)
        .header("content-type", "application/json")
        .body(Bytes::from(body))
        .map_err(|error| LinkError::Http(Box::new(error)))?;
    let bounds = Bounds { most: MOST_ANSWERED, patience: PATIENCE };
    let answer = dial.ask(&city, asked, bounds, clock.as_ref()).await?;
    if answer.status() == StatusCode::OK {
        return serde_json::from_slice(answer.body()).map_err(EnrolError::Garbled);
    }
    let why: NotEnrolled = serde_json::from_slice(answer.body()).map_err(EnrolError::Garbled)?;
    Err(EnrolError::Refused(why))
}

/// What came must go together and must not change whom a box believed before: that is done by hand only.
fn check(config: &Config, enrolled: &Enrolled, slip: &Slip, clock: SharedClock) -> Result<(), EnrolError> {
    let misfit = |what: &'static str| EnrolError::Misfit { what };
    let root: RootKey = enrolled.root.parse().map_err(|_| misfit("root"))?;
    enrolled.keys.open(root).map_err(|_| misfit("key set"))?;
    let place = &config.trust.root_file;
    if std::fs::read_to_string(place).is_ok_and(|before| before.trim() != enrolled.root.trim()) {
        return Err(EnrolError::OtherRoot { path: place.clone() });
    }
    let (ca, cert) = (enrolled.certified.authority.as_bytes(), enrolled.certified.certificate.as_bytes());
    if !CertificateDer::from_pem_slice(ca).is_ok_and(|authority| slip.is_of(&authority)) {
        return Err(misfit("authority"));
    }
    let key_file = &config.city.key_file;
    let key = std::fs::read(key_file).map_err(|source| unreadable(key_file, source))?;
    connector(Pem { ca, cert, key: &key }, clock).map_err(|_| misfit("certificate"))?;
    Ok(())
}

/// Each file wholly or not at all; the certificate last, so that where it lies everything lies.
fn keep(config: &Config, enrolled: &Enrolled) -> Result<(), EnrolError> {
    let keys = serde_json::to_vec_pretty(&enrolled.keys).map_err(EnrolError::Garbled)?;
    let files: [(&Path, &[u8]); 4] = [
        (&config.trust.root_file, enrolled.root.as_bytes()),
        (&config.trust.keys_file, &keys),
        (&config.city.ca_file, enrolled.certified.authority.as_bytes()),
        (&config.city.cert_file, enrolled.certified.certificate.as_bytes()),
    ];
    // What an earlier enrolment led to must not count over this one.
    let state = &config.own.state_dir;
    papers::forget(config).map_err(|source| EnrolError::Write { path: state.clone(), source })?;
    files.into_iter().try_for_each(|(path, content)| {
        replace(path, content, 0o644).map_err(|source| EnrolError::Write { path: path.to_owned(), source })
    })
}

fn unreadable(path: &Path, source: io::Error) -> EnrolError {
    EnrolError::Read { path: path.to_owned(), source }
}
