//! A whole city whose duty officers read DingTalk or Feishu: robots that sign, one whose secret is wrong, and ones that are
//! too fast.

use mingluo_console::office::DraftOrder;
use mingluo_dispatch::{post::Link, view::PlanView};
use mingluo_model::{
    audience::ChannelKind,
    clock::{SharedClock, system::SystemClock},
    id::AlertId,
    plan::AccountName,
};
use mingluo_rehearsal::{
    city::{City, CityOrder},
    sim_journal::{Journal, What},
    sim_robots::{RobotsAccount, RobotsFaults, SimRobots},
    sim_stage::Dice,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::net::TcpListener;

const BOTH: [&str; 2] = ["dingtalk", "feishu"];
const SECRET: &str = "SEC-of-all";

struct Town {
    city: City,
    journal: Arc<Journal>,
    _platforms: SimRobots,
    _files: tempfile::TempDir,
}

/// A town with these robots, each with the secret that its file holds.
async fn town(platform: &str, robots: &[(&str, &str)], faults: RobotsFaults) -> Town {
    let clock: SharedClock = SystemClock::shared();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let journal = Arc::new(Journal::in_memory(clock.clone()));
    let account = RobotsAccount { robots: Vec::new(), secret: SECRET.into(), keyword: None };
    let platforms = SimRobots::start(listener, account, faults, Arc::clone(&journal), clock).unwrap();
    let files = tempfile::tempdir().unwrap();
    let key = |(name, secret): &(&str, &str)| {
        let file = files.path().join(name);
        std::fs::write(&file, format!("token-of-{name}\n{secret}\n")).unwrap();
        format!("{name} = {:?}", file.display().to_string())
    };
    let keys = robots.iter().map(key).collect::<Vec<_>>().join(", ");
    let more = format!(
        "[live.robot]\nname = \"live-robots\"\nplatform = {platform:?}\npretend = true\n\
         api_base = \"http://{}\"\nkey_files = {{ {keys} }}\n",
        platforms.address()
    );
    let robots = robots.iter().map(|(name, _)| (*name).to_owned()).collect();
    let city = City::start(CityOrder { recipients: 1, robots, more, ..CityOrder::default() }).await.unwrap();
    Town { city, journal, _platforms: platforms, _files: files }
}

impl Town {
    async fn warn(&self) -> AlertId {
        let order = DraftOrder {
            channels: vec![ChannelKind::Robot],
            ..self.city.order("red", "请立即转移到高处。", Duration::from_hours(1))
        };
        self.city.issue(&self.city.console.live, &order).await.unwrap().id
    }

    async fn settled(&self, alert: AlertId) -> Vec<PlanView> {
        self.city.settled(&self.city.console.live, alert).await.unwrap()
    }

    /// How many messages of such a fate each robot had, by its token.
    fn told(&self, what: What) -> BTreeMap<String, u32> {
        let mut told = BTreeMap::new();
        for entry in self.journal.entries().into_iter().filter(|entry| entry.what == what) {
            *told.entry(entry.to).or_default() += 1;
        }
        told
    }
}

fn states(views: &[PlanView]) -> BTreeMap<&str, u32> {
    let mut states = BTreeMap::new();
    for (state, count) in views.iter().flat_map(|view| &view.counts.states).filter(|(_, count)| **count > 0) {
        *states.entry(*state).or_default() += count;
    }
    states
}

fn once_each(robots: &[&str]) -> BTreeMap<String, u32> {
    robots.iter().map(|name| (format!("token-of-{name}"), 1)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_warning_stands_in_each_group_once() {
    for platform in BOTH {
        let robots = [("duty", SECRET), ("flood", SECRET), ("fire", SECRET)];
        let town = town(platform, &robots, RobotsFaults::default()).await;
        let alert = town.warn().await;
        assert_eq!(states(&town.settled(alert).await), BTreeMap::from([("accepted", 3)]), "{platform}");
        assert_eq!(town.told(What::Accepted), once_each(&["duty", "flood", "fire"]), "{platform}");
        let said = &town.journal.entries()[0].detail;
        assert!(said.contains("请立即转移到高处") && said.contains("影响区域："), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_is_the_accounts_fault_and_said_of_it_and_the_other_groups_read_the_warning() {
    for (platform, code) in [("dingtalk", "310000"), ("feishu", "19021")] {
        let town =
            town(platform, &[("duty", SECRET), ("flood", "SEC-of-nobody")], RobotsFaults::default()).await;
        let alert = town.warn().await;
        let views = town.settled(alert).await;
        assert_eq!(states(&views), BTreeMap::from([("accepted", 1), ("failed", 1)]), "{platform}");
        let live = &town.city.console.live;
        let unreached = live.unreached(views[0].plan).await.unwrap();
        let named = unreached.iter().map(|one| (one.member.as_ref().unwrap().expose(), one.reason));
        assert_eq!(named.collect::<Vec<_>>(), [("flood", "not-allowed")], "{platform}");
        assert_eq!(town.told(What::Accepted), once_each(&["duty"]), "{platform}");
        assert_eq!(town.told(What::Refused), once_each(&["flood"]), "it is not asked again");

        let alone = self::town(platform, &[("flood", "SEC-of-nobody")], RobotsFaults::default()).await;
        let alert = alone.warn().await;
        alone.settled(alert).await;
        let links = alone.city.console.live.engine().links();
        let Link::Closed { detail, .. } = &links[&AccountName("live-robots".into())] else {
            panic!("{links:?}")
        };
        assert!(detail.starts_with(code) && !detail.contains("SEC-"), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_too_fast_for_feishu_waits_and_each_group_reads_the_warning_once() {
    // A seed with which the first call of the one is too fast, and no other.
    let strikes = |seed, call: &str| Dice { seed }.strikes("busy", call, 50);
    let others = ["token-of-duty#2", "token-of-flood#1"];
    let is_it =
        |seed: &u64| strikes(*seed, "token-of-duty#1") && !others.iter().any(|call| strikes(*seed, call));
    let seed = (1..1_000).find(is_it).unwrap();
    let faults = RobotsFaults { busy_percent: 50, seed, ..RobotsFaults::default() };
    let town = town("feishu", &[("duty", SECRET), ("flood", SECRET)], faults).await;
    let alert = town.warn().await;
    assert_eq!(states(&town.settled(alert).await), BTreeMap::from([("accepted", 2)]));
    assert_eq!(town.told(What::Refused), once_each(&["duty"]));
    assert_eq!(town.told(What::Accepted), once_each(&["duty", "flood"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_robot_that_dingtalk_shut_out_is_left_alone_and_its_word_waits() {
    let faults = RobotsFaults { dingtalk_per_minute: 0, ..RobotsFaults::default() };
    let town = town("dingtalk", &[("duty", SECRET)], faults).await;
    let alert = town.warn().await;
    town.city.until(|| (!town.told(What::Refused).is_empty()).then_some(())).await.unwrap();
    let queued = BTreeMap::from([("queued", 1)]);
    let live = &town.city.console.live;
    town.city.until(|| (states(&live.progress(Some(alert))) == queued).then_some(())).await.unwrap();
    assert_eq!(town.told(What::Refused), once_each(&["duty"]), "it is left alone for a minute");
}
