//! Stories of the WeCom channels and their platform, over real sockets.

use super::*;
use crate::{
    sim_ahead::Ahead,
    sim_courier::{Courier, PLAN},
    sim_journal::{Entry, What},
    sim_stage::soon,
};
use axum::{body::Bytes, extract::RawQuery};
use mingluo_channels::{
    robot::{RobotChannel, RobotConfig},
    wecom::{Callback, WeComChannel, WeComConfig},
};
use mingluo_model::{
    acknowledgement::Acknowledgement,
    alert::Language,
    channel::{Channel, SendError, Verdict},
    clock::{Clock, system::SystemClock},
    delivery::Reason,
    grade::Grade,
    message::{Body, Message},
    mode::Live,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    collections::BTreeSet,
    sync::{Mutex, OnceLock},
    time::Duration,
};

/// Our side of the callback: parses and keeps once, as the console would.
#[derive(Default)]
struct Ear {
    parser: OnceLock<Callback>,
    pushes: Mutex<u32>,
    names: Mutex<BTreeSet<[u8; 20]>>,
    confirmed: Mutex<Vec<Acknowledgement>>,
}

impl Ear {
    fn take(&self, query: &str, body: &[u8]) -> String {
        let Some(parser) = self.parser.get() else { return "not ready".into() };
        let Ok(heard) = parser.parse(query, body) else { return "refused".into() };
        *self.pushes.lock().unwrap() += 1;
        let Some(confirmed) = heard.confirmed else { return String::new() };
        if self.names.lock().unwrap().insert(heard.name) {
            self.confirmed.lock().unwrap().push(confirmed.clone());
        }
        parser.confirmed(&confirmed.by, "已确认", &mut StdRng::seed_from_u64(1))
    }
}

/// The platform, our channels and our callback, all in one process.
struct Scene {
    platform: SimWeCom,
    journal: Arc<Journal>,
    channel: WeComChannel<Live>,
    robots: RobotChannel<Live>,
    ear: Arc<Ear>,
    far_clock: Arc<Ahead>,
    _listening: JoinSet<()>,
    _files: tempfile::TempDir,
}

fn account(callback: Option<String>) -> WeComAccount {
    WeComAccount {
        corp_id: "ww-pretend".into(),
        agent_id: 1_000_002,
        secret: "pretend-secret".into(),
        callback,
        token: "pretend-token".into(),
        aes_key: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".into(),
        robots: vec!["key-of-duty".into(), "key-of-flood".into()],
    }
}

fn config(port: u16, files: &tempfile::TempDir, secret: &str) -> (WeComConfig, RobotConfig) {
    let account = account(None);
    let file = |name: &str, words: &str| {
        std::fs::write(files.path().join(name), format!("{words}\n")).unwrap();
        files.path().join(name)
    };
    let api_base = format!("http://127.0.0.1:{port}");
    let wecom = json!({
        "name": "wecom", "pretend": true, "api_base": api_base, "corp_id": account.corp_id,
        "agent_id": account.agent_id, "secret_file": file("secret", secret),
        "token_file": file("token", &account.token), "aes_key_file": file("aes", &account.aes_key),
        "per_minute": 60_000,
    });
    let robots = json!({
        "name": "robots", "pretend": true, "api_base": api_base, "per_minute": 20,
        "key_files": {"duty": file("duty", "key-of-duty"), "gone": file("gone", "key-of-nobody")},
    });
    (serde_json::from_value(wecom).unwrap(), serde_json::from_value(robots).unwrap())
}

