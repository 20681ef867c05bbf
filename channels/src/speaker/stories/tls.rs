//! The real door: TCP, mutual TLS, WebSocket, on this machine.

use crate::speaker::{
    TlsFiles,
    listener::serve,
    pages::{Answer, Asked, Caller, Page, Pages, answer},
    revocation::follow,
    village::{City, NOW, box_code, hello},
};
use futures_util::{SinkExt as _, StreamExt as _};
use mingluo_model::{
    clock::system::SystemClock,
    link::{BoxFrame, CityFrame},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa,
    KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{PrivateKeyDer, ServerName},
};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{client_async, tungstenite};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(super) fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(super) fn issue(authority: &Authority, name: &str) -> (rcgen::Certificate, KeyPair) {
    numbered(authority, name, None)
}

fn numbered(authority: &Authority, name: &str, serial: Option<u64>) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = serial.map(SerialNumber::from);
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

/// The authority's list of what it has taken back.
fn taken_back(authority: &Authority, serial: u64) -> String {
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2046, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(authority).unwrap().pem().unwrap()
}

pub(super) fn city_files(dir: &Path, authority: &Authority) -> TlsFiles {
    let (certificate, key) = issue(authority, "city");
    let file = |name: &str, pem: String| {
        std::fs::write(dir.join(name), pem).unwrap();
        dir.join(name)
    };
    TlsFiles {
        cert_file: file("city.pem", certificate.pem()),
        key_file: file("city.key", key.serialize_pem()),
        client_ca_file: file("boxes.pem", authority.pem()),
        client_crl_file: None,
    }
}

pub(super) type Identity = (rcgen::Certificate, KeyPair);

/// A connection with this certificate.
async fn arrive(
    at: SocketAddr,
    city: &Authority,
    identity: Option<Identity>,
) -> Outcome<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(city.der().clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(roots);
    let config = match identity {
        Some((certificate, key)) => {
            let key = PrivateKeyDer::try_from(key.serialize_der())?;
            builder.with_client_auth_cert(vec![certificate.der().clone()], key)?
        }
        None => builder.with_no_client_auth(),
    };
    let stream = TcpStream::connect(at).await?;
    let name = ServerName::try_from("localhost")?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
}

/// Says hello over a link with this certificate; gives the city's answer.
async fn knock(at: SocketAddr, city: &Authority, identity: Option<Identity>) -> Outcome<CityFrame> {
    let stream = arrive(at, city, identity).await?;
    let (mut socket, _) = client_async("ws://localhost/link", stream).await?;
    socket.send(tungstenite::Message::text(BoxFrame::Hello(hello(1)).write())).await?;
    match socket.next().await.ok_or("closed")?? {
        tungstenite::Message::Text(text) => Ok(CityFrame::read(&text)?),
        other => Err(format!("{other:?}").into()),
    }
}

/// The city's door, open until its stop, without pages.
fn opened(city: &City, listener: TcpListener, tls: Arc<ServerConfig>) -> JoinHandle<()> {
    let (hub, stop) = (city.channel.hub(), city.stop.clone());
    tokio::spawn(serve(hub, listener, tls, Pages::default(), SystemClock::shared(), stop))
}

