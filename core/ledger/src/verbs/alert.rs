//! Alerts in and out of their rows.

use super::{
    Conn, Engine, ModeKind, StoreError, StoredAlert, Timestamp,
    value::{Row, bytes, get, id, json, mode, to_json},
};
use mingluo_model::id::{AlertId, OfficerId};

const INSERT: &str = "
insert into alert (alert_id, mode, revision, author_id, created, state, owner_json, content_json, state_json)
values ($1, $2, $3 + 1, $4, $5, $6, $7, $8, $9)
on conflict (alert_id) do nothing";

const UPDATE: &str = "
update alert set revision = $3 + 1, author_id = $4, created = $5, state = $6, owner_json = $7, content_json = $8,
    state_json = $9
where alert_id = $1 and mode = $2 and revision = $3";

const COLUMNS: &str =
    "select alert_id, mode, revision, author_id, created, owner_json, content_json, state_json from alert";

/// Inserts an alert that was read at revision 0, updates any other if its revision is still the one that was read.
pub(super) async fn write(conn: &mut Conn, alert: &StoredAlert) -> Result<(), StoreError> {
    let done = sqlx::query(if alert.revision == 0 { INSERT } else { UPDATE })
        .bind(bytes(alert.id.0))
        .bind(i16::from(alert.mode.number()))
        .bind(alert.revision)
        .bind(bytes(alert.author.0))
        .bind(alert.created.0)
        .bind(alert.state.word())
        .bind(to_json("an alert's owner", &alert.owner)?)
        .bind(to_json("an alert's content", &alert.content)?)
        .bind(to_json("an alert's state", &alert.state)?)
        .execute(conn)
        .await
        .map_err(StoreError::database("write an alert"))?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict { alert: alert.id, revision: alert.revision });
    }
    Ok(())
}

pub(super) async fn one(engine: &Engine, id: AlertId) -> Result<Option<StoredAlert>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} where alert_id = $1")))
        .bind(bytes(id.0))
        .fetch_optional(&engine.reader)
        .await
        .map_err(StoreError::database("read an alert"))?
        .as_ref()
        .map(read)
        .transpose()
}

pub(super) async fn latest(
    engine: &Engine,
    mode: ModeKind,
    limit: u32,
) -> Result<Vec<StoredAlert>, StoreError> {
    let order = "where mode = $1 order by created desc, alert_id desc limit $2";
    sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} {order}")))
        .bind(i16::from(mode.number()))
        .bind(i64::from(limit))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read alerts"))?
        .iter()
        .map(read)
        .collect()
}

pub(super) async fn released(engine: &Engine, mode: ModeKind) -> Result<Vec<StoredAlert>, StoreError> {
    let order = "where mode = $1 and state = 'released' order by created, alert_id";
    sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} {order}")))
        .bind(i16::from(mode.number()))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the released alerts"))?
        .iter()
        .map(read)
        .collect()
}

pub(super) async fn ended(
    engine: &Engine,
    mode: ModeKind,
    skip: u32,
    limit: u32,
) -> Result<Vec<StoredAlert>, StoreError> {
    let order = "where mode = $1 and state in ('updated', 'lifted', 'corrected', 'expired')
                 order by created desc, alert_id desc limit $2 offset $3";
    sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} {order}")))
        .bind(i16::from(mode.number()))
        .bind(i64::from(limit))
        .bind(i64::from(skip))
        .fetch_all(&engine.reader)
        .await
        .map_err(StoreError::database("read the alerts that are over"))?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &Row) -> Result<StoredAlert, StoreError> {
    Ok(StoredAlert {
        mode: mode(row)?,
        revision: get(row, "revision")?,
        id: AlertId(id(row, "alert_id")?),
        owner: json(row, "owner_json")?,
        author: OfficerId(id(row, "author_id")?),
        created: Timestamp(get(row, "created")?),
        content: json(row, "content_json")?,
        state: json(row, "state_json")?,
    })
}
