//! The page of a real box, over real HTTP, with a city at the other end of its link.

use crate::{
    city::{CityEnd, papers, red},
    supervised::set_up,
};
use mingluo_model::{
    bulletin::{Bulletin, Tone},
    clock::{Clock as _, system::SystemClock},
    grade::Grade,
    link::Event,
};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::spawn_blocking};

const PIN: &str = "大喇叭8421";

/// A box with a page.
struct Boxed {
    child: Child,
    port: u16,
    city: CityEnd,
    _dir: TempDir,
}

impl Drop for Boxed {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// What came back.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        });
        line.unwrap_or_default()
    }

    /// The word that the page's forms carry.
    fn token(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mingluo-speaker"))
}

fn set_pin(config: &Path, pin: &str) -> bool {
    let mut setting = program()
        .arg("set-pin")
        .arg("--config")
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(setting.stdin.take().unwrap(), "{pin}").unwrap();
    setting.wait().unwrap().success()
}

/// A free port, given back for the box to take.
fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

impl Boxed {
    async fn start(may_stop: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (listener, papers) = (TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), papers());
        set_up(dir.path(), &papers, listener.local_addr().unwrap().port());
        let (config, port) = (dir.path().join("speaker.toml"), free_port());
        let text = fs::read_to_string(&config).unwrap();
        let page = format!(
            "[page]\nlisten = \"127.0.0.1:{port}\"\npin_file = \"page.pin\"\nmay_stop = \"{may_stop}\"\n"
        );
        fs::write(&config, text + &page).unwrap();
        assert!(!set_pin(&config, "12345"), "too short");
        assert!(set_pin(&config, PIN));
        let child = program().arg("run").arg("--config").arg(&config).stderr(Stdio::null()).spawn().unwrap();
        let (mut city, hello) = CityEnd::accept(&listener, &papers.acceptor).await;
        city.welcome(&hello, SystemClock::shared().now()).await;
        Self { child, port, city, _dir: dir }
    }

    /// Asks, as soon as the door is open.
    async fn ask(&self, method: &'static str, path: &str, headers: String, form: String) -> Reply {
        let (port, path) = (self.port, path.to_owned());
        spawn_blocking(move || {
            let mut socket = loop {
                if let Ok(socket) = TcpStream::connect(("127.0.0.1", port)) {
                    break socket;
                }
                std::thread::yield_now();
            };
            let length = form.len();
            write!(
                socket,
                "{method} {path} HTTP/1.1\r\nhost: box\r\n{headers}content-type: application/x-www-form-urlencoded\r\n\
                 content-length: {length}\r\n\r\n{form}"
            )
            .unwrap();
            let mut text = String::new();
            socket.read_to_string(&mut text).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let status = head[9..12].parse().unwrap();
            Reply { status, head: head.to_owned(), body: body.to_owned() }
        })
        .await
        .unwrap()
    }

    async fn get(&self, cookie: &str) -> Reply {
        self.ask("GET", "/", format!("cookie: {cookie}\r\n"), String::new()).await
    }

    async fn post(&self, path: &str, cookie: &str, form: String) -> Reply {
        self.ask("POST", path, format!("cookie: {cookie}\r\n"), form).await
    }

    async fn sign_in(&self, pin: &str) -> Reply {
        let encoded = pin.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        self.post("/sign-in", "", format!("pin={encoded}")).await
    }

    /// Signs in; the cookie and the word of the forms.
    async fn keeper(&self) -> (String, String) {
        let reply = self.sign_in(PIN).await;
        let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
        let token = self.get(&cookie).await.token();
        (cookie, token)
    }

    async fn until_shows(&self, word: &str) -> Reply {
        loop {
            let reply = self.get("").await;
            if reply.body.contains(word) {
                return reply;
            }
            SystemClock::shared().sleep(Duration::from_millis(50)).await;
        }
    }
}

fn playing(grade: Grade) -> Bulletin {
    Bulletin { grade: Some(grade), tone: Tone::Blue, repeats: 10, ..red(1, SystemClock::shared().now()) }
}