#[tokio::test]
async fn wrong_certificate_is_refused() {
    let (dir, city, boxes) = (tempfile::tempdir().unwrap(), City::new().await, authority());
    let tls = city_files(dir.path(), &boxes).server_config().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let served = opened(&city, listener, tls);

    let right = knock(at, &boxes, Some(issue(&boxes, box_code(1).as_str()))).await.unwrap();
    assert!(matches!(right, CityFrame::Welcome(welcome) if welcome.time == NOW));

    assert!(knock(at, &boxes, None).await.is_err(), "no certificate");
    assert!(knock(at, &boxes, Some(issue(&authority(), box_code(1).as_str()))).await.is_err(), "another's");
    assert!(knock(at, &boxes, Some(issue(&boxes, "city"))).await.is_err(), "no box");
    let other = knock(at, &boxes, Some(issue(&boxes, box_code(2).as_str()))).await.unwrap_err();
    assert!(other.to_string().contains("the certificate says"), "another box: {other}");

    city.stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_was_taken_back_is_refused() {
    let (dir, city, boxes) = (tempfile::tempdir().unwrap(), City::new().await, authority());
    let list = dir.path().join("crl.pem");
    std::fs::write(&list, taken_back(&boxes, 7)).unwrap();
    let files = TlsFiles { client_crl_file: Some(list), ..city_files(dir.path(), &boxes) };
    let (tls, listener) = (files.server_config().unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let at = listener.local_addr().unwrap();
    let served = opened(&city, listener, tls);

    let of_box = |serial| Some(numbered(&boxes, box_code(1).as_str(), Some(serial)));
    assert!(knock(at, &boxes, of_box(8)).await.is_ok(), "its new one");
    assert!(knock(at, &boxes, of_box(7)).await.is_err(), "the one that was lost");

    city.stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn a_box_whose_certificate_is_taken_back_loses_its_link_and_comes_in_no_more() {
    let (dir, city, boxes) = (tempfile::tempdir().unwrap(), City::new().await, authority());
    let list = dir.path().join("crl.pem");
    std::fs::write(&list, taken_back(&boxes, 9)).unwrap();
    let files = TlsFiles { client_crl_file: Some(list.clone()), ..city_files(dir.path(), &boxes) };
    let (tls, keeper) = files.guarded().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (hub, clock) = (city.channel.hub(), SystemClock::shared());
    tokio::spawn(serve(hub.clone(), listener, tls, Pages::default(), clock, city.stop.clone()));
    tokio::spawn(follow(hub, files, keeper, city.clock.clone(), city.stop.clone()));

    let of_box = |number, serial| Some(numbered(&boxes, box_code(number).as_str(), Some(serial)));
    let stream = arrive(at, &boxes, of_box(1, 7)).await.unwrap();
    let (mut socket, _) = client_async("ws://localhost/link", stream).await.unwrap();
    socket.send(tungstenite::Message::text(BoxFrame::Hello(hello(1)).write())).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_text());
    city.until(|city| city.channel.hub().count().online == 1).await;

    std::fs::write(&list, "spoiled").unwrap();
    city.clock.advance(Duration::from_secs(10));
    assert!(knock(at, &boxes, of_box(1, 9)).await.is_err(), "a list that spoiled lets nobody back in");
    std::fs::write(&list, taken_back(&boxes, 7)).unwrap();
    let closed = loop {
        // The look at the file is woken whenever it waits.
        city.clock.advance(Duration::from_secs(10));
        tokio::select! {
            message = socket.next() => break message,
            () = tokio::task::yield_now() => {}
        }
    };
    let tungstenite::Message::Close(Some(goodbye)) = closed.unwrap().unwrap() else { panic!("no goodbye") };
    assert_eq!(goodbye.reason.as_str(), "the certificate was taken back");
    assert!(knock(at, &boxes, of_box(1, 7)).await.is_err());
    assert!(knock(at, &boxes, of_box(1, 8)).await.is_ok(), "its new one");
    city.stop.cancel();
}

/// Tells whoever asks who they are, and how much they said.
struct Mirror;

#[async_trait::async_trait]
impl Page for Mirror {
    fn most_body(&self) -> usize {
        8
    }

    async fn answer(&self, caller: &Caller, asked: Asked) -> Answer {
        let told = format!("{} {} {}", caller.code, asked.uri().path(), asked.body().len());
        answer(hyper::StatusCode::OK, "text/plain", told)
    }
}

/// The whole answer to one request.
pub(super) async fn ask(
    at: SocketAddr,
    city: &Authority,
    own: Option<Identity>,
    line: &str,
    body: &str,
) -> String {
    let mut stream = arrive(at, city, own).await.unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: city\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).await.unwrap();
    told
}

#[tokio::test]
async fn the_door_of_the_links_also_answers_requests_by_path() {
    let (dir, city, boxes) = (tempfile::tempdir().unwrap(), City::new().await, authority());
    let tls = city_files(dir.path(), &boxes).server_config().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let pages = Pages::default().with("/mirror/", Arc::new(Mirror));
    let (hub, clock) = (city.channel.hub(), SystemClock::shared());
    let served = tokio::spawn(serve(hub, listener, tls, pages, clock, city.stop.clone()));
    let own = || Some(issue(&boxes, box_code(1).as_str()));

    let told = ask(at, &boxes, own(), "POST /mirror/me", "12345678").await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    assert!(told.ends_with(&format!("{} /mirror/me 8", box_code(1))), "{told}");
    let told = ask(at, &boxes, own(), "POST /mirror/me", "123456789").await;
    assert!(told.starts_with("HTTP/1.1 413") && told.contains("最长 8 字节"), "{told}");
    let told = ask(at, &boxes, own(), "GET /elsewhere", "").await;
    assert!(told.starts_with("HTTP/1.1 404") && told.contains("没有这一页"), "{told}");
    assert!(
        arrive(at, &boxes, None).await.is_err() || {
            let mut stream = arrive(at, &boxes, None).await.unwrap();
            stream.write_all(b"GET /mirror/me HTTP/1.1\r\nhost: city\r\n\r\n").await.is_err()
                || stream.read_u8().await.is_err()
        }
    );
    assert!(matches!(knock(at, &boxes, own()).await, Ok(CityFrame::Welcome(_))), "a link as before");

    city.stop.cancel();
    served.await.unwrap();
}
