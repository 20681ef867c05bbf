//! A whole city that warns by its service account: followers who leave before they are told, a day's quota that is used up,
//! and receipts that come too early and too often.

use mingluo_console::{api, office::DraftOrder, people::People};
use mingluo_dispatch::{post::Link, view::PlanView};
use mingluo_model::{
    audience::ChannelKind,
    clock::{SharedClock, system::SystemClock},
    id::AlertId,
    mode::ModeKind,
    plan::AccountName,
};
use mingluo_rehearsal::{
    city::{City, CityOrder, openid},
    sim_journal::{Entry, Journal, What},
    sim_wechat::{SimWeChat, WeChatAccount, WeChatFaults},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet};

pub(super) const PEOPLE: u32 = 40;

/// The key of safe mode.
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

pub(super) struct Town {
    pub(super) city: City,
    platform: SimWeChat,
    journal: Arc<Journal>,
    files: tempfile::TempDir,
    door: std::net::SocketAddr,
    serving: JoinSet<()>,
}

fn account(port: u16, files: &Path) -> String {
    let file = |name: &str, words: &str| {
        std::fs::write(files.join(name), format!("{words}\n")).unwrap();
        files.join(name).display().to_string()
    };
    let [secret, token, aes] = [("secret", "pretend-secret"), ("token", "pretend-token"), ("aes", AES_KEY)]
        .map(|(name, words)| file(name, words));
    format!(
        "[live.wechat]\nname = \"live-wechat\"\npretend = true\napi_base = \"http://127.0.0.1:{port}\"\n\
         app_id = \"wx-pretend\"\nsecret_file = {secret:?}\ntoken_file = {token:?}\naes_key_file = {aes:?}\n\
         templates = [\"T1\"]\ncalls = 4\nper_second = 1000\n"
    )
}

pub(super) async fn town(faults: WeChatFaults, hold_ms: u32) -> Town {
    town_with(faults, hold_ms, "", "fallback_every_s = 1").await
}

/// A town whose account has these keys besides, and whose dispatch these.
pub(super) async fn town_with(faults: WeChatFaults, hold_ms: u32, keys: &str, dispatch: &str) -> Town {
    let clock: SharedClock = SystemClock::shared();
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = door.local_addr().unwrap();
    let callback = format!("http://{at}/callback/wechat/live-wechat");
    let far = WeChatAccount {
        app_id: "wx-pretend".into(),
        secret: "pretend-secret".into(),
        callback: Some(callback),
        token: "pretend-token".into(),
        aes_key: Some(AES_KEY.into()),
        compatible: false,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let journal = Arc::new(Journal::in_memory(clock.clone()));
    let platform = SimWeChat::start(listener, far, faults, Arc::clone(&journal), clock.clone()).unwrap();
    let files = tempfile::tempdir().unwrap();
    let order = CityOrder {
        recipients: PEOPLE,
        wechat: true,
        hold_ms,
        receipts_within_s: 20,
        render: "wechat = { id = \"T1\", fields = { thing1 = \"{event}\", thing4 = \"{advice}\" } }".into(),
        more: account(platform.address().port(), files.path()) + keys,
        dispatch: dispatch.into(),
        ..CityOrder::default()
    };
    let city = City::start(order).await.unwrap();
    let people = Arc::new(People::new(Arc::clone(&city.console.store), clock));
    let routes = api::routes(&city.console, &people);
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(door, routes).await.unwrap() });
    Town { city, platform, journal, files, door: at, serving }
}

impl Town {
    pub(super) async fn warn(&self, reserve: Vec<ChannelKind>) -> AlertId {
        let order = DraftOrder {
            channels: vec![ChannelKind::WeChat],
            reserve,
            ..self.city.order("red", "请立即转移到高处。", Duration::from_hours(1))
        };
        self.city.issue(&self.city.console.live, &order).await.unwrap().id
    }

    /// A follower acts at the platform, which pushes it to the city.
    pub(super) async fn act(&self, follower: u32, event: &str) {
        self.does(follower, &format!("\"event\": \"{event}\"")).await;
    }

