//! The table on a server: each session claims on one connection and writes on another, so that claims of several
//! sessions pass each other by SKIP LOCKED.

use super::{Claimed, Outcome, Table};
use crate::bench::heat::number;
use anyhow::Context;
use async_trait::async_trait;
use sqlx::{
    Connection, PgPool, Row,
    postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
};
use std::{collections::HashSet, str::FromStr};
use tokio::sync::Mutex;

/// Rows planned by one statement.
const LOAD: usize = 5_000;

const CREATE: &str = "
create table delivery (
    id bigint primary key,
    prio smallint not null,
    state smallint not null check (state between 0 and 3),  -- 0 waits, 1 claimed, 2 accepted, 3 delivered
    address text not null,
    provider_id text,
    claimed_at timestamptz,
    accepted_at timestamptz,
    delivered_at timestamptz
);
create index delivery_waits on delivery (prio, id) where state = 0;
create unique index delivery_named on delivery (provider_id) where provider_id is not null;
";

const LOADED: &str = "insert into delivery (id, prio, state, address)
    select id, 1, 0, address from unnest($1::bigint[], $2::text[]) as given (id, address)";

const CLAIMED: &str = "
with next as (
    select id from delivery where state = 0 order by prio, id limit $1 for update skip locked
)
update delivery set state = 1, claimed_at = now() from next where delivery.id = next.id
returning delivery.id, delivery.address";

const ACCEPTED: &str = "update delivery set state = 2, provider_id = given.provider_id, accepted_at = now()
    from unnest($1::bigint[], $2::text[]) as given (id, provider_id) where delivery.id = given.id";

const DELIVERED: &str = "update delivery set state = 3, delivered_at = now()
    from unnest($1::text[]) as given (provider_id) where delivery.provider_id = given.provider_id";

const EARLY: &str = "select name from unnest($1::text[]) as given (name)
    where not exists (select 1 from delivery where provider_id = name)";

pub(super) struct PostgresTable {
    claims: PgPool,
    /// One for each session, so that what it says of one row is written in order.
    pens: Vec<Mutex<PgConnection>>,
}

impl PostgresTable {
    pub(super) async fn create(address: &str, sessions: u32) -> anyhow::Result<Self> {
        let options = PgConnectOptions::from_str(address)?.options([("synchronous_commit", "on")]);
        let pool = PgPoolOptions::new().max_connections(sessions).test_before_acquire(false);
        let claims = pool.connect_with(options.clone()).await?;
        sqlx::raw_sql(CREATE).execute(&claims).await?;
        let mut pens = Vec::new();
        for _ in 0..sessions {
            pens.push(Mutex::new(PgConnection::connect_with(&options).await?));
        }
        Ok(Self { claims, pens })
    }
}

#[async_trait]
impl Table for PostgresTable {
    async fn load(&self, count: u32) -> anyhow::Result<()> {
        for first in (0..count).step_by(LOAD) {
            let ids: Vec<_> = (first..count.min(first + LOAD as u32)).collect();
            let numbers: Vec<String> = ids.iter().map(|id| number(*id)).collect();
            let ids: Vec<i64> = ids.into_iter().map(i64::from).collect();
            sqlx::query(LOADED).bind(ids).bind(numbers).execute(&self.claims).await?;
        }
        // The planner must know that there is something to be found by the index.
        sqlx::query("analyze delivery").execute(&self.claims).await?;
        Ok(())
    }

    async fn claim(&self, most: u32) -> anyhow::Result<Vec<Claimed>> {
        let rows = sqlx::query(CLAIMED).bind(i64::from(most)).fetch_all(&self.claims).await?;
        rows.iter().map(|row| Ok(Claimed { id: row.try_get(0)?, address: row.try_get(1)? })).collect()
    }

    async fn keep(&self, session: usize, outcome: &Outcome) -> anyhow::Result<HashSet<String>> {
        let mut pen = self.pens[session].lock().await;
        let mut all = pen.begin().await?;
        if !outcome.accepted.is_empty() {
            let (ids, names): (Vec<i64>, Vec<String>) = outcome.accepted.iter().cloned().unzip();
            sqlx::query(ACCEPTED).bind(ids).bind(names).execute(&mut *all).await?;
        }
        let mut early = HashSet::new();
        if !outcome.delivered.is_empty() {
            let found = sqlx::query(DELIVERED).bind(&outcome.delivered).execute(&mut *all).await?;
            if found.rows_affected() < outcome.delivered.len() as u64 {
                early.extend(sqlx::query_scalar(EARLY).bind(&outcome.delivered).fetch_all(&mut *all).await?);
            }
        }
        all.commit().await?;
        Ok(early)
    }

    async fn delivered(&self) -> anyhow::Result<u64> {
        let count: i64 = sqlx::query_scalar("select count(*) from delivery where state = 3")
            .fetch_one(&self.claims)
            .await
            .context("count")?;
        Ok(count.unsigned_abs())
    }
}
