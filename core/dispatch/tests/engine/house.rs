//! A ledger in a file with one roster, and engines over it that can be started again and again, as a node is.

use crate::far_side::{ACCOUNT, FarSide, OTHER};
use mingluo_dispatch::{
    Engine, EngineError,
    engine::{DispatchConfig, Parts, take_lease},
    planner::{self, Hearing, Outgoing},
    roster::{EditionMap, ReadIndex},
    routes::Routes,
};
use mingluo_ledger::{
    Store,
    audit::AuditLine,
    store::{AlertWrite, Change, EditionBlock, EditionHead, StoredPlan},
    vault::Vault,
};
use mingluo_model::{
    address::Address,
    alert::{Alert, AlertKind, AlertState, Content, Language, Signature, Text},
    area::Area,
    audience::{Audience, ChannelKind, HeadCount},
    channel::Channel,
    clock::{Clock, SharedClock, Timestamp, manual::ManualClock, system::SystemClock},
    grade::Grade,
    hazard::{Hazard, HazardSystem},
    id::{AlertId, EditionId, NodeId, OfficerId, OrgId, PlanId},
    message::{Body, Message},
    mode::{Live, ModeKind},
    owner::Owner,
    plan::{AccountName, Plan, PlanStatus},
    priority::EmergencyClass,
    region::Level,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

/// People in the roster.
pub(crate) const PEOPLE: u32 = 3;
/// Steps until a story gives up what it waits for.
const PATIENCE: u32 = 5_000;
/// Steps in which a long time passes.
const STEPS: u32 = 300;
const NOON: Timestamp = Timestamp(1_700_000_000_000);

pub(crate) struct House {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn Store>,
    /// Whether the roster's index can be read.
    pub(crate) index_is_readable: Arc<AtomicBool>,
    real: Arc<SystemClock>,
    edition: EditionId,
    chance: StdRng,
    _file: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        let mut chance = StdRng::seed_from_u64(1);
        let file = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", file.path().join("ledger.db").display());
        mingluo_ledger::migrate(&address).await.unwrap();
        let vault = Vault::read("vault.keys", &Vault::generate(&mut chance)).unwrap();
        let store = mingluo_ledger::open(&address, Arc::new(vault)).await.unwrap();
        let accounts = [ACCOUNT, OTHER].map(|name| (AccountName(name.into()), ModeKind::Live));
        store.register_accounts(&accounts).await.unwrap();
        let edition = roster(store.as_ref(), &mut chance).await;
        let (clock, readable) = (ManualClock::at(NOON), Arc::new(AtomicBool::new(true)));
        let real = SystemClock::shared();
        Self { clock, store, index_is_readable: readable, real, edition, chance, _file: file }
    }

    /// Starts the node anew; whatever ran before can write nothing more.
    pub(crate) async fn start(&mut self, far: Option<Arc<FarSide>>) -> Arc<Engine<Live>> {
        self.start_in_line(far.into_iter().collect()).await
    }

    /// The same with several accounts, of which each takes over from the one before it.
    pub(crate) async fn start_in_line(&mut self, far: Vec<Arc<FarSide>>) -> Arc<Engine<Live>> {
        let number = |number| NonZeroU32::new(number).unwrap();
        let config = DispatchConfig { close_after_s: 0, lease_ms: number(3_600_000), ..Default::default() };
        let clock: SharedClock = self.clock.clone();
        let lease = take_lease::<Live>(self.store.as_ref(), "node", &config, &clock, &mut self.chance).await;
        let readable = Arc::clone(&self.index_is_readable);
        let read_index: ReadIndex = Arc::new(move |_| {
            let is_readable = readable.load(Ordering::Acquire);
            is_readable.then(EditionMap::default).ok_or_else(|| "the disk hiccups".to_owned())
        });
        let channels: Vec<_> = far.into_iter().map(|far| far as Arc<dyn Channel<Live>>).collect();
        let line = channels.iter().map(|channel| channel.account().clone()).collect();
        let parts = Parts {
            store: Arc::clone(&self.store),
            lease: lease.unwrap(),
            clock,
            chance: StdRng::from_rng(&mut self.chance),
            channels,
            read_index,
            routes: Routes::new(BTreeMap::new(), line),
            carrier_of: Arc::new(|_| None),
            config,
        };
        Engine::start(parts).await.unwrap()
    }

    /// Makes a warning to everybody and its plan durable, as a release does, and tells dispatch of it.
    pub(crate) async fn release(&mut self, engine: &Engine<Live>) -> (AlertId, Result<(), EngineError>) {
        let alert = self.alert();
        let plans = self.plans(&alert);
        let release = Change {
            alerts: vec![AlertWrite::new(&alert, 0)],
            plans: plans.iter().map(|plan| StoredPlan::new(plan, PlanStatus::Open)).collect(),
            ..Change::default()
        };
        self.store.commit(&release).await.unwrap();
        (alert.id, engine.admit(plans).await)
    }

    /// Another node dispatches from now on.
    pub(crate) async fn lose_the_lease(&mut self) {
        let later = self.clock.now().plus(Duration::from_hours(2));
        let (id, ttl) = (NodeId::new(NOON, &mut self.chance), Duration::from_hours(1));
        self.store.acquire("dispatch/live", "another", id, ttl, later).await.unwrap().unwrap();
    }

    /// A new plan's id.
    pub(crate) fn plan_id(&mut self) -> PlanId {
        PlanId::new(self.clock.now(), &mut self.chance)
    }

    /// Lets time pass until something is so.
    pub(crate) async fn until(&self, mut is_so: impl FnMut() -> bool) {
        for _ in 0..PATIENCE {
            if is_so() {
                return;
            }
            self.step(Duration::from_millis(20)).await;
        }
        panic!("it never came so");
    }

    /// The same, without a moment for the disk between that it is so and that it is seen.
    pub(crate) async fn until_just(&self, mut is_so: impl FnMut() -> bool) {
        for _ in 0..PATIENCE * 1_000 {
            if is_so() {
                return;
            }
            self.clock.advance(Duration::from_micros(10));
            tokio::task::yield_now().await;
        }
        panic!("it never came so");
    }

    /// Lets this much time pass, so that everybody has their turn.
    pub(crate) async fn pass(&self, time: Duration) {
        for _ in 0..STEPS {
            self.step(time / STEPS).await;
        }
    }

    /// The disk has its own time: it gets a moment of it in each step.
    async fn step(&self, time: Duration) {
        self.clock.advance(time);
        self.real.sleep(Duration::from_millis(1)).await;
    }

    fn alert(&mut self) -> Alert<Live> {
        let officer = OfficerId::new(NOON, &mut self.chance);
        let content = content(self.edition);
        let release = Signature { officer, at: NOON, content: content.hash(ModeKind::Live) };
        let released = AlertState::Released { release, hold_until: self.clock.now() };
        let id = AlertId::new(NOON, &mut self.chance);
        Alert::restore(id, owner(&mut self.chance), officer, NOON, content, released)
    }

    fn plans(&mut self, alert: &Alert<Live>) -> Vec<Plan<Live>> {
        let message =
            Message::new(alert.id, Grade::Red, Language::chinese(), Body::Sms { text: "请立即转移".into() });
        let hearing = Hearing::Now { responsible: (0..0).collect(), residents: (0..PEOPLE).collect() };
        let outgoing = Outgoing { account: AccountName(ACCOUNT.into()), message, hearing };
        let outgoing = BTreeMap::from([(ChannelKind::Sms, outgoing)]);
        planner::plans(alert, outgoing, self.clock.now(), &mut self.chance).unwrap()
    }
}

