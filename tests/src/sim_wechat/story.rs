//! Stories of the WeChat channel and its platform, over real sockets.

use super::*;
use crate::{
    sim_ahead::Ahead,
    sim_courier::{Courier, PLAN},
    sim_journal::{Entry, What},
    sim_push::no_tls,
};
use axum::{body::Bytes, extract::RawQuery};
use mingluo_channels::wechat::{Callback, Heard, WeChatChannel, WeChatConfig};
use mingluo_model::{
    alert::Language,
    channel::{SendError, Verdict},
    clock::{Clock, system::SystemClock},
    delivery::Reason,
    grade::Grade,
    message::{Body, Message},
    mode::Live,
    receipt::{AggregateReceipt, ProviderId, Receipt, ReceiptStatus},
};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock},
    time::Duration,
};

/// Our side of the callback: parses and keeps, as the console would.
#[derive(Default)]
pub(super) struct Ear {
    parser: OnceLock<Callback>,
    receipts: Mutex<Vec<Receipt>>,
    jobs: Mutex<Vec<AggregateReceipt>>,
}

impl Ear {
    fn take(&self, query: &str, body: &[u8]) -> String {
        let Some(parser) = self.parser.get() else { return "not ready".into() };
        let Ok(heard) = parser.parse(query, body) else { return "refused".into() };
        let Heard { receipts, jobs, replies, .. } = heard;
        self.receipts.lock().unwrap().extend(receipts);
        self.jobs.lock().unwrap().extend(jobs);
        replies
            .last()
            .map_or("success".into(), |reply| parser.answer(reply, "收到", &mut StdRng::seed_from_u64(1)))
    }

    pub(super) fn heard(&self) -> Vec<Receipt> {
        self.receipts.lock().unwrap().clone()
    }

    /// How mass sends ended.
    pub(super) fn ends(&self) -> Vec<AggregateReceipt> {
        self.jobs.lock().unwrap().clone()
    }
}

/// The platform, our channel and our callback, all in one process.
pub(super) struct Scene {
    pub(super) platform: SimWeChat,
    journal: Arc<Journal>,
    pub(super) channel: WeChatChannel<Live>,
    pub(super) ear: Arc<Ear>,
    pub(super) far_clock: Arc<Ahead>,
    _listening: JoinSet<()>,
    _files: tempfile::TempDir,
}

fn config(port: u16, files: &tempfile::TempDir, secret: &str) -> WeChatConfig {
    let (secret_file, token_file) = (files.path().join("secret"), files.path().join("token"));
    std::fs::write(&secret_file, format!("{secret}\n")).unwrap();
    std::fs::write(&token_file, "pretend-token\n").unwrap();
    serde_json::from_value(json!({
        "name": "oa", "pretend": true, "api_base": format!("http://127.0.0.1:{port}"), "app_id": "wx-pretend",
        "secret_file": secret_file, "token_file": token_file, "templates": ["T1", "N1"], "notices": ["N1"],
        "calls": 8, "per_second": 1000, "mass": { "name": "oa-mass" },
    }))
    .unwrap()
}

pub(super) async fn scene(faults: WeChatFaults) -> Scene {
    set(faults, None).await
}

/// The key of safe mode.
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// The platform and the channel in safe mode; in compatible mode where the seed is even.
async fn safe_scene(faults: WeChatFaults) -> Scene {
    set(faults, Some(AES_KEY.to_owned())).await
}

