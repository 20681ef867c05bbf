//! A whole city that tells its officials by WeCom: members who cannot be reached, buttons that are pressed too early and too
//! often, and robots whose minute is full.

use mingluo_console::{api, office::DraftOrder, people::People};
use mingluo_dispatch::view::PlanView;
use mingluo_ledger::event::Fact;
use mingluo_model::{
    audience::ChannelKind,
    clock::{SharedClock, Timestamp, system::SystemClock},
    id::{AlertId, PlanId},
    mode::ModeKind,
    plan::AccountName,
    receipt::ReceiptStatus,
};
use mingluo_rehearsal::{
    city::{City, CityOrder, userid},
    sim_journal::{Entry, Journal, What},
    sim_wecom::{SimWeCom, WeComAccount, WeComFaults},
};
use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};

const OFFICIALS: u32 = 30;
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

pub(super) struct Town {
    pub(super) city: City,
    platform: SimWeCom,
    journal: Arc<Journal>,
    _files: tempfile::TempDir,
    door: SocketAddr,
    serving: JoinSet<()>,
}

fn accounts(port: u16, files: &Path, robots: &[String], per_minute: u32) -> String {
    let file = |name: &str, words: &str| {
        std::fs::write(files.join(name), format!("{words}\n")).unwrap();
        files.join(name).display().to_string()
    };
    let [secret, token, aes] = [("secret", "pretend-secret"), ("token", "pretend-token"), ("aes", AES_KEY)]
        .map(|(name, words)| file(name, words));
    let keys = robots.iter().map(|name| format!("{name} = {:?}", file(name, &format!("key-of-{name}"))));
    let keys = keys.collect::<Vec<_>>().join(", ");
    let base = format!("pretend = true\napi_base = \"http://127.0.0.1:{port}\"\n");
    let robot = if robots.is_empty() {
        String::new()
    } else {
        format!(
            "[live.robot]\nname = \"live-robots\"\n{base}key_files = {{ {keys} }}\nper_minute = {per_minute}\n"
        )
    };
    format!(
        "[live.wecom]\nname = \"live-wecom\"\n{base}corp_id = \"ww-pretend\"\nagent_id = 1000002\n\
         secret_file = {secret:?}\ntoken_file = {token:?}\naes_key_file = {aes:?}\nper_minute = 60000\n{robot}"
    )
}

async fn town(faults: WeComFaults, robots: &[&str], per_minute: u32) -> Town {
    let robots = robots.iter().map(|name| (*name).to_owned()).collect();
    let order = CityOrder { recipients: OFFICIALS, wecom: true, robots, ..CityOrder::default() };
    town_of(faults, per_minute, order).await
}

