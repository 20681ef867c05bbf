//! Kannel's side: Debian's bearerbox and smsbox in the foreground, on free ports, with nothing on disk but their logs.

use super::{Arena, listener::Listener, load, load::Line, score::Score};
use crate::bench::{
    gateway::end,
    heat::{TEXT, number},
    machine, unpacked,
};
use anyhow::{Context, bail, ensure};
use mingluo_model::clock::{Clock, SharedClock};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::process::Child;

const CONF: &str = include_str!("kannel.conf");

/// How often it is asked whether it is ready, and how many times.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: u32 = 200;

/// A running Kannel.
struct Kannel {
    bearerbox: Child,
    smsbox: Child,
    /// Where requests go.
    port: u16,
    clock: SharedClock,
}

/// What it used so far.
struct Used {
    cpu_s: f64,
    peak_bytes: u64,
}

/// What Kannel calls itself.
///
/// # Errors
/// When it is not there or cannot be run.
pub(super) async fn version(root: &Path) -> anyhow::Result<String> {
    let said =
        unpacked::program(root, "usr/sbin/bearerbox").arg("--version").stdin(Stdio::null()).output().await;
    let missing =
        || format!("--kannel {}: no usr/sbin/bearerbox runs there; tests/bench fetches it", root.display());
    let said = said.with_context(missing)?;
    let told = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    let version = told.lines().find_map(|line| line.split_once("version ")).with_context(missing)?;
    Ok(format!("Kannel {}", version.1.trim_matches(['`', '\'', '.', ' '])))
}

/// Ports that were free a moment ago.
fn free_ports() -> anyhow::Result<[u16; 3]> {
    let held = [(); 3].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let mut ports = [0; 3];
    for (port, held) in ports.iter_mut().zip(&held) {
        *port = match held {
            Ok(listener) => listener.local_addr()?.port(),
            Err(error) => bail!("no free port: {error}"),
        };
    }
    Ok(ports)
}

impl Arena<'_> {
    /// A request for each message; every final receipt comes to the listener.
    pub(super) async fn kannel(&self, folder: &Path) -> anyhow::Result<Score> {
        let gateway = self.gateway(folder).await?;
        let mut listener = Listener::start(self.programs, self.options.count, self.clock).await?;
        let kannel = self.start(folder, gateway.port).await?;
        let before = kannel.used()?;
        let begun_ms = self.clock.now().0;
        let path = request(listener.port);
        let (brought, heard) = tokio::join!(
            load::bring(kannel.port, self.options.connections, self.options.count, path),
            listener.has(self.count()),
        );
        brought?;
        heard?;
        let after = kannel.used()?;
        kannel.stop().await?;
        let heard = listener.stop(self.count()).await.context("Kannel")?;
        let seen = gateway.stop().await.context("sim-smsc")?;
        ensure!(
            (seen.distinct, seen.doubles) == (self.count(), 0),
            "of {} messages Kannel brought {}, {} of them twice",
            self.count(),
            seen.distinct,
            seen.doubles
        );
        let count = self.count() as f64;
        Ok(Score {
            per_s: count * 1e3 / (heard.last_ms - begun_ms) as f64,
            cpu_ms: (after.cpu_s - before.cpu_s) * 1e3 / count,
            peak_bytes: after.peak_bytes,
        })
    }

    async fn start(&self, folder: &Path, centre: u16) -> anyhow::Result<Kannel> {
        let [admin, boxes, requests] = free_ports()?;
        let conf = CONF
            .replace("{admin}", &admin.to_string())
            .replace("{boxes}", &boxes.to_string())
            .replace("{requests}", &requests.to_string())
            .replace("{centre}", &centre.to_string())
            .replace("{window}", &self.options.window.to_string())
            .replace("{folder}", &folder.display().to_string());
        let file = folder.join("kannel.conf");
        fs::write(&file, conf)?;
        let run = |name| {
            unpacked::program(&self.options.kannel, &format!("usr/sbin/{name}"))
                .args(["-v", "4"])
                .arg(&file)
                .stdin(Stdio::null())
                .spawn()
        };
        let bearerbox = run("bearerbox").context("bearerbox")?;
        until("bearerbox listens", &**self.clock, async || Line::open(boxes).await.is_ok()).await?;
        let smsbox = run("smsbox").context("smsbox")?;
        until("Kannel is online", &**self.clock, async || is_online(admin, requests).await).await?;
        Ok(Kannel { bearerbox, smsbox, port: requests, clock: self.clock.clone() })
    }
}

/// The session to the centre is bound, and requests are heard.
async fn is_online(admin: u16, requests: u16) -> bool {
    let Ok(mut line) = Line::open(admin).await else { return false };
    let status = line.get("/status.txt?password=pretend").await;
    let online = status.is_ok_and(|(_, body)| String::from_utf8_lossy(&body).contains("(online"));
    online && Line::open(requests).await.is_ok()
}

async fn until(what: &str, clock: &dyn Clock, mut is_so: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
    for _ in 0..LOOKS {
        if is_so().await {
            return Ok(());
        }
        clock.sleep(LOOK).await;
    }
    bail!("{what}: not after {:?}", LOOK * LOOKS)
}

/// The request of each message: UCS-2, and a report of success (1) or failure (2) to the listener.
fn request(listener: u16) -> impl Fn(u32) -> String + Sync {
    let text = TEXT.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    move |ordinal| {
        let to = number(ordinal).replace('+', "%2B");
        format!(
            "/cgi-bin/sendsms?username=bench&password=pretend&from=106900012379&to={to}&coding=2&charset=UTF-8\
             &text={text}&dlr-mask=3&dlr-url=http%3A%2F%2F127.0.0.1%3A{listener}%2Fone%3Fn%3D{ordinal}%26s%3D%25d"
        )
    }
}

impl Kannel {
    fn used(&self) -> anyhow::Result<Used> {
        let mut used = Used { cpu_s: 0.0, peak_bytes: 0 };
        for child in [&self.bearerbox, &self.smsbox] {
            let process = child.id().context("Kannel has ended by itself")?.to_string();
            used.cpu_s += machine::cpu_s(&process).context("Kannel has ended by itself")?;
            used.peak_bytes += machine::peak_memory(&process).context("Kannel has ended by itself")?;
        }
        Ok(used)
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        end(&mut self.smsbox, &*self.clock).await.context("smsbox")?;
        end(&mut self.bearerbox, &*self.clock).await.context("bearerbox")
    }
}
