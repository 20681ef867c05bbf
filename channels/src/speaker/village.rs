//! A pretend village for this folder's tests: bulletins by number, a city with one open session, boxes that follow a
//! script over a pipe in memory.

use super::{Parting, SpeakerChannel, SpeakerConfig, TlsFiles, link::socket_config, pages::Caller};
use futures_util::{SinkExt as _, StreamExt as _};
use mingluo_model::{
    address::Address,
    alert::Language,
    bulletin::{Action, BroadcastClass, Bulletin, EbmId, EventType, ResourceCode, Tone},
    channel::{Channel as _, Parcel, Recall, Report as Told, Run, Session},
    clock::{SharedClock, Timestamp, manual::ManualClock},
    grade::Grade,
    id::{AlertId, PlanId},
    link::{Boot, BoxFrame, CityFrame, Event, Hello, Report},
    message::{Body, Message},
    mode::{Live, Mode, ModeKind},
    plan::AccountName,
    region::Level,
    signer::{LocalSigner, Signer},
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    io::DuplexStream,
    task::{JoinHandle, yield_now},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self,
        protocol::{CloseFrame, Role},
    },
};
use tokio_util::sync::CancellationToken;

/// The present of the tests: 2026-07-05T00:00:00Z.
pub(super) const NOW: Timestamp = Timestamp(1_783_209_600_000);

/// How long boxes' certificates are good from then on.
pub(super) const LIFE: Duration = Duration::from_hours(24 * 60);

pub(super) fn box_code(number: u32) -> ResourceCode {
    format!("621042300100103140{number:05}").parse().unwrap()
}

pub(super) fn signer() -> LocalSigner {
    LocalSigner::from_seed("fushun-1".parse().unwrap(), &[7; 32])
}

/// A red rainstorm bulletin, valid for an hour.
pub(super) fn bulletin(seq: u16) -> Bulletin {
    Bulletin {
        tier: Level::City,
        key_id: "fushun-1".parse().unwrap(),
        seq: u64::from(seq),
        ebm: EbmId::new("42104000000000103010101".parse().unwrap(), 20_260_705, seq).unwrap(),
        class: BroadcastClass::Emergency,
        grade: Some(Grade::Red),
        event: EventType::OTHER,
        areas: vec!["210423001".parse().unwrap()],
        action: Action::Play,
        related: Vec::new(),
        start: NOW,
        end: Timestamp(NOW.0 + 3_600_000),
        volume: 80,
        repeats: 2,
        tone: Tone::Red,
        script: "暴雨红色预警".to_owned(),
        audio: None,
        language: Language::chinese(),
        created: NOW,
        mode: ModeKind::Live,
    }
}

pub(super) fn message<M: Mode>(bulletin: &Bulletin) -> Message<M> {
    let body = Body::Speaker {
        envelope: signer().seal(bulletin).unwrap().to_bytes(),
        script: bulletin.script.clone(),
    };
    Message::new(AlertId::new(NOW, &mut StdRng::seed_from_u64(1)), Grade::Red, Language::chinese(), body)
}

pub(super) fn report(number: u32, seq: u16, event: Event) -> Report {
    let (ebm, box_code) = (bulletin(seq).ebm, box_code(number));
    Report { id: 1, ebm, box_code, event, reason: String::new(), at: NOW, detail: String::new() }
}

pub(super) fn hello(number: u32) -> Hello {
    Hello {
        version: 1,
        box_code: box_code(number),
        firmware: "scripted 1".to_owned(),
        region: "210423001001".parse().unwrap(),
        mode: ModeKind::Live,
        last_seq: BTreeMap::new(),
        boot: Boot { clock_trusted: true, time: NOW },
        nonce: [7; 32],
        holding: Vec::new(),
        key_set: 0,
        run: u64::from(number),
    }
}

/// A caller over a pipe, with a certificate of its own.
pub(super) fn caller(number: u32) -> Caller {
    Caller { code: box_code(number), serial: number.to_be_bytes().into(), until: NOW.plus(LIFE), from: None }
}

pub(super) struct City {
    pub(super) clock: Arc<ManualClock>,
    pub(super) channel: SpeakerChannel<Live>,
    pub(super) session: Session<Live>,
    pub(super) stop: CancellationToken,
}

impl City {
    pub(super) async fn new() -> Self {
        Self::of(100).await
    }

    pub(super) async fn of(boxes: u32) -> Self {
        let clock = ManualClock::at(NOW);
        let shared: SharedClock = clock.clone();
        let file = || "none".into();
        let config = SpeakerConfig {
            name: AccountName("speaker".to_owned()),
            pretend: true,
            listen: "127.0.0.1:0".parse().unwrap(),
            tls: TlsFiles {
                cert_file: file(),
                key_file: file(),
                client_ca_file: file(),
                client_crl_file: None,
            },
            key_set_file: None,
            desk_socket: None,
            enrol: None,
            boxes,
            per_second: 2_000,
        };
        let signer: Arc<dyn Signer> = Arc::new(signer());
        let channel = SpeakerChannel::new(config, shared, Some(signer)).unwrap();
        let session = channel.open().await.unwrap();
        Self { clock, channel, session, stop: CancellationToken::new() }
    }

    /// Sends a bulletin to these boxes; gives the first wire key.
    pub(super) async fn order(&mut self, bulletin: &Bulletin, boxes: &[u32]) -> u64 {
        let to = |number: &u32| Address::new(box_code(*number).as_str());
        self.order_to(bulletin, boxes.iter().map(to).collect()).await
    }

