//! A city for one board: the product's hub and listener, a root, a signer, and a desk that keeps what the box reports.

use crate::{
    issuer::{account, believed, red, run, signer},
    sim_boxes::pki::{self, Made},
};
use anyhow::{Context as _, Result};
use mingluo_channels::speaker::{SpeakerChannel, SpeakerHub, listener::serve, pages::Pages};
use mingluo_model::{
    bulletin::{Action, Bulletin, EbmId, KeyEdition, ResourceCode, Tone},
    channel::{Channel as _, Inlet, Outlet, Report as Told, Session},
    clock::{SharedClock, Timestamp, within},
    mode::Live,
    region::RegionCode,
    signer::LocalSigner,
};
use std::{num::NonZeroU64, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_util::sync::CancellationToken;

/// For one report of the box; a board of pretence is slow when the machine is busy.
const REPORT_LIMIT: Duration = Duration::from_mins(2);

/// The city.
pub struct City {
    clock: SharedClock,
    hub: Arc<SpeakerHub>,
    /// The port on this machine.
    pub port: u16,
    /// Certificates, with the board's own.
    pub made: Made,
    outlet: Box<dyn Outlet<Live>>,
    told: mpsc::Receiver<String>,
    stop: CancellationToken,
    seq: u16,
}

/// The board's resource code.
///
/// # Panics
/// Never: the digits are digits.
pub fn box_code() -> ResourceCode {
    "62104230010010314000001".parse().expect("23 digits")
}

/// The village in which the board stands.
///
/// # Panics
/// Never: the code is a code.
pub fn region() -> RegionCode {
    "210423001001".parse().expect("a village's code")
}

fn root() -> LocalSigner {
    LocalSigner::from_seed("pretend-root".parse().expect("a key's name"), &[3; 32])
}

/// The root's public half, and a key set that it signed, as the operator of a box gets them.
///
/// # Errors
/// When the set cannot be written.
pub fn trust_files(now: Timestamp) -> Result<(String, Vec<u8>)> {
    let edition = KeyEdition { version: NonZeroU64::MIN, keys: vec![believed(now)] };
    Ok((hex::encode(root().public()), serde_json::to_vec(&edition.sign(&root())?)?))
}

impl City {
    /// Opens the door for boxes on a free port of this machine.
    ///
    /// # Errors
    /// When certificates cannot be made or the port cannot be had.
    pub async fn open(dir: &Path, clock: SharedClock) -> Result<Self> {
        Self::open_with(dir, clock, Pages::default()).await
    }

    /// The same, with pages that the box may ask for.
    ///
    /// # Errors
    /// When certificates cannot be made or the port cannot be had.
    pub async fn open_with(dir: &Path, clock: SharedClock, pages: Pages) -> Result<Self> {
        let made = pki::make(&dir.join("pki"), &[(box_code(), region())], clock.now())?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let listen = listener.local_addr()?;
        let config = account(&made, listen, 1);
        let tls = config.tls.clone();
        let channel = SpeakerChannel::<Live>::new(config, clock.clone(), Some(Arc::new(signer())))?;
        let Session { outlet, inlet, answerer } = channel.open().await?;
        let (stop, (say, told)) = (CancellationToken::new(), mpsc::channel(1_024));
        let hub = channel.hub();
        tokio::spawn(serve(
            Arc::clone(&hub),
            listener,
            tls.server_config()?,
            pages,
            clock.clone(),
            stop.clone(),
        ));
        tokio::spawn(keep(inlet, answerer, say));
        Ok(Self { clock, hub, port: listen.port(), made, outlet, told, stop, seq: 0 })
    }

    /// Waits until the box has a link, or has none.
    ///
    /// # Errors
    /// When that does not come about in time.
    pub async fn until_online(&self, online: usize) -> Result<()> {
        let reached = async {
            while self.hub.count().online != online {
                self.clock.sleep(Duration::from_millis(10)).await;
            }
        };
        within(self.clock.as_ref(), Duration::from_mins(2), reached)
            .await
            .context("waiting for the box's link")
    }

    /// A bulletin that plays the tone so often, by its next number.
    pub fn bulletin(&mut self, tone: Tone, repeats: u8) -> Bulletin {
        self.seq += 1;
        Bulletin { tone, repeats, script: String::new(), ..red(self.seq, self.clock.now()) }
    }

    /// A bulletin that stops this one.
    pub fn stop(&mut self, ebm: EbmId) -> Bulletin {
        Bulletin { action: Action::Stop(vec![ebm]), ..self.bulletin(Tone::None, 1) }
    }

    /// Sends a bulletin on its way.
    ///
    /// # Errors
    /// When it cannot be signed or sent.
    pub async fn send(&mut self, bulletin: &Bulletin) -> Result<()> {
        let run = run(bulletin, [box_code()])?;
        self.outlet.prepare(&run)?;
        Ok(self.outlet.send().await?)
    }

    /// Waits for this event's word in what the box reports.
    ///
    /// # Errors
    /// When it does not come in time.
    pub async fn hear(&mut self, word: &str) -> Result<()> {
        let clock = self.clock.clone();
        let heard = async {
            while let Some(event) = self.told.recv().await {
                if event == word {
                    return Ok(());
                }
            }
            anyhow::bail!("the city closed")
        };
        within(clock.as_ref(), REPORT_LIMIT, heard).await.with_context(|| format!("waiting for {word:?}"))?
    }

    /// Forgets what was reported so far.
    pub fn forget(&mut self) {
        while self.told.try_recv().is_ok() {}
    }
}

impl Drop for City {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Calls every report durable and passes its word on. When nobody listens any more the session is over.
async fn keep(
    mut inlet: Box<dyn Inlet>,
    answerer: Arc<dyn mingluo_model::channel::Answerer>,
    say: mpsc::Sender<String>,
) {
    let mut told = Vec::new();
    while inlet.next(&mut told).await.is_ok() {
        let mut tokens = Vec::new();
        for report in told.drain(..) {
            let Told::Receipt { receipt, token } = report else { continue };
            tokens.extend(token);
            if say.send(receipt.far_code).await.is_err() {
                return;
            }
        }
        if answerer.committed(&tokens).await.is_err() {
            return;
        }
    }
}
