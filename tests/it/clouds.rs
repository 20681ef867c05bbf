//! A whole city that sends through a cloud provider: the officer's verbs at one end, the pretend provider at the other,
//! pushes through the console's own door.

use mingluo_console::{api, office::OfficeError, people::People};
use mingluo_dispatch::view::PlanView;
use mingluo_model::{
    audience::ChannelKind,
    clock::{SharedClock, system::SystemClock},
    mode::ModeKind,
    owner::Role,
};
use mingluo_rehearsal::{
    city::{City, CityOrder},
    sim_cloud::{CloudAccount, CloudFaults, SimCloud},
    sim_journal::{Entry, Journal, What},
};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};

const TOKEN: &str = "pretend-token-0123456789";
const WORDS: &str = "抚顺市发布${event}，影响${area}。${advice}。";

/// So long that phones put it together from two parts.
const LONG: &str = "抚顺市应急管理局会同气象、水利、自然资源部门联合发布${event}，影响${area}。${advice}。请勿靠近河道、山谷和\
                    陡坡，妥善安置老人、儿童和牲畜，留意村里的广播和后续通知。";

/// A Tencent account whose turn comes first, so that it sends. Its pushes do not name the call.
fn tencent(api_base: &str, files: &Path, words: &str) -> String {
    write_secrets(files);
    let at = |name: &str| files.join(name).display().to_string();
    let words = numbered(words);
    format!(
        "[[live.tencent]]\nname = \"a-tencent\"\nrank = 1\npretend = true\napi_base = {api_base:?}\nanswer_seconds = 1\n\
         secret_id = \"pretend-id\"\nsecret_key_file = {:?}\ncallback_token_file = {:?}\n\
         sdk_app_id = \"1400000000\"\nsign_name = \"抚顺应急\"\ncalls = 8\nwindow = 4000\nper_second = 2000\n\
         [[live.tencent.templates]]\ncode = \"100001\"\ntext = {words:?}\n\
         variables.1 = {{ words = \"{{event}}\", longest = 12 }}\n\
         variables.2 = {{ words = \"{{area}}\", longest = 12, otherwise = \"相关地区\" }}\n\
         variables.3 = {{ words = \"{{advice}}\", longest = 12, otherwise = \"请立即避险\" }}\n",
        at("secret"),
        at("token"),
    )
}

/// The words as Tencent writes its variables.
fn numbered(words: &str) -> String {
    words.replace("${event}", "{1}").replace("${area}", "{2}").replace("${advice}", "{3}")
}

fn write_secrets(files: &Path) {
    std::fs::write(files.join("secret"), "pretend-secret\n").unwrap();
    std::fs::write(files.join("token"), TOKEN).unwrap();
}

/// An Alibaba account whose turn comes first, so that it sends.
fn alibaba(api_base: &str, files: &Path, words: &str, answer_seconds: u32) -> String {
    write_secrets(files);
    let at = |name: &str| files.join(name).display().to_string();
    format!(
        "[[live.alibaba]]\nname = \"alibaba\"\nrank = 1\npretend = true\napi_base = {api_base:?}\n\
         access_key_id = \"pretend-id\"\naccess_key_secret_file = {:?}\ncallback_token_file = {:?}\n\
         sign_name = \"抚顺应急\"\ncalls = 8\nwindow = 4000\nper_second = 2000\npull_after_s = 1\n\
         answer_seconds = {answer_seconds}\n\
         [[live.alibaba.templates]]\ncode = \"SMS_1\"\ntext = {words:?}\n\
         variables.event = {{ words = \"{{event}}\", longest = 20 }}\n\
         variables.area = {{ words = \"{{area}}\", longest = 30, otherwise = \"相关地区\" }}\n\
         variables.advice = {{ words = \"{{advice}}\", longest = 25 }}\n",
        at("secret"),
        at("token"),
    )
}

struct Town {
    city: City,
    provider: SimCloud,
    journal: Arc<Journal>,
    door: String,
    _files: tempfile::TempDir,
    _serving: JoinSet<()>,
}

/// Makes the part of the configuration that is about the cloud: the provider's address, and where secrets may lie.
type Account = dyn Fn(&str, &Path) -> String;

async fn town(faults: CloudFaults, recipients: u32) -> Town {
    town_with(faults, recipients, WORDS, &|base, files| alibaba(base, files, WORDS, 10)).await
}

