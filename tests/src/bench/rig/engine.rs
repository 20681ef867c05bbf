//! The process with the engine: it prepares, releases a warning by each account, and tells how it goes on until it is
//! told to stop.

use super::account::Account;
use crate::{
    bench::{
        log_way::BIND,
        town::{Notice, edition, open, read_index, release},
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
    plan::AccountName,
};
use rand::{SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

/// How often it tells how it goes on.
const TELL: Duration = Duration::from_millis(200);

/// What the process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RigOrder {
    /// A file that is not there yet.
    pub(in crate::bench) database: PathBuf,
    pub(in crate::bench) secret_file: PathBuf,
    pub(in crate::bench) accounts: Vec<Account>,
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

/// Runs the engine until it is told to stop or let go of.
///
/// # Errors
/// When the ledger, an account or the signals fail.
pub async fn run(order: RigOrder, leash: Leash, clock: SharedClock) -> anyhow::Result<()> {
    let mut chance = StdRng::seed_from_u64(1);
    let store = open(&format!("sqlite:{}", order.database.display()), &mut chance).await?;
    let names: Vec<_> =
        order.accounts.iter().map(|one| (AccountName(one.name.clone()), ModeKind::Live)).collect();
    store.register_accounts(&names).await?;
    let count = order.accounts.iter().map(|one| one.who.end).max().context("there is an account")?;
    let notice = Notice::text();
    let edition = edition(store.as_ref(), &notice, count, clock.now(), &mut chance).await?;
    let config = order.dispatch.clone();
    let right = take_lease::<Live>(store.as_ref(), "rig", &config, &clock, &mut chance).await?;
    let opened = |one: &Account| one.channel(&order.secret_file, clock.clone());
    let engine = Engine::start(Parts {
        store: Arc::clone(&store),
        lease: right,
        clock: clock.clone(),
        chance: StdRng::from_rng(&mut chance),
        channels: order.accounts.iter().map(opened).collect::<Result<_, _>>()?,
        read_index: read_index(count)?,
        routes: Routes::default(),
        carrier_of: Arc::new(|_| None),
        config,
    })
    .await?;
    clock.sleep(BIND).await;
    for one in &order.accounts {
        let who = one.who.clone();
        let plans =
            release(store.as_ref(), &notice, edition, &one.name, who, clock.now(), &mut chance).await?;
        engine.admit(plans).await?;
    }
    tokio::select! {
        told = tell(&engine, &*clock) => told?,
        ended = leash.ended() => ended?,
    }
    engine.shutdown().await;
    Ok(())
}

async fn tell(engine: &Engine<Live>, clock: &dyn Clock) -> anyhow::Result<()> {
    loop {
        say(&Progress::of_views(&engine.views(), engine.halted()))?;
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
fn say(progress: &Progress) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(progress)?);
    Ok(())
}
