//! The city that is measured: hub and listener in this process, and the pretend boxes that it starts.

use super::BoxesOptions;
use crate::sim_boxes::pki::{self, Made};
use anyhow::{Context as _, Result, ensure};
use mingluo_channels::speaker::{SpeakerChannel, SpeakerConfig, SpeakerHub, TlsFiles, listener::serve};
use mingluo_model::{
    address::Address,
    alert::Language,
    bulletin::{
        Action, Alg, BroadcastClass, Bulletin, EbmId, EventType, KeySet, ResourceCode, Tone, VerifyingEntry,
    },
    channel::{Channel as _, Parcel, Recall, Report as Told, Run, Session, Verdict},
    clock::{SharedClock, Timestamp, within},
    grade::Grade,
    id::{AlertId, PlanId},
    message::{Body, Message},
    mode::{Live, ModeKind},
    plan::AccountName,
    region::Level,
    signer::LocalSigner,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{fs, net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// No step may take longer.
const DEADLINE: Duration = Duration::from_mins(5);

fn code(number: u32) -> ResourceCode {
    format!("621042300100103140{number:05}").parse().expect("23 digits")
}

fn signer() -> LocalSigner {
    LocalSigner::from_seed("pretend-1".parse().expect("a key's name"), &[7; 32])
}

/// The city in this process.
pub(super) struct City {
    clock: SharedClock,
    hub: Arc<SpeakerHub>,
    session: Session<Live>,
    tls: TlsFiles,
    made: Made,
    address: SocketAddr,
    stop: CancellationToken,
    served: Option<JoinHandle<()>>,
}

impl City {
    pub(super) async fn open(dir: &Path, count: u32, clock: SharedClock) -> Result<Self> {
        let region = "210423001001".parse()?;
        let boxes: Vec<_> = (0..count).map(|number| (code(number), region)).collect();
        let made = pki::make(&dir.join("pki"), &boxes, clock.now())?;
        let tls = TlsFiles {
            cert_file: made.city_cert.clone(),
            key_file: made.city_key.clone(),
            client_ca_file: made.ca.clone(),
            client_crl_file: None,
        };
        let config = SpeakerConfig {
            name: AccountName("speaker".to_owned()),
            pretend: true,
            listen: "127.0.0.1:0".parse()?,
            tls: tls.clone(),
            key_set_file: None,
            boxes: count,
            per_second: 20_000,
        };
        let channel = SpeakerChannel::<Live>::new(config, clock.clone(), None)?;
        let (session, hub, stop) = (channel.open().await?, channel.hub(), CancellationToken::new());
        let address = "127.0.0.1:0".parse()?;
        let mut city = Self { clock, hub, session, tls, made, address, stop, served: None };
        city.serve().await?;
        Ok(city)
    }

    /// Opens the door; the second time on the same port.
    pub(super) async fn serve(&mut self) -> Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        self.address = listener.local_addr()?;
        self.stop = CancellationToken::new();
        let (hub, tls) = (Arc::clone(&self.hub), self.tls.server_config()?);
        self.served = Some(tokio::spawn(serve(hub, listener, tls, self.clock.clone(), self.stop.clone())));
        Ok(())
    }

    pub(super) async fn shut(&mut self) -> Result<()> {
        self.stop.cancel();
        if let Some(served) = self.served.take() {
            served.await?;
        }
        Ok(())
    }

    pub(super) fn switch_on(&self, options: &BoxesOptions, dir: &Path) -> Result<Child> {
        let own = std::env::current_exe()?;
        let near = own.parent().context("this program lies nowhere")?;
        let program = options.bin_dir.as_deref().unwrap_or(near).join("sim-boxes");
        let keys = dir.join("keys.json");
        fs::write(&keys, serde_json::to_vec(&believed(self.clock.now())?)?)?;
        let path = |path: &Path| path.display().to_string();
        Command::new(&program)
            .args(["--city", &format!("wss://{}/link", self.address), "--connects-per-second", "2000"])
            .args(["--ca", &path(&self.made.ca), "--boxes", &path(&self.made.list), "--keys", &path(&keys)])
            .args(["--log", &path(&dir.join("boxes.jsonl")), "--until-stdin-closes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| path(&program))
    }

    pub(super) async fn until_online(&self, online: usize, boxes: &mut Child) -> Result<()> {
        let reached = async {
            while self.hub.count().online != online {
                ensure!(boxes.try_wait()?.is_none(), "sim-boxes ended");
                self.clock.sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        within(self.clock.as_ref(), DEADLINE, reached).await.with_context(|| format!("{online} online"))?
    }

    /// Sends one red bulletin to all; gives when each box's answer was there.
    pub(super) async fn order(&mut self, count: u32) -> Result<Vec<Duration>> {
        let bulletin = red(self.clock.now())?;
        let mut chance = StdRng::seed_from_u64(1);
        let envelope = signer().seal(&bulletin)?.to_bytes();
        let body = Body::Speaker { envelope, script: bulletin.script.clone() };
        let to = |ordinal| Address::new(code(ordinal).as_str());
        let parcel = |ordinal| Parcel { ordinal, attempt: 1, part_set: 1, to: to(ordinal) };
        let run = Run {
            plan: PlanId::new(bulletin.created, &mut chance),
            message: Arc::new(Message::new(
                AlertId::new(bulletin.created, &mut chance),
                Language::chinese(),
                body,
            )),
            not_after: bulletin.end,
            recall: Recall::default(),
            parcels: (0..count).map(parcel).collect(),
        };
        let began = self.clock.ticks();
        self.session.outlet.prepare(&run)?;
        self.session.outlet.send().await?;
        let mut answers = Vec::with_capacity(count as usize);
        while answers.len() < count as usize {
            let mut told = Vec::new();
            within(self.clock.as_ref(), DEADLINE, self.session.inlet.next(&mut told)).await??;
            let passed = self.clock.ticks().saturating_sub(began);
            let mut tokens = Vec::new();
            for told in told {
                match told {
                    Told::Answer { verdict: Verdict::Accepted(_), .. } => answers.push(passed),
                    Told::Answer { verdict, .. } => anyhow::bail!("a box answers {verdict:?}"),
                    Told::Receipt { token, .. } => tokens.extend(token),
                    Told::Reply { .. } => {}
                }
            }
            self.session.answerer.committed(&tokens).await?;
        }
        Ok(answers)
    }
}

fn believed(now: Timestamp) -> Result<KeySet> {
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
    Ok(KeySet { keys: vec![key] })
}

fn red(now: Timestamp) -> Result<Bulletin> {
    Ok(Bulletin {
        tier: Level::City,
        key_id: "pretend-1".parse()?,
        seq: 1,
        ebm: EbmId::new("42104000000000103010101".parse()?, 20_260_705, 1)?,
        class: BroadcastClass::Emergency,
        grade: Some(Grade::Red),
        event: EventType::OTHER,
        areas: vec!["2104".parse()?],
        action: Action::Play,
        related: Vec::new(),
        start: now,
        end: now.plus(Duration::from_hours(1)),
        volume: 80,
        repeats: 1,
        tone: Tone::Red,
        script: "暴雨红色预警，请立即转移到高处。".to_owned(),
        audio: None,
        language: Language::chinese(),
        created: now,
        mode: ModeKind::Live,
    })
}