async fn town_with(faults: CloudFaults, recipients: u32, words: &str, account: &Account) -> Town {
    let clock: SharedClock = SystemClock::shared();
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", door.local_addr().unwrap());
    let pretend = CloudAccount {
        id: "pretend-id".into(),
        secret: "pretend-secret".into(),
        sdk_app_id: "1400000000".into(),
        sign_name: "抚顺应急".into(),
        templates: vec![format!("SMS_1={words}"), format!("100001={}", numbered(words))],
        alibaba_callback: Some(format!("{address}/callback/sms/alibaba/{TOKEN}")),
        tencent_callback: Some(format!("{address}/callback/sms/a-tencent/{TOKEN}")),
    };
    let journal = Arc::new(Journal::in_memory(clock.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let provider = SimCloud::start(listener, pretend, faults, Arc::clone(&journal), clock.clone()).unwrap();
    let files = tempfile::tempdir().unwrap();
    let more = account(&format!("http://{}", provider.address()), files.path());
    let order = CityOrder { recipients, receipts_within_s: 60, more, ..CityOrder::default() };
    let city = City::start(order).await.unwrap();
    let people = Arc::new(People::new(Arc::clone(&city.console.store), clock));
    let routes = api::routes(&city.console, &people);
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(door, routes).await.unwrap() });
    Town { city, provider, journal, door: address, _files: files, _serving: serving }
}

impl Town {
    /// Warns everybody, in red, and waits until it is settled; how many stand where.
    async fn warned(&self) -> BTreeMap<String, u32> {
        let live = &self.city.console.live;
        let order = self.city.order("red", "请立即转移到高处。", Duration::from_hours(1));
        let alert = self.city.issue(live, &order).await.unwrap();
        let views = self.city.settled(live, alert.id).await.unwrap();
        assert!(views.iter().all(|view| view.parts == 2), "the words are of two parts");
        states(&views)
    }

    /// How often each number was taken, at most.
    fn most_often_taken(&self) -> usize {
        let mut often: BTreeMap<String, usize> = BTreeMap::new();
        for entry in self.told(What::Accepted) {
            *often.entry(entry.to).or_default() += 1;
        }
        often.into_values().max().unwrap_or(0)
    }

    /// Pushes to the console's door: status, type and words of the answer.
    async fn push(&self, path: &str, body: &'static str) -> (u16, String, String) {
        let client =
            reqwest::Client::builder().no_proxy().tls_backend_preconfigured(no_tls()).build().unwrap();
        let response =
            client.post(format!("{}/callback/sms/{path}", self.door)).body(body).send().await.unwrap();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        (response.status().as_u16(), kind.unwrap_or_default(), response.text().await.unwrap())
    }

    fn told(&self, what: What) -> Vec<Entry> {
        self.journal.entries().into_iter().filter(|entry| entry.what == what).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_are_warned_through_a_cloud_and_a_few_bad_numbers_sink_nobody() {
    let faults = CloudFaults {
        bad_percent: 2,
        undelivered_percent: 3,
        lost_percent: 2,
        double: true,
        ..CloudFaults::default()
    };
    let town = town(faults, 1_000).await;
    let live = &town.city.console.live;
    let order = town.city.order("red", "这些话比模板长，云服务商不收。", Duration::from_hours(1));

    let alert = town.city.issue(live, &order).await.unwrap();
    let views = town.city.settled(live, alert.id).await.unwrap();

    let states = states(&views);
    let taken = town.told(What::Accepted);
    let arrived: std::collections::BTreeSet<String> = town
        .told(What::Receipt)
        .into_iter()
        .filter(|entry| entry.detail.starts_with("arrived"))
        .map(|entry| entry.to)
        .collect();
    assert!((900..1_000).contains(&taken.len()) && arrived.len() < taken.len(), "{}", taken.len());
    assert!(!town.told(What::Withheld).is_empty(), "some pushes were lost and had to be asked for");
    let failed = 1_000 - arrived.len() as u32;
    assert_eq!(
        states,
        BTreeMap::from([("delivered".into(), arrived.len() as u32), ("failed".into(), failed)])
    );
    assert!(town.provider.sends() >= 50, "runs are a hundredth of the licence: twenty numbers a call");

    // What was previewed is what phones show.
    let preview = live.preview(&alert).await.unwrap().sms.remove(0).shown.unwrap();
    assert!(taken.iter().all(|entry| entry.detail == format!("alibaba {}", preview.texts.concat())));
    assert!(preview.texts[0].starts_with("【抚顺应急】抚顺市发布暴雨红色预警，影响"), "{:?}", preview.texts);
}

fn states(views: &[PlanView]) -> BTreeMap<String, u32> {
    let mut states: BTreeMap<String, u32> = BTreeMap::new();
    for (state, count) in views.iter().flat_map(|view| &view.counts.states) {
        *states.entry((*state).to_string()).or_default() += count;
    }
    states
}

/// The provider takes every call and answers none; receipts come before the call is given up, or after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_a_mute_provider_took_is_known_by_the_receipt_and_hears_it_once() {
    for late_ms in [0, 1_500] {
        let faults = CloudFaults { mute_percent: 100, late_ms, ..CloudFaults::default() };
        let alibaba = |base: &str, files: &Path| alibaba(base, files, LONG, 1);
        let town = town_with(faults, 60, LONG, &alibaba).await;
        assert_eq!(town.warned().await, BTreeMap::from([("delivered".into(), 60)]), "{late_ms}");
        assert_eq!((town.told(What::Accepted).len(), town.most_often_taken()), (60, 1), "{late_ms}");
    }
}

/// As above, but the receipts do not say which call they are about: the address does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_without_its_calls_name_finds_who_is_in_doubt_by_the_address() {
    for late_ms in [0, 1_500] {
        let faults = CloudFaults { mute_percent: 100, late_ms, ..CloudFaults::default() };
        let tencent = |base: &str, files: &Path| tencent(base, files, LONG);
        let town = town_with(faults, 60, LONG, &tencent).await;
        assert_eq!(town.warned().await, BTreeMap::from([("delivered".into(), 60)]), "{late_ms}");
        assert_eq!((town.told(What::Accepted).len(), town.most_often_taken()), (60, 1), "{late_ms}");
    }
}

