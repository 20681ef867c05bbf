//! The boxes' certificate authority (终端证书机构), in a folder of its own: a key, a certificate, the list of what was issued,
//! and what was taken back. A box makes its own key; only its request comes here.

use super::{list, registry::Registry, write_new};
use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use mingluo_model::{
    bulletin::ResourceCode,
    clock::{Clock as _, Timestamp, system::SystemClock},
};
use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertificateSigningRequestParams,
    CertifiedIssuer, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, RevokedCertParams, SanType,
    SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Certificates begin so long before now, for boxes whose clocks differ.
const EARLIER: Duration = Duration::from_hours(24);
/// How long the authority lasts: longer than any box.
const AUTHORITY_DAYS: u32 = 20 * 365;
/// Until when a list of what was taken back must be replaced; the city does not insist on it.
const LIST_DAYS: u32 = 10 * 365;

/// An authority's folder.
pub(super) struct Authority {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes one.
    pub(super) fn make(dir: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(dir)
            .with_context(|| format!("--dir {}: 建不了目录 / cannot be made", dir.display()))?;
        let mut params =
            params(DnValue::Utf8String("鸣锣终端证书机构 Mingluo boxes".to_owned()), AUTHORITY_DAYS)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let made = CertifiedIssuer::self_signed(params, new_key()?)?;
        write_new("--dir", &dir.join("ca.key"), made.key().serialize_pem().as_bytes(), 0o600)?;
        write_new("--dir", &dir.join("ca.pem"), made.pem().as_bytes(), 0o644)?;
        let authority = Self::open(dir)?;
        authority.publish(&Registry::default())
    }

    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = dir.join(name);
            fs::read_to_string(&path).with_context(|| {
                format!(
                    "--dir {}: 没有证书机构，请先执行 ca new / no authority; run ca new first",
                    path.display()
                )
            })
        };
        let spoilt = |name: &str| {
            format!("--dir {}: 已损坏，请用备份 / is damaged; use your copy", dir.join(name).display())
        };
        let key = KeyPair::from_pem(&read("ca.key")?).with_context(|| spoilt("ca.key"))?;
        let issuer = Issuer::from_ca_cert_pem(&read("ca.pem")?, key).with_context(|| spoilt("ca.pem"))?;
        Ok(Self { dir: dir.to_owned(), issuer })
    }

    /// Keeps every other process out that would write the lists of this folder, until it is dropped.
    pub(super) fn lock(dir: &Path) -> anyhow::Result<fs::File> {
        let place = dir.join("lock");
        let lock = || {
            let file = fs::File::options().create(true).append(true).open(&place)?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        };
        lock().with_context(|| format!("--dir {}: 不能锁定 / cannot be locked", place.display()))
    }

    /// The authority's certificate, PEM.
    pub(super) fn pem(&self) -> anyhow::Result<String> {
        let place = self.dir.join("ca.pem");
        fs::read_to_string(&place)
            .with_context(|| format!("--dir {}: 读不了 / cannot be read", place.display()))
    }

    /// The same as DER.
    pub(super) fn certificate(&self) -> anyhow::Result<Vec<u8>> {
        Ok(CertificateDer::from_pem_slice(self.pem()?.as_bytes())
            .context("--dir: ca.pem 中没有证书，请用备份 / no certificate in ca.pem; use your copy")?
            .to_vec())
    }

    pub(super) fn registry(&self) -> anyhow::Result<Registry> {
        Registry::read(&self.dir)
    }

    /// Signs a box's request: only its key and its code are taken from it, everything else is ours.
    pub(super) fn certify(&self, request: &str, days: u32) -> anyhow::Result<Issued> {
        let mut request = CertificateSigningRequestParams::from_pem(request).context(
            "--csr: 不是证书请求，或其签名不符 / no certificate request, or its signature does not fit",
        )?;
        let code = code_of(&request.params.distinguished_name)?;
        let mut own = params(DnValue::Utf8String(code.to_string()), days)?;
        let serial = serial();
        own.serial_number = Some(SerialNumber::from_slice(&serial));
        own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        request.params = own;
        let key = hex::encode(Sha256::digest(request.public_key.der_bytes()));
        let pem = request.signed_by(&self.issuer)?.pem();
        let until = now().plus(Duration::from_hours(24) * days);
        Ok(Issued { code, serial: hex::encode(serial), until, pem, key })
    }

    /// The city's own certificate, which boxes check by this authority.
    pub(super) fn certify_city(&self, names: &[String], days: u32) -> anyhow::Result<(String, String)> {
        let mut own = params(DnValue::Utf8String("Mingluo city".to_owned()), days)?;
        own.serial_number = Some(SerialNumber::from_slice(&serial()));
        own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let name = |name: &String| {
            if let Ok(address) = name.parse::<IpAddr>() {
                return Ok(SanType::IpAddress(address));
            }
            let bad = || format!("--name {name}: 不是域名或地址 / is neither a name nor an address");
            Ok(SanType::DnsName(name.as_str().try_into().with_context(bad)?))
        };
        own.subject_alt_names = names.iter().map(name).collect::<anyhow::Result<_>>()?;
        let key = new_key()?;
        Ok((own.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }

    /// Writes the list of what was issued; it is on the disk when this returns.
    pub(super) fn note(&self, registry: &Registry) -> anyhow::Result<()> {
        registry.write(&self.dir)
    }

    /// Writes the list of what was issued, and the signed list of what was taken back (crl.pem).
    pub(super) fn publish(&self, registry: &Registry) -> anyhow::Result<()> {
        let revoked = registry.revoked().map(|(serial, at)| {
            let (year, month, day) = day(at)?;
            Ok::<_, anyhow::Error>(RevokedCertParams {
                serial_number: SerialNumber::from_slice(&hex::decode(serial)?),
                revocation_time: date_time_ymd(year, month, day),
                reason_code: None,
                invalidity_date: None,
            })
        });
        let revoked_certs = revoked.collect::<anyhow::Result<_>>()?;
        let ((year, month, today), (then, month_then, last)) =
            (day(now())?, day(now().plus(Duration::from_hours(24) * LIST_DAYS))?);
        let revocations = CertificateRevocationListParams {
            this_update: date_time_ymd(year, month, today),
            next_update: date_time_ymd(then, month_then, last),
            // It must rise with each list; seconds do.
            crl_number: SerialNumber::from((now().0 / 1_000) as u64),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        self.note(registry)?;
        list::replace(&self.dir, "crl.pem", revocations.signed_by(&self.issuer)?.pem()?.as_bytes())
    }
}

/// A certificate that was issued.
pub(super) struct Issued {
    pub(super) code: ResourceCode,
    /// Its number, hexadecimal.
    pub(super) serial: String,
    pub(super) until: Timestamp,
    pub(super) pem: String,
    /// The hash of the key that it is for, hexadecimal.
    pub(super) key: String,
}

pub(super) fn now() -> Timestamp {
    SystemClock::shared().now()
}

fn code_of(name: &DistinguishedName) -> anyhow::Result<ResourceCode> {
    let text = match name.get(&DnType::CommonName) {
        Some(DnValue::Utf8String(text)) => text.as_str(),
        Some(DnValue::PrintableString(text)) => text.as_str(),
        _ => bail!("--csr: 请求中没有名称 / the request has no common name"),
    };
    text.parse().with_context(|| {
        format!("--csr: 名称 {text:?} 不是 23 位资源编码 / the common name is no resource code of 23 digits")
    })
}

fn params(name: DnValue, days: u32) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let (year, month, first) = day(Timestamp(now().0 - EARLIER.as_millis() as i64))?;
    params.not_before = date_time_ymd(year, month, first);
    let (year, month, last) = day(now().plus(Duration::from_hours(24) * days))?;
    params.not_after = date_time_ymd(year, month, last);
    Ok(params)
}

fn new_key() -> anyhow::Result<KeyPair> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

/// Sixteen random bytes, positive as RFC 5280 asks for (4.1.2.2).
fn serial() -> [u8; 16] {
    let mut serial = [0; 16];
    StdRng::from_os_rng().fill_bytes(&mut serial);
    serial[0] = serial[0] & 0x7f | 0x40;
    serial
}

/// Whole days, UTC: the finest that the library takes without naming its own calendar.
fn day(at: Timestamp) -> anyhow::Result<(i32, u8, u8)> {
    let date = at.to_jiff().map(|at| TimeZone::UTC.to_datetime(at).date());
    let date = date.context("本机时钟有误，请校准 / the clock is beyond all calendars; set it")?;
    Ok((date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs()))
}