    /// A follower writes to the account; what it answers at once.
    pub(super) async fn asks(&self, follower: u32, words: &str) -> String {
        self.does(follower, &format!("\"words\": \"{words}\"")).await
    }

    /// A follower does this; what the account answers at once.
    pub(super) async fn does(&self, follower: u32, what: &str) -> String {
        let act = format!("{{\"openid\": \"{}\", {what}}}", openid(follower));
        let door = format!("http://{}/pretend/follower", self.platform.address());
        let answer = super::mail::client().post(door).body(act).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let said: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        said["said"].as_str().unwrap().to_owned()
    }

    /// Stops the house and starts it again, behind the same door.
    pub(super) async fn restart(&mut self) {
        self.serving.abort_all();
        self.city.restart().await.unwrap();
        let people = Arc::new(People::new(Arc::clone(&self.city.console.store), SystemClock::shared()));
        let routes = api::routes(&self.city.console, &people);
        while self.serving.join_next().await.is_some() {}
        let door = TcpListener::bind(self.door).await.unwrap();
        self.serving.spawn(async move { axum::serve(door, routes).await.unwrap() });
    }

    pub(super) fn told(&self, what: What) -> Vec<Entry> {
        self.journal.entries().into_iter().filter(|entry| entry.what == what).collect()
    }

    pub(super) async fn settled(&self, alert: AlertId) -> Vec<PlanView> {
        self.city.settled(&self.city.console.live, alert).await.unwrap()
    }
}

