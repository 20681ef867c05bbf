//! The city that is measured: hub and listener in this process, and the pretend boxes that it starts.

use super::BoxesOptions;
use crate::{
    issuer::{account, believed, red, run},
    sim_boxes::pki::{self, Made},
};
use anyhow::{Context as _, Result, ensure};
use mingluo_channels::speaker::{SpeakerChannel, SpeakerHub, TlsFiles, listener::serve, pages::Pages};
use mingluo_model::{
    bulletin::{KeySet, ResourceCode},
    channel::{Channel as _, Report as Told, Session, Verdict},
    clock::{SharedClock, within},
    mode::Live,
};
use std::{fs, net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// No step may take longer.
const DEADLINE: Duration = Duration::from_mins(5);

fn code(number: u32) -> ResourceCode {
    format!("621042300100103140{number:05}").parse().expect("23 digits")
}

/// The city in this process.
pub(super) struct City {
    clock: SharedClock,
    hub: Arc<SpeakerHub>,
    session: Session<Live>,
    tls: TlsFiles,
    made: Made,
    address: SocketAddr,
    stop: CancellationToken,
    served: Option<JoinHandle<()>>,
}

impl City {
    pub(super) async fn open(dir: &Path, count: u32, clock: SharedClock) -> Result<Self> {
        let region = "210423001001".parse()?;
        let boxes: Vec<_> = (0..count).map(|number| (code(number), region)).collect();
        let made = pki::make(&dir.join("pki"), &boxes, clock.now())?;
        let config = account(&made, "127.0.0.1:0".parse()?, count);
        let tls = config.tls.clone();
        let channel = SpeakerChannel::<Live>::new(config, clock.clone(), None)?;
        let (session, hub, stop) = (channel.open().await?, channel.hub(), CancellationToken::new());
        let address = "127.0.0.1:0".parse()?;
        let mut city = Self { clock, hub, session, tls, made, address, stop, served: None };
        city.serve().await?;
        Ok(city)
    }

    /// Opens the door; the second time on the same port.
    pub(super) async fn serve(&mut self) -> Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        self.address = listener.local_addr()?;
        self.stop = CancellationToken::new();
        let (hub, tls) = (Arc::clone(&self.hub), self.tls.server_config()?);
        self.served = Some(tokio::spawn(serve(
            hub,
            listener,
            tls,
            Pages::default(),
            self.clock.clone(),
            self.stop.clone(),
        )));
        Ok(())
    }

    pub(super) async fn shut(&mut self) -> Result<()> {
        self.stop.cancel();
        if let Some(served) = self.served.take() {
            served.await?;
        }
        Ok(())
    }

    pub(super) fn switch_on(&self, options: &BoxesOptions, dir: &Path) -> Result<Child> {
        let own = std::env::current_exe()?;
        let near = own.parent().context("this program lies nowhere")?;
        let program = options.bin_dir.as_deref().unwrap_or(near).join("sim-boxes");
        let keys = dir.join("keys.json");
        let believed = KeySet { keys: vec![believed(self.clock.now())] };
        fs::write(&keys, serde_json::to_vec(&believed)?)?;
        let path = |path: &Path| path.display().to_string();
        Command::new(&program)
            .args(["--city", &format!("wss://{}/link", self.address), "--connects-per-second", "2000"])
            .args(["--ca", &path(&self.made.ca), "--boxes", &path(&self.made.list), "--keys", &path(&keys)])
            .args(["--log", &path(&dir.join("boxes.jsonl")), "--until-stdin-closes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| path(&program))
    }

    pub(super) async fn until_online(&self, online: usize, boxes: &mut Child) -> Result<()> {
        let reached = async {
            while self.hub.count().online != online {
                ensure!(boxes.try_wait()?.is_none(), "sim-boxes ended");
                self.clock.sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        within(self.clock.as_ref(), DEADLINE, reached).await.with_context(|| format!("{online} online"))?
    }

    /// Sends one red bulletin to all; gives when each box's answer was there.
    pub(super) async fn order(&mut self, count: u32) -> Result<Vec<Duration>> {
        let run = run(&red(1, self.clock.now()), (0..count).map(code))?;
        let began = self.clock.ticks();
        self.session.outlet.prepare(&run)?;
        self.session.outlet.send().await?;
        let mut answers = Vec::with_capacity(count as usize);
        while answers.len() < count as usize {
            let mut told = Vec::new();
            within(self.clock.as_ref(), DEADLINE, self.session.inlet.next(&mut told)).await??;
            let passed = self.clock.ticks().saturating_sub(began);
            let mut tokens = Vec::new();
            for told in told {
                match told {
                    Told::Answer { verdict: Verdict::Accepted(_), .. } => answers.push(passed),
                    Told::Answer { verdict, .. } => anyhow::bail!("a box answers {verdict:?}"),
                    Told::Receipt { token, .. } => tokens.extend(token),
                    Told::Reply { .. } => {}
                }
            }
            self.session.answerer.committed(&tokens).await?;
        }
        Ok(answers)
    }
}
