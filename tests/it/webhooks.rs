//! Webhooks: what those who subscribed are told of a warning, from its release to its lift, and what they are not told.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use mingluo_console::{api, office::Follow, people::People};
use mingluo_ledger::store::{WebhookAttempt, WebhookFate};
use mingluo_model::{
    alert::{Alert, AlertState},
    clock::{Clock as _, SharedClock, Timestamp, system::SystemClock, within},
    id::AlertId,
    mode::Live,
    owner::Role,
};
use mingluo_rehearsal::city::{City, CityOrder};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Requests that wait for a story to look at them; more than any story causes.
const MOST_HEARD: usize = 1_000;

/// How long a story waits for a request before it fails.
const PATIENCE: Duration = Duration::from_secs(40);

/// A request as a target got it.
struct Heard {
    headers: HeaderMap,
    raw: String,
    body: Value,
    at: Timestamp,
}

impl Heard {
    fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    /// The type, and the warning.
    fn what(&self) -> (&str, AlertId) {
        (self.body["type"].as_str().unwrap(), self.body["data"]["id"].as_str().unwrap().parse().unwrap())
    }
}

/// What a target answers next; 204 when nothing is said.
type Answers = Arc<Mutex<VecDeque<u16>>>;

/// A target that hears.
struct Ear {
    url: String,
    answers: Answers,
    heard: mpsc::Receiver<Heard>,
    _serving: JoinSet<()>,
}

async fn hear(
    State((answers, tell)): State<(Answers, mpsc::Sender<Heard>)>,
    headers: HeaderMap,
    raw: String,
) -> StatusCode {
    let answer = answers.lock().unwrap().pop_front().unwrap_or(204);
    let body = serde_json::from_str(&raw).unwrap();
    tell.send(Heard { headers, raw, body, at: SystemClock::shared().now() }).await.unwrap();
    StatusCode::from_u16(answer).unwrap()
}

impl Ear {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/warnings", listener.local_addr().unwrap());
        let (answers, (tell, heard)) = (Answers::default(), mpsc::channel(MOST_HEARD));
        let routes = Router::new().route("/warnings", post(hear)).with_state((Arc::clone(&answers), tell));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, answers, heard, _serving: serving }
    }

    async fn next(&mut self) -> Heard {
        let clock = SystemClock::shared();
        within(clock.as_ref(), PATIENCE, self.heard.recv()).await.expect("the story goes on").unwrap()
    }
}

/// A city that tells its targets, and serves its feed.
struct Town {
    city: City,
    http: reqwest::Client,
    _home: tempfile::TempDir,
    _serving: JoinSet<()>,
}

/// A city with these targets: name, address and more of the configuration.
async fn town(hold_ms: u32, targets: &[(&str, &str, &str)]) -> Town {
    let clock: SharedClock = SystemClock::shared();
    let home = tempfile::tempdir().unwrap();
    let secret = home.path().join("webhook.secret");
    std::fs::write(&secret, SECRET).unwrap();
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut more = format!("[feed]\nurl = \"http://{}\"\n", door.local_addr().unwrap());
    for (name, url, keys) in targets {
        let secret = secret.display();
        let lines = [
            "[[webhook]]".to_owned(),
            format!("name = {name:?}\nurl = {url:?}\nsecret_file = \"{secret}\""),
            format!("pretend = true\n{keys}\n"),
        ];
        more.push_str(&lines.join("\n"));
    }
    let city = City::start(CityOrder { hold_ms, more, ..CityOrder::default() }).await.unwrap();
    let people = Arc::new(People::new(Arc::clone(&city.console.store), clock));
    let routes = api::routes(&city.console, &people);
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(door, routes).await.unwrap() });
    Town { city, http: super::mail::client(), _home: home, _serving: serving }
}

impl Town {
    async fn warn(&self, grade: &str) -> Alert<Live> {
        let order = self.city.order(grade, "预计三小时内降雨100毫米以上。", Duration::from_hours(1));
        self.city.issue(&self.city.console.live, &order).await.unwrap()
    }

