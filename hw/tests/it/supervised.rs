//! The real program under a pretend service manager that plays systemd by the words of the unit file that is shipped. The
//! pretend relay's record tells what a real pin would be: it stays as a dead process left it.

use crate::city::{BOX, CityEnd, Papers, key_set, papers, red, region, root_key};
use mingluo_model::{
    bulletin::Bulletin,
    clock::{Clock, SharedClock, Timestamp, system::SystemClock},
    link::{CityFrame, Order, VERSION, Welcome},
};
use mingluo_speaker::{assemble, config::Config};
use std::{
    fs,
    io::ErrorKind,
    os::unix::{net::UnixDatagram, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::spawn_blocking};

const UNIT: &str = include_str!("../../../deploy/mingluo-speaker.service");
/// Instead of the unit's seconds, so that nobody waits for them.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// The numbers of signals.
const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;

/// The unit's words, with the places of this test in place of those on a box.
struct Unit {
    config: PathBuf,
}

impl Unit {
    fn value(key: &str) -> &'static str {
        UNIT.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap()
    }

    /// The command of a line. A shell goes before it, to tell the process its own number as systemd does.
    fn command(&self, key: &str) -> Command {
        let mut words = Self::value(key).split(' ');
        assert_eq!(words.next(), Some("/usr/bin/mingluo-speaker"));
        let mut command = Command::new("sh");
        command.args(["-c", "WATCHDOG_PID=$$ exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_mingluo-speaker")]);
        for word in words {
            if word == "/etc/mingluo/speaker.toml" {
                command.arg(&self.config)
            } else {
                command.arg(word)
            };
        }
        command.env("RUST_LOG", "warn");
        command
    }
}

/// A box as a service.
struct Service {
    unit: Unit,
    notices: UnixDatagram,
    child: Child,
    listener: TcpListener,
    papers: Papers,
    dir: TempDir,
}

