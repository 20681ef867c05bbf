//! Stories of a city with an account at each carrier: who leaves by which, on four real wires, and who sends when one
//! cannot.

use mingluo_dispatch::{post::Link, view::PlanView};
use mingluo_model::{
    clock::{SharedClock, system::SystemClock},
    id::AlertId,
    plan::AccountName,
};
use mingluo_rehearsal::{
    city::{City, CityOrder, faults, number_in},
    sim_smsc::{Protocol, Smsc, SmscConfig, log},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

const HOUR: Duration = Duration::from_hours(1);

/// The first unassigned number of each network: mobile, telecom, unicom, broadnet.
const NETWORKS: [u64; 4] = [19_730_600_000, 19_010_000_000, 19_610_000_000, 19_220_300_000];

const SECRET: &str = "888888";

/// The pretend centre of one account.
struct Centre {
    name: &'static str,
    protocol: Protocol,
    smsc: Smsc,
    log: PathBuf,
    door: SocketAddr,
}

/// How one account and its centre are wanted.
struct Wanted<'a> {
    name: &'static str,
    protocol: Protocol,
    /// `carriers` and `rank` in the configuration.
    keys: &'a str,
    licence: u32,
    sessions: u32,
    faults: &'a [&'a str],
}

impl<'a> Wanted<'a> {
    const fn new(name: &'static str, protocol: Protocol, keys: &'a str) -> Self {
        Self { name, protocol, keys, licence: 2_000, sessions: 1, faults: &[] }
    }
}

const MOBILE: &str = "carriers = [\"mobile\", \"broadnet\"]\nrank = 1";
const TELECOM: &str = "carriers = [\"telecom\"]\nrank = 1";
const UNICOM: &str = "carriers = [\"unicom\"]\nrank = 1";

fn carriers() -> [Wanted<'static>; 3] {
    [
        Wanted::new("mobile", Protocol::Cmpp, MOBILE),
        Wanted::new("telecom", Protocol::Smgp, TELECOM),
        Wanted::new("unicom", Protocol::Sgip, UNICOM),
    ]
}

impl Centre {
    async fn open(files: &Path, wanted: &Wanted<'_>) -> Self {
        // A port that was free a moment ago: the centre must know it before the city opens it.
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = files.join(format!("{}.log", wanted.name));
        let any = ([127, 0, 0, 1], 0).into();
        let smsc = start(any, wanted.protocol, &log, door, wanted.faults).await;
        Self { name: wanted.name, protocol: wanted.protocol, smsc, log, door }
    }

    /// The account's table.
    fn table(&self, files: &Path, wanted: &Wanted<'_>) -> String {
        let secret = files.join("secret").display().to_string();
        let (kind, own) = match self.protocol {
            Protocol::Smpp => ("sms", format!("system_id = \"city\"\npassword_file = {secret:?}\n")),
            Protocol::Cmpp => ("cmpp", format!("sp_id = \"900001\"\nsecret_file = {secret:?}\n")),
            Protocol::Smgp => ("smgp", format!("client_id = \"10690001\"\nsecret_file = {secret:?}\n")),
            Protocol::Sgip => (
                "sgip",
                format!(
                    "login_name = \"city\"\npassword_file = {secret:?}\narea_code = \"024\"\ncorp_id = \"12345\"\n\
                     listen = \"{}\"\ngateway_login_name = \"sim-smsc\"\ngateway_password_file = {secret:?}\n",
                    self.door
                ),
            ),
        };
        format!(
            "[[live.{kind}]]\nname = {:?}\npretend = true\n{}\nhost = \"127.0.0.1\"\nport = {}\n{own}\
             source_address = \"10690001\"\nsessions = {}\nwindow = 16\nper_second = {}\n\
             signature = {{ placement = \"gateway_adds\", text = \"抚顺应急\" }}\n",
            self.name,
            wanted.keys,
            self.smsc.address().port(),
            wanted.sessions,
            wanted.licence,
        )
    }

    /// Ends it; the numbers that it took, each as often as it did.
    async fn took(self) -> BTreeMap<u64, u16> {
        self.smsc.stop().await.unwrap();
        taken(&self.log)
    }
}