/// Half of the calls are never answered, and receipts come after the resend: everybody hears it, nobody thrice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_red_without_answer_and_receipt_is_sent_again_once() {
    let faults = CloudFaults { mute_percent: 50, late_ms: 6_000, ..CloudFaults::default() };
    let town = town_with(faults, 60, LONG, &|base, files| alibaba(base, files, LONG, 1)).await;
    assert_eq!(town.warned().await, BTreeMap::from([("delivered".into(), 60)]));
    assert_eq!(town.most_often_taken(), 2);
}

/// The officer hears of it while there is time to choose another channel, not when everybody's message failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_that_the_provider_has_in_other_words_is_told_when_a_warning_is_drafted() {
    let other = |base: &str, files: &Path| alibaba(base, files, LONG, 10);
    let town = town_with(CloudFaults::default(), 1, WORDS, &other).await;
    let live = &town.city.console.live;
    let (author, order) = (
        town.city.officer(1, &[Role::Author]),
        town.city.order("red", "请立即转移。", Duration::from_hours(1)),
    );
    for _ in 0..200 {
        match live.draft(&author, &order).await {
            Err(OfficeError::Unfit { channel: ChannelKind::Sms, .. }) => return,
            Err(error) => panic!("{error}"),
            // The provider was not asked yet.
            Ok(_) => town.city.console.clock.sleep(Duration::from_millis(25)).await,
        }
    }
    panic!("five seconds passed, and nobody told of the template");
}

/// The provider takes longer to answer than the shortest drain of an orderly stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_stop_waits_as_long_as_the_provider_may_answer() {
    let faults = CloudFaults { slow_ms: 5_500, late_ms: 60_000, ..CloudFaults::default() };
    let town = town_with(faults, 20, LONG, &|base, files| alibaba(base, files, LONG, 10)).await;
    let live = &town.city.console.live;
    let order = town.city.order("red", "请立即转移到高处。", Duration::from_hours(1));
    let alert = town.city.issue(live, &order).await.unwrap();
    // Two runs of ten: what had not left by the stop would not leave any more.
    town.city.until(|| (town.provider.sends() > 1).then_some(())).await.unwrap();
    town.city.console.shutdown().await;
    let states = states(&live.progress(Some(alert.id)));
    assert_eq!(states, BTreeMap::from([("accepted".into(), 20)]), "nobody is in doubt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_without_the_secret_is_not_heard() {
    let town = town(CloudFaults::default(), 1).await;
    assert_eq!(town.push("alibaba/guessed", "[]").await.0, 403);
    assert_eq!(town.push(&format!("nobody/{TOKEN}"), "[]").await.0, 404);
    assert_eq!(town.push(&format!("alibaba/{TOKEN}"), "{}").await.0, 400);
    let heard = town.push(&format!("alibaba/{TOKEN}"), "[]").await;
    let answer = r#"{"code":0,"msg":"接收成功"}"#.to_owned();
    assert_eq!(heard, (200, "application/json".to_owned(), answer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_refuses_through_a_cloud_is_taken_off_before_the_provider_hears_that_it_was_received() {
    let town =
        town_with(CloudFaults::default(), 2, LONG, &|base, files| alibaba(base, files, LONG, 10)).await;
    let wrote = r#"[{"phone_number":"19730600001","send_time":"2026-11-23 08:00:00","content":"退订",
                     "sign_name":"抚顺应急","dest_code":"01","sequence_id":"7"}]"#;
    assert_eq!(town.push(&format!("alibaba/{TOKEN}"), wrote).await.0, 200);
    let kept = town.city.console.store.replies(ModeKind::Live, None, 9).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|one| (one.account.0.as_str(), one.reply.words.as_str())).collect();
    assert_eq!(kept, [("alibaba", "退订")]);
    let other = r#"[{"template_code":"SMS_1","template_status":"approved"}]"#;
    assert_eq!(town.push(&format!("alibaba/{TOKEN}"), other).await.0, 400, "not received: nobody read it");

    town.warned().await;
    let taken: Vec<_> = town.told(What::Accepted).into_iter().map(|entry| entry.to).collect();
    assert_eq!(taken, ["19730600000"]);
}

fn no_tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.unwrap().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}
