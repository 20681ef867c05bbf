//! Throw-away certificates for a rehearsal: an authority that calls itself PRETEND, the city's certificate for this
//! machine only, and one for each box. Nobody outside of a rehearsal must ever trust it, so it lives for two weeks.

use super::Listed;
use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use mingluo_model::{bulletin::ResourceCode, clock::Timestamp, region::RegionCode};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, date_time_ymd,
};
use std::{
    fs::{self, File},
    io::Write as _,
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// The list of boxes in the directory.
pub const LIST: &str = "boxes.csv";
/// This machine, as an emulated board on it sees it (QEMU's user network).
const HOST_OF_EMULATORS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// How long before now the certificates begin, for clocks that differ.
const EARLIER: Duration = Duration::from_hours(24);
/// How long from now they end.
const LATER: Duration = Duration::from_hours(14 * 24);

/// What was made, in one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The authority's certificate: the city's `client_ca_file` and the boxes' `--ca`.
    pub ca: PathBuf,
    /// The city's certificate, for `localhost`, 127.0.0.1 and 10.0.2.2.
    pub city_cert: PathBuf,
    /// The city's key.
    pub city_key: PathBuf,
    /// The list of boxes (CSV).
    pub list: PathBuf,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Makes an authority, the city's certificate and one for each box (P-256), and lists the boxes. Files of an earlier
/// call are replaced.
///
/// # Errors
/// Names the file that cannot be written.
pub fn make(dir: &Path, boxes: &[(ResourceCode, RegionCode)], now: Timestamp) -> Result<Made> {
    fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let made = Made {
        ca: dir.join("ca.pem"),
        city_cert: dir.join("city.pem"),
        city_key: dir.join("city.key"),
        list: dir.join(LIST),
    };
    let authority = authority(now)?;
    write(&made.ca, &authority.pem())?;
    let (certificate, key) = city(&authority, now)?;
    write(&made.city_cert, &certificate.pem())?;
    write(&made.city_key, &key.serialize_pem())?;
    let mut list = csv::Writer::from_path(&made.list).with_context(|| made.list.display().to_string())?;
    list.write_record(["box_code", "region", "cert", "key"])?;
    for (code, region) in boxes {
        let listed = issue(dir, &authority, *code, *region, now)?;
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        list.write_record([code.as_str(), &region.to_string(), &name(&listed.cert), &name(&listed.key)])?;
    }
    list.flush()?;
    Ok(made)
}

/// The certificate of one box beside its key.
fn issue(
    dir: &Path,
    authority: &Authority,
    code: ResourceCode,
    region: RegionCode,
    now: Timestamp,
) -> Result<Listed> {
    let mut params = params(code.as_str(), now)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = new_key()?;
    let certificate = params.signed_by(&key, authority)?;
    let file = |ending: &str| dir.join(format!("{code}.{ending}"));
    let listed = Listed { box_code: code, region, cert: file("pem"), key: file("key") };
    write(&listed.cert, &certificate.pem())?;
    write(&listed.key, &key.serialize_pem())?;
    Ok(listed)
}

fn authority(now: Timestamp) -> Result<Authority> {
    let mut params = params("PRETEND 演练专用,不可信任", now)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, new_key()?)?)
}

fn city(authority: &Authority, now: Timestamp) -> Result<(Certificate, KeyPair)> {
    let mut params = params("PRETEND city", now)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V4(HOST_OF_EMULATORS)),
    ];
    let key = new_key()?;
    Ok((params.signed_by(&key, authority)?, key))
}

fn params(name: &str, now: Timestamp) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    let (from, until) = (Timestamp(now.0 - EARLIER.as_millis() as i64), now.plus(LATER));
    // Whole days, UTC: the finest that the library takes without naming its own calendar.
    let day = |at: Timestamp| {
        let date = TimeZone::UTC.to_datetime(at.to_jiff()?).date();
        Some(date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs()))
    };
    params.not_before = day(from).context("the clock is beyond all calendars")?;
    params.not_after = day(until).context("the clock is beyond all calendars")?;
    Ok(params)
}

fn new_key() -> Result<KeyPair> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

/// Keys lie beside certificates, so nobody else may read any of them.
fn write(path: &Path, pem: &str) -> Result<()> {
    let open = || File::options().create(true).truncate(true).write(true).mode(0o600).open(path);
    open().and_then(|mut file| file.write_all(pem.as_bytes())).with_context(|| path.display().to_string())
}
