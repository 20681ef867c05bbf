//! A box and a small pretend city over real sockets and real mutual TLS. Playing is sped up; nothing here sleeps.
#![expect(clippy::unwrap_used, reason = "a pretend city that breaks should say where")]

use futures_util::{SinkExt as _, StreamExt as _};
use mingluo_model::{
    alert::Language,
    bulletin::{
        Action, Alg, BroadcastClass, Bulletin, EventType, KeySet, ResourceCode, Tone, VerifyingEntry,
    },
    clock::{Clock, SharedClock, Timestamp, system::SystemClock},
    grade::Grade,
    link::{BoxFrame, CityFrame, Committed, Event, Hello, Order, Report, Welcome},
    mode::ModeKind,
    region::{Level, RegionCode},
    signer::{LocalSigner, Purpose, time_bytes},
};
use mingluo_speaker::{
    agent::{Agent, Hands, Identity, Rules},
    journal::{Journal, MemoryMedium},
    link::{
        self, Dial, Pace,
        tls::{Pem, connector},
    },
    player::MuteSink,
    relay::{Power, SimulatedRelay},
    sense::{Air, SimulatedSense},
    trust::{ClockSource, Trust},
};
use rand::{SeedableRng as _, rngs::StdRng};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};
use tokio_util::sync::CancellationToken;

const BOX: &str = "62104230010010314010101";

/// An authority, and what it signed for the city and for one box.
struct Papers {
    ca: String,
    box_cert: String,
    box_key: String,
    acceptor: TlsAcceptor,
}

fn papers() -> Papers {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(params, ca_key);
    let issue = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (city, city_key) = issue("localhost");
    let (own, own_key) = issue(BOX);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let asks =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(city_key.serialize_der()));
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(asks)
        .with_single_cert(vec![city.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    Papers { ca: ca.pem(), box_cert: own.pem(), box_key: own_key.serialize_pem(), acceptor }
}

fn signer() -> LocalSigner {
    LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32])
}

fn region() -> RegionCode {
    "210423001001".parse().unwrap()
}

fn key_set(now: Timestamp) -> KeySet {
    KeySet {
        keys: vec![VerifyingEntry {
            id: "fushun-1".parse().unwrap(),
            alg: Alg::Ed25519,
            public: signer().public(),
            not_after: now.plus(Duration::from_hours(24)),
            tier: Level::City,
            areas: vec!["2104".parse().unwrap()],
            max_level: Grade::Red,
            classes: vec![BroadcastClass::Emergency],
        }],
    }
}

