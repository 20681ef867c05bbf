//! The audit chain: lines are appended under the lock of the one-row tip.

use super::{
    AuditHead, AuditLine, AuditRow, Conn, Db, Engine, StoreError, Timestamp,
    value::{Row, fixed, get, json},
};
use sqlx::QueryBuilder;

/// Rows of one insert statement.
const AT_ONCE: usize = 500;

pub(super) async fn append(conn: &mut Conn, lines: &[AuditLine]) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let tip = sqlx::query("update audit_tip set seq = seq + $1 where one = 1 returning seq, hash")
        .bind(lines.len() as i64)
        .fetch_one(&mut *conn)
        .await
        .map_err(StoreError::database("lock the audit log"))?;
    let first = get::<i64>(&tip, "seq")? - lines.len() as i64 + 1;
    let mut hash: [u8; 32] = fixed(&tip, "hash")?;
    let rows: Vec<_> = (first..)
        .zip(lines)
        .map(|(seq, line)| {
            hash = line.hash_after(&hash);
            (seq, line, hash)
        })
        .collect();
    for some in rows.chunks(AT_ONCE) {
        insert(conn, some).await?;
    }
    sqlx::query("update audit_tip set hash = $1 where one = 1")
        .bind(hash.to_vec())
        .execute(conn)
        .await
        .map_err(StoreError::database("move the audit log's end"))?;
    Ok(())
}

async fn insert(conn: &mut Conn, rows: &[(i64, &AuditLine, [u8; 32])]) -> Result<(), StoreError> {
    let mut insert =
        QueryBuilder::<Db>::new("insert into audit (seq, at, actor, action, subject, detail_json, hash) ");
    insert.push_values(rows, |mut row, (seq, line, hash)| {
        row.push_bind(*seq)
            .push_bind(line.at.0)
            .push_bind(line.actor.clone())
            .push_bind(line.action.clone())
            .push_bind(line.subject.clone())
            .push_bind(line.detail_text())
            .push_bind(hash.to_vec());
    });
    insert
        .build()
        .persistent(false)
        .execute(conn)
        .await
        .map_err(StoreError::database("append to the audit log"))?;
    Ok(())
}

pub(super) async fn rows(engine: &Engine, after: i64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
    let select = "select seq, at, actor, action, subject, detail_json, hash from audit
        where seq > $1 order by seq limit $2";
    sqlx::query(select)
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the audit log"))?
        .iter()
        .map(read_row)
        .collect()
}

fn read_row(row: &Row) -> Result<AuditRow, StoreError> {
    let line = AuditLine {
        at: Timestamp(get(row, "at")?),
        actor: get(row, "actor")?,
        action: get(row, "action")?,
        subject: get(row, "subject")?,
        detail: json(row, "detail_json")?,
    };
    Ok(AuditRow { seq: get(row, "seq")?, line, hash: fixed(row, "hash")? })
}

pub(super) async fn add_head(engine: &Engine, head: &AuditHead) -> Result<(), StoreError> {
    let mut write = engine.begin().await?;
    sqlx::query("insert into audit_head (seq, hash, key_id, signature, at) values ($1, $2, $3, $4, $5)")
        .bind(head.seq)
        .bind(head.hash.to_vec())
        .bind(head.key_id.clone())
        .bind(head.signature.clone())
        .bind(head.at.0)
        .execute(write.conn())
        .await
        .map_err(StoreError::database("keep an audit head"))?;
    write.commit().await
}

pub(super) async fn heads(engine: &Engine) -> Result<Vec<AuditHead>, StoreError> {
    sqlx::query("select seq, hash, key_id, signature, at from audit_head order by head_no")
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the audit heads"))?
        .iter()
        .map(read_head)
        .collect()
}

fn read_head(row: &Row) -> Result<AuditHead, StoreError> {
    Ok(AuditHead {
        seq: get(row, "seq")?,
        hash: fixed(row, "hash")?,
        key_id: get(row, "key_id")?,
        signature: get(row, "signature")?,
        at: Timestamp(get(row, "at")?),
    })
}