async fn set(faults: WeChatFaults, aes_key: Option<String>) -> Scene {
    let safe = aes_key.is_some();
    let (ear, mut listening) = (Arc::new(Ear::default()), JoinSet::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let callback = Some(format!("http://{}/wx", listener.local_addr().unwrap()));
    let hearing = Arc::clone(&ear);
    let take =
        async move |RawQuery(query): RawQuery, body: Bytes| hearing.take(&query.unwrap_or_default(), &body);
    listening
        .spawn(async move { axum::serve(listener, Router::new().route("/wx", post(take))).await.unwrap() });

    let far_clock = Ahead::new();
    let journal = Arc::new(Journal::in_memory(far_clock.clone()));
    let account = WeChatAccount {
        app_id: "wx-pretend".into(),
        secret: "pretend-secret".into(),
        callback,
        token: "pretend-token".into(),
        aes_key,
        compatible: faults.seed.is_multiple_of(2),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let platform = SimWeChat::start(listener, account, faults, journal.clone(), far_clock.clone()).unwrap();
    let files = tempfile::tempdir().unwrap();
    let mut config = config(platform.address().port(), &files, "pretend-secret");
    config.aes_key_file = safe.then(|| {
        let file = files.path().join("aes");
        std::fs::write(&file, AES_KEY).unwrap();
        file
    });
    let channel = WeChatChannel::<Live>::new(config, SystemClock::shared()).unwrap();
    assert!(ear.parser.set(channel.callback()).is_ok());
    Scene { platform, journal, channel, ear, far_clock, _listening: listening, _files: files }
}

impl Scene {
    async fn courier(&self) -> Courier {
        Courier::open(&self.channel, message("T1")).await.unwrap()
    }

    /// A follower acts; what the platform answers.
    pub(super) async fn act(&self, what: &'static str) -> Value {
        let door = format!("http://{}/pretend/follower", self.platform.address());
        let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(no_tls().unwrap());
        let act = client.build().unwrap().post(door).body(what);
        act.send().await.unwrap().json().await.unwrap()
    }

    pub(super) fn told(&self, what: What) -> Vec<Entry> {
        self.journal.entries().into_iter().filter(|entry| entry.what == what).collect()
    }

    pub(super) async fn until_told(&self, what: What, lines: usize) {
        while self.told(what).len() < lines {
            self.far_clock.sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A red warning by one of the account's templates, and whole.
pub(super) fn message(template_id: &str) -> Message<Live> {
    let fields = BTreeMap::from([("thing1".into(), "暴雨红色预警".into())]);
    let (template_id, url, text) = (template_id.into(), String::new(), "暴雨红色预警\n请立即转移".into());
    let body = Body::WeChat { template_id, fields, url, text };
    Message::new(PLAN.parse().unwrap(), Grade::Red, Language::chinese(), body)
}

pub(super) fn followers(number: usize) -> Vec<String> {
    (0..number).map(|follower| format!("oPretend{follower:04}")).collect()
}

pub(super) fn ids(verdicts: &[Verdict]) -> Vec<ProviderId> {
    let id = |verdict: &Verdict| match verdict {
        Verdict::Accepted(Some(id)) => id.clone(),
        other => panic!("{other:?}"),
    };
    verdicts.iter().map(id).collect()
}

#[tokio::test]
async fn every_follower_has_a_receipt_under_the_number_of_the_answer() {
    let scene = scene(WeChatFaults { block_percent: 30, ..WeChatFaults::default() }).await;
    let to = followers(40);

    let numbers = ids(&scene.courier().await.deliver(&to, 1).await.unwrap());
    scene.until_told(What::Receipt, 40).await;

    let by_number: BTreeMap<_, _> =
        scene.ear.heard().into_iter().map(|r| (r.provider_id.clone(), r)).collect();
    assert_eq!(by_number.len(), 40);
    for (number, follower) in numbers.iter().zip(&to) {
        let blocked = Dice { seed: 1 }.strikes("block", follower, 30);
        let expected =
            if blocked { ReceiptStatus::Failed(Reason::Blocked) } else { ReceiptStatus::Delivered };
        let receipt = &by_number[number];
        assert_eq!((receipt.status, receipt.to.as_ref().unwrap().expose()), (expected, follower.as_str()));
    }
}

#[tokio::test]
async fn a_token_that_dies_in_mid_run_is_renewed_once_and_nobody_is_lost() {
    let scene = scene(WeChatFaults::default()).await;
    let mut courier = scene.courier().await;
    let to = followers(48);
    ids(&courier.deliver(&to[..24], 1).await.unwrap());
    scene.far_clock.set(Duration::from_hours(3));

    ids(&courier.deliver(&to, 1).await.unwrap());

    assert_eq!(
        scene.platform.asked_for_tokens(),
        2,
        "one at the start, one for eight calls that found it dead"
    );
    assert_eq!(scene.told(What::Accepted).len(), 48);
}

#[tokio::test]
async fn the_same_delivery_sent_again_is_the_same_message() {
    let scene = scene(WeChatFaults::default()).await;
    let mut courier = scene.courier().await;
    let first = ids(&courier.deliver(&followers(3), 1).await.unwrap());
    let second = ids(&courier.deliver(&followers(3), 2).await.unwrap());
    assert_eq!(first, second);
    assert_eq!(scene.told(What::Accepted).len(), 3);
}

#[tokio::test]
async fn a_used_up_quota_is_the_accounts_and_not_the_followers() {
    let scene = scene(WeChatFaults { quota: Some(5), ..WeChatFaults::default() }).await;
    let verdicts = scene.courier().await.deliver(&followers(12), 1).await.unwrap();
    let quota = |v: &&Verdict| matches!(v, Verdict::Closed(refusal) if refusal.reason == Reason::Quota);
    assert_eq!((verdicts.iter().filter(quota).count(), scene.told(What::Accepted).len()), (7, 5));
}

#[tokio::test]
async fn receipts_come_before_the_answer_twice_or_never() {
    let faults =
        WeChatFaults { receipt_first: true, double: true, silent_percent: 50, ..WeChatFaults::default() };
    let scene = scene(faults).await;

    ids(&scene.courier().await.deliver(&followers(20), 1).await.unwrap());

    // All answers are here, so all receipts that ever come have come.
    let (heard, silent) = (scene.ear.heard(), scene.told(What::Withheld));
    assert!((1..20).contains(&silent.len()));
    assert_eq!(heard.len(), 2 * (20 - silent.len()));
    assert!(
        heard
            .iter()
            .all(|receipt| silent.iter().all(|entry| entry.id.as_bytes() != receipt.provider_id.bytes()))
    );
}

#[tokio::test]
async fn a_busy_platform_costs_no_attempt() {
    let scene = scene(WeChatFaults { busy_percent: 100, ..WeChatFaults::default() }).await;
    let verdicts = scene.courier().await.deliver(&followers(2), 1).await.unwrap();
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Busy { .. })), "{verdicts:?}");
}

#[tokio::test]
async fn a_wrong_secret_shows_before_anything_is_sent() {
    let scene = scene(WeChatFaults::default()).await;
    let files = tempfile::tempdir().unwrap();
    let config = config(scene.platform.address().port(), &files, "wrong");
    let channel = WeChatChannel::<Live>::new(config, SystemClock::shared()).unwrap();
    let opened = mingluo_model::channel::Channel::open(&channel).await;
    let Err(SendError::Refused { detail }) = opened.map(|_| ()) else {
        panic!("the account must be refused")
    };
    assert!(detail.starts_with("40125"), "{detail}");
}

#[tokio::test]
async fn a_platform_that_is_gone_holds_everything_back() {
    let scene = scene(WeChatFaults::default()).await;
    let mut courier = scene.courier().await;
    let Scene { platform, .. } = scene;
    drop(platform);
    tokio::task::yield_now().await;
    let verdicts = courier.deliver(&followers(2), 1).await.unwrap();
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Busy { .. })), "{verdicts:?}");
}

