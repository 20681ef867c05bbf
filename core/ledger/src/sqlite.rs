//! The embedded engine: one file, one writer, many readers.
//!
//! Every write goes through one pen, so that writers queue up fairly in here instead of polling SQLite's lock.
//! Appends have a connection of their own: a pooled one is asked whether it lives after each use, which costs as
//! much as the append itself.

use crate::{
    store::{Append, Lease, StoreError},
    vault::Vault,
};
use mingluo_model::clock::Timestamp;
use sqlx::{
    ConnectOptions as _, Connection as _, Pool, Transaction,
    migrate::Migrator,
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, OwnedMutexGuard};

mod append;
#[path = "verbs/mod.rs"]
mod verbs;

type Db = sqlx::Sqlite;
type Conn = SqliteConnection;

const NAME: &str = "sqlite";

static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

/// Bytes of a page: an event of 500 deliveries fits one.
const PAGE_BYTES: u32 = 8192;
/// Pages in the write-ahead log at which a writer checkpoints by itself: 64 MiB. [`Engine::tidy_files`] comes first.
const LOG_PAGES: u32 = 8192;
/// How long another process may hold the file (a backup, a migration).
const BUSY: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// A ledger in a file.
pub(crate) struct Engine {
    pen: Arc<Mutex<SqliteConnection>>,
    writer: Pool<Db>,
    reader: Pool<Db>,
    /// Copies the log into the file: who writes does not wait for the connection that does.
    tidier: Pool<Db>,
    vault: Arc<Vault>,
}

/// A write transaction that holds the pen.
struct Write {
    transaction: Transaction<'static, Db>,
    /// Let go after the transaction.
    _pen: OwnedMutexGuard<SqliteConnection>,
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
    pub(crate) async fn open(options: SqliteConnectOptions, vault: Arc<Vault>) -> Result<Self, StoreError> {
        let options = tuned(options);
        if !options.get_filename().exists() {
            return Err(StoreError::Schema { found: 0, wanted: newest_migration() });
        }
        let reader = pool(READERS).connect_lazy_with(options.clone().pragma("query_only", "on"));
        verbs::check_schema(&reader, &MIGRATOR).await?;
        let pen = options.connect().await.map_err(StoreError::database("open"))?;
        let tidier = pool(1).connect_lazy_with(options.clone());
        let writer = pool(1).connect_lazy_with(options);
        Ok(Self { pen: Arc::new(Mutex::new(pen)), writer, reader, tidier, vault })
    }

    async fn begin(&self) -> Result<Write, StoreError> {
        let pen = Arc::clone(&self.pen).lock_owned().await;
        let transaction =
            self.writer.begin_with("begin immediate").await.map_err(StoreError::database("begin"))?;
        Ok(Write { transaction, _pen: pen })
    }

    /// A lease's row is written with the same pen as all else.
    async fn begin_lease(&self) -> Result<Write, StoreError> {
        self.begin().await
    }

    async fn append_fenced(&self, lease: &Lease, now: Timestamp, append: &Append) -> Result<(), StoreError> {
        append::append(&mut *self.pen.lock().await, lease, now, append).await
    }

    /// One file needs no days prepared.
    #[expect(clippy::unused_async, reason = "the other engine has partitions to make here")]
    async fn prepare_days(&self, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    /// Copies the write-ahead log into the file as far as nobody is in the way, without the pen.
    async fn tidy_files(&self) -> Result<(), StoreError> {
        sqlx::query("pragma wal_checkpoint(passive)")
            .execute(&self.tidier)
            .await
            .map_err(StoreError::database("checkpoint"))?;
        Ok(())
    }
}

/// Makes the file if need be and applies what is missing.
pub(crate) async fn migrate(options: SqliteConnectOptions) -> Result<(), StoreError> {
    let mut connection =
        tuned(options).create_if_missing(true).connect().await.map_err(StoreError::database("open"))?;
    MIGRATOR.run(&mut connection).await.map_err(StoreError::Migration)?;
    connection.close().await.map_err(StoreError::database("close"))
}

fn newest_migration() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Durable means that the disk has it: FULL syncs the log at each commit.
fn tuned(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("wal_autocheckpoint", LOG_PAGES.to_string())
        .disable_statement_logging()
}

fn pool(connections: u32) -> PoolOptions<Db> {
    PoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}
