//! Pushes of platforms that are known by their names alone.

use super::{Db, Engine, ModeKind, StoreError, Timestamp};
use sqlx::QueryBuilder;
use std::time::Duration;

/// Rows of one statement.
const AT_ONCE: usize = 500;

/// How long a push is known: as long as what followers write with the platform's own id. Ours to choose; a push is said again
/// within fifteen seconds, and longer only where the platform itself was held up.
const KNOWN_FOR: Duration = Duration::from_hours(72);

pub(super) async fn is_known(engine: &Engine, mode: ModeKind, name: [u8; 20]) -> Result<bool, StoreError> {
    sqlx::query("select at from push where mode = $1 and name = $2")
        .bind(i16::from(mode.number()))
        .bind(name.to_vec())
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("look for a push that came before"))
        .map(|row| row.is_some())
}

pub(super) async fn keep(
    engine: &Engine,
    pushes: &[(ModeKind, [u8; 20])],
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    for some in pushes.chunks(AT_ONCE) {
        let mut insert = QueryBuilder::<Db>::new("insert into push (mode, name, at) ");
        insert.push_values(some, |mut row, (mode, name)| {
            row.push_bind(i16::from(mode.number())).push_bind(name.to_vec()).push_bind(at.0);
        });
        insert.push(" on conflict (mode, name) do nothing");
        let kept = insert.build().persistent(false).execute(write.conn()).await;
        kept.map_err(StoreError::database("keep pushes"))?;
    }
    sqlx::query("delete from push where at < $1")
        .bind(at.0 - KNOWN_FOR.as_millis() as i64)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("drop old pushes"))?;
    write.commit().await
}
