//! Who wants no messages, by keyed hash.

use super::{
    AuditLine, Conn, Db, Engine, ModeKind, StoreError, Timestamp, audit, bounce,
    value::{fixed, get},
};
use sqlx::QueryBuilder;

/// Rows of one statement.
const AT_ONCE: usize = 1_000;

pub(super) async fn all(engine: &Engine, mode: ModeKind) -> Result<Vec<[u8; 16]>, StoreError> {
    sqlx::query("select address_hash from opt_out where mode = $1 order by address_hash")
        .bind(i16::from(mode.number()))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the opt-outs"))?
        .iter()
        .map(|row| fixed(row, "address_hash"))
        .collect()
}

pub(super) async fn mark(engine: &Engine, mode: ModeKind) -> Result<(i64, Timestamp), StoreError> {
    let row =
        sqlx::query("select count(*) as number, coalesce(max(at), 0) as latest from opt_out where mode = $1")
            .bind(i16::from(mode.number()))
            .fetch_one(&engine.reader)
            .await
            .map_err(StoreError::database("count the opt-outs"))?;
    Ok((get(&row, "number")?, Timestamp(get(&row, "latest")?)))
}

pub(super) async fn change(
    engine: &Engine,
    mode: ModeKind,
    out: &[[u8; 16]],
    back: &[[u8; 16]],
    line: AuditLine,
) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    add(write.conn(), mode, out, line.at).await?;
    remove(write.conn(), mode, back).await?;
    audit::append(write.conn(), &[line]).await?;
    write.commit().await
}

pub(super) async fn add(
    conn: &mut Conn,
    mode: ModeKind,
    hashes: &[[u8; 16]],
    at: Timestamp,
) -> Result<(), StoreError> {
    for some in hashes.chunks(AT_ONCE) {
        let mut insert = QueryBuilder::<Db>::new("insert into opt_out (mode, address_hash, at) ");
        insert.push_values(some, |mut row, hash| {
            row.push_bind(i16::from(mode.number())).push_bind(hash.to_vec()).push_bind(at.0);
        });
        insert.push(" on conflict (mode, address_hash) do nothing");
        insert
            .build()
            .persistent(false)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::database("add opt-outs"))?;
    }
    Ok(())
}

pub(super) async fn remove(conn: &mut Conn, mode: ModeKind, hashes: &[[u8; 16]]) -> Result<(), StoreError> {
    bounce::forgive(&mut *conn, mode, hashes).await?;
    for some in hashes.chunks(AT_ONCE) {
        let mut delete = QueryBuilder::<Db>::new("delete from opt_out where mode = ");
        delete.push_bind(i16::from(mode.number())).push(" and address_hash in (");
        let mut list = delete.separated(", ");
        for hash in some {
            list.push_bind(hash.to_vec());
        }
        delete.push(")");
        delete
            .build()
            .persistent(false)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::database("remove opt-outs"))?;
    }
    Ok(())
}