/// A town as it is ordered, whose robots have this licence.
pub(super) async fn town_of(faults: WeComFaults, per_minute: u32, order: CityOrder) -> Town {
    let clock: SharedClock = SystemClock::shared();
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let far = WeComAccount {
        corp_id: "ww-pretend".into(),
        agent_id: 1_000_002,
        secret: "pretend-secret".into(),
        callback: Some(format!("http://{}/callback/wecom/live-wecom", door.local_addr().unwrap())),
        token: "pretend-token".into(),
        aes_key: AES_KEY.into(),
        robots: Vec::new(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let journal = Arc::new(Journal::in_memory(clock.clone()));
    let platform = SimWeCom::start(listener, far, faults, Arc::clone(&journal), clock.clone()).unwrap();
    let files = tempfile::tempdir().unwrap();
    let accounts = accounts(platform.address().port(), files.path(), &order.robots, per_minute);
    let order = CityOrder { more: format!("{}{accounts}", order.more), ..order };
    let city = City::start(order).await.unwrap();
    let at = door.local_addr().unwrap();
    let mut town = Town { city, platform, journal, _files: files, door: at, serving: JoinSet::new() };
    town.serve(door);
    town
}

impl Town {
    fn serve(&mut self, door: TcpListener) {
        let console = &self.city.console;
        let people = Arc::new(People::new(Arc::clone(&console.store), console.clock.clone()));
        let routes = api::routes(console, &people);
        self.serving.spawn(async move { axum::serve(door, routes).await.unwrap() });
    }

    async fn restart(&mut self) {
        self.serving.shutdown().await;
        self.city.restart().await.unwrap();
        self.serve(TcpListener::bind(self.door).await.unwrap());
    }

    async fn warn(&self, channel: ChannelKind) -> AlertId {
        let order = DraftOrder {
            channels: vec![channel],
            ..self.city.order("red", "请立即转移到高处。", Duration::from_hours(1))
        };
        self.city.issue(&self.city.console.live, &order).await.unwrap().id
    }

    pub(super) async fn act(&self, path: &str, act: String) -> (u16, String) {
        let door = format!("http://{}/pretend/{path}", self.platform.address());
        let answer = super::mail::client().post(door).body(act).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(super) fn told(&self, what: What) -> Vec<Entry> {
        self.journal.entries().into_iter().filter(|entry| entry.what == what).collect()
    }

    /// Confirmations in the log of a plan.
    async fn confirmations(&self, plan: PlanId) -> usize {
        let events = self.city.console.store.events(plan, (0, 0), 10_000).await.unwrap();
        let receipts = events.iter().map(|(_, event)| match &event.fact {
            Fact::Receipts(receipts) => {
                receipts.iter().filter(|one| one.status == ReceiptStatus::Acknowledged).count()
            }
            _ => 0,
        });
        receipts.sum()
    }

    fn views(&self, alert: AlertId) -> Vec<PlanView> {
        self.city.console.live.progress(Some(alert))
    }
}

fn states(views: &[PlanView]) -> BTreeMap<&str, u32> {
    let mut states = BTreeMap::new();
    for (state, count) in views.iter().flat_map(|view| &view.counts.states) {
        *states.entry(*state).or_default() += count;
    }
    states.retain(|_, count| *count > 0);
    states
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_member_is_named_and_shown_with_the_reason() {
    let faults =
        WeComFaults { invalid: vec![userid(3)], unlicensed: vec![userid(7)], ..WeComFaults::default() };
    let town = town(faults, &[], 0).await;
    let alert = town.warn(ChannelKind::WeCom).await;
    let views = town.city.settled(&town.city.console.live, alert).await.unwrap();
    assert_eq!(states(&views), BTreeMap::from([("accepted", OFFICIALS - 2), ("failed", 2)]));
    let plan = views[0].plan;
    let named = town.city.console.live.unreached(plan).await.unwrap();
    let named: BTreeMap<_, _> = named
        .iter()
        .map(|one| (one.member.as_ref().unwrap().expose(), (one.reason, !one.place.is_empty())))
        .collect();
    let (third, seventh) = (userid(3), userid(7));
    let expected = [(third.as_str(), ("bad-address", true)), (seventh.as_str(), ("not-allowed", true))];
    assert_eq!(named, BTreeMap::from(expected));
    let taken = town.told(What::Accepted);
    assert_eq!(taken.len(), 2 * (OFFICIALS as usize - 2), "the words and the card for each of the others");
    assert!(taken.iter().all(|entry| entry.to != third && entry.to != seventh));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_pressed_before_the_answer_and_said_thrice_is_one_acknowledgement() {
    let faults =
        WeComFaults { press_percent: 100, press_first: true, thrice: true, ..WeComFaults::default() };
    let town = town(faults, &[], 0).await;
    let alert = town.warn(ChannelKind::WeCom).await;
    let views = town.city.settled(&town.city.console.live, alert).await.unwrap();
    assert_eq!(states(&views), BTreeMap::from([("acknowledged", OFFICIALS)]));
    assert_eq!(town.confirmations(views[0].plan).await, OFFICIALS as usize, "one each");
    // The first push of a press counts; the platform notes it when the last of the three is answered.
    let pressed = || Some(town.told(What::Receipt)).filter(|all| all.len() == OFFICIALS as usize);
    let pressed = town.city.until(pressed).await.unwrap();
    assert!(pressed.iter().all(|entry| entry.detail == "已确认"), "{pressed:?}");
    assert!(town.city.console.store.replies(ModeKind::Live, None, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_pressed_when_the_warning_was_folded_long_since_counts_once() {
    let town = town(WeComFaults::default(), &[], 0).await;
    let alert = town.warn(ChannelKind::WeCom).await;
    let views = town.city.settled(&town.city.console.live, alert).await.unwrap();
    let plan = views[0].plan;
    for _ in 0..3 {
        let pressed = town.act("press", format!("{{\"userid\": \"{}\"}}", userid(5))).await;
        assert_eq!(pressed, (200, r#"{"button":"已确认"}"#.to_owned()));
    }
    let expected = BTreeMap::from([("accepted", OFFICIALS - 1), ("acknowledged", 1)]);
    assert_eq!((states(&town.views(alert)), town.confirmations(plan).await), (expected, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_pressed_after_a_restart_counts_and_what_was_sent_is_not_sent_again() {
    let mut town = town(WeComFaults::default(), &[], 0).await;
    let alert = town.warn(ChannelKind::WeCom).await;
    town.city
        .until(|| (town.told(What::Accepted).len() == 2 * OFFICIALS as usize).then_some(()))
        .await
        .unwrap();
    town.restart().await;
    let pressed = town.act("press", format!("{{\"userid\": \"{}\"}}", userid(9))).await;
    assert_eq!(pressed, (200, r#"{"button":"已确认"}"#.to_owned()));
    let views = town.city.console.live.engine().views_of(alert).await.unwrap();
    assert_eq!(states(&views).get("acknowledged"), Some(&1), "{views:?}");
    assert_eq!(town.told(What::Accepted).len(), 2 * OFFICIALS as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_member_writes_is_kept_like_any_reply() {
    let town = town(WeComFaults::default(), &[], 0).await;
    let wrote = town.act("write", format!("{{\"userid\": \"{}\", \"words\": \"桥断了\"}}", userid(2))).await;
    assert_eq!(wrote.0, 200);
    let kept = town.city.console.store.replies(ModeKind::Live, None, 10).await.unwrap();
    assert_eq!((kept.len(), kept[0].reply.words.as_str()), (1, "桥断了"));
    assert_eq!(
        (kept[0].reply.from.expose(), &kept[0].account),
        (&*userid(2), &AccountName("live-wecom".into()))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_robots_licence_is_reached_and_what_is_over_waits() {
    let town = town(WeComFaults::default(), &["duty", "flood", "fire"], 2).await;
    let alert = town.warn(ChannelKind::Robot).await;
    town.city.until(|| (town.told(What::Accepted).len() == 2).then_some(())).await.unwrap();
    let (seen, since) = (town.city.console.clock.now(), Duration::from_millis(300));
    town.city.until(|| (town.city.console.clock.now().since(seen) > since).then_some(())).await.unwrap();
    let said = &town.told(What::Accepted)[0].detail;
    assert!(said.contains("请立即转移到高处") && said.contains("影响区域："), "{said}");
    assert_eq!(town.told(What::Accepted).len(), 2, "the third has to wait for its minute");
    let waiting: u32 =
        states(&town.views(alert)).iter().filter(|(state, _)| **state != "accepted").map(|(_, n)| *n).sum();
    assert_eq!((waiting, states(&town.views(alert)).get("failed")), (1, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_platform_says_that_a_robot_is_too_fast_nothing_is_dropped() {
    let faults = WeComFaults { robot_per_minute: 0, ..WeComFaults::default() };
    let town = town(faults, &["duty"], 20).await;
    let alert = town.warn(ChannelKind::Robot).await;
    town.city.until(|| (!town.told(What::Refused).is_empty()).then_some(())).await.unwrap();
    town.city
        .until(|| (states(&town.views(alert)) == BTreeMap::from([("queued", 1)])).then_some(()))
        .await
        .unwrap();
    assert!(town.told(What::Refused)[0].detail.starts_with("45009"));
    let until = Timestamp(town.city.console.clock.now().0);
    assert!(town.views(alert).iter().all(|view| view.not_before <= until), "it is still to be sent");
}
