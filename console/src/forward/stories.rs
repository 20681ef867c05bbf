//! A platform that is sometimes away, and a log with receipts.

use super::{Forwarder, Pauses};
use axum::{Router, http::StatusCode, routing::post};
use mingluo_channels::forward::ForwardConfig;
use mingluo_dispatch::roster::{EditionMap, Roster};
use mingluo_ledger::{
    Store,
    audit::AuditLine,
    event::{Event, Fact, PartReceipt},
    store::{AlertWrite, Append, Change, EditionBlock, EditionHead, Lease, StoredAlert, StoredPlan},
    vault::Vault,
};
use mingluo_model::{
    address::Address,
    alert::{AlertKind, AlertState, Content},
    area::Area,
    audience::{Audience, ChannelKind},
    clock::{SharedClock, Timestamp, system::SystemClock, within},
    delivery::Reason,
    grade::Grade,
    hazard::{Hazard, HazardSystem},
    id::{AlertId, EditionId, NodeId, OfficerId, OrgId, PlanId},
    message::{Body, Message},
    mode::{Live, ModeKind},
    owner::Owner,
    plan::{AccountName, Cause, Plan, PlanStatus, Target},
    priority::{EmergencyClass, Hearers, Priority, Withdraws},
    receipt::ReceiptStatus,
    region::Level,
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const PLAN: PlanId = PlanId(Uuid::from_u128(3));

/// No story waits for long.
const SOON: Pauses = Pauses {
    more: Duration::from_millis(1),
    first: Duration::from_millis(1),
    longest: Duration::from_millis(5),
    keep: Duration::ZERO,
};

/// A town with a plan for three people, and its platform.
struct Town {
    home: TempDir,
    store: Arc<dyn Store>,
    clock: SharedClock,
    url: String,
    /// How many of the next requests are refused.
    away: Arc<AtomicU32>,
    lines: mpsc::Receiver<Value>,
}

/// Lines that wait for the story to look at them; more than any story sends.
const MOST_LINES: usize = 10_000;

/// Forwarding under way.
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

impl Town {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("secret"), "s3cret\n").unwrap();
        let store = store(&home).await;
        let (away, (url, lines)) = (Arc::new(AtomicU32::new(0)), mpsc::channel(MOST_LINES));
        let url = platform(Arc::clone(&away), url).await;
        Self { home, store, clock: SystemClock::shared(), url, away, lines }
    }

    async fn forwarder(&self) -> Forwarder {
        let secret_file = self.home.path().join("secret");
        let config = ForwardConfig { url: self.url.clone(), secret_file, ca_file: None, answer_seconds: 10 };
        let platform = config.build(self.clock.clone()).unwrap();
        let forwarder = Forwarder::open(platform, Arc::clone(&self.store), self.clock.clone()).await.unwrap();
        Forwarder { pauses: SOON, ..forwarder }
    }

    async fn run(&self, forwarder: Forwarder) -> Running {
        let roster =
            Roster::new(Arc::clone(&self.store), Arc::new(|_| Ok(EditionMap::default())), ModeKind::Live);
        roster.refresh_opt_outs().await.unwrap();
        let stop = CancellationToken::new();
        Running { task: tokio::spawn(forwarder.run(Arc::new(roster), stop.clone())), stop }
    }

    async fn lease(&self, node: u128) -> Lease {
        let node = NodeId(Uuid::from_u128(node));
        let ttl = Duration::from_mins(1);
        self.store.acquire("dispatch/live", "town", node, ttl, NOW).await.unwrap().unwrap()
    }

    async fn receipt(&self, lease: &Lease, seq: i64, ordinal: u32, status: ReceiptStatus) {
        let fact = Fact::Receipts(vec![PartReceipt { ordinal, part: 0, status }]);
        let events = vec![(seq, Event { plan: PLAN, at: NOW, fact })];
        self.store.append(lease, NOW, &Append { events, ..Append::default() }).await.unwrap();
    }

    async fn next_line(&mut self) -> Value {
        let (clock, line) = (self.clock.clone(), self.lines.recv());
        within(clock.as_ref(), Duration::from_secs(20), line).await.expect("the story goes on").unwrap()
    }

    async fn next_ordinal(&mut self) -> Value {
        self.next_line().await["ordinal"].take()
    }
}

