//! A town for stories: SQLite in a folder of its own, the demonstration region pack, three officers, two residents, and
//! gateways on a port where nobody listens.

use crate::{
    api,
    app::City,
    config::Config,
    office::Withdrawal,
    people::{People, api_key, hash_password},
    region::Region,
    roster::{KeepOrder, keep},
    signer,
    web::Web,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use futures_util::StreamExt;
use mingluo_ledger::Store;
use mingluo_ledger::{
    audit::AuditLine,
    chunk::Chunk,
    store::{OfficerRow, OrgRow},
    vault::Vault,
};
use mingluo_model::{
    alert::ContentHash,
    clock::{Clock, SharedClock, Timestamp, manual::ManualClock, system::SystemClock},
    delivery::{DeliveryState, Standing},
    id::{OfficerId, OrgId},
    mode::ModeKind,
    owner::{Officer, Owner, Role},
    plan::Target,
    signer::LocalSigner,
};
use mingluo_targeting::{edition::EditionBuilder, roster::read_recipients};
use rand::{SeedableRng, rngs::StdRng};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{fs, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Everybody's password.
pub(super) const PASSWORD: &str = "correct horse battery";

/// Fields of a form.
pub(super) type Fields = Vec<(&'static str, &'static str)>;

/// A red rainstorm warning for 清原镇, where two people live, that ends in six hours.
fn red(now: Timestamp) -> Fields {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let end = now.plus(Duration::from_hours(6)).to_jiff().unwrap().to_zoned_datetime(zone);
    vec![
        ("key", "one-form"),
        ("hazard", "11B03"),
        ("grade", "red"),
        ("body", "预计今晚清原镇有大暴雨。"),
        ("instruction", "请立即转移。"),
        ("area", "210423100"),
        ("channels", "sms"),
        // A test's few bytes may stay for the test's life.
        ("expires", end.strftime("%Y-%m-%dT%H:%M").to_string().leak()),
    ]
}

const CONFIG: &str = r#"
[node]
name = "town"
time_zone = "Asia/Shanghai"
[store]
address = "sqlite:HOME/town.db"
keys_file = "HOME/keys"
[console]
listen = "127.0.0.1:0"
[region]
pack = "PACK"
[signer]
socket = "HOME/signer.sock"
key_file = "HOME/signer.key"
key_id = "town"
[render]
issuer = "抚顺市"
cap_sender = "fushun.example"
platform = "10021040000000000000000"
[dispatch]
close_after_s = 0
sweep_ms = 20
[policy]
without_hold = []
blue = { people = 2, hold_ms = 60000, longest_hours = 24 }
yellow = { people = 2, hold_ms = 60000, longest_hours = 24 }
orange = { people = 3, hold_ms = 60000, longest_hours = 24 }
red = { people = 3, hold_ms = 60000, longest_hours = 24 }
withdrawal = { people = WITHDRAWAL, hold_ms = 0, longest_hours = 4 }
[[live.sms]]
name = "live-sms"
ACCOUNT
[[drill.sms]]
name = "drill-sms"
ACCOUNT
"#;

const ACCOUNT: &str = r#"
pretend = true
host = "127.0.0.1"
port = 1
system_id = "town"
password_file = "HOME/password"
source_address = "1069"
sessions = 1
window = 100
per_second = 100
signature = { placement = "in_front", text = "抚顺预警" }
"#;

/// Mail and WeChat.
const MORE: &str = r#"
[live.email]
name = "live-mail"
pretend = true
relay = "127.0.0.1"
port = 1
security = "none"
from = "town <warn@pretend.invalid>"
sockets = 1
per_second = 100
helo_name = "town.pretend.invalid"
[live.wechat]
name = "live-wechat"
pretend = true
api_base = "http://127.0.0.1:1"
app_id = "wx-pretend"
secret_file = "HOME/password"
token_file = "HOME/password"
templates = ["t"]
calls = 1
per_second = 100
[render.wechat]
id = "t"
fields = { thing1 = "{event}", thing4 = "{advice}" }
"#;

/// Village boxes of real warnings, of which none connects by itself.
const BOXES: &str = r#"
[live.speaker]
name = "live-speaker"
pretend = true
listen = "127.0.0.1:0"
boxes = 10
tls = { cert_file = "HOME/city.pem", key_file = "HOME/city.key", client_ca_file = "HOME/ca.pem" }
"#;

/// Responsible persons are called.
const CALLS: &str = r#"
[call]
url = "https://warn.example"
key_file = "HOME/call.key"
township = ["township_duty"]
county = ["agency_duty"]
city = ["media"]
"#;

/// Red warnings are sent to followers as a mass send.
const MASS: &str = r#"
[live.wechat.mass]
name = "live-mass"
"#;

/// A city with its pages.
pub(super) struct Town {
    pub(super) city: Arc<City>,
    pub(super) closing: CancellationToken,
    /// The warning that stories are about.
    pub(super) red: Fields,
    /// The time that sessions go by.
    pub(super) shift: Arc<ManualClock>,
    routes: Router,
    home: TempDir,
}

impl Town {
    /// Opens a new town.
    pub(super) async fn open() -> Self {
        Self::where_withdrawals_need(1).await
    }

    /// Opens a new town that has mail and WeChat besides, with a resident for each.
    pub(super) async fn with_all_channels() -> Self {
        Self::built(1, &format!("{CONFIG}{MORE}")).await
    }

    /// Opens a new town that holds nothing back and calls responsible persons, of whom the roster has these besides; its
    /// lease outlives the hours that a story lets pass at once. Time stands still until
    /// [`Self::shift`] moves it.
    pub(super) async fn with_calls(persons: &str) -> Self {
        Self::where_time_stands_still(MORE, persons).await
    }

    /// The same with mass sends besides.
    pub(super) async fn with_mass_sends() -> Self {
        Self::where_time_stands_still(&format!("{MORE}{MASS}"), "").await
    }

    async fn where_time_stands_still(more: &str, persons: &str) -> Self {
        let text = format!("{CONFIG}{more}{CALLS}").replace("hold_ms = 60000", "hold_ms = 0");
        let text = text.replace("sweep_ms = 20", "sweep_ms = 20\nlease_ms = 1000000000");
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("call.key"), "0123456789abcdef0123456789abcdef\n").unwrap();
        Self::built_in(home, 1, &text, persons).await
    }

    /// Opens a new town that has village boxes, and a signer for them.
    pub(super) async fn with_boxes() -> Self {
        Self::built(1, &format!("{CONFIG}{BOXES}")).await
    }

    /// Opens a new town with one loudspeaker, and this said of speech.
    pub(super) async fn with_speakers(speech: &str) -> Self {
        let text = format!("{CONFIG}{BOXES}{speech}");
        Self::built_in(tempfile::tempdir().unwrap(), 1, &text, ",,,,,62104231002250314010101\n").await
    }

    /// Opens a new town whose live gateway is at this port.
    pub(super) async fn with_gateway_at(port: u16) -> Self {
        let at = ACCOUNT.replace("port = 1\n", &format!("port = {port}\n"));
        Self::built(1, &CONFIG.replacen("ACCOUNT", &at, 1)).await
    }

    /// Opens a new town whose policy wants so many people to sign a lift or a correction.
    pub(super) async fn where_withdrawals_need(people: u8) -> Self {
        Self::built(people, CONFIG).await
    }

    /// Opens a new town that has accounts for live alerts only.
    pub(super) async fn without_drill_accounts() -> Self {
        let (live, _) = CONFIG.split_once("[[drill.sms]]").unwrap();
        Self::built(1, live).await
    }

    async fn built(withdrawal: u8, text: &str) -> Self {
        Self::built_in(tempfile::tempdir().unwrap(), withdrawal, text, "").await
    }

    /// `more` is one more line of the roster, behind the village.
    async fn built_in(home: TempDir, withdrawal: u8, text: &str, more: &str) -> Self {
        let config = config(home.path(), withdrawal, text);
        if config.live.speaker.is_some() {
            certify(home.path());
            sign(&config).await;
        }
        mingluo_ledger::migrate(&config.store.address).await.unwrap();
        let region = Region::read(&config).unwrap();
        let shift = ManualClock::at(SystemClock::shared().now());
        let town = Box::pin(Self::start(home, config, shift)).await;
        let mut chance = StdRng::seed_from_u64(1);
        hire(&town.city, &mut chance).await;
        settle(&town.city, &region, &mut chance, more).await;
        town
    }

    async fn start(home: TempDir, config: Config, shift: Arc<ManualClock>) -> Self {
        let pack = config.region.pack.clone();
        let chance = StdRng::from_os_rng();
        let clock: SharedClock = if config.call.is_some() { shift.clone() } else { SystemClock::shared() };
        let city = Arc::new(Box::pin(City::start(config, clock, chance)).await.unwrap());
        let people = Arc::new(People::new(Arc::clone(&city.store), shift.clone()));
        let closing = CancellationToken::new();
        let pages = Web::new(&city, &people).with_outlines(&pack).until(closing.clone()).routes();
        let routes = api::routes(&city, &people).merge(pages);
        let red = red(city.clock.now());
        Self { city, closing, red, shift, routes, home }
    }

    /// The program ends and starts again on the same store.
    pub(super) async fn restart(self) -> Self {
        self.city.shutdown().await;
        let config = Config::read(&self.home.path().join("mingluo.toml")).unwrap();
        Self::start(self.home, config, self.shift).await
    }

    /// A newer roster of the same people.
    pub(super) async fn import_again(&self) {
        let config = Config::read(&self.home.path().join("mingluo.toml")).unwrap();
        settle(&self.city, &Region::read(&config).unwrap(), &mut StdRng::from_os_rng(), "").await;
    }

    /// A program that speaks to the API with an officer's key.
    pub(super) async fn program(&self, name: &str) -> Browser {
        let officers = self.city.store.officers().await.unwrap();
        let officer = officers.into_iter().find(|row| row.login == name).unwrap().officer.id;
        let now = self.city.clock.now();
        let (row, key) = api_key(officer, "story", now, &mut StdRng::from_os_rng());
        let line = AuditLine {
            at: now,
            actor: AuditLine::SYSTEM.to_owned(),
            action: "key.add".to_owned(),
            subject: officer.to_string(),
            detail: serde_json::json!({}),
        };
        self.city.store.add_api_key(&row, line).await.unwrap();
        self.stranger().with("authorization", &format!("Bearer {key}"))
    }

    /// The folder of the configuration.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// An officer as the office knows them.
    pub(super) async fn officer(&self, name: &str) -> Officer {
        let officers = self.city.store.officers().await.unwrap();
        officers.into_iter().find(|row| row.login == name).unwrap().officer
    }

    /// One more officer, of an organisation of their own with this scope.
    pub(super) async fn hire_in(&self, scope: &str, login: &str, roles: &[Role]) -> Officer {
        let (now, mut chance) = (self.city.clock.now(), StdRng::from_os_rng());
        let scope: mingluo_model::region::RegionCode = scope.parse().unwrap();
        let owner = Owner { org: OrgId::new(now, &mut chance), scope, level: scope.level() };
        let org = OrgRow { id: owner.org, name: format!("{scope}"), owner };
        let officer = Officer { id: OfficerId::new(now, &mut chance), owner, roles: roles.to_vec() };
        let row = OfficerRow {
            officer: officer.clone(),
            login: login.into(),
            name: login.into(),
            password_hash: hash_password(PASSWORD).unwrap(),
            enabled: true,
        };
        self.city.store.save_people(&[org], &[row], &[added(now)]).await.unwrap();
        officer
    }

    /// An officer who may not sign in any more.
    pub(super) async fn retire(&self, login: &str) {
        let officers = self.city.store.officers().await.unwrap();
        let row = officers.into_iter().find(|row| row.login == login).unwrap();
        let row = OfficerRow { enabled: false, ..row };
        self.city.store.save_people(&[], &[row], &[added(self.city.clock.now())]).await.unwrap();
    }

    /// The program ends, every plan of a warning is closed with one standing for each, and the program starts again.
    pub(super) async fn closed_with(self, id: &str, standings: &[Standing]) -> Self {
        let plans = self.city.store.plans(id.parse().unwrap()).await.unwrap();
        assert_eq!(plans.len(), standings.len());
        Box::pin(self.city.shutdown()).await;
        for (plan, standing) in plans.iter().zip(standings) {
            let Target::People { ordinals, .. } = &plan.fields().target else { panic!("people") };
            let all = ordinals.max().unwrap() as usize + 1;
            let left = if standing.state() == DeliveryState::Withdrawn { u32::MAX } else { 10 };
            let chunk = Chunk {
                chunk_no: 0,
                standings: vec![standing.byte(); all],
                attempts: vec![1; all],
                t_submit_ms: vec![left; all],
                t_final_ms: vec![900; all],
            };
            self.city.store.close(plan.fields().id, &[chunk]).await.unwrap();
        }
        Box::pin(self.restart()).await
    }

    /// The words that end this warning, as they were written beforehand.
    pub(super) async fn prewritten(&self, id: &str, how: Withdrawal) -> String {
        let (alert, _) = self.city.live.alert(id.parse().unwrap()).await.unwrap();
        self.city.live.prewritten(&alert, how)
    }

    /// The content of a warning as it stands, which a page opened now would show.
    pub(super) async fn shown(&self, id: &str) -> ContentHash {
        standing(self.city.store.as_ref(), id).await.unwrap()
    }

    /// A browser without a session.
    pub(super) fn stranger(&self) -> Browser {
        let store = Arc::clone(&self.city.store);
        Browser { routes: self.routes.clone(), store, headers: HeaderMap::new() }
    }

    /// A browser of an officer.
    pub(super) async fn sign_in(&self, name: &str) -> Browser {
        let stranger = self.stranger();
        let answer = stranger.post("/login", &[("name", name), ("password", PASSWORD)]).await;
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        stranger.with("cookie", &cookie)
    }
}

/// An authority, and the certificate of the boxes' door.
fn certify(home: &Path) {
    // An error means that another test installed it already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (ca_key, city_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, ca_key).unwrap();
    let city =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&city_key, &ca).unwrap();
    fs::write(home.join("ca.pem"), ca.pem()).unwrap();
    fs::write(home.join("city.pem"), city.pem()).unwrap();
    fs::write(home.join("city.key"), city_key.serialize_pem()).unwrap();
}

