//! The hot path: a group is one statement and so one transaction. The lease's row is locked for sharing until
//! its commit; whoever takes the lease over waits for that, and whoever lost it inserts nothing.

use super::Db;
use crate::store::{Append, Lease, StoreError};
use mingluo_model::{clock::Timestamp, id::NodeId};
use sqlx::{
    Pool, Row as _,
    postgres::{PgArguments, PgConnection},
    query::Query,
};
use uuid::Uuid;

pub(super) const APPEND: &str = "
with held as materialized (
    select 1 from lease where resource = $1 and node_id = $2 and epoch = $3 and until > $4 for share
), events as (
    insert into event (epoch, seq, plan_id, kind, at, payload)
    select $3, seq, plan_id, kind, at, payload
    from unnest($5::bigint[], $6::bytea[], $7::smallint[], $8::bigint[], $9::bytea[])
        as given (seq, plan_id, kind, at, payload)
    where exists (select 1 from held)
), raws as (
    insert into raw_receipt (epoch, seq, account, provider_id, address_hash, status, far_code, at)
    select $3, seq, account, provider_id, address_hash, status, far_code, at
    from unnest($10::bigint[], $11::text[], $12::bytea[], $13::bytea[], $14::smallint[], $15::text[], $16::bigint[])
        as given (seq, account, provider_id, address_hash, status, far_code, at)
    where exists (select 1 from held)
), matches as (
    update raw_receipt set matched = 1
    from unnest($17::bigint[], $18::bigint[]) as given (epoch, seq)
    where raw_receipt.epoch = given.epoch and raw_receipt.seq = given.seq and exists (select 1 from held)
)
select exists (select 1 from held) as held";

type Statement = Query<'static, Db, PgArguments>;

pub(super) async fn append(
    pool: &Pool<Db>,
    lease: &Lease,
    now: Timestamp,
    append: &Append,
) -> Result<(), StoreError> {
    let query = statement(&lease.resource, lease.node, lease.epoch, now, append);
    let row = query.fetch_one(pool).await.map_err(StoreError::database("append"))?;
    let held: bool = row.try_get("held").map_err(StoreError::database("append"))?;
    if held { Ok(()) } else { Err(StoreError::fenced(lease)) }
}

/// Has the server read and plan the statement: nothing is appended under nobody's lease.
pub(super) async fn make_ready(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let nobody = NodeId(Uuid::nil());
    let nothing = statement("", nobody, 0, Timestamp(0), &Append::default());
    nothing.execute(connection).await.map(|_| ())
}

fn statement(resource: &str, node: NodeId, epoch: i64, now: Timestamp, append: &Append) -> Statement {
    let query = sqlx::query(APPEND)
        .bind(resource.to_owned())
        .bind(node.0.as_bytes().to_vec())
        .bind(epoch)
        .bind(now.0);
    bind_matched(bind_raws(bind_events(query, append), append), append)
}

/// One array a column.
fn column<T, V>(rows: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

fn bind_events(query: Statement, append: &Append) -> Statement {
    let rows = &append.events;
    query
        .bind(column(rows, |(seq, _)| *seq))
        .bind(column(rows, |(_, event)| event.plan.0.as_bytes().to_vec()))
        .bind(column(rows, |(_, event)| event.fact.kind()))
        .bind(column(rows, |(_, event)| event.at.0))
        .bind(column(rows, |(_, event)| event.fact.encode()))
}

fn bind_raws(query: Statement, append: &Append) -> Statement {
    let rows = &append.raws;
    query
        .bind(column(rows, |(seq, _)| *seq))
        .bind(column(rows, |(_, raw)| raw.account.0.clone()))
        .bind(column(rows, |(_, raw)| raw.provider_id.bytes().to_vec()))
        .bind(column(rows, |(_, raw)| raw.address_hash.map(|hash| hash.to_vec())))
        .bind(column(rows, |(_, raw)| i16::from(raw.status.byte())))
        .bind(column(rows, |(_, raw)| raw.far_code.clone()))
        .bind(column(rows, |(_, raw)| raw.at.0))
}

fn bind_matched(query: Statement, append: &Append) -> Statement {
    query.bind(column(&append.matched, |id| id.epoch)).bind(column(&append.matched, |id| id.seq))
}