fn owner(chance: &mut StdRng) -> Owner {
    Owner { org: OrgId::new(NOON, chance), scope: "210423".parse().unwrap(), level: Level::County }
}

fn digits(ordinal: u32) -> String {
    format!("+861000000000{ordinal}")
}

/// The number of a recipient.
pub(crate) fn number(ordinal: u32) -> Address {
    Address::new(digits(ordinal))
}

async fn roster(store: &dyn Store, chance: &mut StdRng) -> EditionId {
    let head = EditionHead {
        id: EditionId::new(NOON, chance),
        mode: ModeKind::Live,
        owner: owner(chance),
        recipients: PEOPLE,
        index: Vec::new(),
        built_at: NOON,
        pretend: true,
    };
    let column = (0..PEOPLE).flat_map(|ordinal| {
        let number = digits(ordinal).into_bytes();
        std::iter::once(number.len() as u8).chain(number)
    });
    let block = EditionBlock {
        block_no: 0,
        first_ordinal: 0,
        recipients: PEOPLE,
        region_min: 210_423_001_001,
        region_max: 210_423_001_002,
        columns: BTreeMap::from([(ChannelKind::Sms, column.collect())]),
    };
    let audit = AuditLine {
        at: NOON,
        actor: AuditLine::SYSTEM.into(),
        action: "roster.import".into(),
        subject: head.id.to_string(),
        detail: serde_json::json!({}),
    };
    store.begin_edition(&head).await.unwrap();
    store.add_blocks(head.id, &[block]).await.unwrap();
    store.seal_edition(head.id, None, audit).await.unwrap();
    head.id
}

fn content(edition: EditionId) -> Content {
    let text =
        Text { headline: "红色预警".into(), body: "请立即转移".into(), instruction: String::new() };
    Content {
        kind: AlertKind::Alert,
        hazard: Hazard {
            code: "11B03".into(),
            system: HazardSystem::National,
            name_zh: "暴雨".into(),
            name_en: "Rainstorm".into(),
        },
        grade: Grade::Red,
        class: EmergencyClass::Emergency,
        texts: BTreeMap::from([(Language::chinese(), text)]),
        area: Area {
            regions: vec!["210423001".parse().unwrap()],
            shapes: Vec::new(),
            described: "清原镇".into(),
        },
        audience: Audience {
            edition,
            regions: vec!["210423001".parse().unwrap()],
            groups: Vec::new(),
            counts: BTreeMap::from([(ChannelKind::Sms, HeadCount { recipients: PEOPLE, responsible: 0 })]),
        },
        reserve: Vec::new(),
        expires: NOON.plus(Duration::from_hours(6)),
    }
}