    pub(super) async fn order_to(&mut self, bulletin: &Bulletin, to: Vec<Address>) -> u64 {
        let parcel = |(ordinal, to)| Parcel { ordinal, attempt: 1, part_set: 1, to };
        let run = Run {
            plan: PlanId::new(NOW, &mut StdRng::seed_from_u64(2)),
            message: Arc::new(message(bulletin)),
            not_after: bulletin.end,
            recall: Recall::default(),
            call: None,
            parcels: (0..).zip(to).map(parcel).collect(),
        };
        let keys = self.session.outlet.prepare(&run).unwrap();
        self.session.outlet.send().await.unwrap();
        keys.first
    }

    /// What dispatch is told next.
    pub(super) async fn told(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        self.session.inlet.next(&mut told).await.unwrap();
        told
    }

    /// Two rounds of telling: what was committed before the first is told in the second.
    pub(super) fn tell_commits(&self) {
        let hub = self.channel.hub();
        hub.tell_commits();
        hub.tell_commits();
    }

    /// Dispatch calls every receipt among these durable, and the boxes are told.
    pub(super) async fn commit(&self, told: &[Told]) {
        self.keep(told).await;
        self.tell_commits();
    }

    /// Dispatch calls every receipt among these durable.
    pub(super) async fn keep(&self, told: &[Told]) {
        let tokens = told.iter().filter_map(|told| match told {
            Told::Receipt { token, .. } => *token,
            Told::Answer { .. } | Told::Reply { .. } => None,
        });
        self.session.answerer.committed(&tokens.collect::<Vec<_>>()).await.unwrap();
    }

    /// A pipe into the hub, as the listener would attach it.
    pub(super) fn pipe(&self, number: u32) -> (DuplexStream, JoinHandle<Parting>) {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (hub, stop) = (self.channel.hub(), self.stop.clone());
        let link = tokio::spawn(async move {
            let socket = WebSocketStream::from_raw_socket(far, Role::Server, Some(socket_config())).await;
            hub.attach(caller(number), Box::new(socket), &stop).await
        });
        (near, link)
    }

    pub(super) async fn connect(&self, hello: Hello) -> ScriptedBox {
        let number = hello.box_code.as_str()[18..].parse().unwrap();
        let (near, link) = self.pipe(number);
        let mut scripted = ScriptedBox::over(near, link, number).await;
        scripted.say(&BoxFrame::Hello(hello)).await;
        scripted
    }

    /// A box that has said hello and was welcomed.
    pub(super) async fn welcome(&self, number: u32) -> ScriptedBox {
        let mut scripted = self.connect(hello(number)).await;
        assert!(matches!(scripted.hear().await, CityFrame::Welcome(_)));
        self.until(|city| city.channel.hub().count().online > 0).await;
        scripted
    }

    /// Lets the links work until this holds.
    pub(super) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            yield_now().await;
        }
    }
}

pub(super) struct ScriptedBox {
    number: u32,
    socket: WebSocketStream<DuplexStream>,
    pub(super) link: JoinHandle<Parting>,
    reports: u64,
}

impl ScriptedBox {
    pub(super) async fn over(near: DuplexStream, link: JoinHandle<Parting>, number: u32) -> Self {
        let socket = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
        Self { number, socket, link, reports: 0 }
    }

    pub(super) async fn say(&mut self, frame: &BoxFrame) {
        self.say_raw(tungstenite::Message::text(frame.write())).await;
    }

    pub(super) async fn say_raw(&mut self, message: tungstenite::Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Says it, if the city has not closed the link yet.
    pub(super) async fn try_say_raw(&mut self, message: tungstenite::Message) {
        let _closed = self.socket.send(message).await;
    }

    /// Reports with the next id; gives the id.
    pub(super) async fn report(&mut self, seq: u16, event: Event) -> u64 {
        self.reports += 1;
        self.say_report(self.reports, seq, event, "").await;
        self.reports
    }

    pub(super) async fn say_report(&mut self, id: u64, seq: u16, event: Event, reason: &str) {
        let report = Report { id, reason: reason.to_owned(), ..report(self.number, seq, event) };
        self.say(&BoxFrame::Report(report)).await;
    }

    /// The next frame of the city; pings are passed over.
    pub(super) async fn hear(&mut self) -> CityFrame {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                tungstenite::Message::Text(text) => return CityFrame::read(&text).unwrap(),
                tungstenite::Message::Ping(_) => {}
                other => panic!("no frame: {other:?}"),
            }
        }
    }

    pub(super) async fn hear_order(&mut self) -> EbmId {
        match self.hear().await {
            CityFrame::Order(order) => order.ebm,
            other => panic!("no order: {other:?}"),
        }
    }

    pub(super) async fn hear_committed(&mut self) -> Vec<u64> {
        match self.hear().await {
            CityFrame::Committed(committed) => committed.ids,
            other => panic!("nothing committed: {other:?}"),
        }
    }

    /// The reason with which the city closes.
    pub(super) async fn hear_goodbye(&mut self) -> CloseFrame {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                tungstenite::Message::Close(Some(goodbye)) => return goodbye,
                tungstenite::Message::Close(None) => panic!("no reason"),
                _ => {}
            }
        }
    }

    /// Pulls the plug.
    pub(super) async fn vanish(self, city: &City) {
        drop(self.socket);
        self.link.await.unwrap();
        let code = box_code(self.number);
        city.until(|city| city.channel.hub().fleet().iter().any(|it| it.code == code && !it.connected)).await;
    }
}
