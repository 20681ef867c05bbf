//! The hot path: a group of events in as few statements as can be. A statement costs a hop to SQLite's thread and
//! back, so rows go in by the hundred, in statements of a few fixed sizes that stay prepared; places that are not
//! needed are bound to null and skipped. The fence is in the insert itself.

use super::{Conn, Db};
use crate::{
    event::{Event, RawId, RawReceipt},
    store::{Append, Lease, StoreError},
};
use mingluo_model::clock::Timestamp;
use sqlx::{Connection as _, query::Query, sqlite::SqliteArguments};
use std::sync::LazyLock;

/// Rows of the statements that are kept prepared.
const SIZES: [usize; 5] = [1, 4, 16, 64, 256];
const LARGEST: usize = SIZES[SIZES.len() - 1];

/// Rows are taken only while the lease (resource, node, epoch, now) holds.
const FENCE: &str = "column1 is not null
    and exists (select 1 from lease where resource = ? and node_id = ? and epoch = ? and until > ?)";

static EVENTS: LazyLock<[String; SIZES.len()]> = LazyLock::new(|| {
    SIZES.map(|size| {
        let rows = places(size, 5);
        format!(
            "insert into event (epoch, seq, plan_id, kind, at, payload)
             select ?, column1, column2, column3, column4, column5 from ({rows}) where {FENCE}"
        )
    })
});

static RAWS: LazyLock<[String; SIZES.len()]> = LazyLock::new(|| {
    SIZES.map(|size| {
        let rows = places(size, 7);
        format!(
            "insert into raw_receipt (epoch, seq, account, provider_id, address_hash, status, far_code, at)
             select ?, column1, column2, column3, column4, column5, column6, column7 from ({rows}) where {FENCE}"
        )
    })
});

static MATCHED: LazyLock<[String; SIZES.len()]> = LazyLock::new(|| {
    SIZES.map(|size| {
        let rows = places(size, 2);
        format!(
            "update raw_receipt set matched = 1
             where epoch <= ? and (epoch, seq) in (select column1, column2 from ({rows}) where {FENCE})"
        )
    })
});

/// `values (?, ?), (?, ?) …`. Without numbers: SQLite looks numbered ones up by walking a list.
fn places(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    format!("values {}", vec![row.as_str(); rows].join(", "))
}

type Statement = Query<'static, Db, SqliteArguments>;

/// Writes a group in one transaction, which is the statement itself where one statement is enough.
pub(super) async fn append(
    conn: &mut Conn,
    lease: &Lease,
    now: Timestamp,
    append: &Append,
) -> Result<(), StoreError> {
    let statements = append.events.len().div_ceil(LARGEST)
        + append.raws.len().div_ceil(LARGEST)
        + append.matched.len().div_ceil(LARGEST);
    if statements <= 1 {
        return write(conn, lease, now, append).await;
    }
    let mut transaction =
        conn.begin_with("begin immediate").await.map_err(StoreError::database("begin an append"))?;
    write(&mut transaction, lease, now, append).await?;
    transaction.commit().await.map_err(StoreError::database("commit an append"))
}

async fn write(conn: &mut Conn, lease: &Lease, now: Timestamp, append: &Append) -> Result<(), StoreError> {
    for some in append.events.chunks(LARGEST) {
        let done = run(conn, &EVENTS, 5, some, bind_event, lease, now).await?;
        demand(done == some.len(), lease)?;
    }
    for some in append.raws.chunks(LARGEST) {
        let done = run(conn, &RAWS, 7, some, bind_raw, lease, now).await?;
        demand(done == some.len(), lease)?;
    }
    for some in append.matched.chunks(LARGEST) {
        let done = run(conn, &MATCHED, 2, some, bind_matched, lease, now).await?;
        demand(done > 0, lease)?;
    }
    Ok(())
}

/// Where rows are missing, the fence let none through.
fn demand(all_written: bool, lease: &Lease) -> Result<(), StoreError> {
    if all_written { Ok(()) } else { Err(StoreError::fenced(lease)) }
}

/// Writes rows with the smallest prepared statement that takes so many; how many were written.
async fn run<T>(
    conn: &mut Conn,
    statements: &'static [String; SIZES.len()],
    columns: usize,
    rows: &[T],
    bind: impl Fn(Statement, &T) -> Statement,
    lease: &Lease,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let place = SIZES.iter().position(|size| *size >= rows.len()).unwrap_or(SIZES.len() - 1);
    let filled = rows.iter().fold(sqlx::query(statements[place].as_str()).bind(lease.epoch), bind);
    let unused = columns * (SIZES[place] - rows.len());
    let done = (0..unused)
        .fold(filled, |query, _| query.bind(None::<i64>))
        .bind(lease.resource.clone())
        .bind(lease.node.0.as_bytes().to_vec())
        .bind(lease.epoch)
        .bind(now.0)
        .execute(conn)
        .await
        .map_err(StoreError::database("append"))?;
    Ok(done.rows_affected() as usize)
}

fn bind_event(query: Statement, (seq, event): &(i64, Event)) -> Statement {
    query
        .bind(*seq)
        .bind(event.plan.0.as_bytes().to_vec())
        .bind(event.fact.kind())
        .bind(event.at.0)
        .bind(event.fact.encode())
}

fn bind_raw(query: Statement, (seq, raw): &(i64, RawReceipt)) -> Statement {
    query
        .bind(*seq)
        .bind(raw.account.0.clone())
        .bind(raw.provider_id.bytes().to_vec())
        .bind(raw.address_hash.map(|hash| hash.to_vec()))
        .bind(i16::from(raw.status.byte()))
        .bind(raw.far_code.clone())
        .bind(raw.at.0)
}

fn bind_matched(query: Statement, id: &RawId) -> Statement {
    query.bind(id.epoch).bind(id.seq)
}
