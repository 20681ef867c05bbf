//! Enrolment (终端注册): the box makes its own key, which never leaves it, and a request that the city's authority signs, by
//! hand or over the network with a one-time code.

mod city;

use crate::{
    config::Config,
    link::{LinkError, tls::TlsError},
};
pub use city::enrol;
use mingluo_model::{bulletin::ResourceCode, enrol::NotEnrolled};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The key is there already, or a file cannot be written.
    #[error(
        "{path:?} 写不了；已有的私钥不会被覆盖，要换新的请先移走 / cannot be written; a key that is there is not overwritten: take it away for a new one"
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The key there is none.
    #[error(
        "city.key_file：{path:?} 中没有可用的私钥，要换新的请先移走 / holds no usable key; take it away for a new one"
    )]
    Key {
        /// The file.
        path: PathBuf,
        /// What the library says.
        #[source]
        source: rcgen::Error,
    },
    /// The city's address.
    #[error("--city {value:?}：应写成 https://主机:端口 / must be of the form https://host:port")]
    Address {
        /// As given.
        value: String,
    },
    /// No answer.
    #[error(
        "没有连上城市，或注册码输错了：请核对 --code 和 --city / no answer from the city, or a mistyped code: look at --code and --city"
    )]
    Link(#[from] LinkError),
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The city says no.
    #[error(transparent)]
    Refused(NotEnrolled),
    /// The city's answer cannot be read.
    #[error(
        "城市的应答读不懂，请核对地址和版本 / the city's answer cannot be read; check address and versions"
    )]
    Garbled(#[source] serde_json::Error),
    /// A file that was just made cannot be read.
    #[error("{path:?} 读不了 / cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// What the city sent does not go together.
    #[error(
        "城市给的文件不相符，什么都没有写：{what} / what the city sent does not go together, nothing is written: {what}"
    )]
    Misfit {
        /// Which part.
        what: &'static str,
    },
    /// The box believed another root before.
    #[error(
        "{path:?} 中是另一个根公钥；确要更换，请先手工移走 / another root is there: take it away by hand if that is meant"
    )]
    OtherRoot {
        /// The file.
        path: PathBuf,
    },
    /// The library refuses.
    #[error("证书请求无法生成，请核对 box.code / no request can be made; look at box.code")]
    Request(#[source] rcgen::Error),
}

/// Makes the key that the configuration names, unless there is one already, and a request beside it; gives its place.
///
/// # Errors
/// [`EnrolError`] names the file.
pub fn request(config: &Config) -> Result<PathBuf, EnrolError> {
    let place = &config.city.key_file;
    let key = if let Ok(pem) = std::fs::read_to_string(place) {
        KeyPair::from_pem(&pem).map_err(|source| EnrolError::Key { path: place.clone(), source })?
    } else {
        let key = new_key().map_err(EnrolError::Request)?;
        write_key(place, &key.serialize_pem())?;
        key
    };
    let request = csr(config.own.code, &key);
    let beside = place.with_extension("csr");
    std::fs::write(&beside, request.map_err(EnrolError::Request)?)
        .map_err(|source| EnrolError::Write { path: beside.clone(), source })?;
    Ok(beside)
}

/// A key of a box.
pub(crate) fn new_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
}

/// A request for the certificate of this box's key, PEM.
pub(crate) fn csr(code: ResourceCode, key: &KeyPair) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, code.as_str());
    params.serialize_request(key)?.pem()
}

/// For its owner alone, and never over another; its folder is made where there is none.
fn write_key(path: &Path, pem: &str) -> Result<(), EnrolError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    dir.map_or(Ok(()), |dir| std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir))
        .and_then(|()| File::options().create_new(true).write(true).mode(0o600).open(path))
        .and_then(|mut file| file.write_all(pem.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| EnrolError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_key_is_made_once_and_stays_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("speaker.toml");
        std::fs::write(&file, include_str!("../../deploy/speaker.toml")).unwrap();
        let config = Config::read(&file).unwrap();
        let first = std::fs::read_to_string(request(&config).unwrap()).unwrap();
        assert!(first.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
        let key = &config.city.key_file;
        assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
        let before = std::fs::read(key).unwrap();
        request(&config).unwrap();
        assert_eq!(std::fs::read(key).unwrap(), before, "asking again makes no other key");
        std::fs::write(key, "no key").unwrap();
        assert!(request(&config).unwrap_err().to_string().contains("city.key_file"));
    }
}
