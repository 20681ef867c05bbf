//! What Mingluo is compared with, started, measured and stopped in the same way.

use super::{
    Field,
    city::DEADLINE,
    crowd::Tongue,
    hub::Answers,
    mqtt::{ANSWERS, Line, ORDERS},
    report::Row,
    wave::Wave,
};
use crate::bench::{gateway::end, machine::resident_kb, unpacked};
use anyhow::{Context as _, Result, ensure};
use mingluo_model::clock::within;
use rumqttc::mqttbytes::v4::Packet;
use std::{fs, net::SocketAddr, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

/// How often, and how many times, it is asked whether a server is there.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 200;

/// A plain WebSocket hub.
pub(super) async fn plain_hub(field: &Field) -> Result<Row> {
    let at = free().await?;
    let start = || {
        let mut command = Command::new(field.programs.join("bench"));
        let Field { made, .. } = field;
        command.args(["hub", "--listen", &at.to_string()]);
        command.arg("--cert").arg(&made.city_cert).arg("--key").arg(&made.city_key).arg("--ca").arg(&made.ca);
        command.stdout(Stdio::piped());
        command
    };
    let ask = async |hub: &mut Child| {
        let order = field.order()? + "\n";
        hub.stdin.as_mut().context("a piped input is there")?.write_all(order.as_bytes()).await?;
        let out = hub.stdout.take().context("a piped output is there")?;
        let mut lines = BufReader::new(out).lines();
        loop {
            let line = lines.next_line().await?.context("the hub ended")?;
            if let Ok(Answers(times)) = serde_json::from_str(&line) {
                return Ok(times.into_iter().map(Duration::from_micros).collect());
            }
        }
    };
    measure(field, "WebSocket, plain", Tongue::Ws, at, start, ask).await
}

/// Debian's Mosquitto, every quality of service 1 and its queues without bounds.
pub(super) async fn mosquitto(field: &Field, root: &Path) -> Result<Row> {
    let (at, ours) = (free().await?, free().await?);
    let conf = field.folder.join("mosquitto.conf");
    fs::write(&conf, configuration(field, at, ours))?;
    let start = || {
        let mut command = unpacked::program(root, "usr/sbin/mosquitto");
        command.arg("-c").arg(&conf).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let ask = async |_: &mut Child| {
        let mut line = Line::connect(TcpStream::connect(ours).await?, "city").await?;
        line.subscribe(&format!("{ANSWERS}#")).await?;
        let (order, began) = (field.order()?, field.clock.ticks());
        let order = line.publication(ORDERS.to_owned(), &order);
        line.send(&[order]).await?;
        let mut answers = Vec::with_capacity(field.count as usize);
        while answers.len() < field.count as usize {
            if let Packet::Publish(answer) = line.next().await? {
                answers.push(field.clock.ticks().saturating_sub(began));
                line.send(&[Line::<TcpStream>::acknowledgement(&answer)]).await?;
            }
        }
        Ok(answers)
    };
    let missing = || {
        format!(
            "--mosquitto {}: usr/sbin/mosquitto cannot be run there; tests/bench fetches it",
            root.display()
        )
    };
    measure(field, "Mosquitto, QoS 1", Tongue::Mqtt, at, start, ask).await.with_context(missing)
}

/// Boxes come over mutual TLS, the city by a door of its own.
fn configuration(field: &Field, at: SocketAddr, ours: SocketAddr) -> String {
    let Field { made, .. } = field;
    format!(
        "user root\npersistence false\nallow_anonymous true\nset_tcp_nodelay true\nmax_inflight_messages 0\n\
         max_queued_messages 0\n\
         listener {} 127.0.0.1\n\
         listener {} 127.0.0.1\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\n",
        ours.port(),
        at.port(),
        made.ca.display(),
        made.city_cert.display(),
        made.city_key.display(),
    )
}

async fn measure(
    field: &Field,
    name: &'static str,
    tongue: Tongue,
    at: SocketAddr,
    start: impl Fn() -> Command,
    ask: impl AsyncFnOnce(&mut Child) -> Result<Vec<Duration>>,
) -> Result<Row> {
    let mut server = begin(field, start(), at).await?;
    let pid = server.id().context("it has ended already")?.to_string();
    let before = resident_kb(&pid)?;
    let mut wave = Wave::crowd(field, tongue, at)?;
    let connected_s = wave.until_online(field.count, &field.clock).await?;
    let answers = within(field.clock.as_ref(), DEADLINE, ask(&mut server)).await??;
    ensure!(answers.len() == field.count as usize, "{} of {} answered", answers.len(), field.count);
    let kb_a_box = resident_kb(&pid)?.saturating_sub(before) as f64 / f64::from(field.count);
    end(&mut server, &*field.clock).await?;
    let away = wave.until_closed(&field.clock).await?;
    let mut server = begin(field, start(), at).await?;
    let back_s = wave.until_online(field.count, &field.clock).await?;
    let turned_away = wave.turned_away() - away;
    wave.end().await?;
    end(&mut server, &*field.clock).await?;
    Ok(Row::new(name, false, connected_s, answers, kb_a_box, back_s, turned_away))
}

/// Starts a server and waits until it listens.
async fn begin(field: &Field, mut command: Command, at: SocketAddr) -> Result<Child> {
    let mut server = command
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} cannot be started", command.as_std().get_program().display()))?;
    for _ in 0..LOOKS {
        if TcpStream::connect(at).await.is_ok() {
            return Ok(server);
        }
        ensure!(server.try_wait()?.is_none(), "it ended before it listened");
        field.clock.sleep(LOOK).await;
    }
    anyhow::bail!("it does not listen at {at}")
}

/// An address that was free a moment ago.
async fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?)
}