/// Refuses as long as it is away; gives on every line that it takes.
async fn platform(away: Arc<AtomicU32>, lines: mpsc::Sender<Value>) -> String {
    let take = move |body: String| async move {
        if away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        for line in body.lines() {
            lines.send(serde_json::from_str(line).unwrap()).await.unwrap();
        }
        StatusCode::NO_CONTENT
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/receipts", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/receipts", post(take))).await });
    url
}

async fn store(home: &TempDir) -> Arc<dyn Store> {
    let address = format!("sqlite:{}", home.path().join("town.db").display());
    mingluo_ledger::migrate(&address).await.unwrap();
    let vault = Vault::read("keys", &Vault::generate(&mut StdRng::seed_from_u64(7))).unwrap();
    let store = mingluo_ledger::open(&address, Arc::new(vault)).await.unwrap();
    let account = AccountName("sms".into());
    store.register_accounts(&[(account.clone(), ModeKind::Live)]).await.unwrap();
    let edition = edition(store.as_ref()).await;
    let alert = alert(edition);
    let message = Message::new(
        alert.id,
        Grade::Red,
        mingluo_model::alert::Language::chinese(),
        Body::Sms { text: "请转移".into() },
    );
    let target = Target::People { edition, ordinals: (0..3).collect() };
    let plan = Plan::<Live> {
        id: PLAN,
        alert: alert.id,
        channel: ChannelKind::Sms,
        account,
        message,
        target,
        priority: Priority {
            withdraws: Withdraws::No,
            class: EmergencyClass::Emergency,
            grade: Grade::Red,
            tier: Level::County,
            hearers: Hearers::Residents,
        },
        not_before: NOW,
        not_after: alert.content.expires,
        cause: Cause::Release,
        instead_of: None,
    };
    let plans = vec![StoredPlan::new(&plan, PlanStatus::Open)];
    store.commit(&Change { alerts: vec![AlertWrite { alert }], plans, ..Change::default() }).await.unwrap();
    store
}

fn owner() -> Owner {
    Owner { org: OrgId(Uuid::from_u128(1)), scope: "210423".parse().unwrap(), level: Level::County }
}

fn alert(edition: EditionId) -> StoredAlert {
    let hazard = Hazard {
        code: "11B03".into(),
        system: HazardSystem::National,
        name_zh: "暴雨".into(),
        name_en: "Rainstorm".into(),
    };
    let content = Content {
        kind: AlertKind::Alert,
        hazard,
        grade: Grade::Red,
        class: EmergencyClass::Emergency,
        texts: BTreeMap::new(),
        area: Area { regions: Vec::new(), shapes: Vec::new(), described: "清原镇".into() },
        audience: Audience { edition, regions: Vec::new(), groups: Vec::new(), counts: BTreeMap::new() },
        reserve: Vec::new(),
        expires: NOW.plus(Duration::from_hours(1)),
    };
    StoredAlert {
        mode: ModeKind::Live,
        revision: 0,
        id: AlertId(Uuid::from_u128(2)),
        owner: owner(),
        author: OfficerId(Uuid::from_u128(1)),
        created: NOW,
        content,
        state: AlertState::Draft,
    }
}

/// Three people: pretend numbers of a segment that nobody has.
async fn edition(store: &dyn Store) -> EditionId {
    let head = EditionHead {
        id: EditionId(Uuid::from_u128(1)),
        mode: ModeKind::Live,
        owner: owner(),
        recipients: 3,
        index: Vec::new(),
        built_at: NOW,
        pretend: true,
    };
    let column =
        (0..3).flat_map(|last| [&[14][..], format!("+8610000000{last:03}").as_bytes()].concat()).collect();
    let block = EditionBlock {
        block_no: 0,
        first_ordinal: 0,
        recipients: 3,
        region_min: 210_423_001_001,
        region_max: 210_423_001_001,
        columns: BTreeMap::from([(ChannelKind::Sms, column)]),
    };
    store.begin_edition(&head).await.unwrap();
    store.add_blocks(head.id, &[block]).await.unwrap();
    let audit = AuditLine {
        at: NOW,
        actor: AuditLine::SYSTEM.into(),
        action: "roster.import".into(),
        subject: head.id.to_string(),
        detail: json!({}),
    };
    store.seal_edition(head.id, None, audit).await.unwrap();
    head.id
}

