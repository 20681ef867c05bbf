//! The city that is measured: ledger, engine, hub and listener as in the product, in this process; beside it, as deployed,
//! the signer in a process of its own, and the fleet's ledger, without which no box may forget a report.

use super::{
    Field, code,
    signing::Signing,
    stamp::{Stamped, Stamps},
};
use crate::{
    bench::town::{Notice, edition, open, read_index, release},
    issuer::{account, red},
};
use anyhow::{Context as _, Result, ensure};
use mingluo_channels::speaker::{
    SpeakerChannel,
    listener::{bind, serve},
    pages::Pages,
};
use mingluo_console::fleet::Fleet;
use mingluo_dispatch::{
    Engine,
    engine::{DispatchConfig, Parts, take_lease},
    routes::Routes,
};
use mingluo_ledger::Store;
use mingluo_model::{
    audience::ChannelKind,
    clock::{SharedClock, within},
    id::EditionId,
    message::Body,
    mode::{Live, ModeKind},
    signer::seal,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// No step may take longer.
pub(super) const DEADLINE: Duration = Duration::from_mins(5);

/// The city, open or shut.
pub(super) struct City<'a> {
    field: &'a Field,
    database: String,
    edition: EditionId,
    notice: Notice,
    address: SocketAddr,
    stamps: Arc<Stamps>,
    signing: Signing,
    chance: StdRng,
    running: Option<Running>,
}

struct Running {
    store: Arc<dyn Store>,
    engine: Arc<Engine<Live>>,
    stop: CancellationToken,
    served: JoinHandle<()>,
    /// Keeps what boxes say, as the console's own witness.
    witness: JoinHandle<()>,
}

impl<'a> City<'a> {
    /// Its ledger with a box for each ordinal, and its signer.
    pub(super) async fn found(field: &'a Field, run: u8) -> Result<Self> {
        let clock = &field.clock;
        let database = format!("sqlite:{}", field.folder.join(format!("city-{run}.sqlite")).display());
        let mut chance = StdRng::seed_from_u64(1);
        let store = open(&database, &mut StdRng::seed_from_u64(1)).await?;
        let made = account(&field.made, ([127, 0, 0, 1], 0).into(), field.count);
        store.register_accounts(&[(made.name, ModeKind::Live)]).await?;
        let signing = Signing::start(field).await?;
        let body = order(field, &signing).await?;
        let address = |number| code(number).as_str().to_owned();
        let notice = Notice { channel: ChannelKind::Speaker, body, address };
        let edition = edition(store.as_ref(), &notice, field.count, clock.now(), &mut chance).await?;
        let stamps = Stamps::new(clock.clone());
        let address = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?;
        Ok(Self { field, database, edition, notice, address, stamps, signing, chance, running: None })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts everything, out of the ledger.
    pub(super) async fn open(&mut self) -> Result<()> {
        let (field, clock) = (self.field, &self.field.clock);
        let store = open(&self.database, &mut StdRng::seed_from_u64(1)).await?;
        let config = account(&field.made, self.address, field.count);
        let tls = config.tls.server_config()?;
        let signer = self.signing.client(field);
        let channel = SpeakerChannel::<Live>::new(config, clock.clone(), Some(signer))?;
        let hub = channel.hub();
        let dispatch = DispatchConfig::default();
        let lease = take_lease::<Live>(store.as_ref(), "boxes", &dispatch, clock, &mut self.chance).await?;
        let fleet = Fleet::open(ModeKind::Live, Arc::clone(&store), Arc::clone(&hub), clock.clone()).await?;
        let engine = Engine::start(Parts {
            store: Arc::clone(&store),
            lease,
            clock: clock.clone(),
            chance: StdRng::from_rng(&mut self.chance),
            channels: vec![Arc::new(Stamped { channel, stamps: Arc::clone(&self.stamps) })],
            read_index: read_index(field.count)?,
            routes: Routes::default(),
            carrier_of: Arc::new(|_| None),
            config: dispatch,
        })
        .await?;
        let listener = bind(self.address)?;
        let stop = CancellationToken::new();
        let served = tokio::spawn(serve(hub, listener, tls, Pages::default(), clock.clone(), stop.clone()));
        let witness = tokio::spawn(fleet.run(stop.clone()));
        self.running = Some(Running { store, engine, stop, served, witness });
        Ok(())
    }

    /// Stops everything; the ledger remains.
    pub(super) async fn shut(&mut self) -> Result<()> {
        let Running { engine, stop, served, witness, .. } =
            self.running.take().context("the city is shut")?;
        stop.cancel();
        served.await?;
        engine.shutdown().await;
        Ok(witness.await?)
    }

    /// Whether the fleet's ledger has the word of every box as well; the city is shut.
    pub(super) async fn check_witness(&self) -> Result<()> {
        let store = open(&self.database, &mut StdRng::seed_from_u64(1)).await?;
        let kept = store.playouts(ModeKind::Live, &[red(1, self.field.clock.now()).ebm]).await?.len();
        ensure!(kept == self.field.count as usize, "the fleet's ledger has {kept} of {}", self.field.count);
        Ok(())
    }

    /// Ends its signer; the city is shut.
    pub(super) async fn end(self) -> Result<()> {
        self.signing.end().await
    }

    /// Releases one red warning to all boxes; gives when each box's word that it has verified it was durable.
    pub(super) async fn order(&mut self) -> Result<Vec<Duration>> {
        let Running { store, engine, .. } = self.running.as_ref().context("the city is shut")?;
        let (clock, count): (&SharedClock, u32) = (&self.field.clock, self.field.count);
        let (store, who) = (store.as_ref(), 0..count);
        let account = account(&self.field.made, self.address, count).name.0;
        let plans =
            release(store, &self.notice, self.edition, &account, who, clock.now(), &mut self.chance).await?;
        let began = clock.ticks();
        engine.admit(plans).await?;
        let durable = within(clock.as_ref(), DEADLINE, self.stamps.durable(count as usize)).await;
        let durable = durable.with_context(|| {
            format!("not every answer is durable: {:?}", engine.views().iter().map(|it| &it.counts).next())
        })?;
        Ok(durable.into_iter().map(|at| at.saturating_sub(began)).collect())
    }
}

/// The red bulletin of a release, signed behind the socket.
async fn order(field: &Field, signing: &Signing) -> Result<Body> {
    let bulletin = red(1, field.clock.now());
    let envelope = seal(signing.client(field).as_ref(), &bulletin).await?.to_bytes();
    Ok(Body::Speaker { envelope, script: bulletin.script })
}
