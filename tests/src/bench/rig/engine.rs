//! The process with the engine: it prepares, releases a warning by each account, and tells how it goes on until it is
//! told to stop.

use super::{posting::Posting, pushes};
use crate::{
    bench::{
        log_way::BIND,
        machine,
        town::{edition, open, read_index, release},
    },
    sim_stage::Leash,
};
use anyhow::Context;
use mingluo_dispatch::{
    Engine,
    engine::{DispatchConfig, Parts, take_lease},
    routes::Routes,
    view::PlanView,
};
use mingluo_model::{
    clock::{Clock, SharedClock},
    mode::{Live, ModeKind},
};
use rand::{SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// How often it tells how it goes on.
const TELL: Duration = Duration::from_millis(100);

/// What the process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RigOrder {
    /// A file that is not there yet.
    pub(in crate::bench) database: PathBuf,
    /// All of one channel.
    pub(in crate::bench) accounts: Vec<Posting>,
    pub(in crate::bench) dispatch: DispatchConfig,
}

/// How it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::bench) struct Progress {
    /// Nothing is left to send, to wait for or to decide.
    pub(in crate::bench) settled: bool,
    /// Why the engine stopped, if it did.
    pub(in crate::bench) halted: Option<String>,
    /// Recipients by state, over all accounts.
    pub(in crate::bench) states: BTreeMap<String, u32>,
    /// By account, deliveries that were sent again although an earlier try may have arrived.
    pub(in crate::bench) resent_in_doubt: BTreeMap<String, u32>,
}

impl Progress {
    /// How many are in one of these states.
    pub(in crate::bench) fn of(&self, states: &[&str]) -> u32 {
        states.iter().filter_map(|state| self.states.get(*state)).sum()
    }

    /// How many were sent and said to be taken or not.
    pub(in crate::bench) fn left(&self) -> u32 {
        self.states.values().sum::<u32>() - self.of(&["planned", "submitting"])
    }
}

/// What the process tells at once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) progress: Progress,
    pub(super) spent: Spent,
}

/// What it took since the first release.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(in crate::bench) struct Spent {
    /// Seconds by the clock, planning included.
    pub(in crate::bench) seconds: f64,
    /// Processor seconds of the engine's process.
    pub(in crate::bench) cpu_s: f64,
}

/// Runs the engine until it is told to stop or let go of.
///
/// # Errors
/// When the ledger, an account or the signals fail.
pub async fn run(order: RigOrder, leash: Leash, clock: SharedClock) -> anyhow::Result<()> {
    let mut chance = StdRng::seed_from_u64(1);
    let store = open(&format!("sqlite:{}", order.database.display()), &mut chance).await?;
    let live = |one: &Posting| anyhow::Ok((one.name()?, ModeKind::Live));
    let names: Vec<_> = order.accounts.iter().map(live).collect::<Result<_, _>>()?;
    store.register_accounts(&names).await?;
    let count = order.accounts.iter().map(|one| one.who.end).max().context("there is an account")?;
    let notice = order.accounts.first().context("there is an account")?.notice();
    let edition = edition(store.as_ref(), &notice, count, clock.now(), &mut chance).await?;
    let config = order.dispatch.clone();
    let right = take_lease::<Live>(store.as_ref(), "rig", &config, &clock, &mut chance).await?;
    let ready: Vec<_> =
        order.accounts.iter().map(|one| one.ready(clock.clone())).collect::<Result<_, _>>()?;
    let engine = Engine::start(Parts {
        store: Arc::clone(&store),
        lease: right,
        clock: clock.clone(),
        chance: StdRng::from_rng(&mut chance),
        channels: ready.iter().map(|one| Arc::clone(&one.channel)).collect(),
        read_index: read_index(count)?,
        routes: Routes::default(),
        carrier_of: Arc::new(|_| None),
        config,
    })
    .await?;
    let mut doors = JoinSet::new();
    for (one, (name, _)) in ready.into_iter().zip(&names) {
        if let Some((at, callback)) = one.pushes {
            pushes::serve(&mut doors, &engine, name.clone(), at, callback).await?;
        }
    }
    clock.sleep(BIND).await;
    let begun = Begun { ticks: clock.ticks(), cpu_s: cpu_s() };
    for (one, (name, _)) in order.accounts.iter().zip(&names) {
        let who = one.who.clone();
        let plans = release(store.as_ref(), &notice, edition, &name.0, who, clock.now(), &mut chance).await?;
        engine.admit(plans).await?;
    }
    tokio::select! {
        told = tell(&engine, &*clock, begun) => told?,
        ended = leash.ended() => ended?,
    }
    engine.shutdown().await;
    Ok(())
}

/// When the first release began.
#[derive(Clone, Copy)]
struct Begun {
    ticks: Duration,
    cpu_s: f64,
}

fn cpu_s() -> f64 {
    machine::cpu_s("self").unwrap_or(0.0)
}

async fn tell(engine: &Engine<Live>, clock: &dyn Clock, begun: Begun) -> anyhow::Result<()> {
    loop {
        let progress = Progress::of_views(&engine.views(), engine.halted());
        let seconds = clock.ticks().saturating_sub(begun.ticks).as_secs_f64();
        say(&Said { progress, spent: Spent { seconds, cpu_s: cpu_s() - begun.cpu_s } })?;
        clock.sleep(TELL).await;
    }
}

impl Progress {
    fn of_views(views: &[PlanView], halted: Option<String>) -> Self {
        let mut progress = Self { settled: !views.is_empty(), halted, ..Self::default() };
        for view in views {
            progress.settled &= view.settled;
            for (state, count) in &view.counts.states {
                *progress.states.entry((*state).to_owned()).or_default() += count;
            }
            progress.resent_in_doubt.insert(view.account.0.clone(), view.resent_in_doubt);
        }
        progress
    }
}

#[expect(clippy::print_stdout, reason = "this is what the process tells who started it")]
fn say(said: &Said) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(said)?);
    Ok(())
}
