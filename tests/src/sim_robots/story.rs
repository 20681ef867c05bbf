//! Stories of group robots in DingTalk and Feishu and of their platforms, over real sockets.

use super::*;
use crate::{
    sim_ahead::Ahead,
    sim_courier::{Courier, PLAN},
    sim_journal::Entry,
    sim_stage::soon,
};
use mingluo_channels::robot::RobotChannel;
use mingluo_model::{
    alert::Language,
    channel::{Channel, Unfit, Verdict},
    clock::{Clock, system::SystemClock},
    delivery::Reason,
    grade::Grade,
    message::{Body, Message},
    mode::Live,
};
use serde_json::{Value, json};

const BOTH: [&str; 2] = ["dingtalk", "feishu"];

/// A word that lacks every keyword.
const WORDS: &str = "请立即转移\n影响区域：东洲区";

/// The platforms and a channel to one of them, all in one process.
struct Scene {
    _platforms: SimRobots,
    journal: Arc<Journal>,
    robots: RobotChannel<Live>,
    far_clock: Arc<Ahead>,
    _files: tempfile::TempDir,
}

fn account() -> RobotsAccount {
    let robots = vec!["token-of-duty".into(), "token-of-flood".into()];
    RobotsAccount { robots, secret: "SEC-of-all".into(), keyword: None }
}

