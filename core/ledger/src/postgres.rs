//! The engine of several nodes: a PostgreSQL server, one pool. Commits are synchronous; a group of events is one
//! statement with its fence in it.

use crate::{
    store::{Append, Lease, StoreError},
    vault::Vault,
};
use mingluo_model::clock::Timestamp;
use sqlx::{
    ConnectOptions as _, Connection as _, Pool, Transaction,
    migrate::Migrator,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgConnection},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

mod append;
#[path = "verbs/mod.rs"]
mod verbs;

type Db = sqlx::Postgres;
type Conn = PgConnection;

const NAME: &str = "postgres";

static MIGRATOR: Migrator = sqlx::migrate!("migrations/postgres");

/// A connection is asked whether it lives before it is used: an append that fails on a stale one halts dispatch.
const CONNECTIONS: u32 = 10;
/// How long a verb waits for a free connection before it fails.
const PATIENCE: Duration = Duration::from_secs(10);
const DAY_MS: i64 = 86_400_000;

/// A ledger on a server.
pub(crate) struct Engine {
    reader: Pool<Db>,
    vault: Arc<Vault>,
    /// The last day for which the days around it have partitions.
    prepared_day: AtomicI64,
}

struct Write {
    transaction: Transaction<'static, Db>,
}

impl Write {
    fn conn(&mut self) -> &mut Conn {
        &mut self.transaction
    }

    async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(StoreError::database("commit"))
    }
}

impl Engine {
    pub(crate) async fn open(options: PgConnectOptions, vault: Arc<Vault>) -> Result<Self, StoreError> {
        let reader = PoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(tuned(options))
            .await
            .map_err(StoreError::database("open"))?;
        verbs::check_schema(&reader, &MIGRATOR).await?;
        Ok(Self { reader, vault, prepared_day: AtomicI64::new(i64::MIN) })
    }

    async fn begin(&self) -> Result<Write, StoreError> {
        let transaction = self.reader.begin().await.map_err(StoreError::database("begin"))?;
        Ok(Write { transaction })
    }

    async fn append_fenced(&self, lease: &Lease, now: Timestamp, append: &Append) -> Result<(), StoreError> {
        append::append(&self.reader, lease, now, append).await
    }

    /// Makes the partitions from two days ago to two days ahead, once a day: events carry the time at which they
    /// were made, and clocks of nodes differ.
    async fn prepare_days(&self, now: Timestamp) -> Result<(), StoreError> {
        let today = now.0.div_euclid(DAY_MS);
        if self.prepared_day.load(Ordering::Relaxed) == today {
            return Ok(());
        }
        sqlx::query("select ensure_event_day(day) from generate_series($1::bigint, $2::bigint) as day")
            .bind(today - 2)
            .bind(today + 2)
            .execute(&self.reader)
            .await
            .map_err(StoreError::database("make the days' partitions"))?;
        self.prepared_day.store(today, Ordering::Relaxed);
        Ok(())
    }

    /// The server tidies by itself, and the log gives it nothing to vacuum.
    #[expect(clippy::unused_async, reason = "the other engine has a checkpoint to make here")]
    async fn tidy_files(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Applies what is missing, under the server's lock, so that several nodes may try at once.
pub(crate) async fn migrate(options: PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = tuned(options).connect().await.map_err(StoreError::database("open"))?;
    MIGRATOR.run(&mut connection).await.map_err(StoreError::Migration)?;
    connection.close().await.map_err(StoreError::database("close"))
}

/// Durable means on disk, whatever the server's default; a node that hangs in a transaction loses it.
fn tuned(options: PgConnectOptions) -> PgConnectOptions {
    options
        .application_name("mingluo")
        .options([("synchronous_commit", "on"), ("idle_in_transaction_session_timeout", "30s")])
        .disable_statement_logging()
}