async fn start(listen: SocketAddr, protocol: Protocol, log: &Path, door: SocketAddr, knobs: &[&str]) -> Smsc {
    let config = SmscConfig {
        listen,
        protocol,
        log: Some(log.to_owned()),
        password: Some(SECRET.into()),
        report_to: Some(door),
        report_password: Some(SECRET.into()),
        faults: faults(knobs),
        ..SmscConfig::default()
    };
    Smsc::start(config, SystemClock::shared()).await.unwrap()
}

fn taken(log: &Path) -> BTreeMap<u64, u16> {
    let mut numbers: BTreeMap<u64, u16> = BTreeMap::new();
    for part in log::read(log).unwrap().taken {
        *numbers.entry(part.destination).or_default() += part.times;
    }
    numbers
}

/// A city with centres besides its own, which is an SMPP account without carriers: it takes what no other takes.
struct Town {
    city: City,
    centres: BTreeMap<&'static str, Centre>,
    files: tempfile::TempDir,
}

impl Town {
    async fn open(wanted: &[Wanted<'_>], order: CityOrder) -> Self {
        let files = tempfile::tempdir().unwrap();
        Self::open_in(files, wanted, order).await
    }

    async fn open_in(files: tempfile::TempDir, wanted: &[Wanted<'_>], order: CityOrder) -> Self {
        std::fs::write(files.path().join("secret"), format!("{SECRET}\n")).unwrap();
        let (mut more, mut centres) = (order.more.clone(), BTreeMap::new());
        for one in wanted {
            let centre = Centre::open(files.path(), one).await;
            more.push_str(&centre.table(files.path(), one));
            centres.insert(one.name, centre);
        }
        let dispatch = format!("account_down_s = 1\nfallback_every_s = 1\n{}", order.dispatch);
        let city = Box::pin(City::start(CityOrder { more, dispatch, ..order })).await.unwrap();
        Self { city, centres, files }
    }

    async fn warn(&self, grade: &str) -> AlertId {
        let live = &self.city.console.live;
        self.city.issue(live, &self.city.order(grade, "请立即转移到高处。", HOUR)).await.unwrap().id
    }

    /// Warns everybody and waits until it is settled.
    async fn warned(&self) -> (AlertId, Vec<PlanView>) {
        let alert = self.warn("red").await;
        (alert, self.city.settled(&self.city.console.live, alert).await.unwrap())
    }

    fn link(&self, account: &str) -> Link {
        let links = self.city.console.live.engine().links();
        links[&AccountName(account.to_owned())].clone()
    }

    async fn until_linked(&self, account: &str, wanted: fn(&Link) -> bool) {
        self.city.until(|| wanted(&self.link(account)).then_some(())).await.unwrap();
    }

    /// Ends all; the numbers that each centre took.
    async fn end(self) -> BTreeMap<&'static str, BTreeMap<u64, u16>> {
        let mut took = BTreeMap::new();
        let ended = self.city.end().await.unwrap();
        let mut rest: BTreeMap<u64, u16> = BTreeMap::new();
        for part in ended.live {
            *rest.entry(part.destination).or_default() += 1;
        }
        took.insert("rest", rest);
        for (name, centre) in self.centres {
            took.insert(name, centre.took().await);
        }
        took
    }
}

fn sum(views: &[PlanView], state: &str) -> u32 {
    views.iter().filter_map(|view| view.counts.states.get(state)).sum()
}

fn targets(views: &[PlanView]) -> BTreeMap<&str, u32> {
    let mut targets: BTreeMap<&str, u32> = BTreeMap::new();
    for view in views.iter().filter(|view| view.counts.target > 0) {
        *targets.entry(&view.account.0).or_default() += view.counts.target;
    }
    targets
}

/// The one plan that is wanted, and the others.
fn split_off(views: &[PlanView], wanted: fn(&&PlanView) -> bool) -> (&PlanView, Vec<&PlanView>) {
    let (one, others): (Vec<_>, Vec<_>) = views.iter().partition(wanted);
    assert_eq!(one.len(), 1, "{views:?}");
    (one[0], others)
}

/// The recipients of one network, where they are in these in turn.
fn network(networks: &[u64], nth: u32, recipients: u32) -> BTreeSet<u64> {
    let turns = networks.len() as u32;
    (0..recipients).filter(|index| index % turns == nth).map(|index| number_in(networks, index)).collect()
}

fn once(took: &BTreeMap<u64, u16>) -> BTreeSet<u64> {
    assert!(took.values().all(|times| *times == 1), "somebody got it twice");
    took.keys().copied().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_go_to_their_carrier() {
    let order = CityOrder { recipients: 200, networks: NETWORKS.to_vec(), ..CityOrder::default() };
    let town = Town::open(&carriers(), order).await;
    let (alert, views) = town.warned().await;
    assert_eq!((sum(&views, "delivered"), views.iter().map(|view| view.counts.target).sum()), (200, 200));
    assert_eq!(targets(&views), BTreeMap::from([("mobile", 100), ("telecom", 50), ("unicom", 50)]));

    // What was previewed adds up and shows each account's own signature and parts.
    let live = &town.city.console.live;
    let (alert, _) = live.alert(alert).await.unwrap();
    let preview = live.preview(&alert).await.unwrap();
    let shares: Vec<_> = preview.sms.iter().map(|one| (one.account.0.as_str(), one.recipients)).collect();
    assert_eq!(shares, [("mobile", 100), ("telecom", 50), ("unicom", 50)]);
    assert_eq!(alert.content.audience.deliveries(), 200);

    let took = town.end().await;
    let mobile: BTreeSet<_> =
        network(&NETWORKS, 0, 200).union(&network(&NETWORKS, 3, 200)).copied().collect();
    assert_eq!(once(&took["mobile"]), mobile);
    assert_eq!(once(&took["telecom"]), network(&NETWORKS, 1, 200));
    assert_eq!(once(&took["unicom"]), network(&NETWORKS, 2, 200));
    assert!(took["rest"].is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ported_number_follows_its_override_and_a_changed_file_holds_after_a_restart() {
    let files = tempfile::tempdir().unwrap();
    let ported = files.path().join("ported.csv");
    let moved = NETWORKS[0];
    std::fs::write(&ported, format!("number,carrier\n{moved},telecom\n")).unwrap();
    let more = format!("[routing]\nported_file = {:?}\n", ported.display().to_string());
    let order = CityOrder { recipients: 8, networks: NETWORKS.to_vec(), more, ..CityOrder::default() };
    let mut town = Town::open_in(files, &carriers()[..2], order).await;
    let (_, views) = town.warned().await;
    assert_eq!(targets(&views), BTreeMap::from([("live-sms", 2), ("mobile", 3), ("telecom", 3)]));

    std::fs::write(&ported, format!("number,carrier\n{moved},unicom\n")).unwrap();
    town.city.restart().await.unwrap();
    for account in ["mobile", "telecom", "live-sms"] {
        town.until_linked(account, |link| *link == Link::Up).await;
    }
    let (_, views) = town.warned().await;
    assert_eq!(targets(&views), BTreeMap::from([("live-sms", 3), ("mobile", 3), ("telecom", 2)]));
    let took = town.end().await;
    assert_eq!((took["telecom"].get(&moved), took["rest"].get(&moved)), (Some(&1), Some(&1)));
    assert_eq!(took["mobile"].get(&moved), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_prefixes_go_to_the_default() {
    let files = tempfile::tempdir().unwrap();
    let pack = files.path().join("pack");
    std::fs::create_dir(&pack).unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun");
    for entry in std::fs::read_dir(demo).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), pack.join(entry.file_name())).unwrap();
    }
    let known = "prefix,carrier\n197,mobile\n190,telecom\n196,unicom\n";
    std::fs::write(pack.join("carriers.csv"), known).unwrap();
    let more = "[live]\nsms_default = \"telecom\"\n".to_owned();
    let order = CityOrder {
        recipients: 40,
        networks: NETWORKS.to_vec(),
        more,
        pack: Some(pack),
        ..CityOrder::default()
    };
    let town = Town::open_in(files, &carriers(), order).await;
    let (_, views) = town.warned().await;
    assert_eq!(targets(&views), BTreeMap::from([("mobile", 10), ("telecom", 20), ("unicom", 10)]));
    let took = town.end().await;
    let telecom: BTreeSet<_> = network(&NETWORKS, 1, 40).union(&network(&NETWORKS, 3, 40)).copied().collect();
    assert_eq!(once(&took["telecom"]), telecom);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_down_hands_over_what_it_has_not_sent_and_keeps_nothing_twice() {
    let slow = Wanted { licence: 100, ..Wanted::new("mobile", Protocol::Cmpp, MOBILE) };
    let order = CityOrder { recipients: 600, networks: NETWORKS[..1].to_vec(), ..CityOrder::default() };
    let mut town = Town::open(&[slow], order).await;
    let alert = town.warn("red").await;
    let centre = town.centres.remove("mobile").unwrap();
    town.city.until(|| (centre.smsc.counts().taken > 60).then_some(())).await.unwrap();
    let Centre { smsc, log, protocol, door, .. } = centre;
    let listen = smsc.address();
    smsc.stop().await.unwrap();

    let live = &town.city.console.live;
    let views = town.city.settled(live, alert).await.unwrap();
    let (first, next) = split_off(&views, |view| view.account.0 == "mobile");
    assert!(next.iter().all(|view| view.instead_of == Some(first.plan) && !view.is_fallback), "{next:?}");
    let taken_over: u32 = next.iter().map(|view| view.counts.target).sum();
    assert_eq!(
        (first.handed_over, first.counts.target + taken_over),
        (taken_over, 600),
        "nobody is counted twice"
    );
    assert!(taken_over > 300, "{taken_over}");
    assert_eq!(town.link("mobile").word(), "down");

    // The account is back, and has nothing more to say.
    let again = start(listen, protocol, &town.files.path().join("again.log"), door, &[]).await;
    town.until_linked("mobile", |link| *link == Link::Up).await;
    assert_eq!(again.counts().taken, 0);
    again.stop().await.unwrap();

    let before: BTreeSet<u64> = taken(&log).into_keys().collect();
    let rest = once(&town.end().await["rest"]);
    let all: BTreeSet<u64> = before.union(&rest).copied().collect();
    assert_eq!(all.len(), 600, "nobody is lost");
    let twice = before.intersection(&rest).count();
    assert!(twice <= 16, "{twice} got it twice: more than the window that was in doubt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_hands_over_and_forbidden_hours_do_so_at_once_and_are_told() {
    let refused = Wanted::new("mobile", Protocol::Cmpp, MOBILE);
    let always = ["--closed-first", "1000000"];
    let closed = Wanted { faults: &always, ..Wanted::new("telecom", Protocol::Smgp, TELECOM) };
    let unicom = Wanted::new("unicom", Protocol::Sgip, UNICOM);
    let order = CityOrder { recipients: 90, networks: NETWORKS[..3].to_vec(), ..CityOrder::default() };
    let files = tempfile::tempdir().unwrap();
    let mut town = Town::open_in(files, &[refused, closed, unicom], order).await;
    // The gateway takes another secret by now.
    let centre = town.centres.remove("mobile").unwrap();
    let (listen, door) = (centre.smsc.address(), centre.door);
    centre.smsc.stop().await.unwrap();
    let config = SmscConfig {
        listen,
        protocol: Protocol::Cmpp,
        password: Some("other".into()),
        report_to: Some(door),
        report_password: Some(SECRET.into()),
        ..SmscConfig::default()
    };
    let clock: SharedClock = SystemClock::shared();
    let _other = Smsc::start(config, clock).await.unwrap();
    town.until_linked("mobile", |link| matches!(link, Link::Refused { .. })).await;

    let (_, views) = town.warned().await;
    assert_eq!(targets(&views), BTreeMap::from([("live-sms", 60), ("unicom", 30)]));
    assert_eq!((sum(&views, "delivered"), sum(&views, "failed")), (90, 0));
    let Link::Closed { detail, .. } = town.link("telecom") else { panic!("{:?}", town.link("telecom")) };
    assert!(detail.starts_with("74"), "{detail}");
    let took = town.end().await;
    let rest: BTreeSet<_> =
        network(&NETWORKS[..3], 0, 90).union(&network(&NETWORKS[..3], 1, 90)).copied().collect();
    assert_eq!(once(&took["rest"]), rest);
}

/// Whom nobody else may take stays where it is while the account is down, and fails where it may not send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_is_next_a_closed_account_fails_and_reserve_channels_may_take_over() {
    let always = ["--closed-first", "1000000"];
    let closed = Wanted {
        faults: &always,
        ..Wanted::new(
            "all",
            Protocol::Smgp,
            "carriers = [\"mobile\", \"telecom\", \"unicom\", \"broadnet\"]\nrank = 1",
        )
    };
    let order = CityOrder { recipients: 30, ..CityOrder::default() };
    let mut town = Town::open(&[closed], order).await;
    // The only account that could take over is gone.
    town.city.lose_live_centre().await.unwrap();
    town.until_linked("live-sms", |link| matches!(link, Link::Down { .. })).await;
    let (_, views) = town.warned().await;
    let failed: u32 = views.iter().filter_map(|view| view.counts.failed.get("not-allowed")).sum();
    assert_eq!((failed, views.len()), (30, 1));
}

/// What a plan handed over is no more in it, however the run ended in which that was decided.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_after_a_handover_sends_nothing_twice() {
    let slow = Wanted { licence: 100, ..Wanted::new("mobile", Protocol::Cmpp, MOBILE) };
    let order =
        CityOrder { recipients: 400, licence: 100, networks: NETWORKS[..1].to_vec(), ..CityOrder::default() };
    let mut town = Town::open(&[slow], order).await;
    let alert = town.warn("red").await;
    let centre = town.centres.remove("mobile").unwrap();
    town.city.until(|| (centre.smsc.counts().taken > 40).then_some(())).await.unwrap();
    let (listen, log, door) = (centre.smsc.address(), centre.log.clone(), centre.door);
    centre.smsc.stop().await.unwrap();
    town.city.until(|| (town.city.live_smsc.counts().taken > 40).then_some(())).await.unwrap();
    // Both gateways are there when the house comes back.
    let again_log = town.files.path().join("again.log");
    let again = start(listen, Protocol::Cmpp, &again_log, door, &[]).await;
    town.city.restart().await.unwrap();
    town.city.settled(&town.city.console.live, alert).await.unwrap();
    again.stop().await.unwrap();
    let (mut times, again) = (taken(&log), taken(&again_log));
    for (number, often) in town.end().await["rest"].clone().into_iter().chain(again) {
        *times.entry(number).or_default() += often;
    }
    assert_eq!(times.len(), 400, "nobody is lost");
    let twice = times.values().filter(|times| **times > 1).count();
    assert!(twice <= 16 + 64, "{twice} got it twice: more than both windows");
}

/// The licence is the account's, however many connections share it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_one_account_share_its_licence() {
    let four = Wanted { licence: 200, sessions: 4, ..Wanted::new("mobile", Protocol::Cmpp, MOBILE) };
    let order = CityOrder { recipients: 700, networks: NETWORKS[..1].to_vec(), ..CityOrder::default() };
    let mut town = Town::open(&[four], order).await;
    town.city.until(|| (town.centres["mobile"].smsc.counts().sessions == 4).then_some(())).await.unwrap();
    let (_, views) = town.warned().await;
    assert_eq!(sum(&views, "delivered"), 700);
    let centre = town.centres.remove("mobile").unwrap();
    centre.smsc.stop().await.unwrap();
    let ledger = log::read(&centre.log).unwrap();
    // A run of 1 % may waver on the way there.
    assert!(ledger.busiest_second <= 202, "{} in one second", ledger.busiest_second);
    assert_eq!((ledger.distinct(), ledger.surplus()), (700, 0));
    town.end().await;
}

/// A gateway that grants half of the licence is followed, whatever words it has for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_protocols_words_for_too_fast_brake_the_account() {
    for protocol in [Protocol::Smpp, Protocol::Cmpp, Protocol::Smgp, Protocol::Sgip] {
        let half = ["--per-second", "100", "--busy-percent", "5"];
        let keys = "carriers = [\"mobile\"]\nrank = 1";
        let wanted = Wanted { licence: 200, faults: &half, ..Wanted::new("braked", protocol, keys) };
        let order = CityOrder { recipients: 500, networks: NETWORKS[..1].to_vec(), ..CityOrder::default() };
        let mut town = Town::open(&[wanted], order).await;
        let (_, views) = town.warned().await;
        assert_eq!(sum(&views, "delivered"), 500, "{protocol:?}");
        let centre = town.centres.remove("braked").unwrap();
        centre.smsc.stop().await.unwrap();
        let ledger = log::read(&centre.log).unwrap();
        assert_eq!((ledger.distinct(), ledger.surplus()), (500, 0), "{protocol:?}");
        assert!(ledger.busy > 0 && ledger.throttled < 200, "{protocol:?}: {} throttled", ledger.throttled);
        town.end().await;
    }
}