/// Robots of a platform: one in a group, one in another, and one that was put out of its group.
async fn scene(platform: &str, account: RobotsAccount, faults: RobotsFaults, changes: &Value) -> Scene {
    let far_clock = Ahead::new();
    let journal = Arc::new(Journal::in_memory(far_clock.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let platforms = SimRobots::start(listener, account, faults, journal.clone(), far_clock.clone()).unwrap();
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str, secret: &str| {
        std::fs::write(files.path().join(name), format!("token-of-{name}\n{secret}\n")).unwrap();
        files.path().join(name)
    };
    let mut keys = json!({
        "name": "robots", "platform": platform, "pretend": true,
        "api_base": format!("http://{}", platforms.address()),
        "key_files": {
            "duty": file("duty", "SEC-of-all"), "flood": file("flood", "SEC-of-another"),
            "gone": file("gone", "SEC-of-all"),
        },
    });
    for (key, value) in changes.as_object().unwrap() {
        keys[key] = value.clone();
    }
    let robots = RobotChannel::new(serde_json::from_value(keys).unwrap(), SystemClock::shared()).unwrap();
    Scene { _platforms: platforms, journal, robots, far_clock, _files: files }
}

async fn usual(platform: &str, faults: RobotsFaults) -> Scene {
    scene(platform, account(), faults, &json!({})).await
}

fn message(text: &str) -> Message<Live> {
    let body = Body::Robot { text: text.to_owned() };
    Message::new(PLAN.parse().unwrap(), Grade::Red, Language::chinese(), body)
}

impl Scene {
    async fn courier(&self) -> Courier {
        Courier::open(&self.robots, message(WORDS)).await.unwrap()
    }

    async fn deliver(&self, to: &[&str]) -> Vec<Verdict> {
        let to: Vec<_> = to.iter().map(|one| (*one).to_owned()).collect();
        soon(async { self.courier().await.deliver(&to, 1).await }).await.unwrap()
    }

    fn told(&self, what: What) -> Vec<Entry> {
        self.journal.entries().into_iter().filter(|entry| entry.what == what).collect()
    }
}

const TAKEN: Verdict = Verdict::Accepted(None);

/// The code of a refusal that is the account's.
fn closed(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Closed(refusal) if refusal.reason == Reason::NotAllowed => {
            refusal.far_code.split(' ').next().unwrap()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_signed_word_arrives_in_the_group() {
    for platform in BOTH {
        let scene = usual(platform, RobotsFaults::default()).await;
        assert_eq!(scene.deliver(&["duty"]).await, [TAKEN], "{platform}");
        let said = scene.told(What::Accepted);
        assert_eq!((said.len(), &*said[0].to, &*said[0].detail), (1, "token-of-duty", WORDS));
    }
}

#[tokio::test]
async fn a_wrong_secret_is_the_accounts_fault_and_is_said_without_it_and_the_robot_beside_it_speaks() {
    for (platform, code) in [("dingtalk", "310000"), ("feishu", "19021")] {
        let scene = usual(platform, RobotsFaults::default()).await;
        let verdicts = scene.deliver(&["flood", "duty"]).await;
        assert_eq!((closed(&verdicts[0]), &verdicts[1]), (code, &TAKEN));
        let record = format!("{verdicts:?}");
        assert!(!record.contains("SEC-") && !record.contains("token-of"), "{record}");
    }
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off_is_the_accounts_fault_and_less_than_that_is_none() {
    for (platform, code) in [("dingtalk", "310000"), ("feishu", "19021")] {
        let scene = usual(platform, RobotsFaults::default()).await;
        scene.far_clock.set(Duration::from_mins(59));
        assert_eq!(scene.deliver(&["duty"]).await, [TAKEN], "{platform}");
        scene.far_clock.set(Duration::from_mins(61));
        assert_eq!(closed(&scene.deliver(&["duty"]).await[0]), code);
    }
}

#[tokio::test]
async fn the_keyword_is_put_into_what_lacks_it_and_one_that_nobody_knows_of_is_the_accounts_fault() {
    for (platform, code) in [("dingtalk", "310000"), ("feishu", "19024")] {
        let settings = RobotsAccount { keyword: Some("预警".into()), ..account() };
        let without = scene(platform, settings.clone(), RobotsFaults::default(), &json!({})).await;
        assert_eq!(closed(&without.deliver(&["duty"]).await[0]), code);
        let with = scene(platform, settings, RobotsFaults::default(), &json!({"keyword": "预警"})).await;
        assert_eq!(with.deliver(&["duty"]).await, [TAKEN], "{platform}");
        assert_eq!(with.told(What::Accepted)[0].detail, "请立即转移\n预警\n影响区域：东洲区");
    }
}

#[tokio::test]
async fn who_was_too_fast_for_dingtalk_is_shut_out_for_ten_minutes_and_nothing_is_lost() {
    for punish in [false, true] {
        let faults = RobotsFaults { dingtalk_per_minute: 5, punish, ..RobotsFaults::default() };
        let scene = usual("dingtalk", faults).await;
        let verdicts = scene.deliver(&["duty"; 7]).await;
        let minute = Verdict::Busy { retry_after: Duration::from_mins(1) };
        let count = |one: &Verdict| verdicts.iter().filter(|verdict| *verdict == one).count();
        assert_eq!((count(&TAKEN), count(&minute)), (5, 2), "{verdicts:?}");
        scene.far_clock.set(Duration::from_mins(9));
        assert_eq!(scene.deliver(&["duty"]).await, [minute], "it is shut out still");
        scene.far_clock.set(Duration::from_mins(10));
        assert_eq!(scene.deliver(&["duty"; 2]).await, [TAKEN, TAKEN]);
        assert_eq!(scene.told(What::Accepted).len(), 7);
    }
}

#[tokio::test]
async fn feishus_second_is_kept_and_its_minute_is_waited_out() {
    let scene = usual("feishu", RobotsFaults { feishu_per_minute: 6, ..RobotsFaults::default() }).await;
    let verdicts = scene.deliver(&["duty"; 7]).await;
    let wait = Verdict::Busy { retry_after: Duration::from_secs(5) };
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == TAKEN).count(), 6, "none was too fast");
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == wait).count(), 1, "{verdicts:?}");
    scene.far_clock.set(Duration::from_mins(1));
    assert_eq!(scene.deliver(&["duty"]).await, [TAKEN]);
}

#[tokio::test]
async fn what_still_waits_for_its_turn_is_not_said_once_it_is_called_back() {
    let scene = usual("feishu", RobotsFaults::default()).await;
    let mut courier = scene.courier().await;
    let recall = courier.recall();
    let called_back = async {
        while scene.told(What::Accepted).is_empty() {
            scene.far_clock.sleep(Duration::from_millis(5)).await;
        }
        recall.call();
    };
    let to = vec!["duty".to_owned(); 8];
    let (verdicts, ()) = soon(async { tokio::join!(courier.deliver(&to, 1), called_back) }).await;
    let not_begun = Verdict::Busy { retry_after: Duration::ZERO };
    assert_eq!(verdicts.unwrap().last(), Some(&not_begun));
    assert!(scene.told(What::Accepted).len() < to.len());
}

#[tokio::test]
async fn the_longest_words_that_fit_are_taken_and_longer_ones_never_leave() {
    for platform in BOTH {
        let scene = usual(platform, RobotsFaults::default()).await;
        let words = |lines: usize| message(&"转移\"\n".repeat(lines));
        let fits = |lines: &usize| scene.robots.measure(&words(*lines)).is_ok();
        let longest = (1..4_000).take_while(fits).last().unwrap();
        let too_long = scene.robots.measure(&words(longest + 1)).unwrap_err();
        assert!(matches!(too_long, Unfit::TooLong { longest: 20_000, unit: "bytes", .. }), "{too_long}");
        let mut courier = Courier::open(&scene.robots, words(longest)).await.unwrap();
        assert_eq!(courier.deliver(&["duty".to_owned()], 1).await.unwrap(), [TAKEN], "{platform}");
    }
}

#[tokio::test]
async fn a_robot_that_was_put_out_of_its_group_and_one_that_nobody_knows_are_named() {
    for platform in BOTH {
        let scene = usual(platform, RobotsFaults::default()).await;
        for verdict in scene.deliver(&["gone", "unheard-of"]).await {
            let Verdict::Permanent(refusal) = verdict else { panic!("{platform}: {verdict:?}") };
            assert_eq!(refusal.reason, Reason::BadAddress, "{platform}");
        }
    }
}

#[tokio::test]
async fn a_platform_that_is_gone_holds_everything_back() {
    for platform in BOTH {
        let scene = usual(platform, RobotsFaults::default()).await;
        let mut courier = scene.courier().await;
        let Scene { _platforms: platforms, .. } = scene;
        drop(platforms);
        tokio::task::yield_now().await;
        let verdicts = courier.deliver(&["duty".to_owned()], 1).await.unwrap();
        assert!(matches!(verdicts[0], Verdict::Busy { .. }), "{verdicts:?}");
    }
}

#[tokio::test]
async fn a_code_that_nobody_knows_is_asked_again() {
    for platform in BOTH {
        let scene = usual(platform, RobotsFaults { always: Some(77_777), ..RobotsFaults::default() }).await;
        assert!(matches!(scene.deliver(&["duty"]).await[..], [Verdict::Temporary(_)]), "{platform}");
    }
}
