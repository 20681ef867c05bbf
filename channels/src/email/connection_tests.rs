//! Encryption and login, against a relay that speaks just enough of them.

use super::{super::config::tests::sample, *};
use mingluo_model::clock::system::SystemClock;
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// What the relay offers.
#[derive(Clone, Copy)]
struct Offer {
    security: Security,
    starttls: bool,
    login: &'static str,
}

const GOOD: Offer = Offer { security: Security::StartTls, starttls: true, login: "235 2.7.0 welcome" };

/// What a bare peer says to each line; ends at STARTTLS or with the connection. Returns the verbs it heard.
async fn talk(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), offer: Offer, bare: bool) -> Vec<String> {
    let mut stream = BufReader::new(stream);
    let (mut heard, mut line) = (Vec::new(), String::new());
    while stream.read_line(&mut line).await.is_ok_and(|length| length > 0) {
        let verb = line.split_whitespace().next().unwrap().to_owned();
        line.clear();
        let answer = match verb.as_str() {
            "EHLO" if bare && offer.starttls => "250-relay\r\n250 STARTTLS",
            "EHLO" => "250-relay\r\n250 AUTH PLAIN",
            "STARTTLS" => "220 go on",
            "AUTH" => offer.login,
            "QUIT" => "221 goodbye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        heard.push(verb);
        if heard.last().is_some_and(|verb| verb == "STARTTLS") {
            break;
        }
    }
    heard
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, offer: Offer) -> Vec<String> {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let mut heard = Vec::new();
    if offer.security == Security::StartTls {
        tcp.write_all(b"220 relay\r\n").await.unwrap();
        heard = talk(&mut tcp, offer, true).await;
        if heard.last().is_none_or(|verb| verb != "STARTTLS") {
            return heard;
        }
    }
    // A client that does not trust the certificate hangs up here.
    let Ok(mut tls) = acceptor.accept(tcp).await else { return heard };
    if offer.security == Security::Tls {
        tls.write_all(b"220 relay\r\n").await.unwrap();
    }
    heard.push("(encrypted)".into());
    heard.extend(talk(&mut tls, offer, false).await);
    heard
}

struct Scene {
    lines: Lines,
    relay: JoinHandle<Vec<String>>,
    _files: [tempfile::NamedTempFile; 2],
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

async fn scene(offer: Offer, trusted: bool) -> Scene {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = [file("open sesame\n"), file(&if trusted { &made } else { &other }.cert.pem())];
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let relay = tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), offer));
    let mut account = sample(&json!({
        "relay": "localhost", "port": port, "user": "warn", "password_file": files[0].path(),
        "ca_file": files[1].path(), "answer_seconds": 5,
    }));
    account.security = offer.security;
    let lines = Lines::new(Arc::new(account.check().unwrap()), SystemClock::shared());
    Scene { lines, relay, _files: files }
}

#[tokio::test]
async fn the_login_is_said_only_after_encryption() {
    for (security, before) in [(Security::Tls, &[][..]), (Security::StartTls, &["EHLO", "STARTTLS"])] {
        let scene = scene(Offer { security, ..GOOD }, true).await;
        let line = scene.lines.connect().await.unwrap();
        scene.lines.give_back(line);
        scene.lines.close().await;
        let expected = [before, &["(encrypted)", "EHLO", "AUTH", "EHLO", "QUIT"]].concat();
        assert_eq!(scene.relay.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_relay_with_another_certificate_hears_no_login() {
    for security in [Security::Tls, Security::StartTls] {
        let scene = scene(Offer { security, ..GOOD }, false).await;
        let refused = scene.lines.connect().await.map(|_| ());
        assert!(matches!(refused, Err(SendError::Unreachable { .. })), "{refused:?}");
        assert!(scene.relay.await.unwrap().iter().all(|verb| verb != "AUTH"));
    }
}

#[tokio::test]
async fn a_relay_that_cannot_encrypt_hears_no_login() {
    let scene = scene(Offer { starttls: false, ..GOOD }, true).await;
    let Err(SendError::Refused { detail }) = scene.lines.connect().await.map(|_| ()) else { panic!() };
    assert!(detail.contains("STARTTLS"), "{detail}");
    assert!(scene.relay.await.unwrap().iter().all(|verb| verb != "AUTH"));
}

#[tokio::test]
async fn a_wrong_password_is_an_operators_affair() {
    let scene = scene(Offer { login: "535 5.7.8 warn: authentication failed", ..GOOD }, true).await;
    let refused = scene.lines.connect().await.map(|_| ());
    assert_eq!(refused, Err(SendError::Refused { detail: "login: 535 5.7.8".into() }));
}