/// The signing process.
async fn sign(config: &Config) {
    let listener = signer::listen(&config.signer.socket).await.unwrap();
    let local = LocalSigner::from_seed("town".parse().unwrap(), &[7; 32]);
    tokio::spawn(signer::serve(listener, local, SystemClock::shared()));
}

fn config(home: &Path, withdrawal: u8, text: &str) -> Config {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun");
    fs::write(home.join("keys"), Vault::generate(&mut StdRng::seed_from_u64(3))).unwrap();
    fs::write(home.join("password"), "secret\n").unwrap();
    let text = text
        .replace("ACCOUNT", ACCOUNT)
        .replace("WITHDRAWAL", &withdrawal.to_string())
        .replace("HOME", &home.display().to_string())
        .replace("PACK", &pack.display().to_string());
    fs::write(home.join("mingluo.toml"), text).unwrap();
    Config::read(&home.join("mingluo.toml")).unwrap()
}

async fn hire(city: &City, chance: &mut StdRng) {
    let now = city.clock.now();
    let scope = "2104".parse().unwrap();
    let id = OrgId::new(now, chance);
    let owner = Owner { org: id, scope, level: mingluo_model::region::Level::City };
    let org = OrgRow { id, name: "值班单位".into(), owner };
    let hash = hash_password(PASSWORD).unwrap();
    let mut officer = |login: &str, name: &str, roles: &[Role]| OfficerRow {
        officer: Officer { id: OfficerId::new(now, chance), owner, roles: roles.to_vec() },
        login: login.into(),
        name: name.into(),
        password_hash: hash.clone(),
        enabled: true,
    };
    let officers = [
        officer("wang", "拟稿员王", &[Role::Author, Role::Approver]),
        officer("li", "审核员李", &[Role::Approver]),
        officer("zhao", "签发人赵", &[Role::Releaser]),
    ];
    city.store.save_people(&[org], &officers, &[added(now)]).await.unwrap();
}