impl Service {
    /// Starts the unit and waits for READY, as Type=notify has it.
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (listener, papers) = (TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), papers());
        set_up(dir.path(), &papers, listener.local_addr().unwrap().port());
        let unit = Unit { config: dir.path().join("speaker.toml") };
        let socket = dir.path().join("notify");
        let notices = UnixDatagram::bind(&socket).unwrap();
        notices.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let child = unit
            .command("ExecStart")
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", PATIENCE.as_micros().to_string())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        assert_eq!(heard(&notices).as_deref(), Some("READY=1\n"));
        Self { unit, notices, child, listener, papers, dir }
    }

    async fn city(&self) -> CityEnd {
        let (mut city, hello) = CityEnd::accept(&self.listener, &self.papers.acceptor).await;
        city.welcome(&hello, SystemClock::shared().now()).await;
        city
    }

    /// Returns when no sign of life has come for as long as the manager is patient.
    async fn falls_silent(&self) -> usize {
        let notices = self.notices.try_clone().unwrap();
        notices.set_read_timeout(Some(PATIENCE)).unwrap();
        let counted = spawn_blocking(move || {
            let mut n_beats = 0;
            while let Some(notice) = heard(&notices) {
                assert_eq!(notice, "WATCHDOG=1\n");
                n_beats += 1;
            }
            n_beats
        });
        counted.await.unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    async fn ends(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            SystemClock::shared().sleep(Duration::from_millis(10)).await;
        }
    }

    /// What the relay was told last: `on` or `off`.
    fn relay(&self) -> String {
        relay(self.dir.path())
    }

    async fn relay_becomes(&self, state: &str) {
        while self.relay() != state {
            SystemClock::shared().sleep(Duration::from_millis(5)).await;
        }
    }

    /// What systemd does after the end of a service, whatever the end was.
    fn clean_up(&self) {
        assert!(self.unit.command("ExecStopPost").status().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// What the relay of the box in this folder was told last: `on` or `off`.
fn relay(dir: &Path) -> String {
    let record = fs::read_to_string(dir.join("state/relay.log")).unwrap();
    record.lines().last().unwrap().split(' ').nth(1).unwrap().to_owned()
}

/// A clock that panics once, as a bug would.
struct Tripwire {
    clock: SharedClock,
    armed: AtomicBool,
}

#[async_trait::async_trait]
impl Clock for Tripwire {
    fn now(&self) -> Timestamp {
        assert!(!self.armed.swap(false, Ordering::Relaxed), "as if the program had a bug");
        self.clock.now()
    }

    fn ticks(&self) -> Duration {
        self.clock.ticks()
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }
}

/// A whole box, put together as the program does it, panics while it sounds.
fn panics_while_it_sounds(dir: &Path) {
    set_up(dir, &papers(), 1);
    let clock = Arc::new(Tripwire { clock: SystemClock::shared(), armed: AtomicBool::new(false) });
    let config = Config::read(&dir.join("speaker.toml")).unwrap();
    let (mut agent, _) = assemble::agent(&config, clock.clone()).unwrap();
    agent.hello([1; 32]);
    let time = clock.now();
    agent.hear(CityFrame::Welcome(Welcome { version: VERSION, time, nonce_signature: None })).unwrap();
    let (bulletin, signer) = (long(), crate::city::signer());
    let envelope = signer.seal(&bulletin).unwrap().to_bytes();
    agent.hear(CityFrame::Order(Order { ebm: bulletin.ebm, envelope })).unwrap();
    assert_eq!(relay(dir), "on");
    clock.armed.store(true, Ordering::Relaxed);
    let outcome = std::thread::spawn(move || agent.tick()).join();
    assert!(outcome.is_err(), "it did not panic");
}

fn heard(notices: &UnixDatagram) -> Option<String> {
    let mut buffer = [0; 256];
    match notices.recv(&mut buffer) {
        Ok(length) => Some(String::from_utf8_lossy(&buffer[..length]).into_owned()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Err(error) => panic!("{error}"),
    }
}

/// The files of a box that reaches a city at this port.
pub(crate) fn set_up(dir: &Path, papers: &Papers, port: u16) {
    let write = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
    let now = SystemClock::shared().now();
    write("ca.pem", &papers.ca);
    write("box.pem", &papers.box_cert);
    write("box.key", &papers.box_key);
    write("root.pub", &root_key().to_string());
    write("keys.json", &serde_json::to_string(&key_set(now)).unwrap());
    let region = region();
    write(
        "speaker.toml",
        &format!(
            "[box]\ncode = \"{BOX}\"\nregion = \"{region}\"\nmode = \"live\"\nstate_dir = \"state\"\n\
             [city]\naddresses = [\"wss://localhost:{port}/link\"]\nca_file = \"ca.pem\"\n\
             cert_file = \"box.pem\"\nkey_file = \"box.key\"\n\
             [trust]\nroot_file = \"root.pub\"\nkeys_file = \"keys.json\"\nclock = \"own\"\n\
             [relay]\nkind = \"simulated\"\n[sense]\nkind = \"simulated\"\n"
        ),
    );
}

/// A red bulletin that sounds for longer than any of these stories lasts.
fn long() -> Bulletin {
    Bulletin { repeats: 10, ..red(1, SystemClock::shared().now()) }
}

#[tokio::test]
async fn relay_opens_after_panic_and_kill() {
    // A panic unwinds, and the relay's holder opens it; the program is built so.
    const { assert!(cfg!(panic = "unwind")) };
    let dir = tempfile::tempdir().unwrap();
    panics_while_it_sounds(dir.path());
    assert_eq!(relay(dir.path()), "off");

    let mut service = Service::start().await;
    let mut city = service.city().await;
    city.order(&long()).await;
    service.relay_becomes("on").await;
    service.signal("KILL");
    assert_eq!(service.ends().await.signal(), Some(SIGKILL));
    assert_eq!(service.relay(), "on", "a killed process opens nothing");
    service.clean_up();
    assert_eq!(service.relay(), "off");
}

#[tokio::test]
async fn a_hung_box_is_silent_to_its_supervisor_and_its_relay_is_opened_after_it() {
    assert_eq!(Unit::value("WatchdogSignal"), "SIGABRT");
    assert!(Unit::value("WatchdogSec").parse::<u32>().unwrap() <= 10);
    let mut service = Service::start().await;
    let mut city = service.city().await;
    // Whoever opens a pipe that nobody reads waits for ever: the agent hangs right after its relay has closed.
    let trap = service.dir.path().join("state/recordings").join(format!("{}.wav", long().ebm));
    assert!(Command::new("mkfifo").arg(&trap).status().unwrap().success());
    assert_eq!(heard(&service.notices).as_deref(), Some("WATCHDOG=1\n"));
    city.order(&long()).await;
    service.relay_becomes("on").await;
    let n_beats = service.falls_silent().await;
    assert!(n_beats < 8, "{n_beats} signs of life came from an agent that hangs");
    service.signal("ABRT");
    assert_eq!(service.ends().await.signal(), Some(SIGABRT));
    assert_eq!(service.relay(), "on", "an aborted process opens nothing");
    service.clean_up();
    assert_eq!(service.relay(), "off");
}

#[tokio::test]
async fn a_box_gives_signs_of_life_while_it_plays_and_opens_the_relay_when_told_to_stop() {
    let mut service = Service::start().await;
    let mut city = service.city().await;
    city.order(&long()).await;
    service.relay_becomes("on").await;
    let notices = service.notices.try_clone().unwrap();
    notices.set_read_timeout(Some(PATIENCE)).unwrap();
    let alive = spawn_blocking(move || (0..6).all(|_| heard(&notices).as_deref() == Some("WATCHDOG=1\n")));
    assert!(alive.await.unwrap(), "a quarter of the manager's patience is between two");
    service.signal("TERM");
    assert!(service.ends().await.success());
    assert_eq!(service.relay(), "off");
}
