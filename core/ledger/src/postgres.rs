//! The engine of several nodes: a PostgreSQL server, a pool for pages and decisions and a small one for the log. Commits are synchronous; a group of events is one
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
/// Connections that only the log and its leases have, one for each mode: pages that read for long must not hold up an
/// append until dispatch halts.
const OF_THE_LOG: u32 = 2;
/// How long a verb waits for a free connection before it fails.
const PATIENCE: Duration = Duration::from_secs(10);
const DAY_MS: i64 = 86_400_000;
/// How soon partitions are tried again that could not be made.
const MAKE_DAYS_LATER_MS: i64 = 600_000;
/// What the server answers when a lock was not free in time (`lock_not_available`, appendix A of its manual).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// A ledger on a server.
pub(crate) struct Engine {
    reader: Pool<Db>,
    log: Pool<Db>,
    vault: Arc<Vault>,
    /// When to see again whether the days to come have partitions; Unix milliseconds.
    look_at_days_at: AtomicI64,
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
        let pool = |connections| PoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
        let options = tuned(options);
        let reader =
            pool(CONNECTIONS).connect_with(options.clone()).await.map_err(StoreError::database("open"))?;
        verbs::check_schema(&reader, &MIGRATOR).await?;
        // Opened and made ready now: the first octet of a warning must not wait for a login, nor for the server to read and
        // plan a long statement.
        let log = pool(OF_THE_LOG)
            .min_connections(OF_THE_LOG)
            .after_connect(|connection, _| Box::pin(append::make_ready(connection)))
            .connect_lazy_with(by_key(options));
        Ok(Self { reader, log, vault, look_at_days_at: AtomicI64::new(i64::MIN) })
    }

    async fn begin(&self) -> Result<Write, StoreError> {
        let transaction = self.reader.begin().await.map_err(StoreError::database("begin"))?;
        Ok(Write { transaction })
    }

    /// Begins what the log's lease hangs on.
    async fn begin_lease(&self) -> Result<Write, StoreError> {
        let transaction = self.log.begin().await.map_err(StoreError::database("begin"))?;
        Ok(Write { transaction })
    }

    async fn append_fenced(&self, lease: &Lease, now: Timestamp, append: &Append) -> Result<(), StoreError> {
        append::append(&self.log, lease, now, append).await
    }

    /// Makes the partitions from two days ago to two days ahead, once a day: events carry the time at which they
    /// were made, and clocks of nodes differ. Making one locks the log, and whoever reads it for long (a backup) would
    /// make every append wait behind it until the lease is lost; so it gives way and comes back later.
    async fn prepare_days(&self, now: Timestamp) -> Result<(), StoreError> {
        if now.0 < self.look_at_days_at.load(Ordering::Relaxed) {
            return Ok(());
        }
        let today = now.0.div_euclid(DAY_MS);
        let again = match self.make_days(today).await {
            Ok(()) => (today + 1) * DAY_MS,
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(LOCK_NOT_AVAILABLE) => {
                tracing::info!("the log is being read, its partitions are made later");
                now.0 + MAKE_DAYS_LATER_MS
            }
            Err(error) => return Err(StoreError::database("make the days' partitions")(error)),
        };
        self.look_at_days_at.store(again, Ordering::Relaxed);
        Ok(())
    }

    async fn make_days(&self, today: i64) -> Result<(), sqlx::Error> {
        let mut transaction = self.log.begin().await?;
        sqlx::query("set local lock_timeout = '200ms'").execute(&mut *transaction).await?;
        sqlx::query("select ensure_event_day(day) from generate_series($1::bigint, $2::bigint) as day")
            .bind(today - 2)
            .bind(today + 2)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
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

/// The log finds its rows by their whole keys. A server that plans while a table is empty reads it from end to end later,
/// when a hundred thousand rows are in it, until its statistics come (measured: half of all processor time in the first minute
/// of a warning).
fn by_key(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("plan_cache_mode", "force_generic_plan"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{AssertSqlSafe, Row as _};

    #[tokio::test]
    async fn the_log_finds_receipts_by_their_keys_though_the_server_has_seen_no_row_yet() {
        let Some(server) = std::env::var("MINGLUO_TEST_POSTGRES").ok().filter(|it| !it.is_empty()) else {
            return println!("skipped: MINGLUO_TEST_POSTGRES holds no address");
        };
        let options: PgConnectOptions = server.parse().unwrap();
        let mut connection = by_key(tuned(options)).connect().await.unwrap();
        let run = async |connection: &mut PgConnection, sql: String| {
            sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap()
        };
        let schema = format!("by_key_{}", std::process::id());
        run(&mut connection, format!("create schema {schema}; set search_path to {schema}")).await;
        for migration in MIGRATOR.iter() {
            run(&mut connection, migration.sql.as_str().to_owned()).await;
        }
        run(&mut connection, format!("prepare probe as {}", append::APPEND)).await;
        let nothing = vec!["null"; 18].join(", ");
        let plan = run(&mut connection, format!("explain execute probe ({nothing})")).await;
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        run(&mut connection, format!("drop schema {schema} cascade")).await;
        let plan = plan.join("\n");
        assert!(plan.contains("Index Scan using raw_receipt_pkey on raw_receipt"), "{plan}");
    }
}
