//! A box that has no certificate yet, a one-time code, and a city that may be the wrong one; over real sockets and TLS.

use crate::city::{key_set, root_text};
use mingluo_model::{
    clock::{Clock as _, system::SystemClock},
    enrol::{Application, Certified, Enrolled, NotEnrolled, Slip},
};
use mingluo_speaker::{
    config::Config,
    enrol::{EnrolError, enrol},
};
use rcgen::{CertificateSigningRequestParams, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// A city's enrolment desk and door in one.
struct Desk {
    ca: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
    acceptor: TlsAcceptor,
    listener: TcpListener,
}

impl Desk {
    async fn open() -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let own = KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&own, &issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone(), ca.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        Self { ca, issuer, acceptor: TlsAcceptor::from(Arc::new(config)), listener }
    }

    fn address(&self) -> String {
        format!("https://localhost:{}", self.listener.local_addr().unwrap().port())
    }

    fn slip(&self) -> Slip {
        Slip::new(7, self.ca.der())
    }

    /// Answers one box with whatever this makes of its application; gives the application.
    fn answer_one(
        self,
        answer: impl FnOnce(&Self, &Application) -> (u16, Vec<u8>) + Send + 'static,
    ) -> JoinHandle<Option<Application>> {
        tokio::spawn(async move {
            let (tcp, _) = self.listener.accept().await.unwrap();
            let mut stream = self.acceptor.accept(tcp).await.ok()?;
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.ok()?);
            }
            let head = String::from_utf8(head).unwrap();
            assert!(head.starts_with("POST /enrol HTTP/1.1"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).await.unwrap();
            let application = serde_json::from_slice(&body).unwrap();
            let (status, body) = answer(&self, &application);
            let head = format!("HTTP/1.1 {status} So\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
            stream.shutdown().await.unwrap();
            Some(application)
        })
    }

    fn certify(&self, application: &Application) -> Enrolled {
        let request = CertificateSigningRequestParams::from_pem(&application.request).unwrap();
        let certificate = request.signed_by(&self.issuer).unwrap().pem();
        Enrolled {
            certified: Certified { certificate, authority: self.ca.pem() },
            root: root_text(),
            keys: key_set(SystemClock::shared().now()),
        }
    }
}

/// A box as it comes out of its carton.
fn carton() -> (TempDir, Config) {
    let dir = tempfile::tempdir().unwrap();
    let file: PathBuf = dir.path().join("speaker.toml");
    std::fs::create_dir(dir.path().join("tls")).unwrap();
    std::fs::write(&file, include_str!("../../../deploy/speaker.toml")).unwrap();
    let config = Config::read(&file).unwrap();
    (dir, config)
}

fn json(told: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(told).unwrap()
}

#[tokio::test]
async fn with_a_code_a_box_has_all_its_files_in_one_step_and_can_dial() {
    let ((_dir, config), desk) = (carton(), Desk::open().await);
    let (address, slip) = (desk.address(), desk.slip());
    let told = desk.answer_one(|desk, application| (200, json(&desk.certify(application))));
    enrol(&config, &address, &slip, SystemClock::shared()).await.unwrap();
    let application = told.await.unwrap().unwrap();
    assert_eq!(application.secret, slip.secret);
    assert!(!application.request.contains("PRIVATE"));
    mingluo_speaker::assemble::dial(&config, SystemClock::shared()).unwrap();
    assert_eq!(mingluo_speaker::assemble::beliefs(&config, None).unwrap().version, 1);
}

#[tokio::test]
async fn a_city_that_is_not_the_codes_is_told_nothing() {
    let ((_dir, config), desk, wrong) = (carton(), Desk::open().await, Desk::open().await);
    let address = wrong.address();
    let told = wrong.answer_one(|_, _| panic!("the code was told to a stranger"));
    let error = enrol(&config, &address, &desk.slip(), SystemClock::shared()).await.unwrap_err();
    assert!(matches!(error, EnrolError::Link(_)), "{error}");
    assert!(error.to_string().contains("注册码输错了"));
    assert!(told.await.unwrap().is_none());
    assert!(!config.city.cert_file.exists());
}

#[tokio::test]
async fn each_refusal_is_told_in_words_and_nothing_is_written() {
    use NotEnrolled::{ExpiredCode, TooMany, UnknownCode, UsedCode, WrongBox};
    for (why, word) in [
        (UnknownCode, "不存在"),
        (UsedCode, "已用过"),
        (ExpiredCode, "已过期"),
        (WrongBox, "另一个终端"),
        (TooMany, "十分钟后"),
    ] {
        let ((_dir, config), desk) = (carton(), Desk::open().await);
        let (address, slip) = (desk.address(), desk.slip());
        let told = desk.answer_one(move |_, _| (403, json(&why)));
        let error = enrol(&config, &address, &slip, SystemClock::shared()).await.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        told.await.unwrap();
        assert!(!config.city.cert_file.exists() && !config.trust.root_file.exists());
    }
}

#[tokio::test]
async fn another_root_than_the_one_that_is_there_is_not_taken() {
    let ((_dir, config), desk) = (carton(), Desk::open().await);
    std::fs::write(&config.trust.root_file, "00".repeat(32)).unwrap();
    let (address, slip) = (desk.address(), desk.slip());
    let told = desk.answer_one(|desk, application| (200, json(&desk.certify(application))));
    let error = enrol(&config, &address, &slip, SystemClock::shared()).await.unwrap_err();
    assert!(matches!(error, EnrolError::OtherRoot { .. }), "{error}");
    told.await.unwrap();
    assert!(!config.city.cert_file.exists());
}

#[tokio::test]
async fn a_certificate_for_another_key_is_not_taken() {
    let ((_dir, config), desk) = (carton(), Desk::open().await);
    let (address, slip) = (desk.address(), desk.slip());
    let told = desk.answer_one(|desk, application| {
        let mut enrolled = desk.certify(application);
        let other = KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
        enrolled.certified.certificate = params.signed_by(&other, &desk.issuer).unwrap().pem();
        (200, json(&enrolled))
    });
    let error = enrol(&config, &address, &slip, SystemClock::shared()).await.unwrap_err();
    assert!(matches!(error, EnrolError::Misfit { what: "certificate" }), "{error}");
    told.await.unwrap();
    assert!(!config.city.cert_file.exists());
}
