//! A whole city that sends through a cloud provider: the officer's verbs at one end, the pretend provider at the other,
//! pushes through the console's own door.

use mingluo_console::{api, people::People};
use mingluo_model::clock::{SharedClock, system::SystemClock};
use mingluo_rehearsal::{
    city::{City, CityOrder},
    sim_cloud::{CloudAccount, CloudFaults, SimCloud},
    sim_journal::{Entry, Journal, What},
};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};

const TOKEN: &str = "pretend-token-0123456789";
const WORDS: &str = "抚顺市发布${event}，影响${area}。${advice}。";

/// An Alibaba account whose name comes first, so that it sends.
fn account(api_base: &str, files: &Path) -> String {
    std::fs::write(files.join("secret"), "pretend-secret\n").unwrap();
    std::fs::write(files.join("token"), TOKEN).unwrap();
    let at = |name: &str| files.join(name).display().to_string();
    format!(
        "[[live.alibaba]]\nname = \"alibaba\"\npretend = true\napi_base = {api_base:?}\n\
         access_key_id = \"pretend-id\"\naccess_key_secret_file = {:?}\ncallback_token_file = {:?}\n\
         sign_name = \"抚顺应急\"\ncalls = 8\nwindow = 4000\nper_second = 2000\npull_after_s = 1\n\
         [[live.alibaba.templates]]\ncode = \"SMS_1\"\ntext = {WORDS:?}\n\
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

async fn town(faults: CloudFaults, recipients: u32) -> Town {
    let clock: SharedClock = SystemClock::shared();
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", door.local_addr().unwrap());
    let pretend = CloudAccount {
        id: "pretend-id".into(),
        secret: "pretend-secret".into(),
        sdk_app_id: String::new(),
        sign_name: "抚顺应急".into(),
        templates: vec![format!("SMS_1={WORDS}")],
        alibaba_callback: Some(format!("{address}/callback/sms/alibaba/{TOKEN}")),
        tencent_callback: None,
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

    let mut states: BTreeMap<String, u32> = BTreeMap::new();
    for (state, count) in views.iter().flat_map(|view| &view.counts.states) {
        *states.entry((*state).to_string()).or_default() += count;
    }
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
    let preview = live.preview(&alert).unwrap().sms.unwrap();
    assert!(taken.iter().all(|entry| entry.detail == format!("alibaba {}", preview.texts.concat())));
    assert!(preview.texts[0].starts_with("【抚顺应急】抚顺市发布暴雨红色预警，影响"), "{:?}", preview.texts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_without_the_secret_is_not_heard() {
    let town = town(CloudFaults::default(), 1).await;
    let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(no_tls()).build().unwrap();
    let push = async |path: &str, body: &'static str| {
        let response =
            client.post(format!("{}/callback/sms/{path}", town.door)).body(body).send().await.unwrap();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        (response.status().as_u16(), kind.unwrap_or_default(), response.text().await.unwrap())
    };
    assert_eq!(push("alibaba/guessed", "[]").await.0, 403);
    assert_eq!(push(&format!("nobody/{TOKEN}"), "[]").await.0, 404);
    assert_eq!(push(&format!("alibaba/{TOKEN}"), "{}").await.0, 400);
    let heard = push(&format!("alibaba/{TOKEN}"), "[]").await;
    let answer = r#"{"code":0,"msg":"接收成功"}"#.to_owned();
    assert_eq!(heard, (200, "application/json".to_owned(), answer));
}

fn no_tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.unwrap().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}