    /// What becomes of a warning at a target, once that is known.
    async fn fate(&self, target: &str, alert: AlertId) -> WebhookFate {
        let store = &self.city.console.store;
        let look = async || {
            let standing = store.webhook_standing(target, alert).await.unwrap()?;
            (standing.fate != WebhookFate::Waiting).then_some(standing.fate)
        };
        self.city.until_told(Duration::from_millis(50), look).await.unwrap()
    }

    /// What the log says of a target, the first request first, once there are so many that ended.
    async fn log(&self, target: &str, least: usize) -> Vec<WebhookAttempt> {
        let look = async || {
            let mut log = self.city.console.store.webhook_log(Some(target), 100).await.unwrap();
            log.retain(|attempt| attempt.end.is_some());
            log.reverse();
            (log.len() >= least).then_some(log)
        };
        self.city.until_told(Duration::from_millis(50), look).await.unwrap()
    }
}

/// Whether the library that receivers use verifies these requests; `None` where it is not installed and nobody insists.
fn verified(heard: &[&Heard]) -> Option<Vec<bool>> {
    let Some(python) = std::env::var_os("MINGLUO_SIGNERS") else {
        assert!(std::env::var_os("MINGLUO_NEED_SIGNERS").is_none(), "set MINGLUO_SIGNERS as tests/run does");
        eprintln!("SKIPPED, NOT TESTED: MINGLUO_SIGNERS names no Python with the oracles");
        return None;
    };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interop/signers");
    let mut command = Command::new(python);
    let pipes = command.arg("verify_webhook.py").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.current_dir(folder).spawn().unwrap();
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    for heard in heard {
        let headers: serde_json::Map<String, Value> = names
            .map(|name| (name.to_owned(), heard.headers[name].to_str().unwrap().into()))
            .into_iter()
            .collect();
        let now: i64 = heard.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
        let case = json!({ "secret": SECRET, "body": heard.raw, "headers": headers, "now": now });
        writeln!(child.stdin.as_mut().unwrap(), "{case}").unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    Some(said.lines().map(|line| line == "true").collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_is_told_of_a_warning_after_its_hold_and_of_its_lift_under_signatures_that_verify() {
    let mut ear = Ear::open().await;
    let town = town(1_500, &[("media", &ear.url, "")]).await;
    let first = town.warn("red").await;
    let AlertState::Released { hold_until, .. } = first.state else { unreachable!() };

    let released = ear.next().await;
    assert!(released.at >= hold_until, "not before the hold is over");
    assert_eq!(released.what(), ("alert.released", first.id));
    let data = &released.body["data"];
    assert_eq!(
        (&data["mode"], &data["grade"], &data["event"]),
        (&json!("live"), &json!("red"), &json!("暴雨"))
    );
    assert_eq!(data["area"]["regions"], json!(["210423"]));
    let document = town.http.get(data["address"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(document.text().await.unwrap(), data["cap"], "what stands at the address");

    let lift = town.city.follow("red", "降雨已经停止。", Follow::Lift(first.id)).await.unwrap();
    let lifted = ear.next().await;
    assert_eq!(lifted.what(), ("alert.lifted", lift.id));
    assert_eq!(lifted.body["data"]["follows"], json!(first.id));
    let address = lifted.body["data"]["address"].as_str().unwrap();
    let document = town.http.get(address).send().await.unwrap().text().await.unwrap();
    assert_eq!(document, lifted.body["data"]["cap"], "a Cancel that references the first");
    assert!(document.contains("<references>"), "{document}");
    assert_ne!(released.id(), lifted.id());
    if let Some(said) = verified(&[&released, &lifted]) {
        assert_eq!(said, [true, true]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recalled_in_its_hold_is_told_to_nobody() {
    let mut ear = Ear::open().await;
    let town = town(3_000, &[("media", &ear.url, "")]).await;
    let recalled = town.warn("red").await.id;
    town.city.console.live.recall(&town.city.officer(3, &[Role::Releaser]), recalled).await.unwrap();
    let second = town.warn("red").await.id;
    assert_eq!(ear.next().await.what(), ("alert.released", second));
    assert_eq!(town.fate("media", recalled).await, WebhookFate::NeverPublic);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_busy_gets_the_same_event_again_and_one_that_is_away_holds_up_nobody() {
    let mut ear = Ear::open().await;
    ear.answers.lock().unwrap().extend([503, 503]);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let away = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    let town = town(0, &[("away", &away, ""), ("media", &ear.url, "")]).await;
    let warning = town.warn("red").await.id;

    let mut ids = Vec::new();
    for _ in 0..3 {
        let heard = ear.next().await;
        assert_eq!(heard.what(), ("alert.released", warning));
        ids.push(heard.id().to_owned());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(town.fate("media", warning).await, WebhookFate::Taken);
    let answers: Vec<_> =
        town.log("media", 3).await.into_iter().map(|attempt| attempt.end.unwrap().answer).collect();
    assert_eq!(answers, [Ok(503), Ok(503), Ok(204)]);
    let away = town.log("away", 1).await;
    assert_eq!(away[0].end.as_ref().unwrap().answer, Err("no-connection".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drills_and_other_regions_go_only_to_who_wants_them() {
    let (mut plain, mut keen, far) = (Ear::open().await, Ear::open().await, Ear::open().await);
    let targets = [
        ("plain", plain.url.as_str(), ""),
        ("keen", keen.url.as_str(), "drills = true"),
        ("far", far.url.as_str(), "regions = [\"210403\"]\ndrills = true"),
    ];
    let town = town(0, &targets).await;
    let order = town.city.order("red", "演练：请转移。", Duration::from_hours(1));
    let drill = town.city.issue(&town.city.console.drill, &order).await.unwrap().id;
    let heard = keen.next().await;
    assert_eq!(heard.what(), ("drill.released", drill));
    let data = &heard.body["data"];
    assert_eq!((&data["mode"], &data["address"]), (&json!("drill"), &Value::Null));
    assert!(data["headline"].as_str().unwrap().starts_with("【演练】"), "{data}");
    assert!(data["cap"].as_str().unwrap().contains("<status>Exercise</status>"), "{data}");

    let warning = town.warn("red").await.id;
    assert_eq!(plain.next().await.what(), ("alert.released", warning), "the drill never came here");
    assert_eq!(keen.next().await.what(), ("alert.released", warning));
    for outside in [drill, warning] {
        assert_eq!(town.fate("far", outside).await, WebhookFate::NotWanted);
    }
    assert_eq!(town.city.console.store.webhook_standing("plain", drill).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_told_of_a_red_warning_hears_that_it_is_yellow_now_whatever_they_want_otherwise() {
    let mut ear = Ear::open().await;
    let town = town(0, &[("grave", &ear.url, "grades = [\"red\"]")]).await;
    let (yellow, red) = (town.warn("yellow").await.id, town.warn("red").await.id);
    assert_eq!(ear.next().await.what(), ("alert.released", red));
    assert_eq!(town.fate("grave", yellow).await, WebhookFate::NotWanted);
    let update = town.city.follow("yellow", "降雨减弱。", Follow::Update(red)).await.unwrap().id;
    assert_eq!(ear.next().await.what(), ("alert.updated", update));
    let lift = town.city.follow("yellow", "降雨停止。", Follow::Lift(update)).await.unwrap().id;
    assert_eq!(ear.next().await.what(), ("alert.lifted", lift));
    let unheard = town.city.follow("yellow", "降雨停止。", Follow::Lift(yellow)).await.unwrap().id;
    assert_eq!(town.fate("grave", unheard).await, WebhookFate::NotWanted);
}
