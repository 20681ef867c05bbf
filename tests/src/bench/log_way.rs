//! Mingluo's way: an edition of pretend recipients, one released plan over all of them, and the product's engine with
//! a licence that binds nobody.

use super::{
    heat::{ACCOUNT, Heat, Meter, Planned, Told},
    town::{Notice, edition, open, read_index, release},
};
use crate::sim_stage::told_to_stop;
use anyhow::bail;
use mingluo_console::forward::Forwarder;
use mingluo_dispatch::{
    Engine,
    engine::{DispatchConfig, Parts, take_lease},
    routes::Routes,
};
use mingluo_ledger::Store;
use mingluo_model::{
    clock::SharedClock,
    delivery::DeliveryState,
    mode::{Live, ModeKind},
    plan::AccountName,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Looks at the engine's health this often.
const LOOK: Duration = Duration::from_millis(200);

/// How long sessions may take to bind before anything is released.
pub(super) const BIND: Duration = Duration::from_millis(300);

/// Sends everything, waits until it is told that the centre has its answers, and tells what it cost.
pub(super) async fn run(heat: &Heat, clock: &SharedClock) -> anyhow::Result<Told> {
    let (place, mut chance) = (heat.place(), StdRng::seed_from_u64(1));
    let store = open(&place.address(), &mut chance).await?;
    store.register_accounts(&[(AccountName(ACCOUNT.into()), ModeKind::Live)]).await?;
    let notice = Notice::text();
    let edition = edition(store.as_ref(), &notice, heat.count, clock.now(), &mut chance).await?;
    // Before the lease is taken, as in the product.
    let forwarder = match heat.platform(clock)? {
        Some(platform) => Some(Forwarder::open(platform, Arc::clone(&store), clock.clone()).await?),
        None => None,
    };
    let engine = start(heat, &store, clock, &mut chance).await?;
    let (stop, forwarding) = (CancellationToken::new(), TaskTracker::new());
    if let Some(forwarder) = forwarder {
        forwarding.spawn(forwarder.run(Arc::clone(engine.roster()), stop.clone()));
    }
    forwarding.close();
    clock.sleep(BIND).await;
    let mut meter = Meter::start(&place).await?;
    let begun = clock.ticks();
    let plans =
        release(store.as_ref(), &notice, edition, ACCOUNT, 0..heat.count, clock.now(), &mut chance).await?;
    let planned = Planned { took: clock.ticks().saturating_sub(begun), released: clock.now() };
    meter.release();
    engine.admit(plans).await?;
    tokio::select! {
        told = told_to_stop() => told?,
        reason = halted(&engine, clock) => bail!("the engine halted: {reason}"),
    }
    let told = meter.stop(&place, &planned, delivered(&engine)).await;
    stop.cancel();
    engine.shutdown().await;
    forwarding.wait().await;
    told
}

/// Deliveries that the engine has as delivered.
fn delivered(engine: &Engine<Live>) -> u64 {
    let word = DeliveryState::Delivered.word();
    engine.views().iter().filter_map(|view| view.counts.states.get(word)).copied().map(u64::from).sum()
}

async fn start(
    heat: &Heat,
    store: &Arc<dyn Store>,
    clock: &SharedClock,
    chance: &mut StdRng,
) -> anyhow::Result<Arc<Engine<Live>>> {
    let config = DispatchConfig::default();
    let lease = take_lease::<Live>(store.as_ref(), "bench", &config, clock, chance).await?;
    Ok(Engine::start(Parts {
        store: Arc::clone(store),
        lease,
        clock: clock.clone(),
        chance: StdRng::from_rng(chance),
        channels: vec![Arc::new(heat.channel(clock)?)],
        read_index: read_index(heat.count)?,
        routes: Routes::default(),
        carrier_of: Arc::new(|_| None),
        config,
    })
    .await?)
}

pub(super) async fn halted(engine: &Engine<Live>, clock: &SharedClock) -> String {
    loop {
        if let Some(reason) = engine.halted() {
            return reason;
        }
        clock.sleep(LOOK).await;
    }
}
