//! The baseline: a row per delivery, as good as such a table is built. A partial index holds what waits; a thousand are
//! claimed by one statement; answers and receipts are written in sets, as many as are at hand, in one transaction. It
//! keeps the promises that the other way keeps: claimed rows are durable before the first octet, a window slot is free
//! only when its answer is durable, a receipt is answered only when it is durable.
//!
//! What a centre calls a message is indexed: receipts come days later and after restarts, and find their row by it.
//! Otherwise the table is favoured where there is a choice: addresses stand in the rows unsealed, nothing counts the
//! states for a board, nothing is tried again.

mod courier;
mod postgres;
mod sqlite;

use super::{
    heat::{Heat, Meter, Planned, Told},
    place::Place,
};
use crate::sim_stage::told_to_stop;
use anyhow::ensure;
use async_trait::async_trait;
use courier::Courier;
use mingluo_model::{channel::Channel, clock::SharedClock};
use std::{collections::HashSet, sync::Arc};
use tokio::task::JoinSet;

/// Rows claimed by one statement.
const CLAIM: u32 = 1_000;

/// A row that is to be sent.
pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) address: String,
}

/// What became of some rows.
#[derive(Default)]
pub(super) struct Outcome {
    /// Rows that the centre took, with what it calls them.
    pub(super) accepted: Vec<(i64, String)>,
    /// Rows whose receipt came, by what the centre calls them.
    pub(super) delivered: Vec<String>,
}

/// The table of deliveries. Every verb is durable when it returns.
#[async_trait]
pub(super) trait Table: Send + Sync + 'static {
    /// Plans deliveries `0..count`.
    async fn load(&self, count: u32) -> anyhow::Result<()>;

    /// Takes the next rows to send, none when none are left.
    async fn claim(&self, most: u32) -> anyhow::Result<Vec<Claimed>>;

    /// Keeps what became of rows of one session; gives the names of receipts that no row has yet.
    async fn keep(&self, session: usize, outcome: &Outcome) -> anyhow::Result<HashSet<String>>;

    /// Rows that are delivered.
    async fn delivered(&self) -> anyhow::Result<u64>;
}

/// Sends everything, waits until it is told that the centre has its answers, and tells what it cost.
pub(super) async fn run(heat: &Heat, clock: &SharedClock) -> anyhow::Result<Told> {
    let place = heat.place();
    let table = table(&place, heat.sessions).await?;
    let channel = heat.channel(clock)?;
    let mut sessions = Vec::new();
    for _ in 0..heat.sessions {
        sessions.push(channel.open().await?);
    }
    let mut meter = Meter::start(&place).await?;
    let begun = clock.ticks();
    table.load(heat.count).await?;
    let planned = Planned { took: clock.ticks().saturating_sub(begun), released: clock.now() };
    meter.release();
    let mut couriers = JoinSet::new();
    for (number, session) in sessions.into_iter().enumerate() {
        let courier = Courier::new(Arc::clone(&table), number, heat.window, clock.now());
        couriers.spawn(courier.work(session));
    }
    tokio::select! {
        told = told_to_stop() => told?,
        Some(ended) = couriers.join_next() => ended??,
    }
    ensure!(couriers.len() == heat.sessions as usize, "a session ended before it was told to");
    let delivered = table.delivered().await?;
    meter.stop(&place, &planned, delivered).await
}

async fn table(place: &Place, sessions: u32) -> anyhow::Result<Arc<dyn Table>> {
    Ok(match place {
        Place::Sqlite(file) => Arc::new(sqlite::SqliteTable::create(file).await?),
        Place::Postgres(address) => Arc::new(postgres::PostgresTable::create(address, sessions).await?),
    })
}
