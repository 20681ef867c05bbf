//! The table in a file: one writer, everything in sets handed over as JSON.

use super::{Claimed, Outcome, Table};
use crate::bench::heat::number;
use anyhow::Context;
use async_trait::async_trait;
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{collections::HashSet, path::Path};
use tokio::sync::Mutex;

/// The same as the ledger's.
const PAGE_BYTES: u32 = 8192;
const LOG_PAGES: &str = "8192";

/// Rows planned by one statement.
const LOAD: usize = 5_000;

const CREATE: &str = "
create table delivery (
    id integer primary key,
    prio integer not null,
    state integer not null check (state between 0 and 3),  -- 0 waits, 1 claimed, 2 accepted, 3 delivered
    address text not null,
    provider_id text,
    claimed_at integer,
    accepted_at integer,
    delivered_at integer
) strict;
create index delivery_waits on delivery (prio, id) where state = 0;
create unique index delivery_named on delivery (provider_id) where provider_id is not null;
";

const LOADED: &str = "insert into delivery (id, prio, state, address)
    select value ->> 0, 1, 0, value ->> 1 from json_each(?)";

const CLAIMED: &str = "update delivery set state = 1, claimed_at = unixepoch()
    where id in (select id from delivery where state = 0 order by prio, id limit ?) returning id, address";

const ACCEPTED: &str =
    "update delivery set state = 2, provider_id = given.provider_id, accepted_at = unixepoch()
    from (select value ->> 0 as id, value ->> 1 as provider_id from json_each(?)) as given
    where delivery.id = given.id";

const DELIVERED: &str = "update delivery set state = 3, delivered_at = unixepoch()
    where provider_id in (select value from json_each(?))";

const EARLY: &str = "select value from json_each(?)
    where not exists (select 1 from delivery where provider_id = value)";

pub(super) struct SqliteTable {
    pen: Mutex<SqliteConnection>,
}

impl SqliteTable {
    pub(super) async fn create(file: &Path) -> anyhow::Result<Self> {
        let mut pen = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", LOG_PAGES)
            .disable_statement_logging()
            .connect()
            .await?;
        sqlx::raw_sql(CREATE).execute(&mut pen).await?;
        Ok(Self { pen: Mutex::new(pen) })
    }
}

#[async_trait]
impl Table for SqliteTable {
    async fn load(&self, count: u32) -> anyhow::Result<()> {
        let mut pen = self.pen.lock().await;
        for first in (0..count).step_by(LOAD) {
            let rows: Vec<_> = (first..count.min(first + LOAD as u32)).map(|id| (id, number(id))).collect();
            sqlx::query(LOADED).bind(serde_json::to_string(&rows)?).execute(&mut *pen).await?;
        }
        Ok(())
    }

    async fn claim(&self, most: u32) -> anyhow::Result<Vec<Claimed>> {
        let mut pen = self.pen.lock().await;
        let rows = sqlx::query(CLAIMED).bind(most).fetch_all(&mut *pen).await?;
        rows.iter().map(|row| Ok(Claimed { id: row.try_get(0)?, address: row.try_get(1)? })).collect()
    }

    async fn keep(&self, _session: usize, outcome: &Outcome) -> anyhow::Result<HashSet<String>> {
        let accepted = serde_json::to_string(&outcome.accepted)?;
        let delivered = serde_json::to_string(&outcome.delivered)?;
        let mut pen = self.pen.lock().await;
        let mut all = pen.begin_with("begin immediate").await?;
        if !outcome.accepted.is_empty() {
            sqlx::query(ACCEPTED).bind(accepted).execute(&mut *all).await?;
        }
        let mut early = HashSet::new();
        if !outcome.delivered.is_empty() {
            let found = sqlx::query(DELIVERED).bind(&delivered).execute(&mut *all).await?;
            if found.rows_affected() < outcome.delivered.len() as u64 {
                early.extend(sqlx::query_scalar(EARLY).bind(&delivered).fetch_all(&mut *all).await?);
            }
        }
        all.commit().await?;
        Ok(early)
    }

    async fn delivered(&self) -> anyhow::Result<u64> {
        let mut pen = self.pen.lock().await;
        let count: i64 = sqlx::query_scalar("select count(*) from delivery where state = 3")
            .fetch_one(&mut *pen)
            .await
            .context("count")?;
        Ok(count.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_receipt_before_its_answer_waits_for_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let table = SqliteTable::create(&folder.path().join("rows.db")).await.unwrap();
        table.load(3).await.unwrap();
        let claimed = table.claim(2).await.unwrap();
        assert_eq!(claimed.iter().map(|row| row.id).collect::<Vec<_>>(), [0, 1]);

        let receipt = Outcome { accepted: Vec::new(), delivered: vec!["a".into()] };
        assert_eq!(table.keep(0, &receipt).await.unwrap(), HashSet::from(["a".to_owned()]));
        let both = Outcome { accepted: vec![(0, "a".into())], ..receipt };
        assert!(table.keep(0, &both).await.unwrap().is_empty());

        assert_eq!(table.delivered().await.unwrap(), 1);
        assert_eq!(table.claim(9).await.unwrap().len(), 1);
    }
}
