//! Where a heat's database is, and how large it has become.

use super::{Engine, machine};
use anyhow::Context;
use sqlx::{
    Connection, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use std::path::{Path, PathBuf};

/// A database of one heat.
pub(super) enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// The address of a database on a server.
    Postgres(String),
}

/// What a database has cost so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// Octets it takes on the disk.
    pub(super) kept: u64,
    /// Octets written to get there: by this process (SQLite), or to the write-ahead log (PostgreSQL).
    pub(super) written: u64,
}

impl Place {
    pub(super) fn new(engine: Engine, database: &str) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(database.into()),
            Engine::Postgres => Self::Postgres(database.to_owned()),
        }
    }

    /// The address as the ledger reads it.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
            Self::Postgres(address) => address.clone(),
        }
    }

    /// What it has cost by now; SQLite's log is copied into the file first.
    pub(super) async fn cost(&self) -> anyhow::Result<Cost> {
        match self {
            Self::Sqlite(file) => {
                let kept = settled_bytes(file).await.context("size of the file")?;
                Ok(Cost { kept, written: machine::written_bytes().unwrap_or(0) })
            }
            Self::Postgres(address) => server_cost(address).await.context("size of the database"),
        }
    }
}

async fn settled_bytes(file: &Path) -> anyhow::Result<u64> {
    let options = SqliteConnectOptions::new().filename(file).journal_mode(SqliteJournalMode::Wal);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut connection).await?;
    connection.close().await?;
    Ok(file.metadata()?.len())
}

async fn server_cost(address: &str) -> anyhow::Result<Cost> {
    let mut connection = PgConnection::connect(address).await?;
    let (kept, written): (i64, i64) = sqlx::query_as(
        "select pg_database_size(current_database()), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint",
    )
    .fetch_one(&mut connection)
    .await?;
    Ok(Cost { kept: kept.unsigned_abs(), written: written.unsigned_abs() })
}
