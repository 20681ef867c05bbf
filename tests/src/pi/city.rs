//! A city for one board: the product's hub and listener, a root, a signer, and a desk that keeps what the box reports.

use crate::sim_boxes::pki::{self, Made};
use anyhow::{Context as _, Result};
use mingluo_channels::speaker::{SpeakerChannel, SpeakerConfig, SpeakerHub, TlsFiles, listener::serve};
use mingluo_model::{
    address::Address,
    alert::Language,
    bulletin::{
        Action, Alg, BroadcastClass, Bulletin, EbmId, EventType, KeyEdition, ResourceCode, Tone,
        VerifyingEntry,
    },
    channel::{Channel as _, Inlet, Outlet, Parcel, Recall, Report as Told, Run, Session},
    clock::{SharedClock, Timestamp, within},
    grade::Grade,
    id::{AlertId, PlanId},
    message::{Body, Message},
    mode::{Live, ModeKind},
    plan::AccountName,
    region::{Level, RegionCode},
    signer::LocalSigner,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{num::NonZeroU64, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_util::sync::CancellationToken;

/// For one report of the box; a board of pretence is slow when the machine is busy.
const REPORT_LIMIT: Duration = Duration::from_mins(2);

/// The city.
pub struct City {
    clock: SharedClock,
    hub: Arc<SpeakerHub>,
    /// The port on this machine.
    pub port: u16,
    /// Certificates, with the board's own.
    pub made: Made,
    outlet: Box<dyn Outlet<Live>>,
    told: mpsc::Receiver<String>,
    stop: CancellationToken,
    seq: u16,
}

/// The board's resource code.
///
/// # Panics
/// Never: the digits are digits.
pub fn box_code() -> ResourceCode {
    "62104230010010314000001".parse().expect("23 digits")
}

/// The village in which the board stands.
///
/// # Panics
/// Never: the code is a code.
pub fn region() -> RegionCode {
    "210423001001".parse().expect("a village's code")
}

fn signer() -> LocalSigner {
    LocalSigner::from_seed("pretend-1".parse().expect("a key's name"), &[7; 32])
}

fn root() -> LocalSigner {
    LocalSigner::from_seed("pretend-root".parse().expect("a key's name"), &[3; 32])
}

/// The root's public half, and a key set that it signed, as the operator of a box gets them.
///
/// # Errors
/// When the set cannot be written.
pub fn trust_files(now: Timestamp) -> Result<(String, Vec<u8>)> {
    let key = VerifyingEntry {
        id: "pretend-1".parse()?,
        alg: Alg::Ed25519,
        public: signer().public(),
        not_after: now.plus(Duration::from_hours(24)),
        tier: Level::City,
        areas: vec!["2104".parse()?],
        max_level: Grade::Red,
        classes: vec![BroadcastClass::Emergency],
    };
    let edition = KeyEdition { version: NonZeroU64::MIN, keys: vec![key] };
    Ok((hex::encode(root().public()), serde_json::to_vec(&edition.sign(&root())?)?))
}

impl City {
    /// Opens the door for boxes on a free port of this machine.
    ///
    /// # Errors
    /// When certificates cannot be made or the port cannot be had.
    pub async fn open(dir: &Path, clock: SharedClock) -> Result<Self> {
        let made = pki::make(&dir.join("pki"), &[(box_code(), region())], clock.now())?;
        let tls = TlsFiles {
            cert_file: made.city_cert.clone(),
            key_file: made.city_key.clone(),
            client_ca_file: made.ca.clone(),
            client_crl_file: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let listen = listener.local_addr()?;
        let config = SpeakerConfig {
            name: AccountName("speaker".to_owned()),
            pretend: true,
            listen,
            tls: tls.clone(),
            key_set_file: None,
            boxes: 1,
            per_second: 2_000,
        };
        let channel = SpeakerChannel::<Live>::new(config, clock.clone(), Some(Arc::new(signer())))?;
        let Session { outlet, inlet, answerer } = channel.open().await?;
        let (stop, (say, told)) = (CancellationToken::new(), mpsc::channel(1_024));
        let hub = channel.hub();
        tokio::spawn(serve(Arc::clone(&hub), listener, tls.server_config()?, clock.clone(), stop.clone()));
        tokio::spawn(keep(inlet, answerer, say));
        Ok(Self { clock, hub, port: listen.port(), made, outlet, told, stop, seq: 0 })
    }

    /// Waits until the box has a link, or has none.
    ///
    /// # Errors
    /// When that does not come about in time.
    pub async fn until_online(&self, online: usize) -> Result<()> {
        let reached = async {
            while self.hub.count().online != online {
                self.clock.sleep(Duration::from_millis(10)).await;
            }
        };
        within(self.clock.as_ref(), Duration::from_mins(2), reached)
            .await
            .context("waiting for the box's link")
    }

    /// A bulletin that plays the tone so often, by its next number.
    ///
    /// # Panics
    /// Never: the codes in it are codes.
    pub fn bulletin(&mut self, tone: Tone, repeats: u8) -> Bulletin {
        self.seq += 1;
        let now = self.clock.now();
        Bulletin {
            tier: Level::City,
            key_id: "pretend-1".parse().expect("a key's name"),
            seq: self.seq.into(),
            ebm: EbmId::new("42104000000000103010101".parse().expect("23 digits"), 20_260_705, self.seq)
                .expect("a number of four digits"),
            class: BroadcastClass::Emergency,
            grade: Some(Grade::Red),
            event: EventType::OTHER,
            areas: vec!["210423001".parse().expect("a township's code")],
            action: Action::Play,
            related: Vec::new(),
            start: now,
            end: now.plus(Duration::from_hours(1)),
            volume: 80,
            repeats,
            tone,
            script: String::new(),
            audio: None,
            language: Language::chinese(),
            created: now,
            mode: ModeKind::Live,
        }
    }

    /// A bulletin that stops this one.
    pub fn stop(&mut self, ebm: EbmId) -> Bulletin {
        Bulletin { action: Action::Stop(vec![ebm]), ..self.bulletin(Tone::None, 1) }
    }

    /// Sends a bulletin on its way.
    ///
    /// # Errors
    /// When it cannot be signed or sent.
    pub async fn send(&mut self, bulletin: &Bulletin) -> Result<()> {
        let mut chance = StdRng::seed_from_u64(bulletin.seq);
        let body =
            Body::Speaker { envelope: signer().seal(bulletin)?.to_bytes(), script: bulletin.script.clone() };
        let message = Message::new(AlertId::new(bulletin.created, &mut chance), Language::chinese(), body);
        let to = Address::new(box_code().as_str());
        let run = Run {
            plan: PlanId::new(bulletin.created, &mut chance),
            message: Arc::new(message),
            not_after: bulletin.end,
            recall: Recall::default(),
            parcels: vec![Parcel { ordinal: 0, attempt: 1, part_set: 1, to }],
        };
        self.outlet.prepare(&run)?;
        Ok(self.outlet.send().await?)
    }

    /// Waits for this event's word in what the box reports.
    ///
    /// # Errors
    /// When it does not come in time.
    pub async fn hear(&mut self, word: &str) -> Result<()> {
        let clock = self.clock.clone();
        let heard = async {
            while let Some(event) = self.told.recv().await {
                if event == word {
                    return Ok(());
                }
            }
            anyhow::bail!("the city closed")
        };
        within(clock.as_ref(), REPORT_LIMIT, heard).await.with_context(|| format!("waiting for {word:?}"))?
    }

    /// Forgets what was reported so far.
    pub fn forget(&mut self) {
        while self.told.try_recv().is_ok() {}
    }
}

impl Drop for City {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Calls every report durable and passes its word on. When nobody listens any more the session is over.
async fn keep(
    mut inlet: Box<dyn Inlet>,
    answerer: Arc<dyn mingluo_model::channel::Answerer>,
    say: mpsc::Sender<String>,
) {
    let mut told = Vec::new();
    while inlet.next(&mut told).await.is_ok() {
        let mut tokens = Vec::new();
        for report in told.drain(..) {
            let Told::Receipt { receipt, token } = report else { continue };
            tokens.extend(token);
            if say.send(receipt.far_code).await.is_err() {
                return;
            }
        }
        if answerer.committed(&tokens).await.is_err() {
            return;
        }
    }
}
