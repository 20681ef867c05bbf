//! Pushes of platforms that are known by their names alone.

use super::{Engine, ModeKind, StoreError, Timestamp};
use std::time::Duration;

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
    mode: ModeKind,
    name: [u8; 20],
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query("insert into push (mode, name, at) values ($1, $2, $3) on conflict (mode, name) do nothing")
        .bind(i16::from(mode.number()))
        .bind(name.to_vec())
        .bind(at.0)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("keep a push"))?;
    sqlx::query("delete from push where at < $1")
        .bind(at.0 - KNOWN_FOR.as_millis() as i64)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("drop old pushes"))?;
    write.commit().await
}
