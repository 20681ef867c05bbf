//! A small pretend city: an authority, a root, a signer, and its end of one link.

use futures_util::{SinkExt as _, StreamExt as _};
use mingluo_model::{
    alert::Language,
    bulletin::{
        Action, BroadcastClass, Bulletin, EventType, KeyEdition, RootKey, SignedKeySet, Tone, VerifyingEntry,
    },
    clock::Timestamp,
    grade::Grade,
    link::{BoxFrame, CityFrame, Hello, Order, Report, Welcome},
    mode::ModeKind,
    region::{Level, RegionCode},
    signer::{LocalSigner, Purpose, time_bytes},
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use std::{sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{self, Message},
};

pub(crate) const BOX: &str = "62104230010010314010101";

/// An authority, and what it signed for the city and for one box.
pub(crate) struct Papers {
    pub(crate) ca: String,
    pub(crate) box_cert: String,
    pub(crate) box_key: String,
    pub(crate) acceptor: TlsAcceptor,
}

pub(crate) fn papers() -> Papers {
    papers_for(rcgen::CertificateParams::new(vec![BOX.to_owned()]).unwrap()).0
}

/// The same for a box's certificate that says this, and who signs the next one.
pub(crate) fn papers_for(own: rcgen::CertificateParams) -> (Papers, rcgen::Issuer<'static, rcgen::KeyPair>) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(params, ca_key);
    let issue = |params: rcgen::CertificateParams| {
        let key = rcgen::KeyPair::generate().unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (city, city_key) = issue(rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap());
    let (own, own_key) = issue(own);
    let acceptor = acceptor(&city, &city_key, ca.der());
    let papers = Papers { ca: ca.pem(), box_cert: own.pem(), box_key: own_key.serialize_pem(), acceptor };
    (papers, issuer)
}

/// A city with this certificate, which lets in whom this authority knows.
fn acceptor(
    city: &rcgen::Certificate,
    key: &rcgen::KeyPair,
    believed: &CertificateDer<'static>,
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(believed.clone()).unwrap();
    let asks =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(asks)
        .with_single_cert(vec![city.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(server))
}

pub(crate) fn signer() -> LocalSigner {
    LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32])
}

pub(crate) fn region() -> RegionCode {
    "210423001001".parse().unwrap()
}

fn root() -> LocalSigner {
    LocalSigner::from_seed("root".parse().unwrap(), &[3; 32])
}

/// The root's public half, as it stands in a file.
pub(crate) fn root_text() -> String {
    hex::encode(root().public())
}

/// The same, as a box is given it.
pub(crate) fn root_key() -> RootKey {
    root_text().parse().unwrap()
}

/// What the root signed for a box that is set up now.
pub(crate) fn key_set(now: Timestamp) -> SignedKeySet {
    KeyEdition {
        version: 1.try_into().unwrap(),
        keys: vec![VerifyingEntry {
            id: "fushun-1".parse().unwrap(),
            public: signer().public(),
            not_after: now.plus(Duration::from_hours(24)),
            tier: Level::City,
            areas: vec!["2104".parse().unwrap()],
            max_level: Grade::Red,
            classes: vec![BroadcastClass::Emergency],
        }],
    }
    .sign(&root())
    .unwrap()
}

pub(crate) fn red(seq: u64, now: Timestamp) -> Bulletin {
    Bulletin {
        tier: Level::City,
        key_id: "fushun-1".parse().unwrap(),
        seq,
        ebm: format!("4210400000000010301010120260705{seq:04}").parse().unwrap(),
        class: BroadcastClass::Emergency,
        grade: Some(Grade::Red),
        event: EventType::OTHER,
        areas: vec!["2104".parse().unwrap()],
        action: Action::Play,
        related: Vec::new(),
        start: now,
        end: now.plus(Duration::from_hours(1)),
        volume: 80,
        repeats: 3,
        tone: Tone::Red,
        script: "暴雨红色预警".to_owned(),
        audio: None,
        language: Language::chinese(),
        created: now,
        mode: ModeKind::Live,
    }
}

/// The city's end of one link.
pub(crate) struct CityEnd(pub(crate) WebSocketStream<TlsStream<TcpStream>>);

impl CityEnd {
    pub(crate) async fn accept(listener: &TcpListener, acceptor: &TlsAcceptor) -> (Self, Hello) {
        let (tcp, _) = listener.accept().await.unwrap();
        // Without this each handshake waits 40 ms for a delayed acknowledgement.
        tcp.set_nodelay(true).unwrap();
        let tls = acceptor.accept(tcp).await.unwrap();
        Self::greet(tls).await.unwrap()
    }

    /// The link and its hello, if a link is what is asked for.
    pub(crate) async fn greet(tls: TlsStream<TcpStream>) -> Result<(Self, Hello), tungstenite::Error> {
        let mut end = Self(accept_async(tls).await?);
        let BoxFrame::Hello(hello) = end.hear().await else { panic!("no hello") };
        Ok((end, hello))
    }

    pub(crate) async fn hear(&mut self) -> BoxFrame {
        let Message::Text(text) = self.0.next().await.unwrap().unwrap() else { panic!("no text") };
        BoxFrame::read(&text).unwrap()
    }

    /// The next frame; `None` when the link is dead.
    pub(crate) async fn try_hear(&mut self) -> Option<BoxFrame> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => return Some(BoxFrame::read(&text).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    pub(crate) async fn say(&mut self, frame: CityFrame) {
        self.0.send(Message::text(frame.write())).await.unwrap();
    }

    pub(crate) async fn welcome(&mut self, hello: &Hello, now: Timestamp) {
        let signature = signer().sign_now(Purpose::Time, &time_bytes(&hello.nonce, now));
        self.say(CityFrame::Welcome(Welcome { version: 1, time: now, nonce_signature: Some(signature) }))
            .await;
    }

    pub(crate) async fn order(&mut self, bulletin: &Bulletin) {
        let envelope = signer().seal(bulletin).unwrap().to_bytes();
        self.say(CityFrame::Order(Order { ebm: bulletin.ebm, envelope })).await;
    }

    /// Reports up to and including the first that is a bulletin's last.
    pub(crate) async fn reports(&mut self) -> Vec<Report> {
        let mut reports = Vec::new();
        loop {
            let BoxFrame::Report(report) = self.hear().await else { continue };
            reports.push(report);
            if reports.last().is_some_and(|report| report.event.is_last()) {
                return reports;
            }
        }
    }
}