async fn scene(faults: WeComFaults) -> Scene {
    let (ear, mut listening) = (Arc::new(Ear::default()), JoinSet::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let callback = Some(format!("http://{}/wecom", listener.local_addr().unwrap()));
    let hearing = Arc::clone(&ear);
    let take =
        async move |RawQuery(query): RawQuery, body: Bytes| hearing.take(&query.unwrap_or_default(), &body);
    let routes = Router::new().route("/wecom", post(take));
    listening.spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let far_clock = Ahead::new();
    let journal = Arc::new(Journal::in_memory(far_clock.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let account = account(callback);
    let platform = SimWeCom::start(listener, account, faults, journal.clone(), far_clock.clone()).unwrap();
    let files = tempfile::tempdir().unwrap();
    let (wecom, robots) = config(platform.address().port(), &files, "pretend-secret");
    let channel = WeComChannel::<Live>::new(wecom, SystemClock::shared()).unwrap();
    let robots = RobotChannel::<Live>::new(robots, SystemClock::shared()).unwrap();
    assert!(ear.parser.set(channel.callback()).is_ok());
    Scene { platform, journal, channel, robots, ear, far_clock, _listening: listening, _files: files }
}

fn message(body: Body) -> Message<Live> {
    Message::new(PLAN.parse().unwrap(), Grade::Red, Language::chinese(), body)
}

impl Scene {
    async fn courier(&self) -> Courier {
        let [text, title, note, button] =
            ["请立即转移", "暴雨红色预警", "东洲区", "确认收到"].map(str::to_owned);
        Courier::open(&self.channel, message(Body::WeCom { text, title, note, button })).await.unwrap()
    }

    async fn robot_courier(&self) -> Courier {
        Courier::open(&self.robots, message(Body::Robot { text: "请立即转移".into() })).await.unwrap()
    }

    fn told(&self, what: What) -> Vec<Entry> {
        self.journal.entries().into_iter().filter(|entry| entry.what == what).collect()
    }

    async fn until_told(&self, what: What, lines: usize) {
        while self.told(what).len() < lines {
            self.far_clock.sleep(Duration::from_millis(5)).await;
        }
    }
}

fn members(number: usize) -> Vec<String> {
    (0..number).map(|member| format!("pretend{member:04}")).collect()
}

fn reason(verdict: &Verdict) -> Reason {
    match verdict {
        Verdict::Accepted(_) => Reason::None,
        Verdict::Permanent(refusal) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_thousand_members_are_one_call_for_the_words_and_one_for_the_card() {
    let scene = scene(WeComFaults::default()).await;
    let verdicts = soon(async { scene.courier().await.deliver_parts(&members(1_000), 1, 0b11).await }).await;
    assert!(verdicts.unwrap().iter().all(|verdict| reason(verdict) == Reason::None));
    let accepted = scene.told(What::Accepted);
    let ids: BTreeSet<_> = accepted.iter().map(|entry| &entry.id).collect();
    let words = accepted.iter().filter(|entry| entry.detail == "text").count();
    assert_eq!((ids.len(), accepted.len(), words), (2, 2_000, 1_000));
}

#[tokio::test]
async fn an_unreachable_member_is_named_and_the_others_have_it() {
    let faults = WeComFaults {
        invalid: vec!["Pretend0001".into()],
        unlicensed: vec!["pretend0003".into()],
        ..WeComFaults::default()
    };
    let scene = scene(faults).await;
    let verdicts = scene.courier().await.deliver(&members(5), 1).await.unwrap();
    let reasons: Vec<_> = verdicts.iter().map(reason).collect();
    let none = Reason::None;
    assert_eq!(reasons, [none, Reason::BadAddress, none, Reason::NotAllowed, none]);
    assert_eq!(scene.told(What::Accepted).len(), 3);
}

#[tokio::test]
async fn a_call_of_which_nobody_is_a_member_says_so_of_each() {
    let scene = scene(WeComFaults { invalid: members(3), ..WeComFaults::default() }).await;
    let verdicts = scene.courier().await.deliver(&members(3), 1).await.unwrap();
    assert!(verdicts.iter().all(|verdict| reason(verdict) == Reason::BadAddress), "{verdicts:?}");
}

#[tokio::test]
async fn a_token_that_dies_is_renewed_once_by_either_name_and_nobody_is_lost() {
    for dead_token in [42_001, 40_014] {
        let scene = scene(WeComFaults { dead_token, ..WeComFaults::default() }).await;
        let mut courier = scene.courier().await;
        courier.deliver(&members(3), 1).await.unwrap();
        scene.far_clock.set(Duration::from_hours(3));
        courier.deliver(&members(4), 1).await.unwrap();
        assert_eq!((scene.platform.asked_for_tokens(), scene.told(What::Accepted).len()), (2, 7));
    }
}

#[tokio::test]
async fn the_platforms_minute_is_waited_out_and_costs_no_attempt() {
    let scene = scene(WeComFaults { per_minute: 4, ..WeComFaults::default() }).await;
    let mut courier = scene.courier().await;
    courier.deliver(&members(3), 1).await.unwrap();
    let verdicts = courier.deliver(&members(5)[3..], 1).await.unwrap();
    let minute = Verdict::Busy { retry_after: Duration::from_mins(1) };
    assert!(verdicts.iter().all(|verdict| *verdict == minute), "{verdicts:?}");
    scene.far_clock.set(Duration::from_mins(2));
    courier.deliver(&members(5)[3..], 1).await.unwrap();
    assert_eq!(scene.told(What::Accepted).len(), 5);
}

#[tokio::test]
async fn a_button_pressed_before_the_answer_and_said_thrice_is_one_confirmation_and_the_card_says_so() {
    let faults =
        WeComFaults { press_percent: 100, press_first: true, thrice: true, ..WeComFaults::default() };
    let scene = scene(faults).await;
    let before = SystemClock::shared().now();
    soon(async { scene.courier().await.deliver_parts(&members(6), 1, 0b11).await }).await.unwrap();
    let confirmed = scene.ear.confirmed.lock().unwrap().clone();
    assert_eq!((*scene.ear.pushes.lock().unwrap(), confirmed.len()), (18, 6));
    let who: BTreeSet<_> = confirmed.iter().map(|one| one.by.expose().to_owned()).collect();
    assert_eq!(who, members(6).into_iter().collect());
    assert!(confirmed.iter().all(|one| one.plan.to_string() == PLAN && one.at >= before));
    let pressed = scene.told(What::Receipt);
    assert!(pressed.len() == 6 && pressed.iter().all(|entry| entry.detail == "已确认"), "{pressed:?}");
}

#[tokio::test]
async fn the_same_call_again_is_read_once() {
    let scene = scene(WeComFaults { press_percent: 100, ..WeComFaults::default() }).await;
    let mut courier = scene.courier().await;
    for _ in 0..2 {
        courier.deliver_parts(&members(2), 1, 0b11).await.unwrap();
    }
    soon(scene.until_told(What::Receipt, 2)).await;
    assert_eq!(scene.told(What::Accepted).len(), 4);
}

#[tokio::test]
async fn a_wrong_secret_shows_before_anything_is_sent() {
    let scene = scene(WeComFaults::default()).await;
    let files = tempfile::tempdir().unwrap();
    let (wecom, _) = config(scene.platform.address().port(), &files, "wrong");
    let channel = WeComChannel::<Live>::new(wecom, SystemClock::shared()).unwrap();
    let Err(SendError::Refused { detail }) = channel.open().await.map(|_| ()) else {
        panic!("the application must be refused")
    };
    assert!(detail.starts_with("40001"), "{detail}");
}

#[tokio::test]
async fn a_platform_that_is_gone_holds_everything_back() {
    let scene = scene(WeComFaults::default()).await;
    let mut courier = scene.courier().await;
    let Scene { platform, .. } = scene;
    drop(platform);
    tokio::task::yield_now().await;
    let verdicts = courier.deliver(&members(2), 1).await.unwrap();
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Busy { .. })), "{verdicts:?}");
}

#[tokio::test]
async fn every_code_of_the_platform_is_taken_for_what_it_means() {
    use Reason::{BadAddress, Content, NotAllowed};
    let permanent: [(Reason, &[i64]); 3] = [
        (BadAddress, &[40_003, 40_031, 46_004, 60_111, 81_013, 82_001]),
        (Content, &[40_008, 40_033, 40_058, 44_004, 45_002, 47_001]),
        (NotAllowed, &[40_013, 40_056, 48_002, 50_003, 60_011, 60_020, 301_002]),
    ];
    let answered = async |errcode| {
        let scene = scene(WeComFaults { always: Some(errcode), ..WeComFaults::default() }).await;
        scene.courier().await.deliver(&members(1), 1).await.unwrap().remove(0)
    };
    for (expected, codes) in permanent {
        for code in codes {
            assert_eq!(reason(&answered(*code).await), expected, "{code}");
        }
    }
    for code in [-1, 45_009, 45_033] {
        assert!(matches!(answered(code).await, Verdict::Busy { .. }), "{code}");
    }
    for code in [40_001, 40_014, 42_001] {
        // The platform gives the same token again: it is not called with it, and costs nobody a try.
        assert_eq!(answered(code).await, Verdict::Busy { retry_after: Duration::from_secs(5) }, "{code}");
    }
    assert!(matches!(answered(99_999).await, Verdict::Temporary(_)));
}

#[tokio::test]
async fn the_robots_limit_is_reached_and_the_rest_waits_a_minute() {
    let scene = scene(WeComFaults { robot_per_minute: 5, ..WeComFaults::default() }).await;
    let mut courier = scene.robot_courier().await;
    let duty = vec!["duty".to_owned(); 7];
    let verdicts = courier.deliver(&duty, 1).await.unwrap();
    let minute = Verdict::Busy { retry_after: Duration::from_mins(1) };
    let taken = verdicts.iter().filter(|verdict| **verdict == Verdict::Accepted(None)).count();
    let told_to_wait = verdicts.iter().filter(|verdict| **verdict == minute).count();
    assert_eq!((taken, told_to_wait), (5, 2));
    scene.far_clock.set(Duration::from_mins(1));
    courier.deliver(&duty[..2], 1).await.unwrap();
    let said = scene.told(What::Accepted);
    assert_eq!((said.len(), said[0].detail.as_str()), (7, "请立即转移"));
}

#[tokio::test]
async fn a_robot_that_was_put_out_of_its_group_and_one_that_nobody_knows_are_named() {
    let scene = scene(WeComFaults::default()).await;
    let to = ["duty", "gone", "unheard-of"].map(str::to_owned);
    let verdicts = scene.robot_courier().await.deliver(&to, 1).await.unwrap();
    let reasons: Vec<_> = verdicts.iter().map(reason).collect();
    assert_eq!(reasons, [Reason::None, Reason::BadAddress, Reason::BadAddress]);
    assert!(!format!("{verdicts:?}").contains("key-of"), "no key in any record");
}