#[tokio::test]
async fn a_receipt_is_told_with_whom_it_is_about() {
    let mut town = Town::new().await;
    let running = town.run(town.forwarder().await).await;
    let lease = town.lease(1).await;
    town.receipt(&lease, 1, 2, ReceiptStatus::Failed(Reason::Unreachable)).await;
    let told = json!({
        "alert": AlertId(Uuid::from_u128(2)), "plan": PLAN, "channel": "sms", "ordinal": 2, "part": 0,
        "state": "failed", "reason": "unreachable", "at": NOW, "to": "+8610000000002",
    });
    assert_eq!(town.next_line().await, told);
    running.end().await;
}

#[tokio::test]
async fn who_opted_out_since_is_not_named_to_the_platform() {
    let mut town = Town::new().await;
    let hash = town.store.vault().address_hash(&Address::new("+8610000000001"));
    let line = AuditLine {
        at: NOW,
        actor: AuditLine::SYSTEM.into(),
        action: "resident.opt_out".into(),
        subject: "one".into(),
        detail: json!({}),
    };
    town.store.change_opt_outs(ModeKind::Live, &[hash], &[], line).await.unwrap();
    let running = town.run(town.forwarder().await).await;
    let lease = town.lease(1).await;
    for ordinal in [0, 1] {
        town.receipt(&lease, i64::from(ordinal) + 1, ordinal, ReceiptStatus::Delivered).await;
    }
    assert_eq!(town.next_line().await["to"], "+8610000000000");
    let refused = town.next_line().await;
    assert_eq!((&refused["ordinal"], refused.get("to")), (&json!(1), None));
    running.end().await;
}

#[tokio::test]
async fn while_the_platform_is_away_receipts_wait_and_keep_their_order() {
    let mut town = Town::new().await;
    town.away.store(3, Ordering::SeqCst);
    let running = town.run(town.forwarder().await).await;
    let lease = town.lease(1).await;
    for ordinal in 0..3 {
        town.receipt(&lease, i64::from(ordinal) + 1, ordinal, ReceiptStatus::Delivered).await;
    }
    for ordinal in 0..3 {
        assert_eq!(town.next_ordinal().await, ordinal);
    }
    assert_eq!(town.away.load(Ordering::SeqCst), 0);
    running.end().await;
}

#[tokio::test]
async fn that_forwarding_stands_is_known_until_it_goes_on() {
    let mut town = Town::new().await;
    town.away.store(u32::MAX, Ordering::SeqCst);
    let forwarder = town.forwarder().await;
    let standing = forwarder.standing();
    assert_eq!(standing.now(), None);
    let running = town.run(forwarder).await;
    let lease = town.lease(1).await;
    town.receipt(&lease, 1, 0, ReceiptStatus::Delivered).await;
    let until = async |stands: bool| {
        let clock = town.clock.clone();
        let look = async {
            while standing.now().is_some() != stands {
                clock.sleep(Duration::from_millis(2)).await;
            }
        };
        within(clock.as_ref(), Duration::from_secs(20), look).await.expect("the story goes on");
    };
    until(true).await;
    let first = standing.now().unwrap();
    assert_eq!((first.status(), town.away.load(Ordering::SeqCst) < u32::MAX), (Some(503), true));
    town.away.store(0, Ordering::SeqCst);
    until(false).await;
    assert_eq!(town.next_ordinal().await, 0);
    running.end().await;
}

#[tokio::test]
async fn a_restart_goes_on_where_it_stopped() {
    let mut town = Town::new().await;
    let running = town.run(town.forwarder().await).await;
    let first = town.lease(1).await;
    town.receipt(&first, 1, 0, ReceiptStatus::Delivered).await;
    assert_eq!(town.next_ordinal().await, 0);
    running.end().await;

    town.receipt(&first, 2, 1, ReceiptStatus::Delivered).await;
    let forwarder = town.forwarder().await;
    let second = town.lease(2).await;
    town.receipt(&second, 1, 2, ReceiptStatus::Delivered).await;
    let running = town.run(forwarder).await;
    let mut came = vec![town.next_ordinal().await];
    while came.last() != Some(&json!(2)) {
        came.push(town.next_ordinal().await);
    }
    // What the platform took in the moment of the stop may come once more.
    assert!(came == [1, 2] || came == [0, 1, 2], "{came:?}");
    running.end().await;
}

#[tokio::test]
async fn a_crash_before_the_first_receipt_loses_none() {
    let mut town = Town::new().await;
    drop(town.forwarder().await);
    let lease = town.lease(1).await;
    town.receipt(&lease, 1, 0, ReceiptStatus::Delivered).await;
    let running = town.run(town.forwarder().await).await;
    assert_eq!(town.next_ordinal().await, 0);
    running.end().await;
}