pub(super) fn states(views: &[PlanView], channel: ChannelKind) -> BTreeMap<&str, u32> {
    let mut states = BTreeMap::new();
    for view in views.iter().filter(|view| view.channel == channel) {
        for (state, count) in &view.counts.states {
            *states.entry(*state).or_default() += count;
        }
    }
    states
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_who_leaves_between_release_and_first_byte_is_told_nothing() {
    let town = town(WeChatFaults::default(), 2_000).await;
    let alert = town.warn(Vec::new()).await;
    town.act(7, "unsubscribe").await;
    assert_eq!(town.city.console.store.opt_outs(ModeKind::Live).await.unwrap().len(), 1);
    assert!(town.told(What::Accepted).is_empty(), "the hold is not over yet");

    let views = town.settled(alert).await;

    let taken: BTreeSet<_> = town.told(What::Accepted).into_iter().map(|entry| entry.to).collect();
    assert_eq!(taken.len(), PEOPLE as usize - 1);
    assert!(!taken.contains(&openid(7)));
    assert_eq!(states(&views, ChannelKind::WeChat)["delivered"], PEOPLE - 1);
    let refused: u32 = views.iter().filter_map(|view| view.counts.failed.get("opted-out")).sum();
    assert_eq!(refused, 1, "{views:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_days_quota_is_used_up_the_rest_goes_to_the_next_channel() {
    let town = town(WeChatFaults { quota: Some(15), late_ms: 3_000, ..WeChatFaults::default() }, 0).await;

    let alert = town.warn(vec![ChannelKind::Sms]).await;

    let live = &town.city.console.live;
    let by_text = || states(&live.progress(Some(alert)), ChannelKind::Sms).get("delivered").copied();
    town.city.until(|| (by_text() == Some(PEOPLE - 15)).then_some(())).await.unwrap();
    let views = live.progress(Some(alert));
    assert_eq!(states(&views, ChannelKind::WeChat)["accepted"], 15, "their receipts are late");
    assert_eq!(states(&views, ChannelKind::WeChat)["failed"], PEOPLE - 15, "nobody waits in vain");
    assert_eq!(town.told(What::Accepted).len(), 15);
    let links = live.engine().links();
    let link = &links[&AccountName("live-wechat".into())];
    assert!(matches!(link, Link::Closed { .. }), "operators see it: {link:?}");
    assert!(views.iter().any(|view| view.is_fallback && view.channel == ChannelKind::Sms), "{views:?}");
    let by_quota: u32 = views.iter().filter_map(|view| view.counts.failed.get("quota")).sum();
    assert_eq!(
        by_quota,
        PEOPLE - 15,
        "whoever is handed over is told of by the platform's own reason: {views:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_else_can_tell_them_a_used_up_quota_lets_the_rest_wait_and_asks_no_more() {
    let town = town(WeChatFaults { quota: Some(15), ..WeChatFaults::default() }, 0).await;

    let alert = town.warn(Vec::new()).await;

    let live = &town.city.console.live;
    // Who was under way when the platform refused waits again; who never was, still.
    let waiting = || {
        let views = live.progress(Some(alert));
        let states = states(&views, ChannelKind::WeChat);
        ["planned", "queued"].iter().filter_map(|state| states.get(state)).sum::<u32>()
    };
    let link = || live.engine().links().get(&AccountName("live-wechat".into())).cloned();
    let rests = || matches!(link(), Some(Link::Closed { .. })) && waiting() == PEOPLE - 15;
    town.city.until(|| rests().then_some(())).await.unwrap();
    assert!(!states(&live.progress(Some(alert)), ChannelKind::WeChat).contains_key("failed"));
    let refused = town.told(What::Refused);
    let once: BTreeSet<_> = refused.iter().map(|entry| &entry.to).collect();
    assert_eq!(refused.len(), once.len(), "who was under way is not asked for again while the account rests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_refused_leaves_everybody_to_the_reserve_and_waits_where_there_is_none() {
    let mut town =
        town_with(WeChatFaults::default(), 0, "", "fallback_every_s = 1\naccount_down_s = 1").await;
    // Somebody has reset the secret at the platform.
    std::fs::write(town.files.path().join("secret"), "another\n").unwrap();
    town.restart().await;
    let live = &town.city.console.live;
    let link = || live.engine().links().get(&AccountName("live-wechat".into())).cloned();
    town.city.until(|| matches!(link(), Some(Link::Refused { .. })).then_some(())).await.unwrap();

    let [alone, with_reserve] = [town.warn(Vec::new()).await, town.warn(vec![ChannelKind::Sms]).await];

    let by_text = || states(&live.progress(Some(with_reserve)), ChannelKind::Sms).get("delivered").copied();
    town.city.until(|| (by_text() == Some(PEOPLE)).then_some(())).await.unwrap();
    let views = live.progress(Some(with_reserve));
    let refused: u32 = views.iter().filter_map(|view| view.counts.failed.get("not-allowed")).sum();
    assert_eq!((refused, town.told(What::Accepted).len()), (PEOPLE, 0));
    assert_eq!(
        states(&live.progress(Some(alone)), ChannelKind::WeChat)["planned"],
        PEOPLE,
        "it may be mended"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_before_the_answer_and_three_times_over_count_once() {
    let faults =
        WeChatFaults { receipt_first: true, thrice: true, block_percent: 20, ..WeChatFaults::default() };
    let town = town(faults, 0).await;

    let alert = town.warn(Vec::new()).await;
    let views = town.settled(alert).await;

    let receipts = town.told(What::Receipt);
    let blocked = receipts.iter().filter(|entry| entry.detail == "failed:user block").count() as u32;
    assert!((1..PEOPLE).contains(&blocked));
    let states = states(&views, ChannelKind::WeChat);
    assert_eq!((states["delivered"], states["failed"]), (PEOPLE - blocked, blocked));
    let unmatched = town.city.console.store.unmatched(mingluo_model::clock::Timestamp(0)).await.unwrap();
    assert!(unmatched.is_empty(), "each found its message, though it came before the answer: {unmatched:?}");
    assert!(
        receipts.iter().all(|entry| entry.id.parse::<u64>().unwrap() > 1 << 53),
        "numbers that a float would round"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_end_while_a_warning_goes_out_cost_nobody_anything() {
    let faults = WeChatFaults { token_seconds: 1, late_ms: 10, ..WeChatFaults::default() };
    let town = town(faults, 0).await;
    let mut warnings = 0;
    while town.platform.asked_for_tokens() < 4 {
        let alert = town.warn(Vec::new()).await;
        let views = town.settled(alert).await;
        assert_eq!(states(&views, ChannelKind::WeChat), BTreeMap::from([("delivered", PEOPLE)]));
        warnings += 1;
    }
    let everybody = warnings * PEOPLE as usize;
    assert_eq!(town.told(What::Accepted).len(), everybody, "everybody once each time");
}
