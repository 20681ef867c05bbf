//! Who wants no messages, by keyed hash.

use super::{Db, Engine, StoreError, Timestamp, value::fixed};
use sqlx::QueryBuilder;

/// Rows of one insert statement.
const AT_ONCE: usize = 1_000;

pub(super) async fn all(engine: &Engine) -> Result<Vec<[u8; 16]>, StoreError> {
    sqlx::query("select address_hash from opt_out order by address_hash")
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the opt-outs"))?
        .iter()
        .map(|row| fixed(row, "address_hash"))
        .collect()
}

pub(super) async fn add(engine: &Engine, hashes: &[[u8; 16]], at: Timestamp) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for some in hashes.chunks(AT_ONCE) {
        let mut insert = QueryBuilder::<Db>::new("insert into opt_out (address_hash, at) ");
        insert.push_values(some, |mut row, hash| {
            row.push_bind(hash.to_vec()).push_bind(at.0);
        });
        insert.push(" on conflict (address_hash) do nothing");
        insert
            .build()
            .persistent(false)
            .execute(write.conn())
            .await
            .map_err(StoreError::database("add opt-outs"))?;
    }
    write.commit().await
}
