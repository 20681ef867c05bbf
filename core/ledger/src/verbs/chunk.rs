//! The fold of closed plans.

use super::{
    Chunk, Db, Engine, PlanId, StoreError,
    value::{Row, bytes, get, narrow},
};
use mingluo_model::plan::PlanStatus;
use sqlx::QueryBuilder;

/// Rows of one insert statement: some hundred kilobytes.
const AT_ONCE: usize = 32;

pub(super) async fn close(engine: &Engine, plan: PlanId, chunks: &[Chunk]) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for some in chunks.chunks(AT_ONCE) {
        let mut insert = QueryBuilder::<Db>::new("insert into delivery_chunk (plan_id, chunk_no, payload) ");
        insert.push_values(some, |mut row, chunk| {
            row.push_bind(bytes(plan.0)).push_bind(i64::from(chunk.chunk_no)).push_bind(chunk.encode());
        });
        insert.push(" on conflict (plan_id, chunk_no) do update set payload = excluded.payload");
        insert
            .build()
            .persistent(false)
            .execute(write.conn())
            .await
            .map_err(StoreError::database("keep a plan's fold"))?;
    }
    sqlx::query("update plan set status = $2 where plan_id = $1")
        .bind(bytes(plan.0))
        .bind(i16::from(PlanStatus::Closed.number()))
        .execute(write.conn())
        .await
        .map_err(StoreError::database("close a plan"))?;
    write.commit().await
}

pub(super) async fn read(engine: &Engine, plan: PlanId) -> Result<Vec<Chunk>, StoreError> {
    sqlx::query("select chunk_no, payload from delivery_chunk where plan_id = $1 order by chunk_no")
        .bind(bytes(plan.0))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read a plan's fold"))?
        .iter()
        .map(read_chunk)
        .collect()
}

pub(super) async fn one(engine: &Engine, plan: PlanId, chunk_no: u32) -> Result<Option<Chunk>, StoreError> {
    let row =
        sqlx::query("select chunk_no, payload from delivery_chunk where plan_id = $1 and chunk_no = $2")
            .bind(bytes(plan.0))
            .bind(i64::from(chunk_no))
            .fetch_optional(&engine.reader)
            .await
            .map_err(StoreError::database("read a part of a plan's fold"))?;
    row.as_ref().map(read_chunk).transpose()
}

fn read_chunk(row: &Row) -> Result<Chunk, StoreError> {
    Chunk::decode(narrow(row, "chunk_no")?, &get::<Vec<u8>>(row, "payload")?)
        .map_err(|error| StoreError::damaged("a plan's fold", error))
}