/// A line of the audit log.
pub(super) fn added(at: Timestamp) -> AuditLine {
    AuditLine {
        at,
        actor: AuditLine::SYSTEM.to_owned(),
        action: "officer.add".to_owned(),
        subject: "town".to_owned(),
        detail: serde_json::json!({}),
    }
}

async fn settle(city: &City, region: &Region, chance: &mut StdRng, more: &str) {
    let town = "210423100".parse().unwrap();
    let village = region.gazetteer.inside(town, mingluo_model::region::Level::Village).next().unwrap().code;
    let roster = format!(
        "region,groups,sms,wechat,email,speaker\n{village},,+8619730601234,o6_bmjrPTlm6_2sgVt7hMZOPfL2M,zhang@pretend.invalid,\n{village},grid_worker,+8619730601235,,,\n"
    );
    let roster = if more.is_empty() { roster } else { format!("{roster}{village}{more}") };
    for mode in [ModeKind::Live, ModeKind::Drill] {
        let mut builder = EditionBuilder::default();
        for row in read_recipients(roster.as_bytes(), &region.gazetteer, &region.groups).unwrap() {
            builder.push(&row.unwrap()).unwrap();
        }
        let replaces = city.store.current_edition(mode).await.unwrap().map(|head| head.id);
        let order = KeepOrder { mode, pretend: true, bad_rows: 0, replaces };
        let clock: &dyn Clock = city.clock.as_ref();
        keep(city.store.as_ref(), region, &builder.finish(), order, clock, chance, |_| ()).await.unwrap();
    }
}

