//! A migrated, empty ledger on one engine, with a back door for raw SQL.

use mingluo_ledger::{Store, migrate, open, vault::Vault};
use rand::{SeedableRng, rngs::StdRng};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) address: String,
    place: Place,
}

enum Place {
    File(TempDir),
    Server { server: String, database: String },
}

pub(crate) fn vault() -> Arc<Vault> {
    let ring = Vault::generate(&mut StdRng::seed_from_u64(1));
    Arc::new(Vault::read("vault.keys", &ring).unwrap())
}

impl House {
    pub(crate) async fn on_sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", dir.path().join("ledger.db").display());
        Self::at(address, Place::File(dir)).await
    }

    pub(crate) async fn on_postgres() -> Option<Self> {
        let server = std::env::var("MINGLUO_TEST_POSTGRES").ok().filter(|address| !address.is_empty())?;
        let database = format!("mingluo_{}", uuid::Uuid::from_u128(rand::random()).simple());
        on_server(&server, format!("create database {database}")).await;
        let (start, _) = server.rsplit_once('/').expect("the address names a database");
        let address = format!("{start}/{database}");
        Some(Self::at(address, Place::Server { server, database }).await)
    }

    async fn at(address: String, place: Place) -> Self {
        migrate(&address).await.unwrap();
        let store = open(&address, vault()).await.unwrap();
        Self { store, address, place }
    }

    pub(crate) async fn tear_down(self) {
        if let Place::Server { server, database } = self.place {
            on_server(&server, format!("drop database {database} with (force)")).await;
        }
    }

    /// Runs SQL behind the store's back.
    pub(crate) async fn raw(&self, sql: &str) -> Result<u64, sqlx::Error> {
        match &self.place {
            Place::File(_) => {
                let mut connection = SqliteConnection::connect(&self.address).await?;
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                connection.close().await?;
                Ok(done.rows_affected())
            }
            Place::Server { .. } => {
                let mut connection = PgConnection::connect(&self.address).await?;
                Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?.rows_affected())
            }
        }
    }

    /// Reads the log in a transaction that stays open as long as what is given back lives.
    pub(crate) async fn hold_the_log(&self) -> Box<dyn std::any::Any> {
        self.hold("begin; select count(*) from event").await
    }

    /// Keeps readers of the audit log waiting as long as what is given back lives; of a file they never wait.
    pub(crate) async fn hold_the_audit(&self) -> Box<dyn std::any::Any> {
        match &self.place {
            Place::File(_) => self.hold("begin; select count(*) from audit").await,
            Place::Server { .. } => self.hold("begin; lock table audit in access exclusive mode").await,
        }
    }

    /// How many connections to the server wait for a lock; `None` where nobody ever does.
    pub(crate) async fn waiting_for_locks(&self) -> Option<u64> {
        let waiting =
            "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        match &self.place {
            Place::File(_) => None,
            Place::Server { .. } => Some(self.raw(waiting).await.unwrap()),
        }
    }

    async fn hold(&self, begin: &'static str) -> Box<dyn std::any::Any> {
        match &self.place {
            Place::File(_) => {
                let mut connection = SqliteConnection::connect(&self.address).await.unwrap();
                sqlx::raw_sql(begin).execute(&mut connection).await.unwrap();
                Box::new(connection)
            }
            Place::Server { .. } => {
                let mut connection = PgConnection::connect(&self.address).await.unwrap();
                sqlx::raw_sql(begin).execute(&mut connection).await.unwrap();
                Box::new(connection)
            }
        }
    }

    /// Everything that somebody who steals the disk can read.
    pub(crate) async fn everything(&self) -> Vec<u8> {
        match &self.place {
            Place::File(dir) => {
                let files = std::fs::read_dir(dir.path()).unwrap();
                files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
            }
            Place::Server { .. } => every_value(&self.address).await,
        }
    }
}

async fn on_server(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

async fn every_value(address: &str) -> Vec<u8> {
    let mut connection = PgConnection::connect(address).await.unwrap();
    let tables = sqlx::query("select tablename::text from pg_tables where schemaname = 'public'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let mut bytes = Vec::new();
    for table in tables {
        let all = format!("select * from \"{}\"", table.get::<String, _>(0));
        for row in sqlx::query(AssertSqlSafe(all)).fetch_all(&mut connection).await.unwrap() {
            for column in 0..row.len() {
                bytes.extend_from_slice(row.try_get_raw(column).unwrap().as_bytes().unwrap_or_default());
            }
        }
    }
    bytes
}
