//! The receipts of a mode in the order of the log, and how far they have been handed on.

use super::{
    Engine, ModeKind, StoreError,
    progress::read_event,
    value::{self, Row, get},
};
use crate::store::{LogPlace, ReceiptPage};

/// Everything counts as read; of what is no receipt only the place is told.
const PAGE: &str = "
select epoch, seq, plan_id, kind, at, case when kind = 3 then payload end as payload from event
where epoch = $1 and seq > $2 order by epoch, seq limit $3";

const NEXT_STREAM: &str = "select min(epoch) as epoch from event where epoch > $1";

/// A stream is written under one lease and so in one mode.
const MODE: &str = "
select plan.mode as mode from event join plan on plan.plan_id = event.plan_id
where event.epoch = $1 order by event.seq limit 1";

const LAST_STREAM: &str = "select max(epoch) as epoch from event";

const CURSOR: &str = "select epoch, seq from receipt_cursor where mode = $1";

const BEGIN: &str =
    "insert into receipt_cursor (mode, epoch, seq) values ($1, $2, $3) on conflict (mode) do nothing";

/// Never back: a node that lost its lease may be the last to write.
const MOVE: &str = "
update receipt_cursor set epoch = $2, seq = $3
where mode = $1 and (epoch < $2 or (epoch = $2 and seq < $3))";

pub(super) async fn page(
    engine: &Engine,
    mode: ModeKind,
    after: LogPlace,
    limit: u32,
) -> Result<ReceiptPage, StoreError> {
    let page = of_stream(engine, after, limit).await?;
    if page.read_to != after {
        return Ok(page);
    }
    let Some(next) = next_stream(engine, mode, after.0).await? else { return Ok(page) };
    // Once there is a later stream, nothing more comes to this one; but something may have come since it was read.
    let page = of_stream(engine, after, limit).await?;
    if page.read_to == after { of_stream(engine, (next, 0), limit).await } else { Ok(page) }
}

async fn of_stream(engine: &Engine, after: LogPlace, limit: u32) -> Result<ReceiptPage, StoreError> {
    let rows = sqlx::query(PAGE)
        .bind(after.0)
        .bind(after.1)
        .bind(i64::from(limit))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the log's receipts"))?;
    let mut page = ReceiptPage { receipts: Vec::new(), read_to: after };
    for row in &rows {
        page.read_to = place(row)?;
        if get::<Option<Vec<u8>>>(row, "payload")?.is_some() {
            page.receipts.push(read_event(row)?);
        }
    }
    Ok(page)
}

fn place(row: &Row) -> Result<LogPlace, StoreError> {
    Ok((get(row, "epoch")?, get(row, "seq")?))
}

/// The first stream of this mode after an epoch.
async fn next_stream(engine: &Engine, mode: ModeKind, mut after: i64) -> Result<Option<i64>, StoreError> {
    loop {
        let row = sqlx::query(NEXT_STREAM)
            .bind(after)
            .fetch_one(&engine.reader)
            .await
            .map_err(StoreError::database("look for the log's next stream"))?;
        let Some(epoch) = get::<Option<i64>>(&row, "epoch")? else { return Ok(None) };
        let row = sqlx::query(MODE)
            .bind(epoch)
            .fetch_optional(&engine.reader)
            .await
            .map_err(StoreError::database("look for a stream's mode"))?;
        if row.as_ref().map(value::mode).transpose()? == Some(mode) {
            return Ok(Some(epoch));
        }
        after = epoch;
    }
}

pub(super) async fn cursor(engine: &Engine, mode: ModeKind) -> Result<LogPlace, StoreError> {
    let mut write = engine.begin().await?;
    let last = sqlx::query(LAST_STREAM)
        .fetch_one(&mut *write.conn())
        .await
        .map_err(StoreError::database("find the log's last stream"))?;
    sqlx::query(BEGIN)
        .bind(i16::from(mode.number()))
        .bind(get::<Option<i64>>(&last, "epoch")?.unwrap_or(0))
        .bind(i64::MAX)
        .execute(&mut *write.conn())
        .await
        .map_err(StoreError::database("begin to hand receipts on"))?;
    let row = sqlx::query(CURSOR)
        .bind(i16::from(mode.number()))
        .fetch_one(&mut *write.conn())
        .await
        .map_err(StoreError::database("read how far receipts were handed on"))?;
    write.commit().await?;
    place(&row)
}

pub(super) async fn move_cursor(engine: &Engine, mode: ModeKind, to: LogPlace) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query(MOVE)
        .bind(i16::from(mode.number()))
        .bind(to.0)
        .bind(to.1)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("keep how far receipts were handed on"))?;
    write.commit().await
}