fn red(seq: u64, now: Timestamp) -> Bulletin {
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
struct CityEnd(WebSocketStream<TlsStream<TcpStream>>);

impl CityEnd {
    async fn accept(listener: &TcpListener, acceptor: &TlsAcceptor) -> (Self, Hello) {
        let (tcp, _) = listener.accept().await.unwrap();
        // Without this each handshake waits 40 ms for a delayed acknowledgement.
        tcp.set_nodelay(true).unwrap();
        let tls = acceptor.accept(tcp).await.unwrap();
        let mut end = Self(accept_async(tls).await.unwrap());
        let BoxFrame::Hello(hello) = end.hear().await else { panic!("no hello") };
        (end, hello)
    }

    async fn hear(&mut self) -> BoxFrame {
        let Message::Text(text) = self.0.next().await.unwrap().unwrap() else { panic!("no text") };
        BoxFrame::read(&text).unwrap()
    }

    async fn say(&mut self, frame: CityFrame) {
        self.0.send(Message::text(frame.write())).await.unwrap();
    }

    async fn welcome(&mut self, hello: &Hello, now: Timestamp) {
        let signature = signer().sign_now(Purpose::Time, &time_bytes(&hello.nonce, now));
        self.say(CityFrame::Welcome(Welcome { version: 1, time: now, nonce_signature: Some(signature) }))
            .await;
    }

    async fn order(&mut self, bulletin: &Bulletin) {
        let envelope = signer().seal(bulletin).unwrap().to_bytes();
        self.say(CityFrame::Order(Order { ebm: bulletin.ebm, envelope })).await;
    }

    /// Reports up to and including the first that is a bulletin's last.
    async fn reports(&mut self) -> Vec<Report> {
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

fn events(reports: &[Report]) -> Vec<Event> {
    reports.iter().map(|report| report.event).collect()
}

fn agent(clock: &SharedClock, source: ClockSource, real_now: Timestamp) -> Agent {
    let air = Air::default();
    let journal = Journal::open(Box::new(MemoryMedium::default()), clock.now()).unwrap();
    let keys = Arc::new(key_set(real_now));
    let trust = Trust::new(keys, region(), ModeKind::Live, clock.clone(), source, journal.book().floor());
    let hands = Hands {
        power: Power::new(Box::new(SimulatedRelay::new(air.clone(), clock.clone(), None))).unwrap(),
        sink: Box::new(MuteSink::new(air.clone())),
        sense: Box::new(SimulatedSense::new(air)),
    };
    let code: ResourceCode = BOX.parse().unwrap();
    let identity = Identity { code, region: region(), mode: ModeKind::Live, firmware: "story".to_owned() };
    let time_scale = NonZeroU32::new(1_000).unwrap();
    let rules = Rules { longest_sounding: Duration::from_mins(10), volume_most: 100, time_scale };
    Agent::new(identity, rules, clock.clone(), trust, journal, hands).unwrap()
}

fn dial(papers: &Papers, port: u16, clock: &SharedClock, lenient: bool) -> Dial {
    let pem =
        Pem { ca: papers.ca.as_bytes(), cert: papers.box_cert.as_bytes(), key: papers.box_key.as_bytes() };
    let pace = Pace {
        patience: Duration::from_secs(10),
        ping: Duration::from_secs(30),
        heartbeat: Duration::from_mins(1),
        backoff_first: Duration::from_millis(1),
        backoff_most: Duration::from_millis(1),
    };
    let cities = vec![format!("wss://localhost:{port}/link").parse().unwrap()];
    Dial { cities, connector: connector(pem, clock.clone(), lenient).unwrap(), pace }
}

/// Switches a box on against a listening city; the token switches it off.
async fn switch_on(clock: SharedClock, source: ClockSource) -> (TcpListener, Papers, CancellationToken) {
    let papers = papers();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let dial = dial(&papers, port, &clock, source == ClockSource::City);
    let mut agent = agent(&clock, source, SystemClock::shared().now());
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let mut chance = StdRng::seed_from_u64(1);
        link::run(&mut agent, &dial, clock.as_ref(), &mut chance, &token).await.unwrap();
    });
    (listener, papers, stop)
}

const WHOLE_STORY: [Event; 5] =
    [Event::Received, Event::Verified, Event::Playing, Event::Sounded, Event::Ended];

#[tokio::test]
async fn a_bulletin_goes_out_and_its_reports_come_back_until_they_are_committed() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, papers, _stop) = switch_on(clock.clone(), ClockSource::Own).await;
    let (mut city, hello) = CityEnd::accept(&listener, &papers.acceptor).await;
    assert_eq!((hello.box_code.as_str(), hello.holding.len()), (BOX, 0));
    city.welcome(&hello, clock.now()).await;
    city.order(&red(1, clock.now())).await;
    let reports = city.reports().await;
    assert_eq!(events(&reports), WHOLE_STORY);
    drop(city);

    let (mut city, hello) = CityEnd::accept(&listener, &papers.acceptor).await;
    assert_eq!(hello.last_seq.values().copied().collect::<Vec<_>>(), [1]);
    city.welcome(&hello, clock.now()).await;
    assert_eq!(city.reports().await, reports);
    city.say(CityFrame::Committed(Committed { ids: reports.iter().map(|report| report.id).collect() })).await;
    city.order(&red(2, clock.now())).await;
    assert_eq!(events(&city.reports().await), WHOLE_STORY);
}

/// The machine's clock, but in 1970, as on a board without a battery.
struct Since1970(Arc<SystemClock>);

#[async_trait::async_trait]
impl Clock for Since1970 {
    fn now(&self) -> Timestamp {
        Timestamp(0).plus(self.0.ticks())
    }

    fn ticks(&self) -> Duration {
        self.0.ticks()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

#[tokio::test]
async fn a_box_that_wakes_in_1970_learns_the_time_and_obeys() {
    let real = SystemClock::shared();
    let (listener, papers, _stop) = switch_on(Arc::new(Since1970(real.clone())), ClockSource::City).await;
    let (mut city, hello) = CityEnd::accept(&listener, &papers.acceptor).await;
    assert!(!hello.boot.clock_trusted && hello.boot.time < Timestamp(60_000));
    city.welcome(&hello, real.now()).await;
    city.order(&red(1, real.now())).await;
    assert_eq!(events(&city.reports().await), WHOLE_STORY);
}

#[tokio::test]
async fn a_box_tries_again_after_a_link_that_broke_and_leaves_when_told() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, papers, stop) = switch_on(clock, ClockSource::Own).await;
    for _ in 0..3 {
        drop(listener.accept().await.unwrap());
    }
    let (mut city, _) = CityEnd::accept(&listener, &papers.acceptor).await;
    stop.cancel();
    assert!(!matches!(city.0.next().await, Some(Ok(Message::Text(_)))));
}

#[tokio::test]
async fn a_city_of_another_authority_is_not_spoken_to() {
    let clock: SharedClock = SystemClock::shared();
    let (listener, _papers, _stop) = switch_on(clock, ClockSource::Own).await;
    let stranger = papers();
    let (tcp, _) = listener.accept().await.unwrap();
    assert!(stranger.acceptor.accept(tcp).await.is_err());
}