#[tokio::test]
async fn in_safe_and_compatible_mode_every_receipt_is_read() {
    for seed in [1, 2] {
        let faults = WeChatFaults { block_percent: 30, thrice: true, seed, ..WeChatFaults::default() };
        let scene = safe_scene(faults).await;
        let numbers = ids(&scene.courier().await.deliver(&followers(20), 1).await.unwrap());
        scene.until_told(What::Receipt, 20).await;
        let heard = scene.ear.heard();
        assert_eq!(heard.len(), 60, "each of them thrice");
        let named: std::collections::BTreeSet<_> =
            heard.into_iter().map(|receipt| receipt.provider_id).collect();
        assert_eq!(named, numbers.into_iter().collect());
    }
}

#[tokio::test]
async fn in_safe_mode_the_platform_reads_what_a_follower_is_told() {
    for scene in [scene(WeChatFaults::default()).await, safe_scene(WeChatFaults::default()).await] {
        let answer = scene.act(r#"{"openid": "o1", "words": "退订"}"#).await;
        assert_eq!(answer, json!({ "said": "收到" }));
    }
}

/// What a call that is answered with a code amounts to.
async fn answered(errcode: i64) -> Verdict {
    let scene = scene(WeChatFaults { always: Some(errcode), ..WeChatFaults::default() }).await;
    let verdict = scene.courier().await.deliver(&followers(1), 1).await.unwrap().remove(0);
    let asked = scene.platform.asked_for_tokens();
    let dead = matches!(errcode, 40_001 | 40_014 | 42_001 | 41_001);
    assert_eq!(
        asked,
        if dead { 2 } else { 1 },
        "{errcode}: a dead token is renewed once and never in a loop"
    );
    verdict
}

#[tokio::test]
async fn every_code_of_the_platform_is_taken_for_what_it_means() {
    use Reason::{BadAddress, Blocked, Content, NotAllowed, Quota};
    let permanent: [(Reason, &[i64]); 3] = [
        (BadAddress, &[40_003, 46_004]),
        (Blocked, &[43_004, 43_019, 43_101, 48_002, 50_005]),
        (Content, &[40_037, 47_003, 47_001, 40_033, 45_002, 41_030, 87_014]),
    ];
    for (reason, codes) in permanent {
        for code in codes {
            let verdict = answered(*code).await;
            assert!(
                matches!(&verdict, Verdict::Permanent(refusal) if refusal.reason == reason),
                "{code}: {verdict:?}"
            );
        }
    }
    // The account's own: it is closed, and nothing is said of the follower.
    let closed: [(Reason, &[i64]); 2] = [
        (Quota, &[45_009, 45_028, 48_006]),
        (NotAllowed, &[48_001, 48_003, 48_004, 48_008, 50_002, 40_164, 89_503, 61_007, 40_013, 40_125]),
    ];
    for (reason, codes) in closed {
        for code in codes {
            let verdict = answered(*code).await;
            assert!(
                matches!(&verdict, Verdict::Closed(refusal) if refusal.reason == reason),
                "{code}: {verdict:?}"
            );
        }
    }
    for code in [-1, 45_011, 45_066] {
        assert!(matches!(answered(code).await, Verdict::Busy { .. }), "{code}");
    }
    for code in [40_001, 40_014, 42_001, 41_001] {
        // The platform gives the same token again: it is not called with it, and costs nobody a try.
        let five_seconds = Verdict::Busy { retry_after: Duration::from_secs(5) };
        assert_eq!(answered(code).await, five_seconds, "{code}");
    }
}
