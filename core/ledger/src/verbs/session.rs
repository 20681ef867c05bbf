//! Signed-in browsers.

use super::{
    Conn, Engine, SessionRow, StoreError, Timestamp,
    value::{Row, bytes, fixed, get, id},
};
use mingluo_model::id::OfficerId;

const ADD: &str = "insert into session (token_hash, officer_id, expires) values ($1, $2, $3)";

pub(super) async fn add(engine: &Engine, session: &SessionRow) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query(ADD)
        .bind(session.token_hash.to_vec())
        .bind(bytes(session.officer.0))
        .bind(session.expires.0)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("keep a session"))?;
    write.commit().await
}

pub(super) async fn moved(engine: &Engine, session: &SessionRow) -> Result<bool, StoreError> {
    let mut write = engine.begin().await?;
    let moved = sqlx::query("update session set expires = $1 where token_hash = $2")
        .bind(session.expires.0)
        .bind(session.token_hash.to_vec())
        .execute(write.conn())
        .await
        .map_err(StoreError::database("move a session"))?;
    write.commit().await?;
    Ok(moved.rows_affected() > 0)
}

pub(super) async fn end_all(conn: &mut Conn, officer: OfficerId) -> Result<(), StoreError> {
    sqlx::query("delete from session where officer_id = $1")
        .bind(bytes(officer.0))
        .execute(conn)
        .await
        .map_err(StoreError::database("end an officer's sessions"))?;
    Ok(())
}

pub(super) async fn one(
    engine: &Engine,
    token_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<SessionRow>, StoreError> {
    sqlx::query("select token_hash, officer_id, expires from session where token_hash = $1 and expires > $2")
        .bind(token_hash.to_vec())
        .bind(now.0)
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read a session"))?
        .as_ref()
        .map(read)
        .transpose()
}

fn read(row: &Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        token_hash: fixed(row, "token_hash")?,
        officer: OfficerId(id(row, "officer_id")?),
        expires: Timestamp(get(row, "expires")?),
    })
}

pub(super) async fn end(engine: &Engine, token_hash: [u8; 32]) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query("delete from session where token_hash = $1")
        .bind(token_hash.to_vec())
        .execute(write.conn())
        .await
        .map_err(StoreError::database("end a session"))?;
    write.commit().await
}