/// A browser that keeps its cookie.
pub(super) struct Browser {
    routes: Router,
    store: Arc<dyn Store>,
    headers: HeaderMap,
}

async fn standing(store: &dyn Store, id: &str) -> Option<ContentHash> {
    let alert = store.alert(id.parse().ok()?).await.unwrap()?;
    Some(alert.content.hash(alert.mode))
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(super) fn location(&self) -> &str {
        self.header("location")
    }
}

impl Browser {
    /// The same browser with one more header; a second cookie joins the first.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        let joined = match self.headers.get(name) {
            Some(first) if name == "cookie" => format!("{}; {value}", first.to_str().unwrap()),
            _ => value.to_owned(),
        };
        self.headers.insert(name, joined.parse().unwrap());
        self
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, String::new()).await
    }

    /// A form. Who signs has looked at what stands there now, unless the story gives what they saw.
    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        if !fields.iter().any(|(name, _)| *name == "content_hash")
            && let Some(shown) = self.shown_for(path).await
        {
            pairs.push(format!("content_hash={shown}"));
        }
        self.ask(Method::POST, path, pairs.join("&")).await
    }

    /// The content of the warning that a path signs.
    async fn shown_for(&self, path: &str) -> Option<ContentHash> {
        let (alert, verb) = path.rsplit_once('/')?;
        let signs = ["approve", "return", "release"].contains(&verb);
        if signs { standing(self.store.as_ref(), alert.rsplit('/').next()?).await } else { None }
    }

    /// A JSON request.
    pub(super) async fn send(&self, path: &str, json: &str) -> Answer {
        let mut request = self.request(Method::POST, path, json.to_owned());
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        self.answered(request).await
    }

    /// The first event of a stream.
    pub(super) async fn first_event(&self, path: &str) -> String {
        let response =
            self.routes.clone().oneshot(self.request(Method::GET, path, String::new())).await.unwrap();
        let mut stream = response.into_body().into_data_stream();
        String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap()
    }

    async fn ask(&self, method: Method, path: &str, body: String) -> Answer {
        self.answered(self.request(method, path, body)).await
    }

    async fn answered(&self, request: Request<Body>) -> Answer {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    fn request(&self, method: Method, path: &str, body: String) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
        request.headers_mut().extend(self.headers.clone());
        let form = "application/x-www-form-urlencoded".parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        request
    }
}

/// Percent-encoding of everything but letters and digits.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