#[tokio::test]
async fn anybody_reads_the_page_and_it_runs_no_script() {
    let boxed = Boxed::start("daily").await;
    let page = boxed.until_shows("已连接 linked").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("模拟终端，不会发声"), "a box that pretends says so: {}", page.body);
    assert!(page.body.contains("正常待命") && page.body.contains("登录后可停播、自检"), "{}", page.body);
    assert!(!page.body.contains("<script") && !page.body.contains("name=\"token\""));
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(
        (page.header("x-content-type-options"), page.header("cache-control")),
        ("nosniff", "no-store")
    );
    let style = boxed.ask("GET", "/style.css", String::new(), String::new()).await;
    assert!(style.header("content-type").starts_with("text/css") && style.body.contains(".state"));
    assert_eq!(boxed.ask("GET", "/nowhere", String::new(), String::new()).await.status, 404);
}

#[tokio::test]
async fn whoever_acts_signs_in_first_and_brings_the_word_of_the_form() {
    let boxed = Boxed::start("daily").await;
    boxed.until_shows("已连接 linked").await;
    let form = |token: &str| format!("token={token}&kind=audible");
    assert_eq!(boxed.post("/test", "", form("")).await.status, 403);
    assert_eq!(boxed.sign_in("大喇叭8422").await.status, 403);
    let reply = boxed.sign_in(PIN).await;
    let given = reply.header("set-cookie");
    assert!(reply.status == 303 && given.contains("HttpOnly; SameSite=Strict"), "{given}");
    let (cookie, token) = boxed.keeper().await;
    assert_eq!(boxed.post("/test", &cookie, form("another")).await.status, 403);
    let foreign = format!("cookie: {cookie}\r\nsec-fetch-site: cross-site\r\n");
    assert_eq!(boxed.ask("POST", "/test", foreign, form(&token)).await.status, 403);
    let done = boxed.post("/test", &cookie, form(&token)).await;
    assert_eq!((done.status, done.header("location")), (303, "/?told=done"));
    boxed.until_shows("人工启动有声自检").await;
    assert_eq!(boxed.post("/sign-out", &cookie, format!("token={token}")).await.status, 303);
    assert_eq!(boxed.post("/test", &cookie, form(&token)).await.status, 403);
}

#[tokio::test]
async fn guesses_at_the_pin_are_stopped() {
    let boxed = Boxed::start("daily").await;
    for _ in 0..5 {
        assert_eq!(boxed.sign_in("000000").await.status, 403);
    }
    assert_eq!(boxed.sign_in(PIN).await.status, 429, "not even the right one is looked at");
}

#[tokio::test]
async fn a_red_one_plays_on_whatever_is_asked_at_the_box() {
    let mut boxed = Boxed::start("orange").await;
    let bulletin = playing(Grade::Red);
    boxed.city.order(&bulletin).await;
    boxed.until_shows("红色预警").await;
    let (cookie, token) = boxed.keeper().await;
    let page = boxed.get(&cookie).await;
    assert!(page.body.contains("本机不能停止此播放") && !page.body.contains("action=\"/stop\""));
    let refused = boxed.post("/stop", &cookie, format!("token={token}&ebm={}", bulletin.ebm)).await;
    assert_eq!(refused.header("location"), "/?told=not-allowed");
    boxed.until_shows("红色预警").await;
}

#[tokio::test]
async fn what_is_stopped_at_the_box_is_told_to_the_city() {
    let mut boxed = Boxed::start("blue").await;
    let bulletin = playing(Grade::Blue);
    boxed.city.order(&bulletin).await;
    boxed.until_shows("蓝色预警").await;
    let (cookie, token) = boxed.keeper().await;
    assert!(boxed.get(&cookie).await.body.contains("action=\"/stop\""));
    let done = boxed.post("/stop", &cookie, format!("token={token}&ebm={}", bulletin.ebm)).await;
    assert_eq!(done.header("location"), "/?told=done");
    let last = boxed.city.reports().await.pop().unwrap();
    assert_eq!(last.event, Event::Stopped);
    assert!(last.detail.contains("by hand at the box"), "{last:?}");
    boxed.until_shows("人工停播").await;
}
